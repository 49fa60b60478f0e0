"""The line behind ``%reload_kedro``: parameters whose values may hold spaces."""

import argparse
import re
from typing import Any

_PARAMS_OPTION = re.compile(r"(?P<option>(?:^|\s)--params)(?P<separator>=|\s+)")
_QUOTES = "'\""


def _normalise_reload_kedro_params(line: str) -> str:
    """Put the value of ``--params`` into one pair of quotes, for IPython splits the line at spaces."""
    match = _PARAMS_OPTION.search(line)
    if match is None:
        return line
    start = match.end()
    end = _find_reload_kedro_params_end(line, start)
    value = _quote_reload_kedro_params(_remove_reload_kedro_param_quotes(line[start:end]))
    return f"{line[: match.end('option')]} {value}{line[end:]}"


def _find_reload_kedro_params_end(line: str, value_start: int) -> int:
    """Return where a value ends: at the first space outside of quotes."""
    quote = ""
    for position in range(value_start, len(line)):
        character = line[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character.isspace():
            return position
    return len(line)


def _remove_reload_kedro_param_quotes(value: str) -> str:
    """Take quotes away, except where they keep a comma from ending an item."""
    if len(value) > 1 and value[0] in _QUOTES and value.find(value[0], 1) == len(value) - 1:
        return value[1:-1]
    return re.sub(r"'[^']*'|\"[^\"]*\"", lambda match: match[0] if "," in match[0] else match[0][1:-1], value)


def _quote_reload_kedro_params(value: str) -> str:
    quote = "'" if '"' in value and "'" not in value else '"'
    return f"{quote}{value}{quote}"


def _split_reload_kedro_params(value: str) -> dict[str, Any]:
    """Read parameters as the command line does.

    Raises:
        argparse.ArgumentTypeError: they are ill-formed.
    """
    # Imported here: most reloads have no parameters.
    from click import ClickException

    from ..framework.cli.utils import _split_params

    if len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]:
        value = value[1:-1]
    try:
        params: dict[str, Any] = _split_params(None, None, value)
    except ClickException as error:
        raise argparse.ArgumentTypeError(error.format_message()) from error
    return params
