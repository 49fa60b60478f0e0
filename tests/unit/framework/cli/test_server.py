import sys

import pytest

UVICORN = """
import os
calls = []

def run(*args, **kwargs):
    calls.append((args, kwargs, {k: v for k, v in os.environ.items() if k.startswith("KEDRO_")}))
"""


@pytest.fixture
def uvicorn(tmp_path, monkeypatch):
    """Install stand-ins for the optional packages; return the calls that the server received."""
    site = tmp_path / "programs"
    site.mkdir()
    (site / "fastapi.py").touch()
    (site / "uvicorn.py").write_text(UVICORN)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "uvicorn", raising=False)
    for name in ("KEDRO_PROJECT_PATH", "KEDRO_SERVER_ENV", "KEDRO_SERVER_CONF_SOURCE"):
        monkeypatch.setenv(name, "of an earlier server")
    import uvicorn

    yield uvicorn.calls
    del sys.modules["uvicorn"]


def test_the_server_starts_with_what_it_was_told(uvicorn, empty_project):
    options = ("--host", "0.0.0.0", "--port", "9", "--env", "base", "--conf-source", "conf")
    result = empty_project.invoke("server", "start", *options)
    assert result.exit_code == 0, result.output
    [(args, kwargs, environment)] = uvicorn
    assert args == ("deodar.server.http_server:create_http_server",)
    assert (kwargs["host"], kwargs["port"], kwargs["factory"], kwargs["reload"]) == ("0.0.0.0", 9, True, False)
    assert environment["KEDRO_PROJECT_PATH"] == str(empty_project.path)
    assert environment["KEDRO_SERVER_ENV"] == "base"
    assert environment["KEDRO_SERVER_CONF_SOURCE"] == str(empty_project.path / "conf")


def test_nothing_of_an_earlier_server_is_left(uvicorn, empty_project):
    empty_project.invoke("server", "start")
    [(_, kwargs, environment)] = uvicorn
    assert (kwargs["host"], kwargs["port"]) == ("127.0.0.1", 8000)
    assert not {"KEDRO_SERVER_ENV", "KEDRO_SERVER_CONF_SOURCE"} & set(environment)


def test_missing_packages_are_named(empty_project, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None if name == "fastapi" else 1)
    result = empty_project.invoke("server", "start")
    assert result.exit_code == 1
    assert "Deodar HTTP server requires 'fastapi', 'pydantic', and 'uvicorn' packages." in result.stderr
