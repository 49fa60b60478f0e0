import json

import pytest

from deodar import KedroDeprecationWarning
from deodar.framework.cli._run import _make_runner, _pipeline_names, _resolve_runner_kwargs
from deodar.framework.cli.project import run
from deodar.framework.cli.utils import KedroCliError
from deodar.runner import ThreadRunner

RECORDING_SESSION = """
from deodar.framework.session import KedroSession

class RecordingSession(KedroSession):
    calls = []

    @classmethod
    def create(cls, *args, **kwargs):
        cls.calls.append(kwargs)
        return super().create(*args, **kwargs)

    def run(self, **kwargs):
        self.calls.append(kwargs)
        return "the result"

SESSION_CLASS = RecordingSession
"""


@pytest.fixture
def calls(project):
    """What a session would be asked, by the arguments of `run`."""
    (project.source / "settings.py").write_text(RECORDING_SESSION)

    def call(*arguments):
        result = project.invoke("run", *arguments)
        assert result.exit_code == 0, result.output
        from deodar.framework.project import settings

        create, ran = settings.SESSION_CLASS.calls[-2:]
        return {**create, **ran}

    return call


def test_without_options_the_whole_default_pipeline_is_asked_for(calls):
    asked = calls()
    assert type(asked.pop("runner")).__name__ == "SequentialRunner"
    assert asked == {
        "env": None,
        "conf_source": None,
        "runtime_params": {},
        "tags": (),
        "node_names": (),
        "from_nodes": [],
        "to_nodes": [],
        "from_inputs": [],
        "to_outputs": [],
        "load_versions": {},
        "pipeline_names": [],
        "namespaces": [],
        "only_missing_outputs": False,
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--tags", "a,b"], {"tags": ("a", "b")}),
        (["-t", "a", "-t", "b,c"], {"tags": ("a", "b", "c")}),
        (["--nodes", "a,f([x,y])"], {"node_names": ("a", "f([x,y])")}),
        (["-n", "a", "--nodes", "b"], {"node_names": ("a", "b")}),
        (["--from-nodes", "a", "--to-nodes", "b"], {"from_nodes": ["a"], "to_nodes": ["b"]}),
        (["--from-inputs", "a,b", "--to-outputs", "c"], {"from_inputs": ["a", "b"], "to_outputs": ["c"]}),
        (["--namespaces", "a,b.c"], {"namespaces": ["a", "b.c"]}),
        (["-ns", "a"], {"namespaces": ["a"]}),
        (["--pipelines", "b,a,b"], {"pipeline_names": ["b", "a"]}),
        (["--params", "a=[1,2],b.c=x"], {"runtime_params": {"a": [1, 2], "b": {"c": "x"}}}),
        (["--params", "a=1", "--params", "b=2"], {"runtime_params": {"a": 1, "b": 2}}),
        (["-lv", "cars:v1"], {"load_versions": {"cars": "v1"}}),
        (["--env", "local"], {"env": "local"}),
        (["--only-missing-outputs"], {"only_missing_outputs": True}),
    ],
)
def test_an_option_reaches_the_session(calls, arguments, expected):
    asked = calls(*arguments)
    assert {key: asked[key] for key in expected} == expected


def test_a_runner_is_made_with_its_arguments(calls):
    runner = calls("--runner", "ThreadRunner", "--runner-params", "max_workers=3")["runner"]
    assert isinstance(runner, ThreadRunner)


def test_the_old_name_of_the_pipeline_option_still_works(calls):
    assert calls("--pipeline", "sums")["pipeline_names"] == ["sums"]


def test_the_old_name_of_the_pipeline_option_warns():
    with pytest.warns(KedroDeprecationWarning, match="Option '--pipeline' is deprecated"):
        assert _pipeline_names("sums", []) == ["sums"]


def test_a_configuration_source_reaches_the_session_as_a_path(calls, project):
    assert calls("--conf-source", "conf")["conf_source"] == str(project.path / "conf")


def test_a_configuration_file_gives_options_and_the_command_line_wins(calls, project):
    (project.path / "run.yml").write_text("run:\n  tags: [first]\n  node_names: a,b\n  params: {a: [1, 2]}\n")
    asked = calls("--config", "run.yml", "--tags", "second")
    assert asked["tags"] == ("second",)
    assert asked["node_names"] == ("a", "b")
    assert asked["runtime_params"] == {"a": [1, 2]}


def test_the_result_of_the_run_is_given_back(project):
    (project.source / "settings.py").write_text(RECORDING_SESSION)
    from deodar.framework.cli.cli import KedroCLI

    assert KedroCLI(project.path).main(["run"], standalone_mode=False) == "the result"


def test_a_session_for_many_runs_takes_the_parameters_with_the_run(project):
    (project.source / "settings.py").write_text(
        "from deodar.framework.session import KedroServiceSession\n"
        "class Session(KedroServiceSession):\n"
        "    def run(self, **kwargs):\n"
        "        Session.asked = kwargs\n"
        "SESSION_CLASS = Session\n"
    )
    result = project.invoke("run", "--params", "a=1")
    assert result.exit_code == 0, result.output
    from deodar.framework.project import settings

    assert settings.SESSION_CLASS.asked["runtime_params"] == {"a": 1}


def test_a_run_writes_its_outputs(project):
    result = project.invoke("run", "--params", "number=5")
    assert result.exit_code == 0, result.output
    assert json.loads((project.path / "data" / "total.json").read_text()) == 15


def test_a_run_works_from_a_sub_directory(project, monkeypatch):
    monkeypatch.chdir(project.path / "notebooks")
    assert project.invoke("run").exit_code == 0
    assert (project.path / "data" / "total.json").exists()


def test_both_pipeline_options_together_are_refused(project):
    result = project.invoke("run", "--pipeline", "a", "--pipelines", "b")
    assert result.exit_code == 1
    assert "Options '--pipeline' and '--pipelines' cannot be used together" in result.output


def test_an_unknown_runner_is_answered_with_the_one_meant(project):
    result = project.invoke("run", "--runner", "ThredRunner")
    assert result.exit_code == 1
    assert "No runner named 'ThredRunner' found. Did you mean ThreadRunner" in result.stderr


def test_what_is_no_runner_is_refused(project):
    result = project.invoke("run", "--runner", "os.path.join")
    assert result.exit_code == 1
    assert "The runner 'os.path.join' cannot be made with {}: join() missing" in result.stderr


def test_a_file_that_is_no_archive_is_no_configuration(project):
    (project.path / "notes.md").write_text("# Notes\n")
    result = project.invoke("run", "--conf-source", "notes.md")
    assert result.exit_code == 1
    assert "notes.md' is no configuration: name a folder, or an archive" in result.stderr


def test_an_unknown_runner_module_is_named(project):
    result = project.invoke("run", "--runner", "no.such.Runner")
    assert result.exit_code == 1
    assert "No runner named 'no.such.Runner' found." in result.stderr


def test_an_unknown_environment_is_answered_with_the_one_meant(project):
    result = project.invoke("run", "--env", "lokal")
    assert result.exit_code == 1
    assert "No environment named 'lokal'" in result.stderr
    assert "Did you mean local?" in result.stderr


def test_without_the_environment_that_a_run_uses_by_itself_it_is_said_what_to_do(project):
    (project.path / "conf" / "local").rename(project.path / "conf" / "mine")
    result = project.invoke("run")
    assert result.exit_code == 1
    assert "No environment named 'local'" in result.stderr
    assert "Environments: base, mine. A run that names none uses it: make the folder, or" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--tags", "frist"], "No tag named 'frist' in __default__. Did you mean first?"),
        (["--nodes", "doubel_it"], "double_it"),
        (["--to-nodes", "ad_it"], "add_it"),
        (["--to-outputs", "totl"], "total"),
        (["--namespaces", "x"], "There are no namespaces."),
        (["--pipelines", "sum"], "sums"),
    ],
)
def test_a_misspelled_name_is_answered_with_the_one_meant(project, arguments, hint):
    error = project.invoke("run", *arguments).exception
    assert hint in "\n".join([str(error), *getattr(error, "__notes__", ())])


def test_a_project_without_nodes_is_told_how_to_add_some(empty_project):
    error = empty_project.invoke("run").exception
    assert "Pipeline contains no nodes" in str(error)
    assert "pipeline create" in error.__notes__[0]


@pytest.mark.parametrize(
    ("is_async", "params", "expected"),
    [
        (False, {}, {"is_async": False}),
        (False, {"is_async": True, "max_workers": 2}, {"is_async": True, "max_workers": 2}),
    ],
)
def test_runner_arguments_default_to_synchronous(is_async, params, expected):
    assert _resolve_runner_kwargs(is_async, params) == expected


def test_the_old_option_for_asynchronous_loading_warns():
    with pytest.warns(KedroDeprecationWarning, match="'--async' is deprecated"):
        assert _resolve_runner_kwargs(True, {}) == {"is_async": True}


def test_contradicting_options_for_asynchronous_loading_are_refused():
    with pytest.warns(KedroDeprecationWarning), pytest.raises(KedroCliError, match="cannot be used together"):
        _resolve_runner_kwargs(True, {"is_async": False})


def test_a_runner_without_the_asynchronous_argument_can_be_used(tmp_path, monkeypatch):
    (tmp_path / "own_runner.py").write_text(
        "class OwnRunner:\n    def __init__(self, size=1):\n        self.size = size\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert _make_runner("own_runner.OwnRunner", {"is_async": False, "size": 3}).size == 3


def test_wrong_arguments_of_a_runner_are_named():
    with pytest.raises(KedroCliError, match=r"ThreadRunner.*colour"):
        _make_runner("ThreadRunner", {"is_async": False, "colour": "red"})


def test_a_failing_module_of_a_runner_shows_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "bad_runner.py").write_text("import surely_missing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="surely_missing"):
        _make_runner("bad_runner.Runner", {"is_async": False})


def test_options_keep_their_names():
    by_name = {parameter.name: parameter.opts for parameter in run.params}
    assert by_name["node_names"] == ["--nodes", "-n"]
    assert by_name["is_async"] == ["--async"]
    assert by_name["load_versions"] == ["--load-versions", "-lv"]
    assert by_name["namespaces"] == ["--namespaces", "-ns"]


def test_a_command_copied_from_the_documentation_can_use_the_same_parts(project):
    (project.source / "cli.py").write_text(
        "import click\n"
        "from deodar.framework.cli.project import (ASYNC_ARG_HELP, CONFIG_FILE_HELP, PARAMS_ARG_HELP,\n"
        "    RUNNER_PARAMS_HELP, TAG_ARG_HELP, _resolve_runner_kwargs)\n"
        "from deodar.framework.cli.utils import (CONTEXT_SETTINGS, _config_file_callback, _split_load_versions,\n"
        "    _split_params, env_option, split_node_names, split_string)\n"
        "@click.group(context_settings=CONTEXT_SETTINGS, name=__file__)\n"
        "def cli():\n    pass\n"
        "@cli.command()\n"
        "@click.option('--tags', '-t', type=str, default='', callback=split_string)\n"
        "@click.option('--params', type=click.UNPROCESSED, default='', callback=_split_params)\n"
        "@click.option('--config', '-c', callback=_config_file_callback)\n"
        "@env_option\n"
        "def run(tags, params, config, env):\n    click.echo(f'{tags} {params} {env}')\n"
    )
    output = project.invoke("run", "-t", "a,b", "--params", "x=1", "-e", "base").output
    assert output == "['a', 'b'] {'x': 1} base\n"
