"""The decorators that mark hooks."""

import pluggy

# One word whatever the tree is loaded as: plugins mark their hooks with it.
HOOK_NAMESPACE = "kedro"

hook_spec = pluggy.HookspecMarker(HOOK_NAMESPACE)
hook_impl = pluggy.HookimplMarker(HOOK_NAMESPACE)
