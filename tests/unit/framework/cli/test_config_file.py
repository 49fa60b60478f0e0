import click
import pytest
from click.testing import CliRunner

from deodar.framework.cli.utils import (
    KedroCliError,
    _config_file_callback,
    _split_load_versions,
    _split_params,
    _validate_config_file,
    split_string,
)


@click.command("run")
@click.option("--tags", default="", callback=split_string)
@click.option("--load-versions", default="", callback=_split_load_versions)
@click.option("--params", type=click.UNPROCESSED, default="", callback=_split_params)
@click.option("--async", "is_async", is_flag=True)
@click.option("--config", callback=_config_file_callback, is_eager=True)
def command(**options):
    options.pop("config")
    click.echo(repr(options))


def run_with(tmp_path, text, *arguments, name="run.yml"):
    (tmp_path / name).write_text(text)
    return CliRunner().invoke(command, ["--config", str(tmp_path / name), *arguments])


def options(result):
    assert result.exit_code == 0, result.output
    return eval(result.output)


def test_the_section_of_the_command_gives_its_options(tmp_path):
    result = options(run_with(tmp_path, "run:\n  tags: a,b\n  is_async: true\n"))
    assert result["tags"] == ["a", "b"]
    assert result["is_async"] is True


def test_json_is_read_too(tmp_path):
    assert options(run_with(tmp_path, '{"run": {"tags": "a"}}', name="run.json"))["tags"] == ["a"]


def test_a_list_stands_for_a_comma_separated_text(tmp_path):
    assert options(run_with(tmp_path, "run:\n  tags: [a, b]\n"))["tags"] == ["a", "b"]


def test_load_versions_may_be_a_mapping(tmp_path):
    result = options(run_with(tmp_path, "run:\n  load_versions: {cars: v1, planes: v2}\n"))
    assert result["load_versions"] == {"cars": "v1", "planes": "v2"}


def test_params_may_be_a_mapping(tmp_path):
    assert options(run_with(tmp_path, "run:\n  params: {a: {b: [1, 2]}}\n"))["params"] == {"a": {"b": [1, 2]}}


def test_the_command_line_wins(tmp_path):
    assert options(run_with(tmp_path, "run:\n  tags: a\n", "--tags", "b"))["tags"] == ["b"]


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path):
    result = run_with(tmp_path, "run:\n  tag: a\n")
    assert result.exit_code == 1
    assert "Key `tag` in provided configuration is not valid." in result.output
    assert "tags" in result.output


@pytest.mark.parametrize("text", ["other:\n  tags: a\n", "- a\n", "run: 5\n"])
def test_a_file_without_the_section_is_refused(tmp_path, text):
    result = run_with(tmp_path, text)
    assert result.exit_code == 1
    assert "has no section `run:`" in result.output


def test_an_empty_section_changes_nothing(tmp_path):
    assert options(run_with(tmp_path, "run:\n"))["tags"] == []


def test_broken_yaml_is_named(tmp_path):
    result = run_with(tmp_path, "run: [")
    assert result.exit_code == 1
    assert "Cannot read the configuration file" in result.output


def test_keys_are_checked_against_the_built_in_run_command():
    _validate_config_file("node_names")
    with pytest.raises(KedroCliError, match="Key `nodes_names`"):
        _validate_config_file("nodes_names")
