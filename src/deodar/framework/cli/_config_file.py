"""``run --config FILE``: the options of a command from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ...utils import get_close_matches
from ._errors import KedroCliError

# Options whose parser takes a mapping as it is.
_MAPPINGS = ("params", "runner_params")


def _config_file_callback(ctx: click.Context, param: Any, value: Any) -> Any:
    """Use a file's section named after the command as that command's defaults.

    Keys are the names of parameters. A list may stand for a comma-separated text, and a mapping of
    ``load_versions`` for its text.

    Raises:
        KedroCliError: the file holds no such section, or a key that the command does not know.
    """
    if not value:
        return value
    # By its own name too: the `run` of a packaged project is called as the project's script.
    section = _read_section(Path(value), [name for name in (ctx.info_name, ctx.command.name) if name] or ["run"])
    known = {p.name for p in ctx.command.params if p.name and p.name != getattr(param, "name", None)}
    for key in section:
        if key not in known:
            _refuse_key(key, known)
    ctx.default_map = {**(ctx.default_map or {}), **{key: _as_option(key, item) for key, item in section.items()}}
    return value


def _validate_config_file(key: str) -> None:
    """Raise unless a key is a parameter of the built-in ``run``."""
    # Imported here: `project` is built with this module.
    from .project import run

    known = {p.name for p in run.params if p.name and p.name != "config"}
    if key not in known:
        _refuse_key(key, known)


def _refuse_key(key: str, known: "set[str]") -> None:
    close = get_close_matches(str(key), sorted(known))
    suggestion = (
        f" Did you mean one of these: {', '.join(close)}?" if close else f" Known keys: {', '.join(sorted(known))}."
    )
    raise KedroCliError(f"Key `{key}` in provided configuration is not valid.{suggestion}")


def _read_section(path: Path, names: Sequence[str]) -> dict[str, Any]:
    # Imported here: only this option reads a file.
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KedroCliError(f"Cannot read the configuration file '{path}': {error}") from error
    name = next((name for name in names if isinstance(content, dict) and name in content), None)
    section = content[name] or {} if name else None
    if not isinstance(section, dict):
        raise KedroCliError(
            f"The configuration file '{path}' has no section `{names[-1]}:` with the options of the command."
        )
    return section


def _as_option(key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict) and key not in _MAPPINGS:
        return ",".join(f"{name}:{item}" for name, item in value.items())
    return value
