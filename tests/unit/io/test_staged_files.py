"""What opens one file is staged without a folder, and nobody can tell afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deodar.datasets.pickle import PickleDataset
from deodar.datasets.text import TextDataset
from deodar.io import DatasetError, Version
from deodar.io._leftovers import FOLDER_PREFIX


class Looking:
    """Data that looks around while it is pickled."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self.look = look

    def __reduce__(self) -> Any:
        self.look()
        return str, ("data",)


@pytest.fixture(autouse=True)
def local(mounted_as: Any) -> None:
    mounted_as("ext4")


def staged_by(dataset: Any, folder: Path) -> list[str]:
    """Return whether files or folders are staged in a folder during a save."""
    seen: list[Path] = []
    dataset.save(Looking(lambda: seen.extend(folder.glob(f"{FOLDER_PREFIX}*"))))
    return seen and ["folder" if path.suffix != ".new" else "file" for path in seen]  # type: ignore[return-value]


def test_a_known_dataset_writes_a_file_beside_its_target(tmp_path: Path) -> None:
    assert staged_by(PickleDataset(filepath=str(tmp_path / "x.pkl")), tmp_path) == ["file"]
    assert [path.name for path in tmp_path.iterdir()] == ["x.pkl"]


def test_a_file_that_is_being_written_has_no_suffix_of_its_target(tmp_path: Path) -> None:
    found: list[Any] = []
    PickleDataset(filepath=str(tmp_path / "x.pkl")).save(Looking(lambda: found.extend(tmp_path.glob("*.pkl"))))
    assert found == []


def test_the_file_is_there_while_it_is_written(tmp_path: Path) -> None:
    found: list[bool] = []
    PickleDataset(filepath=str(tmp_path / "x.pkl")).save(
        Looking(lambda: found.extend(path.is_file() for path in tmp_path.iterdir()))
    )
    assert found == [True]


def fail() -> None:
    raise ValueError("boom")


def test_a_save_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(b"old")
    with pytest.raises(DatasetError, match="boom"):
        PickleDataset(filepath=str(path)).save(Looking(fail))
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"x.pkl": b"old"}


KILLED = """
import os, signal, sys
from deodar.datasets.pickle import PickleDataset
class Fatal:
    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
PickleDataset(filepath=sys.argv[1]).save(Fatal())
"""


def test_what_a_killed_save_leaves_goes_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60)
    assert (done.returncode, path.read_bytes()) == (-signal.SIGKILL, b"old")
    assert len(list(tmp_path.iterdir())) == 2
    PickleDataset(filepath=str(tmp_path / "y.pkl")).save(1)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.pkl", "y.pkl"]


def test_permissions_outlive_a_save(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    path.chmod(0o640)
    TextDataset(filepath=str(path)).save("new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_new_file_has_the_permissions_that_opening_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        TextDataset(filepath=str(tmp_path / "x.txt")).save("new")
    finally:
        os.umask(before)
    assert (tmp_path / "x.txt").stat().st_mode & 0o777 == 0o640


def test_a_link_is_written_through_from_beside_its_end(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "x.pkl", tmp_path / "links" / "x.pkl"
    for path in (real, link):
        path.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    dataset = PickleDataset(filepath=str(link))
    assert staged_by(dataset, real.parent) == ["file"]
    assert (link.is_symlink(), dataset.load()) == (True, "data")


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    TextDataset(filepath=str(tmp_path / "a" / "b" / "x.txt")).save("new")
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["a", "a/b", "a/b/x.txt"]


def test_a_name_as_long_as_can_be_is_no_longer_while_it_is_written(tmp_path: Path) -> None:
    dataset = PickleDataset(filepath=str(tmp_path / ("x" * 255)))
    assert staged_by(dataset, tmp_path) == ["file"]
    assert dataset.load() == "data"


def test_where_no_file_can_be_added_it_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may add files everywhere.
    monkeypatch.setattr("os.access", lambda *args, **kwargs: False)
    monkeypatch.setattr("os.mkdir", lambda *args, **kwargs: (_ for _ in ()).throw(PermissionError(13, "denied")))
    dataset = PickleDataset(filepath=str(tmp_path / "x.pkl"))
    assert staged_by(dataset, tmp_path) == []
    assert dataset.load() == "data"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "btrfs"])
def test_elsewhere_than_on_known_file_systems_there_is_a_folder(kind: str, tmp_path: Path, mounted_as: Any) -> None:
    mounted_as(kind)
    assert staged_by(PickleDataset(filepath=str(tmp_path / "x.pkl")), tmp_path) == ["folder"]


def test_where_mounts_cannot_be_read_there_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deodar.io._staging_rules._MOUNTS", str(tmp_path / "missing"))
    assert staged_by(PickleDataset(filepath=str(tmp_path / "x.pkl")), tmp_path) == ["folder"]


def test_a_version_has_a_folder(tmp_path: Path) -> None:
    dataset = PickleDataset(filepath=str(tmp_path / "x.pkl"), version=Version(None, "v1"))
    assert staged_by(dataset, tmp_path) == ["folder"]


class OwnSave(PickleDataset):
    """It may write more than its file."""

    def save(self, data: Any) -> None:
        """Write a companion, too."""
        super().save(data)
        Path(self._get_save_path()).with_suffix(".idx").write_text("companion")


class OwnWrite(PickleDataset):
    """It may write more than its file."""

    def _write(self, data: Any, target: Any) -> None:
        super()._write(data, target)
        Path(self._get_save_path()).with_suffix(".idx").write_text("companion")


@pytest.mark.parametrize("kind", [OwnSave, OwnWrite])
def test_what_is_derived_from_a_known_dataset_has_a_folder(kind: Any, tmp_path: Path) -> None:
    assert staged_by(kind(filepath=str(tmp_path / "x.pkl")), tmp_path) == ["folder"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.idx", "x.pkl"]


def test_a_packed_file_is_called_what_it_was_before(tmp_path: Path) -> None:
    packed = {"open_args_save": {"mode": "wb", "compression": "gzip"}}
    PickleDataset(filepath=str(tmp_path / "x.pkl"), fs_args=packed).save(1)
    assert b"x.pkl\0" in (tmp_path / "x.pkl").read_bytes()[:40]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.pkl.gz", {}),
        ("x.ZIP", {}),
        ("x.pkl", {"backend": "joblib"}),
        ("x.pkl", {"save_args": {"compression": None}}),
        ("x.pkl", {"save_args": {"engine": {"do_compress": False}}}),
    ],
)
def test_what_may_be_packed_has_a_folder(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    from deodar.io._staging_rules import needs_its_name

    dataset = PickleDataset(filepath=str(tmp_path / name))
    dataset._backend = options.get("backend", "pickle")
    dataset._save_args = options.get("save_args", {})
    assert needs_its_name(dataset, name)
    assert not needs_its_name(PickleDataset(filepath=str(tmp_path / "x.pkl")), "x.pkl")


def known(text_file: Any, **body: Any) -> Any:
    """Return a class that passes for one of kedro-datasets."""
    return type("TextDataset", (text_file,), {"__module__": "kedro_datasets.text.text_dataset", **body})


def test_datasets_of_kedro_datasets_are_known_by_their_names(text_file: Any, tmp_path: Path) -> None:
    dataset = known(text_file)(str(tmp_path / "x.txt"))
    dataset.save("new")
    assert dataset.asked[0].parent == tmp_path
    derived = type("TextDataset", (known(text_file),), {"__module__": "mine"})(str(tmp_path / "x.txt"))
    derived.save("new")
    assert derived.asked[0].parent.parent == tmp_path


def test_what_was_never_written_replaces_nothing(text_file: Any, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("old")
    for name in ("x.txt", "y.txt"):
        known(text_file, save=lambda self, data: self._get_save_path())(str(tmp_path / name)).save("new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.txt": "old"}


def test_errors_name_the_target(text_file: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        known(text_file)(str(tmp_path / "x.txt")).save("boom\n")
    assert f"cannot write to {tmp_path / 'x.txt'}" in str(caught.value)


def test_a_rename_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise PermissionError(13, "denied", str(args[0]))

    path = tmp_path / "x.txt"
    path.write_text("old")
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(DatasetError) as caught:
        TextDataset(filepath=str(path)).save("new")
    assert f"denied: '{path}'" in str(caught.value)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"x.txt": "old"}


def test_an_entry_can_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(
        "os.fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), fsync(handle))[1]
    )
    TextDataset(filepath=str(tmp_path / "x.txt"), metadata={"deodar": {"fsync": True}}).save("x")
    file, *folders = synced
    assert (os.path.dirname(file), folders) == (str(tmp_path), [str(tmp_path), str(tmp_path.parent)])
