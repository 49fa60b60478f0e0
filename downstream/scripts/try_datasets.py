"""Put each dataset of kedro-datasets that needs no service through its paces: try_datasets.py GROUP FOLDER."""

import json
import logging
import pkgutil
import sys
import traceback
import warnings
from importlib import import_module
from pathlib import Path

warnings.simplefilter("ignore")
import kedro.io
from dataset_cases import GROUPS, MUTE
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io.core import Version, parse_dataset_definition
from kedro.pipeline import Pipeline, node
from kedro.runner import ParallelRunner, SequentialRunner
from loading_cases import LOADED

FIRST, SECOND = "2024-01-01T00.00.00.000Z", "2025-01-01T00.00.00.000Z"
RUNNERS = {"sequential": SequentialRunner, "processes": lambda: ParallelRunner(max_workers=2)}


def check(case, name, folder):
    """Save, load, and be asked everything that a catalog asks; as an entry and by a pattern."""
    config = case.config(name, str(folder))
    catalog = DataCatalog.from_config({"plain": config, "{x}_made": dict(config)})
    for word in ("old", "new"):
        catalog.save("plain", case.make(word))
        if case.show is not None:
            catalog.release("plain")
            assert case.show(catalog.load("plain")) == case.show(case.make(word)), word
    assert catalog.exists("plain") or not case.tells
    if case.show is not None:
        assert case.show(catalog.load("other_made")) == case.show(case.make("new"))
    kind = type(catalog["plain"])
    assert f"{kind.__module__}.{kind.__name__}(" in repr(catalog), repr(catalog)
    assert isinstance(catalog["plain"]._describe(), dict)
    catalog.release("plain")
    made, credentials, *_ = catalog.to_config()
    again = DataCatalog.from_config({"plain": made["plain"]}, credentials)
    assert type(again["plain"]) is kind
    if case.show is not None:
        assert case.show(again.load("plain")) == case.show(case.make("new"))
    leftovers = [path for path in folder.rglob(".*deodar*") if path.name != ".deodar"]
    assert not leftovers, leftovers


def check_runs(case, name, folder):
    """Let one node save and another load, in this process and in two others."""
    for runner, make_runner in RUNNERS.items():
        place = folder / runner
        place.mkdir()
        catalog = DataCatalog.from_config({"x": case.config(name, str(place))})
        catalog["word"] = "new"
        nodes = [node(case.make, "word", "x", name="make")]
        if case.show is not None:
            nodes.append(node(case.show, "x", "seen", name="see"))
        result = make_runner().run(Pipeline(nodes), catalog)
        if case.show is not None:
            assert result["seen"].load() == case.show(case.make("new")), runner


def check_versions(case, name, folder):
    """Save two versions, load both, and fail to save one of them again."""
    kind, arguments = parse_dataset_definition(case.config(name, str(folder)))
    if not issubclass(kind, AbstractVersionedDataset):
        return False

    def at(load, save):
        return kind(**{**arguments, "version": Version(load, save)})

    assert not at(None, None).exists()
    for version, word in ((FIRST, "old"), (SECOND, "new")):
        saved = at(None, version)
        saved.save(case.make(word))
        assert saved.exists() and saved.resolve_save_version() == version
    latest = at(None, None)
    assert latest.resolve_load_version() == SECOND
    assert latest.list_versions(full_path=False) == [SECOND, FIRST]
    if case.show is not None:
        assert case.show(latest.load()) == case.show(case.make("new"))
        assert case.show(at(FIRST, None).load()) == case.show(case.make("old"))
    latest.release()
    try:
        at(None, SECOND).save(case.make("old"))
    except kedro.io.DatasetError as error:
        assert "must not exist if versioning is enabled" in str(error)
        return True
    raise AssertionError("a version was overwritten")


def exported():
    """Return the names of all classes that kedro-datasets shows."""
    found = []
    for package in ("kedro_datasets", "kedro_datasets_experimental"):
        for module in pkgutil.iter_modules(import_module(package).__path__):
            try:
                names = getattr(import_module(f"{package}.{module.name}"), "__all__", [])
            except ImportError:
                names = ["*"]
            prefix = "" if package == "kedro_datasets" else f"{package}."
            found += [f"{prefix}{module.name}.{name}" for name in names]
    return found


def main():
    """Try all and print one JSON object."""
    assert "deodar" in Path(kedro.io.__file__).parts, kedro.io.__file__
    logging.disable(logging.WARNING)
    group, folder = sys.argv[1], Path(sys.argv[2])
    MUTE[group]()
    failed, versioned = {}, []
    for name, case in GROUPS[group].items():
        try:
            for number, step in enumerate((check, check_runs, check_versions)):
                place = folder / name.replace(" ", "-") / str(number)
                place.mkdir(parents=True)
                if step(case, name, place):
                    versioned.append(name)
        except Exception:
            failed[name] = traceback.format_exc()[-1500:]
    for name, try_it in LOADED[group].items():
        try:
            place = folder / name
            place.mkdir(parents=True)
            try_it(place)
        except Exception:
            failed[name] = traceback.format_exc()[-1500:]
    tried = [*GROUPS[group], *LOADED[group]]
    print(json.dumps({"tried": tried, "versioned": versioned, "failed": failed, "exported": exported()}))


if __name__ == "__main__":
    main()
