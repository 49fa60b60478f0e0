"""Answers questions about catalogs on any ``kedro``: reads one JSON request a line, writes one JSON answer a line.

A request has a catalog's configuration, credentials and versions, and the calls to make on it, one after the other.
"""

import copy
import functools
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


def assign(catalog, folder, name, kind):
    catalog[name] = DATASETS[kind](folder)


def get(catalog, folder, name, fallback, version):
    return repr(catalog.get(name, fallback, version=Version(version, None) if version else None))


def listed(catalog, folder):
    return [list(catalog), len(catalog), bool(catalog), catalog._ipython_key_completions_()]


def compared(catalog, folder):
    return [catalog == catalog, catalog == copy.deepcopy(catalog), catalog == DataCatalog()]


def resolver_of(catalog, folder):
    return [catalog.config_resolver.list_patterns(), repr(catalog.config_resolver.config)]


def filtered(catalog, folder, filters):
    kinds = {"Text": Text, "MemoryDataset": MemoryDataset}
    return catalog.filter(**{k: [kinds[t] for t in v] if k == "by_type" else v for k, v in filters.items()})


# What is asked of a catalog; everything else is one of its methods.
QUESTIONS = {
    "set": assign,
    "item": lambda catalog, folder, name: repr(catalog[name]),
    "contains": lambda catalog, folder, name: name in catalog,
    "get": get,
    "list": listed,
    "values": lambda catalog, folder: [repr(value) for value in catalog.values()],
    "repr": lambda catalog, folder: repr(catalog).splitlines(),
    "equal": compared,
    "resolver": resolver_of,
    "resolve": lambda catalog, folder, name: repr(catalog.config_resolver.resolve_pattern(name)),
    "filter": filtered,
    "versions": lambda catalog, folder: [catalog._load_versions, catalog._save_version],
    "config": lambda catalog, folder: catalog.to_config(),
}
# After these it goes on with another catalog.
SUCCESSORS = {
    "copy": copy.deepcopy,
    "pickle": lambda catalog: pickle.loads(pickle.dumps(catalog)),
    "again": lambda catalog: DataCatalog.from_config(*catalog.to_config()),
}


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
    kedro.io.core.generate_timestamp = lambda: next(stamps)
    kedro.io.data_catalog.generate_timestamp = lambda: "2025-01-01T00.00.00.000Z"
    catalog = json.loads(json.dumps(request["catalog"]).replace("FOLDER", str(folder)))
    states = [lambda: DataCatalog.from_config(catalog, request["credentials"], request["load_versions"])]
    steps = [outcome(lambda: states.append(states[0]()), folder)]
    for name, *arguments in request["calls"] if len(states) > 1 else ():
        steps.append([name, *arguments, outcome(functools.partial(step, states, folder, name, arguments), folder)])
    return steps


def step(states, folder, name, arguments):
    catalog = states[-1]
    if name in SUCCESSORS:
        states.append(SUCCESSORS[name](catalog))
        return None
    if name in QUESTIONS:
        return QUESTIONS[name](catalog, folder, *arguments)
    return repr(getattr(catalog, name)(*arguments))


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
