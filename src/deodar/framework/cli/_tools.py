"""The optional tools of a new project: their names, and taking out what was not chosen."""

import re
import shutil
from pathlib import Path

import click

TOOLS_SHORTNAME_TO_NUMBER = {
    "lint": "1",
    "test": "2",
    "tests": "2",
    "log": "3",
    "logs": "3",
    "docs": "4",
    "doc": "4",
    "data": "5",
    "pyspark": "6",
}
NUMBER_TO_TOOLS_NAME = {
    "1": "Linting",
    "2": "Testing",
    "3": "Custom Logging",
    "4": "Documentation",
    "5": "Data Structure",
    "6": "PySpark",
}
_VIZ = "Kedro-Viz is not a tool any more: it is included automatically by the starters that use it."


def _refuse(message: str) -> None:
    """Say what is wrong with an answer, and end."""
    click.secho(message, fg="red", err=True)
    raise SystemExit(1)


def _validate_selected_tools(selected_tools: str | None) -> None:
    """Refuse short names that do not exist, and `all` or `none` beside others."""
    if selected_tools is None:
        return
    chosen = _short_names(selected_tools)
    unknown = [name for name in chosen if name not in (*TOOLS_SHORTNAME_TO_NUMBER, "all", "none")]
    if unknown or not chosen:
        listed = "Please select from the available tools: lint, test, log, docs, data, pyspark, all, none."
        _refuse(f"{listed} {_VIZ}" if "viz" in unknown else listed)
    if len(chosen) > 1 and ("all" in chosen or "none" in chosen):
        _refuse("Tools options 'all' and 'none' cannot be used with other options")


def _short_names(text: str) -> list[str]:
    return [name.strip() for name in text.lower().split(",") if name.strip()]


def _convert_tool_short_names_to_numbers(selected_tools: str) -> list[str]:
    """Return the numbers of tools given by short names, sorted and without repetition."""
    chosen = _short_names(selected_tools)
    if "none" in chosen:
        return []
    if "all" in chosen:
        return list(NUMBER_TO_TOOLS_NAME)
    return sorted({TOOLS_SHORTNAME_TO_NUMBER[name] for name in chosen})


def _convert_tool_numbers_to_readable_names(tools_numbers: list[str]) -> str:
    """Return the long names as the text that templates look into."""
    return str([NUMBER_TO_TOOLS_NAME[number] for number in tools_numbers] or ["None"])


def _parse_tools_input(tools_str: str | None) -> list[str]:
    """Return the numbers that an answer such as ``1,3-5``, ``all`` or ``none`` stands for."""
    text = (tools_str or "").lower().replace(" ", "")
    if text in ("", "none"):
        return []
    if text == "all":
        return list(NUMBER_TO_TOOLS_NAME)
    chosen: set[int] = set()
    for part in text.split(","):
        start, dash, end = part.partition("-")
        if not start.isdigit() or (dash and not end.isdigit()):
            _refuse(f"'{part}' is not a valid selection. Give numbers such as 1,3 or 2-4, or all, or none.")
        first, last = int(start), int(end if dash else start)
        if last < first:
            _refuse(f"'{part}' is an invalid range for project tools.\nPlease give the smaller number first.")
        # No further than one step past the last tool: the answer is text that anybody typed.
        chosen.update(range(first, min(last, max(first, len(NUMBER_TO_TOOLS_NAME) + 1)) + 1))
    numbers = [str(number) for number in sorted(chosen)]
    _validate_tool_selection(numbers)
    return numbers


def _validate_tool_selection(tools: list[str]) -> None:
    for number in tools:
        if number not in NUMBER_TO_TOOLS_NAME:
            message = f"'{number}' is not a valid selection.\nPlease select from the available tools: 1, 2, 3, 4, 5, 6."
            _refuse(f"{message}\n{_VIZ}" if number == "7" else message)


def setup_template_tools(
    selected_tools_list: str,
    requirements_file_path: str | Path,
    pyproject_file_path: str | Path,
    python_package_name: str,
    example_pipeline: str,
) -> None:
    """Take out of a freshly generated project what belongs to tools that were not chosen.

    Args:
        selected_tools_list: text that holds the long names of the chosen tools.
        requirements_file_path: the project's requirements.txt.
        pyproject_file_path: the project's pyproject.toml; its folder is the project.
        python_package_name: the project's package.
        example_pipeline: ``"True"`` when the project keeps an example.
    """
    pyproject = Path(pyproject_file_path).resolve()
    project = pyproject.parent
    has_example = str(example_pipeline) == "True"
    text = pyproject.read_text(encoding="utf-8")
    if "Linting" not in selected_tools_list:
        text = remove_tables(text, "tool.ruff")
    if "Testing" not in selected_tools_list:
        text = remove_tables(remove_tables(text, "tool.pytest"), "tool.coverage")
        _remove(project / "tests")
    if "Linting" not in selected_tools_list and "Testing" not in selected_tools_list:
        text = remove_key(text, "project.optional-dependencies", "dev")
    if "Custom Logging" not in selected_tools_list:
        _remove(project / "conf" / "logging.yml")
    if "Documentation" not in selected_tools_list:
        text = remove_key(text, "project.optional-dependencies", "docs")
        _remove(project / "docs")
    if "Data Structure" not in selected_tools_list and not has_example:
        _remove(project / "data")
    pyproject.write_text(text, encoding="utf-8")
    if "PySpark" in selected_tools_list and not has_example:
        _strip_pyspark_example(project, Path(requirements_file_path), python_package_name)


def _strip_pyspark_example(project: Path, requirements: Path, package: str) -> None:
    """Leave of the PySpark starter its configuration, without the example's data, pipelines and requirements."""
    for pattern in ("data/01_raw/*.csv", "data/01_raw/*.xlsx", "conf/base/parameters_*.yml"):
        for path in project.glob(pattern):
            path.unlink()
    catalog = project / "conf" / "base" / "catalog.yml"
    if catalog.exists():
        catalog.write_text("", encoding="utf-8")
    example = ("data_processing", "data_science", "reporting")
    for folder in (project / "src" / package / "pipelines", project / "tests" / "pipelines"):
        for name in example:
            _remove(folder / name)
    if requirements.exists():
        lines = requirements.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not re.match(r"\s*(seaborn|scikit-learn)\b", line)]
        without_extras = [re.sub(r"^(\s*kedro-datasets)\[[^\]]*\]", r"\1", line) for line in kept]
        requirements.write_text("\n".join(without_extras) + "\n", encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")


def remove_tables(text: str, name: str) -> str:
    """Return a TOML text without a table and the tables below it; everything else stays as it is written."""
    kept: list[str] = []
    removing = False
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header:
            table = header[1].replace('"', "").replace(" ", "")
            removing = table == name or table.startswith(f"{name}.")
        if not removing:
            kept.append(line)
    return "".join(kept).rstrip("\n") + "\n"


def remove_key(text: str, table: str, key: str) -> str:
    """Return a TOML text without one key of a table, and without the table when that was its last key."""
    kept, _, has_others = _taken_apart(text, table, key)
    return kept if has_others else remove_tables(kept, table)


def copy_key(source: str, target: str, table: str, key: str) -> str:
    """Return a TOML text with one key of a table, which it has, taken over from another text."""
    _, taken, _ = _taken_apart(source, table, key)
    kept, _, _ = _taken_apart(target, table, key)
    header = f"[{table}]\n"
    return kept.replace(header, header + taken, 1)


def _taken_apart(text: str, table: str, key: str) -> tuple[str, str, bool]:
    """Return a TOML text without a key of a table, the lines of that key, and whether the table has others."""
    kept: list[str] = []
    taken: list[str] = []
    inside, depth, has_others = False, 0, False
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if depth:
            depth += _brackets(line)
            taken.append(line)
            continue
        if header:
            inside = header[1] == table
        elif inside and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            depth = _brackets(line)
            taken.append(line)
            continue
        elif inside and "=" in line:
            has_others = True
        kept.append(line)
    return "".join(kept), "".join(taken), has_others


def _brackets(line: str) -> int:
    # Extras such as "kedro-datasets[pandas]" open and close on one line, so counting is enough.
    return line.count("[") - line.count("]")
