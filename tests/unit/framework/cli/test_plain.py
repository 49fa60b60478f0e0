"""A plain `run` is read without click, to the same end."""

import os
import subprocess
import sys

import pytest

from deodar.framework.cli import _plain
from deodar.framework.cli.project import run

VALUES = {"params": "a.b=1,c=[x, y]", "runner_params": "max_workers=2,is_async=true"}


def by_click(*arguments):
    return run.make_context("run", list(arguments)).params


def test_no_option_leaves_every_option_as_it_is_for_click():
    assert _plain.read([]) == by_click()


@pytest.mark.parametrize("option", [*_plain._TEXTS, *_plain._LISTS])
def test_an_option_with_a_value_means_what_it_means_for_click(option):
    name = {**_plain._TEXTS, **{each: known[0] for each, known in _plain._LISTS.items()}}[option]
    value = VALUES.get(name, " one, two(a,b) ,")
    given = [[option, value], [option, value, option, value]]
    given += [[f"{option}={value}"]] if option.startswith("--") else []
    for arguments in given:
        read = _plain.read(arguments)
        assert read == by_click(*arguments)
        assert read[name]


@pytest.mark.parametrize("flag", _plain._FLAGS)
def test_a_flag_means_what_it_means_for_click(flag):
    assert _plain.read([flag, "--tags", "a"]) == by_click(flag, "--tags", "a")
    assert _plain.read([flag])[_plain._FLAGS[flag]] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-h"],
        ["--verbose"],
        ["--tag", "a"],
        ["--tags"],
        ["--tags", ""],
        ["--tags="],
        ["--tags", "--async"],
        ["--async=yes"],
        ["-ta"],
        ["-t=a"],
        ["--", "a"],
        ["a"],
        ["--resume"],
        ["--load-versions", "a:b"],
        ["--config", "run.yml"],
        ["--params", "no equals sign"],
    ],
)
def test_anything_else_is_left_to_click(arguments):
    assert _plain.read(arguments) is None


SHOW = """
import sys


def show():
    print("CLICK" if "click" in sys.modules else "PLAIN")
    return 1
"""
REGISTRY = """
from deodar.pipeline import Pipeline, node

{code}


def register_pipelines():
    return {{"__default__": Pipeline([node(show, None, "x", name="show")])}}
"""


@pytest.fixture
def command(empty_project):
    """Return what runs the command line in a process of its own, with this code for the one node."""

    def call(code, *arguments, **variables):
        (empty_project.source / "pipeline_registry.py").write_text(REGISTRY.format(code=code))
        line = [sys.executable, "-m", "deodar", *arguments]
        environment = {**os.environ, **variables}
        return subprocess.run(line, cwd=empty_project.path, capture_output=True, text=True, env=environment)

    call.project = empty_project
    return call


def test_a_plain_run_does_without_click(command):
    done = command(SHOW, "run", "--env", "local", "--nodes=show")
    assert (done.returncode, done.stdout) == (0, "PLAIN\n"), done.stderr
    assert "Done: 1 node" in done.stderr


def test_click_reads_what_is_not_plain(command):
    done = command(SHOW, "run", "--verbose")
    assert (done.returncode, done.stdout) == (0, "CLICK\n"), done.stderr


def test_click_reads_options_that_the_environment_gives(command):
    done = command(SHOW, "run", DEODAR_RUN_ID="here")
    assert (done.returncode, done.stdout) == (0, "CLICK\n"), done.stderr


def test_a_run_of_the_project_itself_goes_before_the_built_in_one(command):
    (command.project.source / "cli.py").write_text(
        "import click\n@click.group()\ndef cli():\n    pass\n@cli.command()\ndef run():\n    click.echo('my own')\n"
    )
    assert command(SHOW, "run").stdout == "my own\n"


def test_a_broken_cli_module_stops_a_plain_run(command):
    (command.project.source / "cli.py").write_text("import surely_missing\n")
    done = command(SHOW, "run")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No module named 'surely_missing'" in done.stderr


def test_a_plugin_with_commands_is_asked(command, plugin):
    code = "import click\n@click.group()\ndef more():\n    pass\n@more.command()\ndef run():\n    click.echo('mine')\n"
    site = plugin("more", code, "[deodar.project_commands]\nmore = more:more\n")
    assert command(SHOW, "run", PYTHONPATH=str(site)).stdout == "mine\n"


ENDINGS = {
    "an error of the node": "raise RuntimeError('on purpose')",
    "an interruption": "raise KeyboardInterrupt",
    "an exit": "raise SystemExit(7)",
    "an exit of click": "import click; raise click.exceptions.Exit(5)",
    "a message of click": "import click; raise click.ClickException('so it is')",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_fails_ends_as_it_does_under_click(command, ending):
    code = f"def show():\n    {ENDINGS[ending]}"
    # With the run id by the environment the same command line is read by click.
    plain, by_click = command(code, "run"), command(code, "run", DEODAR_RUN_ID="here")
    assert plain.returncode == by_click.returncode != 0
    assert plain.stdout == by_click.stdout
    assert told(plain.stderr) == told(by_click.stderr) != []


def told(stderr):
    return [line for line in stderr.splitlines() if line and "Failed: 1 node" not in line]


def test_an_unreadable_project_is_said_as_under_click(command):
    (command.project.path / "pyproject.toml").write_text("[tool.deodar]\npackage_name = 'x'\n")
    done = command(SHOW, "run")
    assert done.returncode == 1
    assert "Missing required keys" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_session_knows_the_plain_command_that_started_it(command):
    (command.project.source / "settings.py").write_text(
        "class Hooks:\n"
        "    pass\n"
        "from deodar.framework.hooks import hook_impl\n"
        "class Tell:\n"
        "    @hook_impl\n"
        "    def before_pipeline_run(self, run_params):\n"
        "        from deodar.framework.session._command import current_command\n"
        "        told = current_command()\n"
        "        print(told['command_name'], told['command_path'], told['args'], told['params']['tags'])\n"
        "HOOKS = (Tell(),)\n"
    )
    done = command(SHOW, "run", "--pipelines", "__default__")
    assert done.stdout == "run deodar run --pipelines __default__ [] []\nPLAIN\n", done.stderr
