import importlib
import json

import click
import pytest
from click.testing import CliRunner

from deodar.framework import project
from deodar.framework.cli._errors import report
from deodar.framework.cli.utils import KedroCliError, load_entry_points
from deodar.io import DataCatalog


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", False)


def fail_with_cause():
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise KedroCliError("outer") from error


@click.command()
def failing():
    fail_with_cause()


def test_a_command_error_is_one_message_on_stderr():
    result = CliRunner().invoke(failing)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: outer\nRun with --verbose to see the full exception\n"


def test_a_command_error_shows_its_traceback_when_verbose(monkeypatch):
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", True)
    stderr = CliRunner().invoke(failing).stderr
    assert "KeyError: 'inner'" in stderr
    assert "in fail_with_cause" in stderr
    assert "KedroCliError: outer" in stderr


def test_the_traceback_is_offered_unless_it_is_switched_off(monkeypatch):
    @click.command()
    def plain():
        raise KedroCliError("alone")

    assert CliRunner().invoke(plain).stderr == "Error: alone\nRun with --verbose to see the full exception\n"
    monkeypatch.setattr(KedroCliError, "VERBOSE_EXISTS", False)
    assert CliRunner().invoke(plain).stderr == "Error: alone\n"


def test_a_cookiecutter_error_is_named():
    class RepositoryNotFound(Exception):
        pass

    RepositoryNotFound.__module__ = "cookiecutter.exceptions"

    @click.command()
    def new():
        raise KedroCliError("no template") from RepositoryNotFound("there")

    assert "RepositoryNotFound: there" in CliRunner().invoke(new).stderr


def test_the_error_belongs_to_the_module_of_the_contract():
    assert KedroCliError.__module__ == "deodar.framework.cli.utils"
    assert issubclass(KedroCliError, click.ClickException)


def reported(capsys, function):
    try:
        function()
    except Exception as error:
        code = report(error)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


def test_what_the_framework_raised_is_shown_as_its_message(capsys):
    code, text = reported(capsys, lambda: DataCatalog()["nope"])
    assert code == 1
    assert "nope" in text
    assert "Traceback" not in text


def test_what_user_code_raised_is_shown_with_the_lines_of_that_code(capsys):
    code, text = reported(capsys, lambda: load_entry_points(None))
    assert code == 1
    assert text.startswith("Error: ")

    def user_function():
        return 1 / 0

    code, text = reported(capsys, user_function)
    assert "in user_function" in text
    assert "Error: ZeroDivisionError: division by zero" in text


def test_what_a_library_raised_without_a_line_of_the_user_is_its_message(capsys):
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    # All but the frame of this test.
    assert report(caught.value.with_traceback(caught.value.__traceback__.tb_next)) == 1
    assert capsys.readouterr().err.startswith("Error: json.decoder.JSONDecodeError: Expecting property name")


def test_the_lines_of_an_installed_project_are_shown(capsys, tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "packaged"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def fail():\n    raise OSError('no disk')\n")
    monkeypatch.syspath_prepend(package.parent)
    fail = importlib.import_module("packaged").fail
    with pytest.raises(OSError, match="no disk") as caught:
        fail()
    inside = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    assert report(inside) == 1
    assert "in fail" not in capsys.readouterr().err
    monkeypatch.setattr(project, "PACKAGE_NAME", "packaged")
    assert report(inside) == 1
    assert "in fail" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("cannot import name 'AbstractDataSet' from 'kedro.io.core' (core.py)", "it is AbstractDataset since 0.19."),
        ("cannot import name 'run_node' from 'kedro.runner.runner' (runner.py)", "use Task(node=...,"),
        ("cannot import name 'never_was' from 'kedro.io.core' (core.py)", None),
        ("cannot import name 'run_node' from 'somewhere.runner' (runner.py)", None),
    ],
)
def test_an_import_of_an_old_name_from_a_module_is_answered_with_its_successor(capsys, message, hint):
    def run():
        try:
            raise ImportError(message)
        except ImportError as error:
            raise RuntimeError("the pipeline cannot be imported") from error

    _, text = reported(capsys, run)
    assert "It was removed in Kedro 1.0 or before: " + hint in text if hint else "removed" not in text


def test_the_notes_of_an_error_are_shown_below_it(capsys):
    def fail():
        error = ValueError("wrong")
        error.__notes__ = ["Try something else."]
        raise error

    assert "Error: ValueError: wrong\nTry something else.\n" in reported(capsys, fail)[1]


def test_the_whole_traceback_is_shown_when_verbose(capsys, monkeypatch):
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", True)
    assert "Traceback (most recent call last)" in reported(capsys, lambda: DataCatalog()["nope"])[1]


def test_a_usage_error_keeps_its_exit_code(capsys):
    def fail():
        raise click.UsageError("no such thing")

    assert reported(capsys, fail)[0] == 2
