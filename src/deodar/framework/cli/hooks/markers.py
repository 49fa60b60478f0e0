"""The namespace of command-line hooks and its two decorators."""

import pluggy

CLI_HOOK_NAMESPACE = "kedro_cli"

cli_hook_spec = pluggy.HookspecMarker(CLI_HOOK_NAMESPACE)
cli_hook_impl = pluggy.HookimplMarker(CLI_HOOK_NAMESPACE)
