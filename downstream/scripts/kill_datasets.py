"""Kill each dataset of kedro-datasets in the middle of its saves: kill_datasets.py GROUP FOLDER PART [NAME ...].

PART is one of so many, as in ``1/2``: every second dataset, the first one included.

``killed_saves`` of the crash tests must be on the path. Prints one JSON object: how often each was killed, and what
else than the old data or the new was found.
"""

import importlib
import json
import logging
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
from dataset_cases import GROUPS, MUTE
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io.core import parse_dataset_definition
from killed_saves import KILLED, Stage, in_child, kill_everywhere

MOMENTS = 20


def load_modules(case, entry, note):
    """Import here what a save and a load import, so that the hundred children of a stage need not.

    Nothing is called: libraries start their threads when they are used, and those do not survive a fork.
    """

    def work():
        catalog = DataCatalog.from_config({"x": entry})
        catalog.save("x", case.make("old"))
        if case.show is not None:
            case.show(catalog.load("x"))
        note.write_text(json.dumps(list(sys.modules)))

    known = set(sys.modules)
    assert in_child(work) == 0
    for name in json.loads(note.read_text()):
        if name not in known:
            try:
                importlib.import_module(name)
            except ImportError:
                # Made at run time, by the library that used it.
                continue


def look(case, entry, folder):
    """Return how often a save was killed, and all that should not have been found."""

    def same(loaded, made):
        return case.show(loaded) == case.show(made)

    stage = Stage(folder, entry, case.make, None if case.show is None else same, parts=case.after_kill == "parts")
    found = {instant: what.split(" ", 1) for instant, what in kill_everywhere(stage, moments=MOMENTS).items()}
    killed = {instant: what for instant, (code, what) in found.items() if int(code) in KILLED}
    allowed = ("old", "new", "whole files") if case.after_kill == "parts" else ("old", "new")
    wrong = {instant: what for instant, what in killed.items() if what not in allowed}
    wrong |= {
        instant: " ".join(what) for instant, what in found.items() if "again" in instant and what != ["0", "new []"]
    }
    return len(killed), wrong


def main():
    """Kill all and print what was found."""
    logging.disable(logging.CRITICAL)
    group, folder, part, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
    number, of = map(int, part.split("/"))
    MUTE[group]()
    told = {}
    for name, case in list(GROUPS[group].items())[number - 1 :: of]:
        if names and name not in names:
            continue
        if case.after_kill == "in place":
            continue
        kind, _ = parse_dataset_definition(case.config(name, str(folder)))
        for versioned in (False, True):
            if versioned and not issubclass(kind, AbstractVersionedDataset):
                continue
            place = folder / name.replace(" ", "-") / ("versioned" if versioned else "plain")
            place.mkdir(parents=True)
            entry = {**case.config(name, str(place)), **({"versioned": True} if versioned else {})}
            try:
                load_modules(case, entry, place.with_suffix(".modules"))
                kills, wrong = look(case, entry, place)
            except Exception as error:
                kills, wrong = 0, {"error": repr(error)}
            told[f"{name}{' versioned' if versioned else ''}"] = {"kills": kills, "wrong": wrong}
            print(name, versioned, kills, str(wrong)[:600], file=sys.stderr, flush=True)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
