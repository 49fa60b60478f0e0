"""What a node is made of besides its function: validators, classes inside of datasets, hooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deodar.io import DataCatalog
from deodar.pipeline import node
from deodar.runner._memory.code import NodePrints

HELPERS = """
from deodar.io import AbstractDataset


def check(data):
    return [*data, 0]


def before(inputs):
    return {"x": 1}


class Text(AbstractDataset):
    def __init__(self, filepath):
        self._filepath = filepath

    def load(self):
        return open(self._filepath).read().upper()

    def save(self, data):
        raise NotImplementedError

    def _describe(self):
        return {}
"""
JSON = {"type": "json.JSONDataset", "filepath": "x.json"}
PARTS = {"type": "partitions.PartitionedDataset", "path": "parts", "dataset": "printed.Text"}
KEPT = {"type": "CachedDataset", "dataset": PARTS}


def same(x: Any) -> Any:
    return x


class Project:
    """A module of the project, and the fingerprint of a node that reads ``x``."""

    def __init__(self, folder: Path) -> None:
        self.module = folder / "printed.py"
        self.module.write_text(HELPERS)

    def root(self, entry: dict[str, Any], *, hook: str | None = None, role: str = "read", **options: Any) -> str:
        sys.modules.pop("printed", None)
        catalog = DataCatalog.from_config({"x": entry, "y": JSON}, **options)
        catalog.get("x")
        module = __import__("printed")
        hooks = [getattr(module, hook)] if hook else []
        prints = NodePrints(catalog, package_name=None, project_path=None, memo=None, hooks=hooks)
        made = node(same, "x", "y") if role == "read" else node(same, "y", "x")
        return prints.of(made).root

    def edit(self, old: str, new: str) -> None:
        text = self.module.read_text()
        assert old in text
        self.module.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Project(tmp_path)
    sys.modules.pop("printed", None)


def checked(**said: Any) -> dict[str, Any]:
    return {**JSON, "validator": {"class": "printed.check", **said}}


@pytest.mark.parametrize("role", ["read", "write"])
def test_a_validator_counts_for_those_on_both_sides(project: Project, role: str) -> None:
    plain, found = project.root(JSON, role=role), project.root(checked(), role=role)
    assert found != plain
    assert project.root(checked(), role=role) == found
    project.edit("[*data, 0]", "[*data, 1]")
    assert project.root(checked(), role=role) != found


def test_how_seriously_a_validator_is_taken_counts(project: Project) -> None:
    assert project.root(checked(severity="warn")) != project.root(checked())


def test_a_validator_that_is_not_asked_does_not_count(project: Project) -> None:
    plain = project.root(JSON)
    assert project.root(checked(enabled=False)) == plain
    assert project.root(checked(on="save")) == plain
    assert project.root(checked(on="load"), role="write") == project.root(JSON, role="write")
    assert project.root(checked(), validation_enabled=False) == plain


def test_a_validator_that_is_not_there_is_left_to_the_run(project: Project) -> None:
    entry = {**JSON, "validator": "printed.missing"}
    assert project.root(entry) == project.root(entry)


@pytest.mark.parametrize("entry", [PARTS, KEPT])
def test_the_class_of_what_a_dataset_has_inside_counts(project: Project, entry: dict[str, Any]) -> None:
    before = project.root(entry)
    assert project.root(entry) == before
    project.edit("upper()", "lower()")
    assert project.root(entry) != before


def test_a_hook_that_may_change_inputs_counts(project: Project) -> None:
    found = project.root(JSON, hook="before")
    assert found != project.root(JSON)
    project.edit('"x": 1', '"x": 2')
    assert project.root(JSON, hook="before") != found
