"""A running shell, and a project to load in it."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

PIPELINE = """
from __future__ import annotations
import json as js
from pathlib import (
    Path,
)
from deodar.pipeline import Pipeline, node
from .shared import FACTOR

BASE = 2

def times(number):
    return number * FACTOR

def double(number, *others, label: str = "x"):
    return times(number) * BASE

def create_pipeline(**kwargs):
    return Pipeline([
        node(double, ["params:number", "a.b@c"], "doubled", name="double_it"),
        node(lambda: 1, None, "one", name="nothing_in"),
    ])
"""


@pytest.fixture
def shell():
    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def shop(project, shell, monkeypatch):
    project.pipeline("sales", PIPELINE)
    project.module("pipelines/sales/shared", "FACTOR = 3\n")
    for name in ("VSCODE_PID", "VSCODE_CWD", "DATABRICKS_RUNTIME_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(project.path)
    return project
