"""The drop-in in every kind of process where a project's code runs, ahead of another Kedro that is installed."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

REGISTRY = """
import os
from kedro.pipeline import Pipeline, node

def where(number):
    import kedro.io
    return [kedro.io.__name__, kedro.io.__file__, os.getpid(), number]

def register_pipelines():
    return {"__default__": Pipeline([node(where, "params:number", "seen", name="where")])}
"""
MAIN = """
import sys
from pathlib import Path
from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project

def main():
    configure_project(Path(__file__).parent.name)
    find_run_command(Path(__file__).parent.name)(*sys.argv[1:], standalone_mode=False)

if __name__ == "__main__":
    main()
"""
OTHER_KEDRO = "raise ImportError('the other kedro was imported')"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project written for Kedro; another Kedro, which cannot be imported, comes first on the search path."""
    root = tmp_path / "shop"
    files = {
        "pyproject.toml": '[tool.kedro]\npackage_name = "shop"\nproject_name = "Shop"\nkedro_init_version = "1.1.1"\n',
        "src/shop/__init__.py": "",
        "src/shop/__main__.py": MAIN,
        "src/shop/settings.py": "",
        "src/shop/pipeline_registry.py": REGISTRY,
        "conf/base/catalog.yml": "seen: {type: json.JSONDataset, filepath: data/seen.json}\n",
        "conf/base/parameters.yml": "number: 7\n",
        "conf/local/.gitkeep": "",
        "../site/kedro/__init__.py": OTHER_KEDRO,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def run(project: Path, *command: str, dropin: str | None = "1", **more: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DEODAR"))}
    environment |= {"PYTHONPATH": str(project.parent / "site"), **more}
    if dropin is not None:
        environment["DEODAR_DROPIN"] = dropin
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seen(project: Path) -> str:
    name, file, _, _ = json.loads((project / "data" / "seen.json").read_text())
    assert "deodar" in Path(file).parts
    return str(name)


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "kedro", "run"),
        ("-m", "deodar", "run"),
        ("-m", "kedro", "run", "--runner", "ThreadRunner"),
        ("-m", "kedro", "run", "--runner", "ParallelRunner"),
        ("-c", "import sys; sys.argv = ['kedro', 'run']; from kedro.framework.cli import main; main()"),
    ],
    ids=["kedro", "deodar", "threads", "processes", "console-script"],
)
def test_a_run(project: Path, command: tuple[str, ...]) -> None:
    run(project, *command)
    assert seen(project) == "kedro.io"


def test_deodar_needs_no_switch(project: Path) -> None:
    run(project, "-m", "deodar", "run", "--runner", "ParallelRunner", dropin=None)
    assert seen(project) == "kedro.io"


def test_the_module_of_the_project(project: Path) -> None:
    path = os.pathsep.join([str(project / "src"), str(project.parent / "site")])
    run(project, "-m", "shop", PYTHONPATH=path)
    assert seen(project) == "kedro.io"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing(project: Path, method: str) -> None:
    (project / "main.py").write_text(
        "import multiprocessing, sys\n"
        "def child(queue):\n    import kedro.io\n    queue.put((kedro.io.__name__, kedro.io.__file__))\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context(sys.argv[1])\n    queue = context.Queue()\n"
        "    process = context.Process(target=child, args=(queue,))\n    process.start()\n"
        "    print(*queue.get(timeout=60))\n    process.join()\n"
    )
    name, file = run(project, "-m", "deodar.compat", "main.py", method, dropin=None).split()
    assert (name, "deodar" in Path(file).parts) == ("kedro.io", True)


def test_a_pickle_written_under_kedro_is_read_under_either_name(project: Path) -> None:
    code = "import pickle, sys; from kedro.io import MemoryDataset; print(pickle.dumps(MemoryDataset([1])).hex())"
    written = run(project, "-c", code)
    code = f"import pickle; d = pickle.loads(bytes.fromhex('{written.strip()}')); print(type(d).__module__, d.load())"
    assert run(project, "-c", code) == "kedro.io.memory_dataset [1]\n"


def test_reloading_and_finding_modules(project: Path) -> None:
    code = (
        "import importlib, importlib.util, importlib.resources, kedro.utils, kedro.io.core, deodar.io.core, pathlib\n"
        "assert importlib.util.find_spec('kedro.framework.session').name == 'kedro.framework.session'\n"
        "assert importlib.util.find_spec('deodar.framework.session') is not None\n"
        "assert importlib.util.find_spec('kedro.no_such_module') is None\n"
        "assert importlib.reload(kedro.utils) is kedro.utils\n"
        "assert deodar.io.core is kedro.io.core\n"
        "assert importlib.resources.files('kedro').joinpath('templates').is_dir()\n"
        "assert (pathlib.Path(kedro.__file__).parent / 'ipython' / 'logo-svg.svg').is_file()\n"
        "kedro.__loader__.exec_module(kedro)\n"
        "print(kedro.__version__)\n"
    )
    assert run(project, "-c", code) == "1.7.0\n"


def test_ipython_with_the_extension(project: Path) -> None:
    code = "import kedro.io; print(catalog.load('params:number'), isinstance(catalog, kedro.io.DataCatalog))"
    home = {"IPYTHONDIR": str(project.parent / "ipython"), "HOME": str(project.parent)}
    said = run(
        project, "-m", "IPython", "--ext", "kedro.ipython", "--no-banner", "--colors=NoColor", "-c", code, **home
    )
    assert "7 True" in said


def test_an_app_server_finds_the_application_by_its_import_string(project: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DEODAR"))}
    environment |= {
        "PYTHONPATH": str(project.parent / "site"),
        "DEODAR_DROPIN": "1",
        "KEDRO_PROJECT_PATH": str(project),
    }
    options = ["--factory", "--host", "127.0.0.1", "--port", "0", "--log-level", "info"]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "kedro.server.http_server:create_http_server", *options],
        cwd=project,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    watchdog = threading.Timer(60, server.kill)
    watchdog.start()
    try:
        assert server.stderr is not None
        lines: list[str] = []
        for line in server.stderr:
            lines.append(line)
            if "running on" in line:
                break
        else:
            raise AssertionError("".join(lines))
        address = lines[-1].partition("running on ")[2].split()[0]
        with urllib.request.urlopen(f"{address}/health", timeout=30) as answer:
            assert json.load(answer)["kedro_version"] == "1.7.0"
    finally:
        watchdog.cancel()
        server.kill()
        server.wait()
        if server.stderr is not None:
            server.stderr.close()


CONFTEST = "import kedro.io\nORIGIN = kedro.io.__file__\n"
TEST = """
import kedro.io, os
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from pathlib import Path

def test_run():
    assert "deodar" in Path(kedro.io.__file__).parts
    bootstrap_project(Path.cwd())
    with KedroSession.create(project_path=Path.cwd()) as session:
        session.run()
"""


def pytest_in(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DEODAR"))}
    kept |= {"PYTHONPATH": str(project.parent / "site"), **environment}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=project, env=kept, capture_output=True, text=True, timeout=120)


@pytest.fixture
def tested(project: Path) -> Path:
    (project / "tests").mkdir()
    (project / "tests" / "conftest.py").write_text(CONFTEST)
    (project / "tests" / "test_it.py").write_text(TEST)
    return project


@pytest.mark.parametrize("arguments", [(), ("-n", "1"), ("tests/test_it.py",)], ids=["all", "xdist", "one"])
def test_pytest_in_a_project_needs_no_switch(tested: Path, arguments: tuple[str, ...]) -> None:
    done = pytest_in(tested, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_pytest_has_nothing_to_warn_of_where_warnings_are_errors(tested: Path) -> None:
    done = pytest_in(tested, "-W", "error", DEODAR_DROPIN="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout


def test_pytest_can_be_told_to_use_the_other_kedro(tested: Path) -> None:
    done = pytest_in(tested, DEODAR_DROPIN="0")
    assert "the other kedro was imported" in done.stdout + done.stderr


def test_pytest_elsewhere_is_left_alone(tested: Path) -> None:
    (tested / "pyproject.toml").write_text('[project]\nname = "plain"\n')
    done = pytest_in(tested)
    assert "the other kedro was imported" in done.stdout + done.stderr


def test_objects_pickled_natively_say_deodar() -> None:
    from deodar.io import MemoryDataset

    assert b"deodar.io" in pickle.dumps(MemoryDataset(1))
