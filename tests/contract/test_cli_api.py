"""The command line's API, statement by statement: as ``deodar`` and, by a drop-in, as ``kedro``."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY, MagicMock, PropertyMock, create_autospec

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from ._shop import FAKE, PACKAGE, load

TITLE = PACKAGE.capitalize()

cli_module, utils, project_cli = load("framework.cli.cli"), load("framework.cli.utils"), load("framework.cli.project")
cli_hooks, startup, runners = load("framework.cli.hooks"), load("framework.startup"), load("runner")
KedroCLI, KedroCliError, KedroSession = cli_module.KedroCLI, utils.KedroCliError, load("framework.session").KedroSession
VERSION = sys.modules[PACKAGE].__version__


@pytest.fixture(autouse=True)
def switches(as_before: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", False)
    monkeypatch.setattr(KedroCliError, "VERBOSE_EXISTS", True)


def invoke(command: Any, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command, list(arguments), **options)


# --- Entry points -------------------------------------------------------------------------------------------------


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The standard library's scan, replaced by one that finds a plugin in every group."""
    scan = create_autospec(importlib.metadata.entry_points)
    entry_point = MagicMock(spec=importlib.metadata.EntryPoint)
    entry_point.module = "bob.fred"
    entry_point.dist.version = "1.0.2"
    scan.return_value.select.return_value = [entry_point]
    scan.entry_point = entry_point
    monkeypatch.setattr(importlib.metadata, "entry_points", scan)
    return scan


TAILS = ["global_commands", "project_commands", "init", "line_magic", "hooks", "cli_hooks", "starters"]
SHORT = dict(zip(("global", "project", *TAILS[2:]), (f"{PACKAGE}.{tail}" for tail in TAILS), strict=True))


@pytest.mark.parametrize("short", SHORT)
def test_the_plugins_of_a_group_are_scanned_once_and_loaded(scan: MagicMock, short: str) -> None:
    assert utils.ENTRY_POINT_GROUPS == SHORT
    scan.entry_point.load.return_value = "loaded"
    assert utils.load_entry_points(short) == ["loaded"]
    scan.return_value.select.assert_called_once_with(group=SHORT[short])


def test_a_plugin_that_cannot_be_loaded_is_a_warning(scan: MagicMock, caplog: pytest.LogCaptureFixture) -> None:
    scan.entry_point.load.side_effect = Exception("broken")
    assert utils.load_entry_points("global") == []
    expected = f"Failed to load bob.fred commands from {scan.entry_point}. Full exception: broken"
    assert [r.getMessage() for r in caplog.records if r.name == utils.__name__] == [expected]


def test_init_plugins_are_called_and_may_fail(scan: MagicMock) -> None:
    cli_module._init_plugins()
    scan.entry_point.load.return_value.assert_called_once_with()
    scan.entry_point.load.return_value.side_effect = ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        cli_module._init_plugins()


def test_info_lists_plugins_without_loading_them(scan: MagicMock) -> None:
    output = invoke(cli_module.cli, "info").output
    assert VERSION in output
    assert "bob: 1.0.2 (entry points:cli_hooks,global,hooks,init,line_magic,project,starters)" in output.splitlines()
    scan.entry_point.load.assert_not_called()
    scan.return_value.select.return_value = []
    assert "No plugins installed" in invoke(cli_module.cli, "info").output


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_said(option: str) -> None:
    assert f"{PACKAGE}, version {VERSION}" in invoke(cli_module.cli, option).output


# --- The collection of commands -----------------------------------------------------------------------------------


class OwnCli:
    @click.group(name=PACKAGE)
    def cli() -> None:  # type: ignore[misc]  # a module's group
        """My own group."""


@pytest.fixture
def metadata(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    metadata = startup.ProjectMetadata(
        shop / "pyproject.toml", FAKE, "Fake", shop, shop / "src", "1.0.0", [], None
    )  # fmt: skip
    monkeypatch.setattr(cli_module, "is_kedro_project", lambda _: True)
    monkeypatch.setattr(cli_module, "bootstrap_project", lambda _: metadata)
    return metadata


@pytest.mark.parametrize("found", ["own", "missing"])
def test_the_groups_of_a_project(metadata: Any, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer: Any = OwnCli if found == "own" else ModuleNotFoundError()
    with monkeypatch.context() as patch:
        patch.setattr(
            cli_module.importlib, "import_module", MagicMock(side_effect=[answer] * 3 if found == "own" else answer)
        )
        commands = KedroCLI(metadata.project_path)
        assert commands._metadata is metadata
        assert commands.global_groups == [cli_module.cli, cli_module.global_commands]
        own = [OwnCli.cli] if found == "own" else []
        assert commands.project_groups == [*own, cli_module.project_commands]
    output = invoke(commands).output
    assert f"Global commands from {PACKAGE}" in output
    assert f"Project specific commands from {PACKAGE}" in output


def test_commands_are_found_while_the_import_of_the_projects_own_is_replaced(
    metadata: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests of kedro-telemetry walk over the whole tree like that."""
    monkeypatch.setattr(cli_module.importlib, "import_module", lambda _: SimpleNamespace(cli=OwnCli.cli))
    commands = KedroCLI(metadata.project_path)
    assert {name: commands.get_command(None, name).name for name in ("run", "new", "catalog")} == {
        "run": "run",
        "new": "new",
        "catalog": "catalog",
    }


def test_a_cli_module_without_group_is_refused(metadata: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_module.importlib, "import_module", lambda _: object())
    with pytest.raises(KedroCliError, match=f"Cannot load commands from {FAKE}.cli"):
        KedroCLI(metadata.project_path)


def test_outside_of_a_project_there_are_global_commands_only(tmp_path: Path) -> None:
    commands = KedroCLI(tmp_path)
    assert (commands._metadata, commands.project_groups) == (None, [])
    assert "Project specific commands" not in invoke(commands).output
    result = invoke(commands, "run")
    assert result.exit_code == 2
    assert f"{TITLE} project not found in this directory." in result.output
    assert f"Hint: {TITLE} is looking for a file called 'pyproject.toml" in result.output


@pytest.mark.parametrize("name", ["global_groups", "project_groups"])
def test_the_groups_come_from_properties_that_can_be_replaced(
    metadata: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.group(name="mine")
    def mine() -> None: ...

    @mine.command()
    def run() -> None:
        click.echo("mine ran")

    monkeypatch.setattr(KedroCLI, name, PropertyMock(return_value=[mine]))
    assert "mine ran" in invoke(KedroCLI(metadata.project_path), "run").output


def test_main_builds_the_collection_of_the_nearest_project_and_calls_it(
    started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MagicMock()
    monkeypatch.setattr(cli_module, "KedroCLI", made)
    monkeypatch.setattr(cli_module, "_init_plugins", MagicMock())
    monkeypatch.chdir(started / "conf")
    cli_module.main()
    made.assert_called_once_with(started)
    made.return_value.assert_called_once_with()
    cli_module._init_plugins.assert_called_once_with()


def test_hooks_surround_every_command(tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []

    class Hook:
        @cli_hooks.cli_hook_impl
        def before_command_run(self, project_metadata: Any, command_args: list[str]) -> None:
            calls.append((project_metadata, command_args))

        @cli_hooks.cli_hook_impl
        def after_command_run(self, command_args: list[str], exit_code: int) -> None:
            calls.append((command_args, exit_code))

    manager = cli_hooks.get_cli_hook_manager()
    assert manager is cli_hooks.get_cli_hook_manager()
    manager.register(Hook(), name="ours")
    try:
        for arguments in (["info"], ["nonsense"], ["--version"]):
            invoke(KedroCLI(tmp_path), *arguments)
    finally:
        manager.unregister(name="ours")
    before = [(None, ["info"]), (None, ["nonsense"]), (None, ["--version"])]
    after = [(["info"], 0), (["nonsense"], 2), (["--version"], 0)]
    assert calls == [item for pair in zip(before, after, strict=True) for item in pair]


@pytest.fixture
def two_groups() -> Any:
    @click.group(name="A")
    def first() -> None:
        """Help of A."""

    @click.group(name="B")
    def second() -> None:
        """Help of B."""

    for group, name in ((first, "one"), (first, "both"), (second, "both"), (second, "two")):
        group.command(name)(lambda group=group.name, name=name: click.echo(f"{group} {name}"))
    return utils.CommandCollection(("Commands", [first, second]))


def test_a_collection_lists_families_and_prefers_the_first(two_groups: Any) -> None:
    output = invoke(two_groups, "--help").output
    for text in ("Commands from A", "Commands from B", "Help of A.", "Help of B."):
        assert text in output
    assert two_groups.list_commands(None) == ["both", "one", "two"]
    assert invoke(two_groups, "both").output == "A both\n"
    assert invoke(two_groups, "two").output == "B two\n"


SUGGESTIONS = {"oneo": ["Did you mean this?", "one"], "bo": ["Did you mean this?", "both"], "zzz": []}


@pytest.mark.parametrize("typed", SUGGESTIONS)
def test_an_unknown_command_is_answered_with_those_spelled_like_it(two_groups: Any, typed: str) -> None:
    result = invoke(two_groups, typed)
    assert result.exit_code == 2
    assert f"No such command '{typed}'." in result.output
    assert all(text in result.output for text in SUGGESTIONS[typed])
    assert ("Did you mean" in result.output) is bool(SUGGESTIONS[typed])
    assert "Did you mean one of these?" in utils._suggest_cli_command("comand", ["command", "commando"])


# --- Helpers ------------------------------------------------------------------------------------------------------


def test_an_error_is_a_message_and_its_traceback_on_request() -> None:
    @click.group()
    def group() -> None: ...

    @utils.command_with_verbosity(group, "fail")
    def fail(verbose: bool) -> None:
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise KedroCliError("outer message") from error

    result = invoke(group, "fail")
    assert result.exit_code == 1
    assert "Error: outer message" in result.output
    assert "Run with --verbose to see the full exception" in result.output
    assert "Traceback" not in result.output
    output = invoke(group, "fail", "-v").output
    assert "Traceback" in output
    assert "ValueError: inner" in output
    assert "Traceback" not in invoke(group, "fail").output


def test_calling_a_program_shows_the_command_and_passes_its_code_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = MagicMock(return_value=SimpleNamespace(returncode=0))
    monkeypatch.setattr("subprocess.run", run)
    utils.call(["a", "b c"], cwd="x")
    assert capsys.readouterr().out == "a 'b c'\n"
    assert (run.call_args.args, run.call_args.kwargs["cwd"]) == ((["a", "b c"],), "x")
    utils.python_call("module", ["x"])
    assert run.call_args.args == ([sys.executable, "-m", "module", "x"],)
    run.return_value.returncode = 3
    with pytest.raises(click.exceptions.Exit) as caught:
        utils.call(["a"])
    assert caught.value.exit_code == 3


def test_a_forwarded_command_passes_on_what_it_does_not_know() -> None:
    @click.group()
    def group() -> None: ...

    @utils.forward_command(group, "plain")
    def plain(args: tuple[str, ...], **kwargs: Any) -> None:
        click.echo(f"{args} {kwargs}")

    @utils.forward_command(group, "all", forward_help=True)
    def everything(args: tuple[str, ...], **kwargs: Any) -> None:
        click.echo(f"{args}")

    assert invoke(group, "plain", "bob", "--greeting", "hello", "-v").output == (
        "('bob', '--greeting', 'hello') {'verbose': True}\n"
    )
    assert "Usage:" in invoke(group, "plain", "--help").output
    assert invoke(group, "all", "--help").output == "('--help',)\n"


def test_the_option_of_the_environment_works_bare_and_called() -> None:
    @click.command()
    @utils.env_option
    def bare(env: str | None) -> None:
        click.echo(f"{env}")

    @click.command()
    @utils.env_option(help="Some help.", default="x")
    def called(env: str | None) -> None:
        click.echo(f"{env}")

    assert [invoke(bare, "-e", "e").output, invoke(bare).output, invoke(called).output] == ["e\n", "None\n", "x\n"]
    assert "Some help." in invoke(called, "--help").output
    assert utils.ENV_HELP in " ".join(invoke(bare, "--help").output.split())


def test_the_run_command_of_a_project_is_its_own_a_plugins_or_the_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.group()
    def plugin() -> None: ...

    @plugin.command()
    def run() -> None: ...

    def answer(what: Any) -> None:
        monkeypatch.setattr(utils.importlib, "import_module", MagicMock(side_effect=[what]))

    missing = ModuleNotFoundError("No module named 'pkg.cli'", name="pkg.cli")
    answer(SimpleNamespace(cli=plugin, run=run))
    assert utils.find_run_command("pkg") is run
    answer(missing)
    assert utils.find_run_command("pkg") is project_cli.run
    monkeypatch.setattr(utils, "load_entry_points", lambda _: [plugin])
    answer(missing)
    assert utils.find_run_command("pkg") is run
    answer(object())
    with pytest.raises(KedroCliError, match=r"Cannot load commands from pkg\.cli"):
        utils.find_run_command("pkg")
    answer(ModuleNotFoundError("No module named 'other'", name="other"))
    with pytest.raises(ModuleNotFoundError, match="other"):
        utils.find_run_command("pkg")


# --- run ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def create(started: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    """`KedroSession.create`, replaced."""
    create = MagicMock()
    monkeypatch.setattr(KedroSession, "create", create)
    monkeypatch.chdir(started)
    return create


NOTHING = {
    **{"tags": (), "node_names": (), "from_nodes": [], "to_nodes": [], "from_inputs": [], "to_outputs": []},
    **{"load_versions": {}, "pipeline_names": [], "namespaces": [], "only_missing_outputs": False},
}
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("--tags a,b", {"tags": ("a", "b")}),
    ("-t a -t b", {"tags": ("a", "b")}),
    ("--nodes a,b", {"node_names": ("a", "b")}),
    ("-n split([a,b])->[c],d", {"node_names": ("split([a,b])->[c]", "d")}),
    ("-n a,,b", {"node_names": ("a", "b")}),
    ("--from-nodes a,b", {"from_nodes": ["a", "b"]}),
    ("--to-nodes f([x,y]),b", {"to_nodes": ["f([x,y])", "b"]}),
    ("--from-inputs a,b", {"from_inputs": ["a", "b"]}),
    ("--to-outputs a", {"to_outputs": ["a"]}),
    ("-lv d:2026,e:x", {"load_versions": {"d": "2026", "e": "x"}}),
    ("--pipelines a,b,a", {"pipeline_names": ["a", "b"]}),
    ("-p a", {"pipeline_names": ["a"]}),
    ("-ns n,m", {"namespaces": ["n", "m"]}),
    ("--only-missing-outputs", {"only_missing_outputs": True}),
]


@pytest.mark.parametrize(("line", "given"), OPTIONS)
@pytest.mark.filterwarnings("ignore:Option '--pipeline'")
def test_an_option_of_run_reaches_the_session(create: MagicMock, line: str, given: dict[str, Any]) -> None:
    session = create.return_value.__enter__.return_value
    assert project_cli.run(line.split(), standalone_mode=False) is session.run.return_value
    create.assert_called_once_with(env=None, conf_source=None, runtime_params={})
    session.run.assert_called_once_with(runner=ANY, **{**NOTHING, **given})


RUNNERS = [
    ("", runners.SequentialRunner, False),
    ("-r ThreadRunner", runners.ThreadRunner, False),
    ("--runner kedro.runner.ParallelRunner", runners.ParallelRunner, False),
    ("--async", runners.SequentialRunner, True),
    ("--runner-params is_async=True", runners.SequentialRunner, True),
]


@pytest.mark.parametrize(("line", "cls", "is_async"), RUNNERS)
@pytest.mark.filterwarnings("ignore:Option '--async'")
def test_the_runner_is_made_as_asked(create: MagicMock, line: str, cls: type, is_async: bool) -> None:
    project_cli.run(line.split(), standalone_mode=False)
    runner = create.return_value.__enter__.return_value.run.call_args.kwargs["runner"]
    assert type(runner) is cls
    assert runner._is_async is is_async


PARAMS: list[tuple[str, dict[str, Any]]] = [
    ("", {}), ("a=1,", {"a": 1}), ("a=b c,d.e=1.5", {"a": "b c", "d": {"e": 1.5}}), ("a=1.", {"a": 1.0}),
    ("a=1e3", {"a": 1000.0}), ("a=012", {"a": 10}), ("a=0x10", {"a": 16}), ("a=1_000", {"a": 1000}),
    ("a=on", {"a": True}), ("a=null", {"a": None}), ("a=~", {"a": None}), ("a=", {"a": None}),
    ("a=None", {"a": "None"}), ('a="1"', {"a": "1"}), ("a=2024-01-01", {"a": "2024-01-01"}), ("a=inf", {"a": "inf"}),
    ("a=b #c", {"a": "b"}), ("a=b: c", {"a": {"b": "c"}}), ("a=${x}", {"a": "${x}"}), ("a[0]=1", {"a": {"0": 1}}),
    ("a=1,a.b=2", {"a": {"b": 2}}), ("a=x=y", {"a": "x=y"}), ("a=http://x/y", {"a": "http://x/y"}),
    ("a=[1,2],b=3", {"a": [1, 2], "b": 3}), ('a="1,2"', {"a": "1,2"}), ("a={b: 1,c: 2}", {"a": {"b": 1, "c": 2}}),
    ("a=%", {"a": "%"}), ("a=@x", {"a": "@x"}), ("a=*x", {"a": "*x"}), ("a=-1", {"a": -1}), (" a =1", {"a": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PARAMS)
def test_parameters_are_read_as_yaml(text: str, expected: dict[str, Any]) -> None:
    found = utils._split_params(None, None, text)
    assert repr(found) == repr(expected)
    assert utils._split_params(None, None, expected) is expected


WRONG = [
    ("--params foo", 2, "Item `foo` must contain a key and a value separated by `=`."),
    ("--params a:1", 2, "Item `a:1` must contain a key and a value separated by `=`."),
    ("--params =1", 2, "Parameter key cannot be an empty string."),
    ("-lv d", 1, "'dataset_name:YYYY-MM-DDThh.mm.ss.sssZ',found d instead"),
    ("-lv d:x,", 1, "Expected the form of 'load_versions' to be"),
    ("-lv d:..", 1, "is not allowed"),
    ("-lv d:a/b", 1, "is not allowed"),
    ("-p a --pipelines b", 1, "Options '--pipeline' and '--pipelines' cannot be used together"),
    ("--async --runner-params is_async=False", 1, "'--async' and '--runner-params=is_async=False' cannot be used"),
    ("--conf-source nowhere", 2, "Path 'nowhere' does not exist."),
    ("--config nowhere.yml", 2, "nowhere.yml"),
    ("--runner ThredRunner", 1, "Did you mean ThreadRunner"),
    ("--runner no.such.Runner", 1, "No runner named 'no.such.Runner' found."),
    ("--pipelnes a", 2, "--pipelines"),
]


@pytest.mark.parametrize(("line", "code", "message"), WRONG)
@pytest.mark.filterwarnings("ignore:Option '--async'")
def test_a_wrong_value_is_one_message_on_stderr(create: MagicMock, line: str, code: int, message: str) -> None:
    result = invoke(project_cli.run, *line.split())
    assert result.exit_code == code
    assert message in result.stderr.replace("\n", " ")
    assert result.stdout == ""
    create.assert_not_called()


FILE = {
    "pipelines": "a,b", "tags": ["t1", "t2"], "node_names": "n1, n2", "env": "env1", "params": {"a": 1},
    "load_versions": {"d": "x"}, "runner": "ThreadRunner",
}  # fmt: skip


@pytest.mark.parametrize("write", [yaml.safe_dump, json.dumps], ids=["yml", "json"])
def test_a_file_gives_options_and_the_command_line_wins(create: MagicMock, tmp_path: Path, write: Any) -> None:
    (tmp_path / "run.yml").write_text(write({"run": FILE}))
    project_cli.run(["--config", str(tmp_path / "run.yml"), "--tags", "own"], standalone_mode=False)
    create.assert_called_once_with(env="env1", conf_source=None, runtime_params={"a": 1})
    expected = {"pipeline_names": ["a", "b"], "tags": ("own",), "node_names": ("n1", "n2"), "load_versions": {"d": "x"}}
    session = create.return_value.__enter__.return_value
    session.run.assert_called_once_with(runner=ANY, **{**NOTHING, **expected})
    assert type(session.run.call_args.kwargs["runner"]) is runners.ThreadRunner


def test_an_unknown_key_of_the_file_is_refused_with_those_spelled_like_it(create: MagicMock, tmp_path: Path) -> None:
    (tmp_path / "run.yml").write_text("run: {pipelinee: x}")
    output = invoke(project_cli.run, "--config", str(tmp_path / "run.yml")).output
    assert "Key `pipelinee` in provided configuration is not valid." in output
    assert re.search("Did you mean one of these.*pipeline", output)


def test_run_as_a_program_by_itself_says_what_is_wrong(
    started: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(started)
    monkeypatch.setattr(sys, "argv", ["shop", "--pipelines", "dat"])
    with pytest.raises(SystemExit) as ending:
        project_cli.run()
    assert ending.value.code == 1
    said = capsys.readouterr().err
    assert "Error: Failed to find the pipeline named 'dat'." in said
    assert "Traceback" not in said
    with pytest.raises(ValueError, match="Failed to find the pipeline named 'dat'"):
        project_cli.run(["--pipelines", "dat"])
    assert "--pipelines" in invoke(project_cli.run, "-h").output


@pytest.mark.parametrize("command", ["catalog list", "catalog rank", "catalog create", "micropkg", "jupyter convert"])
def test_a_command_of_old_is_answered_with_its_successor(started: Path, command: str) -> None:
    result = invoke(KedroCLI(started), *command.split())
    assert result.exit_code == 2
    assert "It was removed in Kedro 1.0 or before: " in result.stderr
    assert "Did you mean" not in result.stderr
