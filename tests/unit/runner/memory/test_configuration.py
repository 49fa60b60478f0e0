"""What the configuration of datasets comes down to."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from deodar.io import AbstractDataset
from deodar.runner._memory.configuration import Configurations


class Thing(AbstractDataset[Any, Any]):
    def __init__(
        self,
        filepath: Any = None,
        level: Any = None,
        load_args: Any = None,
        save_args: Any = None,
        metadata: Any = None,
        **more: Any,
    ) -> None:
        """Take anything."""

    def load(self) -> Any:
        raise AssertionError

    def save(self, data: Any) -> None:
        raise AssertionError

    def _describe(self) -> dict[str, Any]:
        return {}


class Other(Thing):
    """The same, but another class."""


def root(dataset: Any, role: Any = "read", name: str = "x", place: str | None = "/project") -> str:
    return Configurations(None if place is None else Path(place)).of(name, dataset, role).root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"level": 1}, {"level": True}),
        ({"level": 1}, {"level": "1"}),
        ({"level": 0.0}, {"level": -0.0}),
        ({"level": None}, {}),
        ({"level": "None"}, {}),
        ({"load_args": {"a": 1}}, {"load_args": {"a": 2}}),
        ({"load_args": {"a": 1}}, {}),
        ({"more": None}, {}),
        ({"filepath": "/project/b"}, {}),
        ({"filepath": PurePosixPath("/project/a")}, {}),
    ],
)
def test_what_counts_for_a_reader_is_told_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    made = [{"filepath": "/project/a", **arguments} for arguments in (one, other)]
    # Of paths within the project, text and path mean the same; an argument that is left out is None.
    same = one in ({"level": None}, {"filepath": PurePosixPath("/project/a")})
    shared = Configurations(Path("/project"))
    assert (shared.of("x", Thing(**made[0]), "read").root == shared.of("x", Thing(**made[1]), "read").root) is same
    assert (root(Thing(**made[0])) == root(Thing(**made[1]))) is same


def test_what_lies_between_name_and_path_cannot_be_mistaken() -> None:
    assert root(Thing("c"), name="ab", place=None) != root(Thing("bc"), name="a", place=None)
    assert root(Thing("a"), place=None) != root(Thing(PurePosixPath("a")), place=None)


def test_classes_and_roles_are_told_apart() -> None:
    assert root(Thing("a")) != root(Other("a"))
    assert root(Thing("a", save_args={"x": 1})) == root(Thing("a", save_args={"x": 2}))
    assert root(Thing("a", save_args={"x": 1}), "write") != root(Thing("a", save_args={"x": 2}), "write")
    assert root(Thing("a", metadata={"owner": "anna"})) == root(Thing("a"))


def test_a_project_that_moved_is_the_same() -> None:
    assert root(Thing("/here/data/a"), place="/here") == root(Thing("/there/data/a"), place="/there")
    assert root(Thing("/elsewhere/a"), place="/here") != root(Thing("/here/elsewhere/a"), place="/here")


def test_the_leaves_are_those_of_the_whole_configuration() -> None:
    leaves = Configurations(Path("/project")).of("x", Thing("/project/a", level=3), "read").leaves
    assert {(leaf.name, leaf.shown) for leaf in leaves if leaf.shown != "None"} >= {
        ("x.filepath", "'a'"),
        ("x.level", "3"),
    }
