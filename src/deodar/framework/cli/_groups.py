"""Groups of commands: one that imports a command when it is called, and one that joins families of groups.

Nothing is imported to find out that a command exists, nor to say in one line what it does.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

import click

from ...utils import get_close_matches

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}
MAX_SUGGESTIONS = 3
CUTOFF = 0.5


def _suggest_cli_command(original_command_name: str, existing_command_names: Iterable[str]) -> str:
    """Return the sentence that proposes commands spelled like the one typed; empty when none is close."""
    matches = get_close_matches(original_command_name, existing_command_names, MAX_SUGGESTIONS, CUTOFF)
    if not matches:
        return ""
    if len(matches) == 1:
        return f"\n\nDid you mean this?\n    {matches[0]}"
    return "\n\nDid you mean one of these?\n" + "\n".join(f"    {name}" for name in matches)


def _successor(command: str) -> str:
    """Return what to say about a command that older releases had; empty for any other."""
    # Imported here: only an unknown command needs it.
    from ...compat._gone import COMMANDS

    return f"\n\nIt was removed in Kedro 1.0 or before: {COMMANDS[command]}." if command in COMMANDS else ""


def _resolve(
    group: click.Group, ctx: click.Context, args: list[str], advice: Callable[[str], str]
) -> tuple[str | None, click.Command | None, list[str]]:
    """Find the command that the arguments name, or say what was probably meant."""
    name = click.utils.make_str(args[0])
    command = group.get_command(ctx, name)
    if command is None and ctx.token_normalize_func is not None:
        name = ctx.token_normalize_func(name)
        command = group.get_command(ctx, name)
    if command is not None:
        return name, command, args[1:]
    if ctx.resilient_parsing:
        return None, None, args[1:]
    if name.startswith("-"):
        group.parse_args(ctx, [name])
    raise click.UsageError(f"No such command '{name}'.{advice(name)}", ctx)


class SuggestingGroup(click.Group):
    """A group whose unknown command is answered with the ones spelled like it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return _resolve(self, ctx, args, lambda name: self._advice(ctx, name))

    def _advice(self, ctx: click.Context, name: str) -> str:
        known = self.list_commands(ctx)
        close = _successor(f"{self.name} {name}") or _suggest_cli_command(name, known)
        return close or f"\n\nCommands of {self.name}: {', '.join(known)}."


class LazyGroup(SuggestingGroup):
    """A group that imports a command's module when that command is called.

    Args:
        lazy_subcommands: for each command the dotted path of its object, ``package.module.attribute``.
        lazy_helps: for each command the line that a listing shows, so that listing imports nothing.
    """

    def __init__(
        self,
        *args: Any,
        lazy_subcommands: dict[str, str] | None = None,
        lazy_helps: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy_subcommands = lazy_subcommands or {}
        self.lazy_helps = lazy_helps or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return super().list_commands(ctx) + sorted(self.lazy_subcommands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy_subcommands:
            return self._load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def _load(self, name: str) -> click.Command:
        path = self.lazy_subcommands[name]
        module, _, attribute = path.rpartition(".")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise ValueError(f"The lazy command {name!r} at {path!r} is no click command but {type(command).__name__}.")
        return command

    def listing(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Return names and one-line helps, importing only commands whose line is not known."""
        lines = []
        for name in self.list_commands(ctx):
            if name in self.lazy_helps:
                lines.append((name, self.lazy_helps[name]))
            elif (command := self.get_command(ctx, name)) is not None and not command.hidden:
                lines.append((name, command.get_short_help_str(limit=80)))
        return lines

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_listing(formatter, self.listing(ctx))


def _listing(group: click.Group, ctx: click.Context) -> list[tuple[str, str]]:
    if isinstance(group, LazyGroup):
        return group.listing(ctx)
    commands = ((name, group.get_command(ctx, name)) for name in group.list_commands(ctx))
    return [(name, cmd.get_short_help_str(limit=80)) for name, cmd in commands if cmd is not None and not cmd.hidden]


def _write_listing(formatter: click.HelpFormatter, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class CommandCollection(click.CommandCollection):
    """Families of groups under one command, in order of precedence.

    The first group gives the options and the callback; a command belongs to the first group that has it.

    Args:
        groups: for each family its title and its groups. A sequence is walked only as far as needed, so one that
            loads its later members on demand stays unloaded when an earlier one answers.
    """

    def __init__(self, *groups: tuple[str, Sequence[click.Group]]) -> None:
        self.groups = list(groups)
        first = next((group for _, family in self.groups for group in family), None)
        super().__init__(
            sources=[],
            params=first.params if first else None,
            callback=first.callback if first else None,
            context_settings=CONTEXT_SETTINGS,
        )

    @property
    def sources(self) -> list[click.Group]:
        """Every group of every family, in order of precedence."""
        return [group for _, family in self.groups for group in family]

    @sources.setter
    def sources(self, value: list[click.Group]) -> None:
        # click assigns an empty list when it builds the object; ours follow from the families.
        if value:
            self.groups.append(("Commands", value))

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        for _, family in self.groups:
            for group in family:
                # A plugin may ask without a context; click's groups do not look at it.
                command = group.get_command(ctx, cmd_name)  # type: ignore[arg-type]
                if command is not None:
                    return command
        return None

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        return sorted({name for group in self.sources for name in group.list_commands(ctx)})  # type: ignore[arg-type]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return _resolve(self, ctx, args, self.advice_for_unknown)

    def advice_for_unknown(self, name: str) -> str:
        """Return what to say about an unknown command; by default the names spelled like it."""
        return _successor(name) or _suggest_cli_command(name, self.list_commands(None))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        texts = (group.help for group in self.sources if group.help)
        self.help = "\n\n".join(dict.fromkeys(texts))
        super().format_help_text(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, family in self.groups:
            merged: dict[str | None, dict[str, str]] = {}
            for group in family:
                rows = merged.setdefault(group.name, {})
                for name, line in _listing(group, ctx):
                    rows.setdefault(name, line)
            for group_name, rows in merged.items():
                formatter.write(click.style(f"\n{title} from {group_name}", fg="green"))
                _write_listing(formatter, sorted(rows.items()))
