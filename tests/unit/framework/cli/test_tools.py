try:
    import tomllib
except ImportError:
    import tomli as tomllib

import pytest

from deodar.framework.cli import starters
from deodar.framework.cli._tools import (
    _convert_tool_numbers_to_readable_names,
    _convert_tool_short_names_to_numbers,
    _parse_tools_input,
    _validate_selected_tools,
    remove_key,
    remove_tables,
    setup_template_tools,
)

ALL = ["1", "2", "3", "4", "5", "6"]
TOML = """\
[project]
name = "x"

[project.optional-dependencies]
docs = [
    "sphinx[extra]>=7",
]
dev = ["pytest"]

# The linter.
[tool.ruff]
line-length = 88

[tool.ruff.lint]
select = ["F"]

[tool.rufflike]
x = 1
"""


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("", []), ("none", []), ("None", []), (None, []), ("all", ALL), ("ALL", ALL),
        ("1", ["1"]), ("3,1", ["1", "3"]), ("2-4", ["2", "3", "4"]), ("1, 3 - 5", ["1", "3", "4", "5"]), ("1,1", ["1"]),
    ],
)  # fmt: skip
def test_an_answer_in_numbers_is_understood(answer, numbers):
    assert _parse_tools_input(answer) == numbers


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("4-2", "'4-2' is an invalid range for project tools."),
        ("8", "'8' is not a valid selection."),
        ("1-9", "'7' is not a valid selection."),
        ("1-999999999999", "is not a valid selection."),
        ("999999999999", "'999999999999' is not a valid selection."),
        ("7", "included automatically"),
        ("a", "'a' is not a valid selection."),
        ("1-", "'1-' is not a valid selection."),
    ],
)
def test_a_wrong_answer_in_numbers_ends_with_a_message(capsys, answer, message):
    with pytest.raises(SystemExit, match="1"):
        _parse_tools_input(answer)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "numbers"),
    [("lint", ["1"]), ("TEST, lint", ["1", "2"]), ("tests,test", ["2"]), ("log,docs,data,pyspark", ALL[2:]),
     ("all", ALL), ("none", [])],
)  # fmt: skip
def test_short_names_become_numbers(names, numbers):
    assert _convert_tool_short_names_to_numbers(names) == numbers


def test_numbers_become_the_long_names_that_templates_look_for():
    assert _convert_tool_numbers_to_readable_names(["1", "3"]) == "['Linting', 'Custom Logging']"
    assert _convert_tool_numbers_to_readable_names([]) == "['None']"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("lnt", "Please select from the available tools: lint, test, log, docs, data, pyspark, all, none."),
        ("", "Please select from the available tools"),
        ("viz", "included automatically"),
        ("all,lint", "Tools options 'all' and 'none' cannot be used with other options"),
    ],
)
def test_wrong_short_names_end_with_a_message(capsys, names, message):
    with pytest.raises(SystemExit, match="1"):
        _validate_selected_tools(names)
    assert message in capsys.readouterr().err


def test_a_table_goes_with_those_below_it_and_no_other():
    left = remove_tables(TOML, "tool.ruff")
    assert tomllib.loads(left)["tool"] == {"rufflike": {"x": 1}}
    assert left.startswith(TOML.partition("# The linter.")[0])


def test_a_key_goes_with_its_lines():
    left = tomllib.loads(remove_key(TOML, "project.optional-dependencies", "docs"))
    assert left["project"]["optional-dependencies"] == {"dev": ["pytest"]}


def test_a_table_goes_with_its_last_key():
    left = remove_key(remove_key(TOML, "project.optional-dependencies", "docs"), "project.optional-dependencies", "dev")
    assert tomllib.loads(left)["project"] == {"name": "x"}
    assert "optional-dependencies" not in left


def test_starters_find_the_function_where_they_look_for_it():
    from deodar.templates.project.hooks import utils

    assert utils.setup_template_tools is setup_template_tools


def test_the_pyspark_example_is_taken_out_of_its_starter(tmp_path):
    for folder in ("data/01_raw", "conf/base", "src/shop/pipelines/data_science", "tests/pipelines/data_science"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/01_raw/companies.csv").touch()
    (tmp_path / "conf/base/catalog.yml").write_text("companies: {}\n")
    (tmp_path / "conf/base/parameters_data_science.yml").touch()
    (tmp_path / "conf/base/spark.yml").touch()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "requirements.txt").write_text("kedro-datasets[spark, pandas]>=9\nseaborn~=0.12\npyspark\n")

    setup_template_tools(
        "['Testing', 'Data Structure', 'PySpark']",
        tmp_path / "requirements.txt", tmp_path / "pyproject.toml", "shop", "False",
    )  # fmt: skip

    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"conf/base/catalog.yml", "conf/base/spark.yml", "pyproject.toml", "requirements.txt"}
    assert (tmp_path / "requirements.txt").read_text() == "kedro-datasets>=9\npyspark\n"
    assert (tmp_path / "conf/base/catalog.yml").read_text() == ""


def test_the_names_of_tools_are_where_the_contract_puts_them():
    assert starters.TOOLS_SHORTNAME_TO_NUMBER["lint"] == "1"
    assert starters.NUMBER_TO_TOOLS_NAME["6"] == "PySpark"
