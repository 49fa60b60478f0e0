"""The server as its clients see it."""

import threading

import pytest
from fastapi.testclient import TestClient

from deodar.server import create_http_server
from deodar.server.utils import KEDRO_PROJECT_PATH_ENV, KEDRO_SERVER_ENV, ServerSettingsError

PIPELINE = """
import threading
from deodar.pipeline import Pipeline, node

RESULTS = []
MEETING = threading.Barrier(2, timeout=20)

def double(number):
    RESULTS.append(2 * number)
    return 2 * number

def meet(number):
    MEETING.wait()
    return number

def fail(number):
    raise ValueError("cannot reach postgres://me:secret@host/db")

def create_pipeline(**kwargs):
    return Pipeline([
        node(double, "params:number", "doubled", name="double", tags="good"),
        node(meet, "params:number", "met", name="meet"),
        node(fail, "params:number", "nothing", name="fail"),
    ])
"""


@pytest.fixture
def client(project):
    project.pipeline("sales", PIPELINE)
    with TestClient(create_http_server(project.path)) as client:
        yield client


def test_health_names_the_version(client):
    answer = client.get("/health").json()
    assert answer["status"] == "healthy"
    assert answer["kedro_version"]


def test_a_run_answers_with_its_id_and_duration(client):
    answer = client.post("/run", json={"tags": ["good"]})
    assert (answer.status_code, answer.json()["status"], set(answer.json())) == (
        200,
        "success",
        {"status", "run_id", "duration_ms"},
    )


def test_parameters_of_a_request_are_those_of_the_run(client, project):
    import sys

    client.post("/run", json={"node_names": ["double"], "params": {"number": 100}})
    assert sys.modules[f"{project.package}.pipelines.sales"].RESULTS == [200]


def test_a_failed_run_answers_with_its_error_and_without_secrets(client):
    answer = client.post("/run", json={"node_names": ["fail"]})
    error = answer.json()["error"]
    assert (answer.status_code, answer.json()["status"], error["type"]) == (200, "failure", "ValueError")
    assert error["message"] == "cannot reach postgres://<redacted>@host/db"


def test_runs_may_overlap(client):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.post("/run", json={"node_names": ["meet"]}).json()))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [answer["status"] for answer in answers] == ["success", "success"]


def test_a_pipeline_that_does_not_exist_is_a_failure_of_the_run(client):
    answer = client.post("/run", json={"pipeline_names": ["salse"]}).json()
    assert "Failed to find the pipeline named 'salse'" in answer["error"]["message"]


@pytest.mark.parametrize("body", [{"nonsense": 1}, {"runner": "os.system('x')"}, {"runner": "a..b"}, {"tags": "x"}])
def test_ill_formed_requests_are_refused(client, body):
    assert client.post("/run", json=body).status_code == 422


@pytest.mark.parametrize("runner", ["SequentialRunner", "kedro.runner.ThreadRunner", "deodar.runner.SequentialRunner"])
def test_our_runners_may_be_named(client, runner):
    assert client.post("/run", json={"runner": runner, "tags": ["good"]}).json()["status"] == "success"


@pytest.mark.parametrize("runner", ["os.path.join", "subprocess.Popen", "deodar.runnerx.Runner"])
def test_runners_from_elsewhere_are_not_allowed(client, runner):
    assert "is not allowed" in client.post("/run", json={"runner": runner}).json()["error"]["message"]


def test_what_is_named_must_be_a_runner(client):
    answer = client.post("/run", json={"runner": "deodar.runner.Task"}).json()
    assert "is not a subclass of AbstractRunner" in answer["error"]["message"]


def test_projects_may_allow_more_modules(project):
    project.pipeline("sales", PIPELINE)
    project.module("settings", 'RUNNER_MODULE_ALLOWLIST = ["collections"]')
    with TestClient(create_http_server(project.path)) as client:
        answer = client.post("/run", json={"runner": "collections.OrderedDict"}).json()
    assert "is not a subclass of AbstractRunner" in answer["error"]["message"]


def test_parameters_cannot_choose_the_type_of_a_dataset(client, project):
    project.write("conf/base/catalog.yml", "doubled: {type: '${runtime_params:kind, MemoryDataset}'}")
    assert client.post("/run", json={"tags": ["good"]}).json()["status"] == "success"
    answer = client.post("/run", json={"tags": ["good"], "params": {"kind": "subprocess.Popen"}}).json()
    assert "not permitted" in answer["error"]["message"]


def test_the_snapshot_describes_the_project(client, project):
    answer = client.get("/snapshot").json()
    assert (answer["status"], answer["parameters"]) == ("success", ["number"])
    assert answer["metadata"]["package_name"] == project.package
    assert "double" in [node["name"] for found in answer["pipelines"] for node in found["nodes"]]


def test_the_snapshot_takes_parameters_as_the_command_line_does(client):
    assert client.get("/snapshot", params={"params": "extra=1,deep.er=2"}).json()["parameters"] == [
        "deep",
        "extra",
        "number",
    ]


def test_ill_formed_parameters_of_a_snapshot_are_a_failure(client):
    answer = client.get("/snapshot", params={"params": "nonsense"})
    assert (answer.status_code, answer.json()["status"]) == (200, "failure")


def test_a_project_that_cannot_be_described_is_a_failure(client, project):
    project.write("conf/base/catalog.yml", "a: [")
    assert client.get("/snapshot").json()["error"]["type"] == "ParserError"


def test_session_is_made_once_and_closed_at_the_end(project):
    project.pipeline("sales", PIPELINE)
    app = create_http_server(project.path)
    with TestClient(app) as client:
        assert app.state.session is None
        client.post("/run", json={"tags": ["good"]})
        session = app.state.session
        client.post("/run", json={"tags": ["good"]})
        assert app.state.session is session
    assert app.state.session is None


def test_the_projects_own_session_class_is_not_used_and_that_is_said(project, capsys):
    project.pipeline("sales", PIPELINE)
    with TestClient(create_http_server(project.path)):
        pass
    assert "KedroServiceSession" in capsys.readouterr().out


def test_arguments_beat_the_environment(project, monkeypatch, tmp_path):
    monkeypatch.setenv(KEDRO_PROJECT_PATH_ENV, str(tmp_path))
    monkeypatch.setenv(KEDRO_SERVER_ENV, "prod")
    app = create_http_server(project.path)
    assert (app.state.project_path, app.state.default_env) == (project.path.resolve(), "prod")
    assert create_http_server(project.path, env="base").state.default_env == "base"
    assert create_http_server().state.project_path == tmp_path.resolve()


def test_a_server_needs_a_project(monkeypatch, tmp_path):
    monkeypatch.delenv(KEDRO_PROJECT_PATH_ENV, raising=False)
    with pytest.raises(ServerSettingsError, match="KEDRO_PROJECT_PATH is not set"):
        create_http_server()
    with pytest.raises(ServerSettingsError, match="does not exist"):
        create_http_server(tmp_path / "nowhere")


def test_missing_fastapi_is_named_with_the_extra_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.delitem(sys.modules, "deodar.server.http_server", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"deodar\[server\]"):
        create_http_server("x")
