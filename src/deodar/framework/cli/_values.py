"""From the text of an option to the value that a run receives.

All are click callbacks: ``(context, parameter, value)``.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...utils import _is_unsafe_version
from ._messages import refusal

if TYPE_CHECKING:
    import click

_OPENING = {"[": "]", "{": "}", "(": ")"}


def split_string(ctx: "click.Context | None", param: Any, value: str) -> list[str]:
    """Split at commas, strip, and drop what is empty."""
    return [item.strip() for item in value.split(",") if item.strip()]


def split_node_names(ctx: "click.Context | None", param: Any, to_split: str) -> list[str]:
    """Split at the commas outside brackets: the name of an unnamed node holds commas itself."""
    return [item.strip() for item in _split_outside_brackets(to_split) if item.strip()]


def _split_outside_brackets(text: str) -> list[str]:
    """Split at commas outside brackets and quoted values; at every comma when they do not match up."""
    items, start, closers, quote = [], 0, list[str](), ""
    for position, character in enumerate(text):
        if quote:
            if character == quote:
                quote = ""
        elif character in "\"'" and _opens_a_quoted_value(text, position, start, bool(closers)):
            quote = character
        elif character in _OPENING:
            closers.append(_OPENING[character])
        elif closers and character == closers[-1]:
            closers.pop()
        elif character == "," and not closers:
            items.append(text[start:position])
            start = position + 1
    if closers or quote:
        return text.split(",")
    return [*items, text[start:]]


def _opens_a_quoted_value(text: str, position: int, start: int, nested: bool) -> bool:
    """Tell a quote that starts a value from an apostrophe inside one."""
    before = text[start:position].rstrip()
    return not before or before[-1] in "=:[{,(" if nested else before.endswith("=")


def _split_params(ctx: "click.Context | None", param: Any, value: Any) -> Any:
    """Turn ``a=1,b.c=[x, y]`` into a nested dictionary; a dictionary passes through.

    Values are read as YAML. A comma inside brackets or a quoted value belongs to the value.

    Raises:
        click.BadParameter: an item has no ``=`` or no key.
    """
    if isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for item in (item.strip() for item in _split_outside_brackets(value or "")):
        if not item:
            continue
        key, equals, text = item.partition("=")
        option = getattr(param, "name", None) or "params"
        if not equals:
            raise _bad_parameter(
                f"Invalid format of `{option}` option: Item `{item}` must contain a key and a value separated by `=`.",
                ctx=ctx,
                param=param,
            )
        if not key.strip():
            raise _bad_parameter(
                f"Invalid format of `{option}` option: Parameter key cannot be an empty string.",
                ctx=ctx,
                param=param,
            )
        _set_nested(result, _key_path(key.strip()), _yaml_value(text))
    return result


def _key_path(key: str) -> list[str]:
    """Split ``a.b[0]`` into its parts."""
    return [part for part in re.split(r"[.\[\]]+", key) if part]


def _set_nested(target: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = target.get(part)
        if not isinstance(inner, dict):
            inner = target[part] = {}
        target = inner
    target[path[-1]] = value


def _yaml_value(text: str) -> Any:
    # Imported here: few commands read YAML, which costs 20 ms.
    import yaml

    from ...config._nodes import loader

    try:
        # The loader of configuration files, so that a value means the same here and there; it is a safe one.
        return yaml.load(text, Loader=loader())
    except yaml.YAMLError:
        # `%`, `@x` and `*x` are not YAML, yet a user who types them means that very text.
        return text.strip()


def _split_load_versions(ctx: "click.Context | None", param: Any, value: str) -> dict[str, str]:
    """Turn ``name:version,name:version`` into a dictionary.

    Raises:
        KedroCliError: an item has no colon, or its version is no single path component.
    """
    versions: dict[str, str] = {}
    for item in value.split(",") if value else []:
        name, colon, version = item.strip().partition(":")
        if not colon:
            raise refusal(
                "Expected the form of 'load_versions' to be 'dataset_name:YYYY-MM-DDThh.mm.ss.sssZ',"
                f"found {item.strip()} instead"
            )
        if _is_unsafe_version(version):
            raise refusal(
                f"The load version {version!r} of dataset {name!r} is not allowed: a version is one folder name, "
                "such as 2026-01-31T09.30.00.000Z."
            )
        versions[name] = version
    return versions


def validate_conf_source(ctx: "click.Context | None", param: Any, value: str | None) -> str | None:
    """Return a configuration source as an absolute path, or unchanged when it is a URL.

    Raises:
        click.BadParameter: a local path does not exist.
    """
    if not value:
        return None
    if "://" in value and not value.startswith("file://"):
        return value
    path = Path(value.removeprefix("file://")).expanduser()
    if not path.exists():
        raise _bad_parameter(f"Path '{value}' does not exist.", ctx=ctx, param=param)
    return str(path.resolve())


def _bad_parameter(message: str, **where: Any) -> Exception:
    # Imported here: only a wrong value needs it.
    import click

    return click.BadParameter(message, **where)
