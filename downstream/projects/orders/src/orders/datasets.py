import json
from pathlib import Path, PurePosixPath

import fsspec
from kedro.io import AbstractDataset, AbstractVersionedDataset, Version
from kedro.io.core import get_filepath_str, get_protocol_and_path


class JSONLinesDataset(AbstractVersionedDataset):
    """Versioned, through fsspec, with arguments: as the datasets of plugins are written."""

    DEFAULT_SAVE_ARGS = {"sort_keys": True}

    def __init__(self, *, filepath, save_args=None, version: Version = None, credentials=None, metadata=None):
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(protocol)
        self._save_args = {**self.DEFAULT_SAVE_ARGS, **(save_args or {})}
        self.metadata = metadata
        super().__init__(PurePosixPath(path), version, exists_function=self._fs.exists, glob_function=self._fs.glob)

    def load(self):
        with self._fs.open(get_filepath_str(self._get_load_path(), self._protocol)) as file:
            return [json.loads(line) for line in file.read().decode().splitlines()]

    def save(self, data):
        path = get_filepath_str(self._get_save_path(), self._protocol)
        self._fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        with self._fs.open(path, "w") as file:
            file.write("".join(json.dumps(row, **self._save_args) + "\n" for row in data))

    def _exists(self):
        return self._fs.exists(get_filepath_str(self._get_load_path(), self._protocol))

    def _describe(self):
        return {"filepath": self._filepath, "version": self._version}


class AppendingTextDataset(AbstractDataset):
    """Takes chunks of a generator, in the older style of _load and _save."""

    def __init__(self, filepath):
        self._filepath = Path(filepath)

    def _load(self):
        return self._filepath.read_text()

    def _save(self, data):
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        with self._filepath.open("a") as file:
            file.write(f"{data}\n")

    def _exists(self):
        return self._filepath.exists()

    def _describe(self):
        return {"filepath": str(self._filepath)}
