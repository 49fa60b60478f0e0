import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import deodar.framework.cli as front
from deodar.framework.cli.utils import (
    ENTRY_POINT_GROUPS,
    KedroCliError,
    _check_module_importable,
    _clean_pycache,
    call,
    command_with_verbosity,
    env_option,
    forward_command,
    python_call,
)


def test_a_called_program_is_shown_and_run(capfd):
    call([sys.executable, "-c", "print('a b')"])
    assert capfd.readouterr().out.splitlines()[-1] == "a b"


def test_a_failing_program_gives_its_exit_code():
    with pytest.raises(click.exceptions.Exit) as caught:
        call([sys.executable, "-c", "raise SystemExit(3)"])
    assert caught.value.exit_code == 3


def test_the_shown_command_line_is_quoted(capsys):
    call([sys.executable, "-c", "pass # 'x'"], stdout=subprocess.DEVNULL)
    assert capsys.readouterr().out.strip().endswith("-c 'pass # '\"'\"'x'\"'\"''")


def test_a_module_is_called_with_the_same_interpreter(capfd):
    python_call("platform", ["--terse"])
    out = capfd.readouterr().out
    assert out.startswith(f"{sys.executable} -m platform --terse")


@pytest.fixture
def group():
    return click.Group("group")


def test_a_verbose_command_receives_the_flag(group, monkeypatch):
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", False)

    @command_with_verbosity(group, "speak")
    @click.argument("word")
    def speak(word, **kwargs):
        click.echo(f"{word} {kwargs} {KedroCliError.VERBOSE_ERROR}")

    assert CliRunner().invoke(group, ["speak", "hi", "-v"]).output == "hi {'verbose': True} True\n"
    assert CliRunner().invoke(group, ["speak", "hi"]).output == "hi {'verbose': False} False\n"


def test_a_forwarded_command_passes_on_what_it_does_not_know(group):
    @forward_command(group, forward_help=True)
    def tool(args, **kwargs):
        click.echo(args)

    result = CliRunner().invoke(group, ["tool", "--port", "1", "--help", "x", "-v"])
    assert result.output == "('--port', '1', '--help', 'x')\n"


def test_a_forwarded_command_keeps_its_own_help_unless_told_otherwise(group):
    @forward_command(group, "tool")
    def tool(args, **kwargs):
        """Help of the command."""

    assert "Help of the command." in CliRunner().invoke(group, ["tool", "--help"]).output


def test_the_environment_option_can_be_used_bare_and_called():
    @click.command()
    @env_option
    def bare(env):
        click.echo(repr(env))

    @click.command()
    @env_option(default="prod", help="Mine.")
    def called(env):
        click.echo(repr(env))

    assert CliRunner().invoke(bare, ["-e", "base"]).output == "'base'\n"
    assert CliRunner().invoke(bare, []).output == "None\n"
    assert CliRunner().invoke(called, []).output == "'prod'\n"
    assert "Mine." in CliRunner().invoke(called, ["--help"]).output


def test_a_missing_module_is_named():
    with pytest.raises(KedroCliError, match="Module 'surely_missing' not found"):
        _check_module_importable("surely_missing")


def test_bytecode_folders_are_removed(tmp_path):
    (tmp_path / "a" / "__pycache__").mkdir(parents=True)
    _clean_pycache(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


def test_the_front_door_has_the_names_of_the_contract():
    assert front.command_with_verbosity is command_with_verbosity
    assert front.ORANGE == (255, 175, 0)
    assert front.BRIGHT_BLACK == (128, 128, 128)
    with pytest.raises(AttributeError, match="nonsense"):
        front.nonsense  # noqa: B018


def test_the_groups_of_plugins_have_their_short_names():
    assert set(ENTRY_POINT_GROUPS) == {"global", "project", "init", "line_magic", "hooks", "cli_hooks", "starters"}
    assert ENTRY_POINT_GROUPS["global"] == "deodar.global_commands"
