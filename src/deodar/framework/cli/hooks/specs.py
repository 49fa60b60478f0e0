"""What a plugin can do before and after a command."""

from typing import TYPE_CHECKING

from .markers import cli_hook_spec

if TYPE_CHECKING:
    from ...startup import ProjectMetadata


class CLICommandSpecs:
    """Hooks around each command."""

    @cli_hook_spec
    def before_command_run(self, project_metadata: "ProjectMetadata | None", command_args: list[str]) -> None:
        """Run before a command is parsed.

        Args:
            project_metadata: the project of the current folder; None outside one.
            command_args: the arguments as typed.
        """

    @cli_hook_spec
    def after_command_run(
        self, project_metadata: "ProjectMetadata | None", command_args: list[str], exit_code: int
    ) -> None:
        """Run when a command has ended, well or badly.

        Args:
            project_metadata: the project of the current folder; None outside one.
            command_args: the arguments as typed.
            exit_code: 0 when the command succeeded.
        """
