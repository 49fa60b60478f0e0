"""Answers questions about catalogs on any ``kedro``: reads one JSON request a line, writes one JSON answer a line.

A request has a catalog's configuration, credentials and versions, and the calls to make on it, one after the other.
"""

import copy
import json
import logging
import os
import pickle
import re
import shutil
import sys
import tempfile
import warnings
from pathlib import Path, PurePosixPath

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import kedro.io.core
import kedro.io.data_catalog
from kedro.io import AbstractDataset, AbstractVersionedDataset, CachedDataset, DataCatalog, MemoryDataset, Version
from kedro.io.data_catalog import _LazyDataset


class Text(AbstractVersionedDataset):
    def __init__(self, filepath, version=None, credentials=None, load_args=None, metadata=None):
        super().__init__(PurePosixPath(filepath), version)
        self.credentials, self.load_args, self.metadata = credentials, load_args, metadata

    def load(self):
        return Path(self._get_load_path()).read_text()

    def save(self, data):
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)

    def _exists(self):
        return Path(self._get_load_path()).exists()

    def _describe(self):
        return {"filepath": str(self._filepath), "version": self._version, "load_args": self.load_args}


class Failing(AbstractDataset):
    def __init__(self, when="load"):
        if when == "init":
            raise RuntimeError("not built")
        self.when = when

    def load(self):
        raise ZeroDivisionError("no luck")

    def save(self, data):
        raise FileNotFoundError("no place")

    def _exists(self):
        raise OSError("no answer")

    def confirm(self):
        raise LookupError("no confirmation")

    def _describe(self):
        return {"when": self.when}


module = sys.modules["__main__"]
Text.__module__ = Failing.__module__ = "answer_catalogs"
sys.modules["answer_catalogs"] = module
DATASETS = {
    "memory": lambda folder: MemoryDataset([1]),
    "empty": lambda folder: MemoryDataset(),
    "text": lambda folder: Text(f"{folder}/assigned.txt"),
    "versioned": lambda folder: Text(f"{folder}/assigned.txt", Version("v1", "s1")),
    "other": lambda folder: Text(f"{folder}/assigned.txt", Version(None, "other")),
    "cached": lambda folder: CachedDataset(Text(f"{folder}/assigned.txt")),
    "failing": lambda folder: Failing(),
    "lazy": lambda folder: _LazyDataset("lazy", {"type": "MemoryDataset", "data": 5}),
    "data": lambda folder: {"a": [1]},
    "none": lambda folder: None,
}


def call(catalog, folder, name, *arguments):
    """Make one call; return the catalog to go on with and what there is to show."""
    match name:
        case "set":
            catalog[arguments[0]] = DATASETS[arguments[1]](folder)
        case "item":
            return catalog, repr(catalog[arguments[0]])
        case "contains":
            return catalog, arguments[0] in catalog
        case "get":
            key, fallback, version = arguments
            return catalog, repr(catalog.get(key, fallback, version=Version(version, None) if version else None))
        case "list":
            return catalog, [list(catalog), len(catalog), bool(catalog), catalog._ipython_key_completions_()]
        case "values":
            return catalog, [repr(value) for value in catalog.values()]
        case "repr":
            return catalog, repr(catalog).splitlines()
        case "copy":
            return copy.deepcopy(catalog), None
        case "pickle":
            return pickle.loads(pickle.dumps(catalog)), None
        case "again":
            found = catalog.to_config()
            return DataCatalog.from_config(*found), repr(found)
        case "equal":
            return catalog, [catalog == catalog, catalog == copy.deepcopy(catalog), catalog == DataCatalog()]
        case "resolver":
            resolver = catalog.config_resolver
            return catalog, [resolver.list_patterns(), repr(resolver.config)]
        case "resolve":
            return catalog, repr(catalog.config_resolver.resolve_pattern(arguments[0]))
        case "filter":
            given = {key: value for key, value in arguments[0].items() if key != "by_type"}
            if "by_type" in arguments[0]:
                given["by_type"] = [{"Text": Text, "MemoryDataset": MemoryDataset}[t] for t in arguments[0]["by_type"]]
            return catalog, catalog.filter(**given)
        case "versions":
            return catalog, [catalog._load_versions, catalog._save_version]
        case _:
            return catalog, repr(getattr(catalog, name)(*arguments))
    return catalog, None


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        text = re.sub(r"\[/?dark_orange\]", "", record.getMessage())
        self.seen.append([record.name, record.levelname, text])


records = Records()
logging.getLogger("kedro").addHandler(records)
logging.getLogger("kedro").setLevel("INFO")


def answer(request, folder):
    stamps = iter(f"2026-01-01T00.00.00.{number:03}Z" for number in range(1000))
    stamp = lambda: next(stamps)
    kedro.io.core.generate_timestamp = stamp
    kedro.io.data_catalog.generate_timestamp = lambda: "2025-01-01T00.00.00.000Z"
    text = json.dumps(request["catalog"]).replace("FOLDER", str(folder))
    steps = []
    catalog = None

    def make():
        nonlocal catalog
        catalog = DataCatalog.from_config(json.loads(text), request["credentials"], request["load_versions"])

    steps.append(outcome(make, folder))
    if catalog is None:
        return steps
    for name, *arguments in request["calls"]:

        def step():
            nonlocal catalog
            catalog, shown = call(catalog, folder, name, *arguments)
            return shown

        steps.append([name, *arguments, outcome(step, folder)])
    return steps


def outcome(function, folder):
    records.seen.clear()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = {"gave": function()}
        except Exception as error:
            kind = type(error)
            cause = type(error.__cause__).__name__ if error.__cause__ else None
            result = {"raised": [f"{kind.__module__}.{kind.__qualname__}", str(error), cause]}
    result["logged"] = list(records.seen)
    result["warned"] = [str(w.message) for w in seen]
    return json.loads(json.dumps(result, default=repr).replace(str(folder), "FOLDER"))


with answers:
    for line in sys.stdin:
        folder = Path(tempfile.mkdtemp()).resolve()
        answers.write(json.dumps(answer(json.loads(line), folder)) + "\n")
        answers.flush()
        shutil.rmtree(folder)
