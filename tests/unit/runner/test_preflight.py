"""What is said of a cluster and a project before a run on it starts."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deodar.datasets.text import TextDataset
from deodar.io import AbstractDataset
from deodar.pipeline import node
from deodar.runner._preflight import ClusterNotFitError, View, check_datasets, check_workers, look


class Elsewhere:
    """A cluster of one worker, which sees what a test says."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes

    def ask_workers(self, function: Callable[..., View], *arguments: Any) -> dict[str, View]:
        return {"w1": dataclasses.replace(function(*arguments), host="far", **self._changes)}


class Refusing:
    def ask_workers(self, function: Callable[..., View], *arguments: Any) -> dict[str, View]:
        raise ModuleNotFoundError("No module named 'deodar'")


class KeptHere(AbstractDataset[Any, Any]):
    def __init__(self) -> None:
        self._EPHEMERAL = True

    def load(self) -> Any:
        return 1

    def save(self, data: Any) -> None:
        return

    def _describe(self) -> dict[str, Any]:
        return {}


def check(cluster: Any, tmp_path: Path) -> list[str]:
    datasets = {"words": TextDataset(filepath=str(tmp_path / "new" / "words.txt"))}
    return check_workers(cluster, [node(Path.exists, "a", "words")], datasets)


def test_a_worker_that_sees_the_same_is_fit(tmp_path: Path) -> None:
    assert check(Elsewhere(), tmp_path) == []


def test_a_folder_that_is_another_one_on_a_worker_is_named_with_its_dataset(tmp_path: Path) -> None:
    (problem,) = check(Elsewhere(files={str(tmp_path): None}), tmp_path)
    assert "w1 on far" in problem and "'words'" in problem and str(tmp_path) in problem and "shared folder" in problem


def test_code_that_a_worker_does_not_have_is_named(tmp_path: Path) -> None:
    (problem,) = check(Elsewhere(missing=frozenset({"my_project"})), tmp_path)
    assert "does not have the code of my_project" in problem


def test_another_release_of_python_is_named(tmp_path: Path) -> None:
    (problem,) = check(Elsewhere(python="2.7.18"), tmp_path)
    assert "runs Python 2.7.18" in problem


def test_another_release_of_the_package_is_named(tmp_path: Path) -> None:
    (problem,) = check(Elsewhere(version="0.0.0"), tmp_path)
    assert "0.0.0" in problem and "same release" in problem


def test_workers_that_cannot_be_asked_are_told_of_with_the_reason(tmp_path: Path) -> None:
    (problem,) = check(Refusing(), tmp_path)
    assert "cannot be asked (ModuleNotFoundError" in problem


def test_a_dataset_that_keeps_its_data_in_one_process_is_named() -> None:
    (problem,) = check_datasets({"odd": KeptHere()}, staying=())
    assert "'odd' (KeptHere)" in problem


def test_a_dataset_that_stays_in_the_main_process_may_keep_its_data_there() -> None:
    assert check_datasets({"odd": KeptHere()}, staying={"odd"}) == []


def test_looking_around_finds_what_is_missing_and_leaves_the_path_alone(tmp_path: Path) -> None:
    before = list(sys.path)
    view = look([str(tmp_path), str(tmp_path / "none")], ["json", "no_such_package"], ["/nowhere"], "")
    assert view.missing == {"no_such_package"} and view.files[str(tmp_path / "none")] is None
    assert sys.path == before


def test_all_problems_are_in_one_message() -> None:
    assert str(ClusterNotFitError(["first.", "second."])).count("\n  - ") == 2
