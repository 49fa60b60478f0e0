"""Small datasets over real files, as users write them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from deodar.io import AbstractDataset, AbstractVersionedDataset, Version
from deodar.io import _staging_rules as rules


class PlainText(AbstractDataset[str, str]):
    """A text file, written in place."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        return self._path.read_text()

    def save(self, data: str) -> None:
        self._path.write_text(data)

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class TextFile(AbstractVersionedDataset[str, str]):
    """A text file that asks where to write, as the datasets of kedro-datasets do."""

    def __init__(
        self,
        filepath: str,
        version: Version | None = None,
        save_args: dict[str, Any] | None = None,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self._protocol = "file"
        self._save_args = save_args or {}
        self.metadata = metadata
        self.asked: list[PurePosixPath] = []

    def load(self) -> str:
        return Path(self._get_load_path()).read_text()

    def save(self, data: str) -> None:
        path = Path(self._get_save_path())
        self.asked.append(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(self._save_args.get("mode", "w")) as handle:
            for line in data.splitlines(keepends=True):
                if line.startswith("boom"):
                    raise ValueError(f"cannot write to {path}")
                handle.write(line)
                handle.flush()

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


@pytest.fixture
def plain_text() -> type[PlainText]:
    return PlainText


@pytest.fixture
def text_file() -> type[TextFile]:
    return TextFile


@pytest.fixture(autouse=True)
def _io_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    # Another test may have set up logging for the package.
    package = logging.getLogger("deodar")
    before = package.level, package.propagate
    package.setLevel(logging.NOTSET)
    package.propagate = True
    yield
    package.setLevel(before[0])
    package.propagate = before[1]


@pytest.fixture
def mounted_as(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Have the folders of tests be on a file system of some kind, whatever they are on."""
    mounts = tmp_path_factory.mktemp("mounts") / "mountinfo"
    device = mounts.parent.stat().st_dev

    def mount(kind: str) -> None:
        mounts.write_text(
            "22 1 0:999 / /proc rw,nosuid shared:5 - proc proc rw\n"
            f"36 1 {os.major(device)}:{os.minor(device)} / /a\\040-\\040b rw,noatime - {kind} /dev/sda rw\n"
        )
        rules._local_devices.cache_clear()

    monkeypatch.setattr(rules, "_MOUNTS", str(mounts))
    yield mount
    rules._local_devices.cache_clear()
