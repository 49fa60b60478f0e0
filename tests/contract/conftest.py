"""A small project, and a process that forgets it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ._shop import FAKE, PACKAGE, load


def _loggers() -> list[logging.Logger]:
    known = logging.getLogger().manager.loggerDict.values()
    return [logging.getLogger(), *(logger for logger in known if isinstance(logger, logging.Logger))]


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what configuring a project changes in this process."""
    loggers = {logger: (logger.level, logger.disabled) for logger in _loggers()}
    handlers = list(logging.getLogger().handlers)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(os.environ, "PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    monkeypatch.delenv("DEODAR_ENV", raising=False)
    project = load("framework.project")
    monkeypatch.setattr(project, "LOGGING", project._ProjectLogging.deferred())
    yield
    logging.getLogger().handlers[:] = handlers
    for logger in _loggers():
        level, logger.disabled = loggers.get(logger, (logging.NOTSET, False))
        logger.setLevel(level)
    logging.captureWarnings(False)
    project.settings.configure(None)
    project.pipelines.configure(None)
    project.PACKAGE_NAME = None
    for name in [name for name in sys.modules if name.partition(".")[0] == FAKE]:
        del sys.modules[name]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project on disk with one pipeline of one node."""
    version = load("_version").KEDRO_CONTRACT_VERSION
    table = f'package_name = "{FAKE}"\nproject_name = "Fake"\nkedro_init_version = "{version}"\n'
    files = {
        "pyproject.toml": f"[tool.kedro]\n{table}",
        "conf/base/catalog.yml": "cars: {type: MemoryDataset}\n",
        "conf/base/parameters.yml": "a: 1\nnested: {b: 2}\n",
        "conf/local/.gitkeep": "",
        f"src/{FAKE}/__init__.py": "",
        f"src/{FAKE}/settings.py": "",
        f"src/{FAKE}/pipeline_registry.py": (
            f"from {PACKAGE}.pipeline import Pipeline, node\n\n"
            "def register_pipelines():\n"
            "    one = Pipeline([node(abs, 'params:a', 'b', name='n')])\n"
            "    return {'__default__': one, 'data': one}\n"
        ),
    }
    path = (tmp_path / "shop").resolve()
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.fixture
def started(shop: Path) -> Path:
    load("framework.startup").bootstrap_project(shop)
    return shop
