import sys

import click
import pytest
from click.testing import CliRunner

from deodar.framework.cli._groups import SuggestingGroup
from deodar.framework.cli.utils import CommandCollection, LazyGroup, _suggest_cli_command

LAZY = """
import click

@click.command()
def hello():
    '''Say hello.'''
    click.echo("hello")

number = 1
"""


@pytest.fixture
def lazy_module(tmp_path, monkeypatch):
    (tmp_path / "lazy_commands.py").write_text(LAZY)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "lazy_commands"
    sys.modules.pop("lazy_commands", None)


def group(name, *commands):
    made = click.Group(name, help=f"Help of {name}.")
    for command in commands:
        made.add_command(click.Command(command, callback=lambda c=command: click.echo(f"{c} of {name}"), help=command))
    return made


def test_a_lazy_command_is_imported_when_it_is_called(lazy_module):
    lazy = LazyGroup("lazy", lazy_subcommands={"hello": f"{lazy_module}.hello"})

    assert CliRunner().invoke(lazy, ["hello"]).output == "hello\n"


def test_listing_imports_no_command_whose_help_is_known(lazy_module):
    lazy = LazyGroup("lazy", lazy_subcommands={"hello": f"{lazy_module}.hello"}, lazy_helps={"hello": "Say hi."})

    output = CliRunner().invoke(lazy, ["--help"]).output

    assert "Say hi." in output
    assert lazy_module not in sys.modules


def test_listing_asks_a_command_whose_help_is_not_known(lazy_module):
    lazy = LazyGroup("lazy", lazy_subcommands={"hello": f"{lazy_module}.hello"})

    assert "Say hello." in CliRunner().invoke(lazy, ["--help"]).output


def test_a_lazy_path_to_something_else_is_named_in_the_error(lazy_module):
    lazy = LazyGroup("lazy", lazy_subcommands={"number": f"{lazy_module}.number"})

    with pytest.raises(ValueError, match=r"'lazy_commands.number' is no click command"):
        lazy.get_command(click.Context(lazy), "number")


def test_the_first_group_with_a_command_answers():
    collection = CommandCollection(("All", [group("a", "x"), group("b", "x", "y")]))

    assert CliRunner().invoke(collection, ["x"]).output == "x of a\n"
    assert CliRunner().invoke(collection, ["y"]).output == "y of b\n"


def test_an_earlier_family_wins():
    collection = CommandCollection(("First", [group("a", "x")]), ("Second", [group("b", "x")]))

    assert CliRunner().invoke(collection, ["x"]).output == "x of a\n"


def test_groups_of_one_name_are_listed_under_one_title():
    collection = CommandCollection(("All", [group("a", "x"), group("b", "y"), group("a", "z")]))

    output = CliRunner().invoke(collection, ["--help"]).output

    assert output.count("All from a") == 1
    assert output.index("  x") < output.index("  z") < output.index("All from b") < output.index("  y")


def test_help_joins_the_texts_of_all_groups():
    collection = CommandCollection(("All", [group("a", "x"), group("b", "y")]))

    output = CliRunner().invoke(collection, ["--help"]).output

    assert "Help of a.\n\n  Help of b." in output


def test_commands_can_be_asked_for_without_a_context():
    collection = CommandCollection(("All", [group("a", "x")]))

    assert collection.list_commands(None) == ["x"]
    assert collection.get_command(None, "x").name == "x"
    assert collection.get_command(None, "nope") is None


def test_a_typo_is_answered_with_the_command_meant():
    collection = CommandCollection(("All", [group("a", "catalog", "run")]))

    result = CliRunner().invoke(collection, ["catlog"])

    assert result.exit_code == 2
    assert "No such command 'catlog'." in result.output
    assert "Did you mean this?\n    catalog" in result.output


def test_a_typo_in_a_subgroup_is_answered_too():
    made = SuggestingGroup("registry", commands={"describe": click.Command("describe")})

    assert "    describe" in CliRunner().invoke(made, ["descrbe"]).output


def test_several_close_commands_are_all_named():
    text = _suggest_cli_command("rn", ["run", "ran", "server"])

    assert "Did you mean one of these?" in text
    assert {"    run", "    ran"} <= set(text.splitlines())


def test_nothing_is_suggested_when_nothing_is_close():
    assert _suggest_cli_command("zzz", ["run"]) == ""
