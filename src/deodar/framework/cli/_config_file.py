"""``run --config FILE``: the options of a command from a file."""

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
    section_name = ctx.info_name or "run"
    section = _read_section(Path(value), section_name)
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


def _read_section(path: Path, name: str) -> dict[str, Any]:
    # Imported here: only this option reads a file.
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KedroCliError(f"Cannot read the configuration file '{path}': {error}") from error
    section = content.get(name) if isinstance(content, dict) else None
    if section is None and isinstance(content, dict) and name in content:
        return {}
    if not isinstance(section, dict):
        raise KedroCliError(
            f"The configuration file '{path}' has no section `{name}:` with the options of the command."
        )
    return section


def _as_option(key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict) and key not in _MAPPINGS:
        return ",".join(f"{name}:{item}" for name, item in value.items())
    return value
