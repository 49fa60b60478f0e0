import click
import pytest
from click.testing import CliRunner

from deodar import __version__
from deodar.framework.cli import cli as cli_module
from deodar.framework.cli.cli import KedroCLI, cli, global_commands, project_commands
from deodar.framework.cli.hooks import cli_hook_impl, get_cli_hook_manager, manager
from deodar.framework.cli.utils import KedroCliError, find_run_command, load_entry_points

PROJECT_CLI = """
import click

@click.group()
def cli():
    '''The project's own commands.'''

@cli.command()
def run():
    click.echo("the project's run")

@cli.command()
def greet():
    click.echo("hello")
"""
PLUGIN = """
import click

@click.group(name="Acme-Tools")
def commands():
    '''Tools of Acme.'''

@commands.command()
def acme():
    click.echo("acme")

@commands.command()
def run():
    click.echo("run of acme")
"""


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return KedroCLI(tmp_path)


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_said(option):
    assert CliRunner().invoke(cli, [option]).output == f"deodar, version {__version__}\n"


def test_info_names_the_version(outside):
    output = CliRunner().invoke(outside, ["info"]).output
    assert f"v{__version__}" in output


@pytest.mark.parametrize("group", [cli, global_commands, project_commands])
def test_a_listing_says_what_the_command_itself_says(group):
    context = click.Context(group)
    for name, line in group.lazy_helps.items():
        said = " ".join(group.get_command(context, name).help.split())
        assert said.startswith(line.removesuffix("."))


def test_every_command_of_the_contract_is_there():
    context = click.Context(project_commands)
    assert set(project_commands.list_commands(context)) >= {
        "catalog", "ipython", "jupyter", "package", "pipeline", "registry", "run", "server",
    }  # fmt: skip


def test_outside_a_project_there_are_no_project_commands(outside):
    assert outside.project_groups == []
    assert set(outside.list_commands(None)) >= {"info", "new", "starter", "doctor"}
    assert "run" not in outside.list_commands(None)


def test_a_project_command_outside_a_project_gets_a_hint(outside):
    result = CliRunner().invoke(outside, ["run"])
    assert result.exit_code == 2
    assert "Deodar project not found in this directory." in result.output
    assert "Hint: Deodar is looking for a file called 'pyproject.toml" in result.output


def test_a_typo_outside_a_project_is_answered_with_the_command_meant(outside):
    assert "    starter" in CliRunner().invoke(outside, ["startr"]).output


def test_a_typo_in_a_project_gets_no_hint_about_projects(empty_project):
    result = empty_project.invoke("catlog")
    assert "Did you mean this?\n    catalog" in result.output
    assert "project not found" not in result.output


def test_no_arguments_print_the_help(outside):
    result = CliRunner().invoke(outside, [])
    assert result.exit_code == 2
    assert "Global commands from deodar" in result.output


def test_commands_receive_the_metadata_of_the_project(empty_project):
    (empty_project.source / "cli.py").write_text(
        PROJECT_CLI + "\n@cli.command()\n@click.pass_obj\ndef where(obj):\n    click.echo(obj.project_path)\n"
    )
    assert empty_project.invoke("where").output.strip() == str(empty_project.path)


def test_the_project_overrides_run(empty_project):
    (empty_project.source / "cli.py").write_text(PROJECT_CLI)
    assert empty_project.invoke("run").output == "the project's run\n"
    assert empty_project.invoke("greet").output == "hello\n"


def test_a_packaged_project_runs_its_own_run(empty_project):
    (empty_project.source / "cli.py").write_text(PROJECT_CLI)
    KedroCLI(empty_project.path)
    assert CliRunner().invoke(find_run_command(empty_project.package), []).output == "the project's run\n"


def test_without_an_own_run_the_built_in_one_is_found(empty_project):
    KedroCLI(empty_project.path)
    found = find_run_command(empty_project.package)
    assert found.callback.__module__ == "deodar.framework.cli.project"


def test_a_project_cli_without_group_is_refused(empty_project):
    (empty_project.source / "cli.py").write_text("x = 1\n")
    with pytest.raises(KedroCliError, match="Cannot load commands from"):
        KedroCLI(empty_project.path)
    with pytest.raises(KedroCliError, match="Cannot load commands from"):
        find_run_command(empty_project.package)


def test_a_project_cli_that_cannot_be_imported_is_not_silently_skipped(empty_project):
    (empty_project.source / "cli.py").write_text("import surely_not_installed\n")
    result = empty_project.invoke("run")
    assert result.exit_code == 1
    assert "No module named 'surely_not_installed'" in result.output


def test_a_broken_project_cli_leaves_the_global_commands(empty_project):
    (empty_project.source / "cli.py").write_text("import surely_not_installed\n")
    assert empty_project.invoke("info").exit_code == 0


def test_a_plugin_is_listed_under_the_name_of_its_group(plugin, tmp_path):
    plugin("acme_plugin", PLUGIN, "[deodar.global_commands]\nacme = acme_plugin:commands\n")
    collection = KedroCLI(tmp_path)
    output = CliRunner().invoke(collection, ["--help"]).output
    assert "Global commands from Acme-Tools" in output
    assert "Tools of Acme." in output
    assert CliRunner().invoke(collection, ["acme"]).output == "acme\n"


def test_a_plugin_overrides_a_built_in_project_command(plugin, empty_project):
    plugin("acme_plugin2", PLUGIN, "[kedro.project_commands]\nacme = acme_plugin2:commands\n")
    assert empty_project.invoke("run").output == "run of acme\n"
    assert find_run_command(empty_project.package).name == "run"


def test_the_project_overrides_a_plugin(plugin, empty_project):
    plugin("acme_plugin3", PLUGIN, "[deodar.project_commands]\nacme = acme_plugin3:commands\n")
    (empty_project.source / "cli.py").write_text(PROJECT_CLI)
    assert empty_project.invoke("run").output == "the project's run\n"


def test_no_plugin_overrides_info(plugin, tmp_path):
    code = PLUGIN.replace("def acme", "def info")
    plugin("acme_plugin4", code, "[deodar.global_commands]\nacme = acme_plugin4:commands\n")
    assert f"v{__version__}" in CliRunner().invoke(KedroCLI(tmp_path), ["info"]).output


def test_info_lists_plugins_without_importing_them(plugin, tmp_path):
    entry_points = "[kedro.hooks]\nx = bad_plugin:x\n[deodar.global_commands]\ny = bad_plugin:y\n"
    plugin("bad_plugin", "raise RuntimeError('imported')", entry_points)
    output = CliRunner().invoke(KedroCLI(tmp_path), ["info"]).output
    assert "bad_plugin: 1.2.3 (entry points:global,hooks)" in output


def test_a_plugin_that_cannot_be_loaded_is_logged_and_skipped(plugin, caplog):
    plugin("bad_plugin2", "raise RuntimeError('broken')", "[deodar.global_commands]\nbad = bad_plugin2:y\n")
    assert load_entry_points("global") == []
    assert "Failed to load bad_plugin2 commands" in caplog.text
    assert "Full exception: broken" in caplog.text


def test_a_plugin_that_needs_kedro_stays_off_under_our_own_name(plugin):
    plugin("for_kedro", PLUGIN, "[kedro.global_commands]\nacme = for_kedro:commands\n", requires="kedro>=1.0")
    assert load_entry_points("global") == []


def test_init_plugins_are_called(plugin, tmp_path):
    code = f"def init():\n    open({str(tmp_path / 'called')!r}, 'w').close()\n"
    plugin("init_plugin", code, "[deodar.init]\nx = init_plugin:init\n")
    cli_module._init_plugins()
    assert (tmp_path / "called").exists()


class Recorder:
    def __init__(self):
        self.calls = []

    @cli_hook_impl
    def before_command_run(self, project_metadata, command_args):
        self.calls.append(("before", project_metadata and project_metadata.project_name, command_args))

    @cli_hook_impl
    def after_command_run(self, project_metadata, command_args, exit_code):
        self.calls.append(("after", command_args, exit_code))


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setattr(manager, "_cli_hook_manager", None)
    made = Recorder()
    get_cli_hook_manager().register(made)
    return made


def test_hooks_surround_a_command(recorder, tmp_path):
    CliRunner().invoke(KedroCLI(tmp_path), ["info"])
    assert recorder.calls == [("before", None, ["info"]), ("after", ["info"], 0)]


def test_hooks_hear_of_a_command_that_does_not_exist(recorder, tmp_path):
    CliRunner().invoke(KedroCLI(tmp_path), ["nope"])
    assert recorder.calls[-1] == ("after", ["nope"], 2)


def test_hooks_know_the_project(recorder, empty_project):
    empty_project.invoke("info")
    assert recorder.calls[0] == ("before", empty_project.package, ["info"])


def test_hooks_hear_of_an_exception(recorder, empty_project):
    (empty_project.source / "cli.py").write_text(PROJECT_CLI + "\n@cli.command()\ndef bad():\n    1 / 0\n")
    result = empty_project.invoke("bad")
    assert isinstance(result.exception, ZeroDivisionError)
    assert recorder.calls[-1] == ("after", ["bad"], 1)


def test_hooks_of_plugins_are_loaded(plugin, tmp_path, monkeypatch):
    code = (
        "import pluggy\n"
        "class Hooks:\n"
        "    @pluggy.HookimplMarker('kedro_cli')\n"
        "    def after_command_run(self, exit_code):\n"
        f"        open({str(tmp_path / 'after')!r}, 'w').write(str(exit_code))\n"
        "hooks = Hooks()\n"
    )
    plugin("hook_plugin", code, "[deodar.cli_hooks]\nx = hook_plugin:hooks\n")
    monkeypatch.setattr(manager, "_cli_hook_manager", None)
    CliRunner().invoke(KedroCLI(tmp_path), ["info"])
    assert (tmp_path / "after").read_text() == "0"


def test_a_command_called_in_a_program_gives_its_result_back(empty_project):
    (empty_project.source / "cli.py").write_text(PROJECT_CLI + "\n@cli.command()\ndef answer():\n    return 42\n")
    assert KedroCLI(empty_project.path).main(["answer"], standalone_mode=False) == 42
