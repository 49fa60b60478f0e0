"""Datasets of kedro-datasets in processes where this package has its own name, seen from whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OTHER_KEDRO = "class AbstractDataset: pass\n"
DATASETS = """
from pathlib import Path
from kedro.io import AbstractDataset
from kedro.io.core import get_protocol_and_path

class NoteDataset(AbstractDataset):
    def __init__(self, filepath):
        self._filepath = filepath

    def load(self):
        return Path(self._filepath).read_text()

    def save(self, data):
        Path(self._filepath).write_text(data)

    def _describe(self):
        return {"filepath": self._filepath}
"""
CONFIG = "{'type': 'notes.NoteDataset', 'filepath': 'note.txt'}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with another Kedro and with datasets that are built on it."""
    files = {
        "kedro/__init__.py": "__version__ = 'other'\n",
        "kedro/io/__init__.py": OTHER_KEDRO,
        "kedro/io/core.py": "def get_protocol_and_path(path): ...\n",
        "kedro_datasets/__init__.py": "",
        "kedro_datasets/notes.py": DATASETS,
    }
    for name, text in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "site"


def said_by(site: Path, script: str) -> str:
    """Run a script natively; return what it printed."""
    path = site.parent / "script.py"
    path.write_text(script)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEDRO", "DEODAR"))}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=site.parent,
        env={**kept, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_catalogs_take_them_though_another_kedro_is_installed(site: Path) -> None:
    script = f"""
from deodar.io import AbstractDataset, DataCatalog
catalog = DataCatalog.from_config({{"note": {CONFIG}}})
catalog.save("note", "kept")
print(catalog.load("note"), type(catalog["note"]).__module__, isinstance(catalog["note"], AbstractDataset))
"""
    assert said_by(site, script) == "kept kedro_datasets.notes True"


def test_the_base_class_that_they_extend_exists_once(site: Path) -> None:
    script = """
import deodar.io.core
import kedro_datasets.notes
import kedro.io.core, kedro.pipeline
import deodar.pipeline.node
print(kedro.io.core is deodar.io.core, kedro.io.core.__spec__.name, type(kedro.pipeline.node).__name__)
"""
    assert said_by(site, script) == "True deodar.io.core function"


def test_process_workers_load_and_save_with_them(site: Path) -> None:
    script = f"""
from deodar.io import DataCatalog
from deodar.pipeline import node, pipeline
from deodar.runner import ParallelRunner

def louder(text):
    import kedro.io
    return text.upper() + kedro.io.__name__

if __name__ == "__main__":
    catalog = DataCatalog.from_config({{"note": {CONFIG}, "loud": {CONFIG.replace("note.txt", "loud.txt")}}})
    catalog.save("note", "kept")
    ParallelRunner(max_workers=1).run(pipeline([node(louder, "note", "loud")]), catalog)
    print(catalog.load("loud"))
"""
    assert said_by(site, script).splitlines()[-1] == "KEPTdeodar.io"


def test_without_them_another_kedro_is_what_it_is(site: Path) -> None:
    assert said_by(site, "import deodar.io.core\nimport kedro\nprint(kedro.__version__)") == "other"


def test_what_extends_the_other_kedro_is_refused_with_the_way_out(site: Path) -> None:
    script = f"""
import kedro.io
from deodar.io import DataCatalog, DatasetError
try:
    DataCatalog.from_config({{"note": {CONFIG}}})["note"]
except DatasetError as error:
    print(error)
"""
    said = said_by(site, script)
    assert "It extends kedro.io.AbstractDataset of an installed Kedro, which was imported before this package." in said
    assert "Import deodar first" in said
