"""A configuration folder on disk, written file by file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deodar.config import OmegaConfigLoader


class Conf:
    """A configuration folder with the environments ``base`` and ``local``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for env in ("base", "local"):
            (root / env).mkdir(parents=True)

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def loader(self, **options: Any) -> OmegaConfigLoader:
        return OmegaConfigLoader(str(self.root), **{"base_env": "base", "default_run_env": "local", **options})


@pytest.fixture
def conf(tmp_path: Path) -> Conf:
    return Conf(tmp_path / "conf")


@pytest.fixture
def read(conf: Conf) -> Callable[[str], Any]:
    """Return what one catalog file with the given text is read as."""

    def read_text(text: str) -> Any:
        conf.write("base/catalog.yml", text)
        return conf.loader()["catalog"]

    return read_text
