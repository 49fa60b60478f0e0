"""The questions of a starter, and their answers: from flags, from a configuration file, or from the terminal."""

import keyword
import re
import sys
from pathlib import Path
from typing import Any

import click

from ._errors import KedroCliError
from ._tools import (
    _convert_tool_numbers_to_readable_names,
    _convert_tool_short_names_to_numbers,
    _parse_tools_input,
    _refuse,
    _validate_selected_tools,
)

_NAME = re.compile(r"^[\w -]{2,}$")
_YES_NO = re.compile(r"^(y|yes|n|no)$", re.IGNORECASE)
_FRAMEWORK_NAMES = ("deodar", "kedro")


def read_prompts(template: Path) -> dict[str, dict[str, Any]]:
    """Return the questions of a template by variable; a template without ``prompts.yml`` asks none."""
    path = template / "prompts.yml"
    if not path.is_file():
        return {}
    # Imported here: YAML costs 20 ms, and `--help` does not read any.
    import yaml

    try:
        prompts = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KedroCliError("Failed to generate project: could not load prompts.yml.") from error
    return prompts or {}


def ask(prompts: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> dict[str, str]:
    """Ask every question on the terminal.

    Raises:
        KedroCliError: a question has no title.
    """
    answers: dict[str, str] = {}
    for variable, prompt in prompts.items():
        title = prompt.get("title") if isinstance(prompt, dict) else None
        if not title:
            raise KedroCliError("Each prompt must have a title field to be valid.")
        heading = str(title).strip().title()
        text = str(prompt.get("text", "")).strip()
        default = str(defaults.get(variable, ""))
        answer = click.prompt(
            f"\n{heading}\n{'=' * len(heading)}\n{text}\n",
            default=default,
            type=str,
            prompt_suffix=f" [{default}]: ",
            show_default=False,
        )
        answer = str(answer).strip()
        pattern = prompt.get("regex_validator")
        if pattern and not re.match(str(pattern), answer):
            _refuse(f"'{answer}' is an invalid value for {str(title).lower()}.\n{prompt.get('error_message', '')}")
        answers[variable] = answer
    if "tools" in answers:
        answers["tools"] = _convert_tool_numbers_to_readable_names(_parse_tools_input(answers["tools"]))
    if "example_pipeline" in answers:
        answers["example_pipeline"] = str(_parse_yes_no_to_bool(answers["example_pipeline"]))
    return answers


def read_answers(path: Path, prompts: dict[str, Any], has_starter: bool) -> dict[str, str]:
    """Return the answers in a configuration file.

    Raises:
        KedroCliError: it cannot be read, or an answer is missing.
    """
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KedroCliError(f"Failed to generate project: could not load config at {path}.") from error
    if not config:
        raise KedroCliError("Config file is empty.")
    if not isinstance(config, dict):
        raise KedroCliError(f"The config file '{path}' must be a mapping of answers, such as `project_name: Flights`.")
    if has_starter and {"tools", "example_pipeline"} & set(config):
        raise KedroCliError(
            "The --starter flag can not be used with `example_pipeline` and/or `tools` keys in the config file."
        )
    missing = [key for key in prompts if key not in config and key not in ("tools", "example_pipeline")]
    if missing:
        click.echo(yaml.safe_dump(config, sort_keys=False))
        raise KedroCliError(f"{', '.join(missing)} not found in config file.")
    output_dir = config.get("output_dir")
    if output_dir and not Path(str(output_dir)).expanduser().is_dir():
        raise KedroCliError(
            f"'{output_dir}' is not a valid output directory. "
            "It must be a relative or absolute path to an existing folder."
        )
    answers = {str(key): "" if value is None else str(value) for key, value in config.items()}
    for key, default in (("tools", "none"), ("example_pipeline", "no")):
        if key in prompts and key not in answers:
            click.secho(f"The config file has no `{key}`; it is taken as `{default}`.", fg="yellow")
            answers[key] = default
    _check_answers(answers, prompts)
    return answers


def _check_answers(answers: dict[str, str], prompts: dict[str, Any]) -> None:
    """Check answers given in words, and turn tools and example into what templates expect."""
    if "project_name" in prompts and not _NAME.match(answers["project_name"]):
        _refuse_name(answers["project_name"])
    if "tools" in answers and "tools" in prompts:
        _validate_selected_tools(answers["tools"])
        answers["tools"] = _convert_tool_numbers_to_readable_names(
            _convert_tool_short_names_to_numbers(answers["tools"])
        )
    if "example_pipeline" in answers and "example_pipeline" in prompts:
        # YAML reads a bare `yes` as true.
        word = {"true": "yes", "false": "no"}.get(answers["example_pipeline"].lower(), answers["example_pipeline"])
        _validate_flag_inputs({"example": word})
        answers["example_pipeline"] = str(_parse_yes_no_to_bool(word))


def answers_from_flags(name: str | None, tools: str | None, example: str | None) -> dict[str, str]:
    """Return the answers given on the command line, in the form that templates expect."""
    _validate_flag_inputs({"name": name, "tools": tools, "example": example})
    answers = {}
    if name is not None:
        answers["project_name"] = name
    if tools is not None:
        answers["tools"] = _convert_tool_numbers_to_readable_names(_convert_tool_short_names_to_numbers(tools))
    if example is not None:
        answers["example_pipeline"] = str(_parse_yes_no_to_bool(example))
    return answers


def _validate_flag_inputs(flag_inputs: dict[str, Any]) -> None:
    name, example = flag_inputs.get("name"), flag_inputs.get("example")
    if name is not None and not _NAME.match(name):
        _refuse_name(name)
    if example is not None and not _YES_NO.match(example):
        _refuse(
            f"'{example}' is an invalid value for example pipeline. "
            "It must contain only y, n, YES, or NO (case insensitive)."
        )
    _validate_selected_tools(flag_inputs.get("tools"))


def _refuse_name(name: str) -> None:
    _refuse(
        f"'{name}' is an invalid value for project name. It must contain only alphanumeric symbols, spaces, "
        "underscores and hyphens and be at least 2 characters long"
    )


def _parse_yes_no_to_bool(value: Any) -> Any:
    return str(value).strip().lower() in ("y", "yes", "true") if value is not None else None


def _validate_package_name_is_importable(package_name: str) -> None:
    """Refuse a package name that Python itself already uses."""
    if keyword.iskeyword(package_name) or package_name in (*sys.stdlib_module_names, *_FRAMEWORK_NAMES):
        _refuse(
            f"'{package_name}' is an invalid Python package name for the project: it clashes with a Python keyword "
            "or standard library module. Choose another project name."
        )
