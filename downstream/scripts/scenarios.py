"""Scenarios that run on any ``kedro``: prints, as JSON, what each one gave, called, logged and raised."""

import json
import logging
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

os.chdir(tempfile.mkdtemp())
warnings.simplefilter("ignore")
from kedro.framework.hooks import _create_hook_manager, hook_impl
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node, pipeline
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


class Calls:
    """Notes hooks, by name and what they were called for."""

    def __init__(self):
        self.seen = []

    @hook_impl
    def before_node_run(self, node, inputs, is_async):
        self.seen.append(["before_node_run", node.name, sorted(inputs), is_async])

    @hook_impl
    def after_node_run(self, node, inputs, outputs):
        self.seen.append(["after_node_run", node.name, sorted(inputs), sorted(outputs)])

    @hook_impl
    def on_node_error(self, node, error):
        self.seen.append(["on_node_error", node.name, type(error).__name__])

    @hook_impl
    def before_dataset_loaded(self, dataset_name, node):
        self.seen.append(["before_dataset_loaded", dataset_name, node.name])

    @hook_impl
    def after_dataset_loaded(self, dataset_name, data, node):
        self.seen.append(["after_dataset_loaded", dataset_name, repr(data), node.name])

    @hook_impl
    def before_dataset_saved(self, dataset_name, data, node):
        self.seen.append(["before_dataset_saved", dataset_name, repr(data), node.name])

    @hook_impl
    def after_dataset_saved(self, dataset_name, data, node):
        self.seen.append(["after_dataset_saved", dataset_name, repr(data), node.name])


class Lines(logging.Handler):
    """Notes log records."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        self.seen.append([record.name, record.levelname, record.getMessage()])


class FileDataset(AbstractDataset):
    def __init__(self, filepath):
        self._filepath = Path(filepath)

    def load(self):
        return self._filepath.read_text()

    def save(self, data):
        self._filepath.write_text(data)

    def _exists(self):
        return self._filepath.exists()

    def _describe(self):
        return {"filepath": str(self._filepath)}


def double(x):
    return 2 * x


def add(x, y):
    return x + y


def text(x):
    return str(x)


def split(x):
    return x, -x


def fail(x):
    raise ArithmeticError(f"cannot do {x}")


def stream(x):
    yield from range(x)


class Appending(AbstractDataset):
    def __init__(self):
        self.kept = []

    def load(self):
        return list(self.kept)

    def save(self, data):
        self.kept.append(data)

    def _describe(self):
        return {}


class Confirmable(MemoryDataset):
    confirmed = 0

    def confirm(self):
        type(self).confirmed += 1


def run(made, catalog, runner=None, **options):
    manager = _create_hook_manager()
    calls = Calls()
    manager.register(calls)
    result = (runner or SequentialRunner()).run(made, catalog, manager, **options)
    return {"hooks": calls.seen, "outputs": {name: value_of(value) for name, value in sorted(result.items())}}


def value_of(dataset):
    return repr(dataset.load() if hasattr(dataset, "load") else dataset)


def diamond():
    return Pipeline(
        [
            node(split, "a", ["b", "c"], name="split"),
            node(double, "b", "d", name="left", tags="t"),
            node(double, "c", "e", name="right"),
            node(add, ["d", "e"], "f", name="join"),
        ]
    )


@scenario
def sequential():
    return run(diamond(), DataCatalog({"a": MemoryDataset(1)}))


@scenario
def sequential_async():
    return sorted(
        map(str, run(diamond(), DataCatalog({"a": MemoryDataset(1)}), SequentialRunner(is_async=True))["hooks"])
    )


@scenario
def threads():
    found = run(diamond(), DataCatalog({"a": MemoryDataset(1)}), ThreadRunner(max_workers=1))
    return [found["outputs"], sorted(map(str, found["hooks"]))]


@scenario
def processes():
    from kedro.io import SharedMemoryDataCatalog

    catalog = SharedMemoryDataCatalog({"a": MemoryDataset(1)})
    return sorted(ParallelRunner(max_workers=2).run(diamond(), catalog))


@scenario
def node_fails():
    made = Pipeline(
        [node(double, "a", "b", name="one"), node(fail, "b", "c", name="two"), node(double, "c", "d", name="three")]
    )
    return run(made, DataCatalog({"a": MemoryDataset(1)}))


@scenario
def node_fails_after_a_file():
    made = Pipeline([node(text, "a", "file", name="one"), node(fail, "file", "c", name="two")])
    return run(made, DataCatalog({"a": MemoryDataset(1), "file": FileDataset("file.txt")}))


@scenario
def missing_inputs():
    return run(diamond(), DataCatalog())


@scenario
def missing_parameter():
    return run(Pipeline([node(double, "params:a", "b")]), DataCatalog())


@scenario
def only_missing_outputs():
    catalog = DataCatalog({"a": MemoryDataset("x"), "b": FileDataset("b.txt"), "c": FileDataset("c.txt")})
    made = Pipeline([node(text, "a", "b", name="one"), node(text, "b", "c", name="two")])
    first = run(made, catalog, only_missing_outputs=True)
    Path("c.txt").unlink()
    second = run(made, catalog, only_missing_outputs=True)
    return [first["hooks"], second["hooks"], run(made, catalog, only_missing_outputs=True)["hooks"]]


@scenario
def generators():
    catalog = DataCatalog({"n": MemoryDataset(3), "out": Appending()})
    found = run(Pipeline([node(stream, "n", "out", name="stream")]), catalog)
    return [found["hooks"], catalog.load("out")]


@scenario
def transcoding():
    catalog = DataCatalog({"a": MemoryDataset("x"), "b@one": FileDataset("t.txt"), "b@two": FileDataset("t.txt")})
    made = Pipeline([node(text, "a", "b@one", name="one"), node(text, "b@two", "c", name="two")])
    return [run(made, catalog), sorted(made.inputs()), sorted(made.outputs())]


@scenario
def confirms():
    catalog = DataCatalog({"a": Confirmable(1)})
    run(Pipeline([node(double, "a", "b", name="one", confirms="a")]), catalog)
    return Confirmable.confirmed


@scenario
def none_is_not_saved():
    return run(Pipeline([node(lambda x: None, "a", "b", name="one")]), DataCatalog({"a": MemoryDataset(1)}))


@scenario
def wrong_outputs():
    return run(Pipeline([node(double, "a", ["b", "c"], name="one")]), DataCatalog({"a": MemoryDataset(1)}))


@scenario
def wrong_dictionary():
    made = Pipeline([node(lambda x: {"z": 1}, "a", {"y": "b"}, name="one")])
    return run(made, DataCatalog({"a": MemoryDataset(1)}))


@scenario
def namespaces_and_filters():
    inner = pipeline(diamond(), namespace="left.most", inputs="a", outputs={"f": "g"}, parameters={})
    whole = inner + Pipeline([node(double, "g", "h", name="last", tags=["end"])])
    return {
        "str": str(whole),
        "describe": whole.describe(),
        "json": sorted(json.loads(whole.to_json())["pipeline"], key=str),
        "from": [n.name for n in whole.filter(from_nodes=["left.most.left"]).nodes],
        "to": [n.name for n in whole.filter(to_outputs=["left.most.d"]).nodes],
        "tags": [n.name for n in whole.filter(tags=["t", "end"]).nodes],
        "namespace": [n.name for n in whole.filter(node_namespaces=["left.most"]).nodes],
        "groups": [str(group) for group in whole.group_nodes_by("namespace")],
        "inputs": sorted(whole.inputs()),
        "outputs": sorted(whole.outputs()),
    }


def refuse(make):
    try:
        return repr(make())
    except Exception as error:
        return [type(error).__name__, str(error)]


@scenario
def bad_nodes_and_pipelines():
    good = node(double, "a", "b", name="one")
    return [
        refuse(lambda: node("no", "a", "b")),
        refuse(lambda: node(double, None, None)),
        refuse(lambda: node(double, "a", "a")),
        refuse(lambda: node(double, ["a", "b"], "c")),
        refuse(lambda: node(double, "a", "b", name="a b!")),
        refuse(lambda: Pipeline([good, good])),
        refuse(lambda: Pipeline([good, node(double, "c", "b", name="two")])),
        refuse(lambda: Pipeline([good, node(double, "b", "a", name="two")])),
        refuse(lambda: Pipeline([good]).filter(node_names=["nope"])),
        refuse(lambda: Pipeline([good]).filter(from_inputs=["nope"])),
        refuse(lambda: Pipeline([good]).filter(tags=["nope"]).nodes),
        refuse(lambda: pipeline([good], inputs={"nope": "x"})),
        refuse(lambda: pipeline([good], namespace="a b")),
    ]


@scenario
def bad_catalogs():
    return [
        refuse(lambda: DataCatalog.from_config({"a": {"filepath": "x"}})),
        refuse(lambda: DataCatalog.from_config({"a": {"type": "nope.NopeDataset"}}).get("a")),
        refuse(lambda: DataCatalog.from_config({"a": {"type": "MemoryDataset", "nope": 1}}).get("a")),
        refuse(lambda: DataCatalog.from_config({"a": {"type": "MemoryDataset", "credentials": "nope"}})),
        refuse(lambda: DataCatalog.from_config({"{a}": {"type": "MemoryDataset"}, "{b}": {"type": "MemoryDataset"}})),
        refuse(lambda: DataCatalog()["nope"]),
        refuse(lambda: DataCatalog().load("nope")),
        refuse(lambda: DataCatalog().save("nope", 1)),
        refuse(lambda: DataCatalog({"a": MemoryDataset()}).load("a")),
        refuse(lambda: DataCatalog({"a": MemoryDataset()}).save("a", None)),
        refuse(lambda: DataCatalog({"a": FileDataset("absent.txt")}).load("a")),
    ]


@scenario
def catalog_reads_like_a_dictionary():
    catalog = DataCatalog.from_config(
        {
            "a": {"type": "MemoryDataset", "data": 1},
            "{x}_made": {"type": "MemoryDataset"},
            "c": {"type": "CachedDataset", "dataset": {"type": "MemoryDataset"}},
        }
    )
    return [
        list(catalog.keys()),
        "b_made" in catalog,
        repr(catalog["a"]),
        repr(catalog),
        catalog.get_type("c"),
        catalog.get("nope"),
        catalog.filter(name_regex="a"),
        catalog.to_config(),
        len(catalog),
        catalog.exists("a"),
    ]


@scenario
def custom_runner():
    from kedro.runner import AbstractRunner

    class Custom(AbstractRunner):
        def _get_executor(self, max_workers):
            return None

        def _run(self, pipeline, catalog, hook_manager=None, run_id=None):
            for each in pipeline.nodes:
                catalog.save(
                    each.outputs[0], each.run({name: catalog.load(name) for name in each.inputs})[each.outputs[0]]
                )

    return run(Pipeline([node(double, "a", "b", name="one")]), DataCatalog({"a": MemoryDataset(1)}), Custom())


def tidy(value):
    """Replace what may differ from run to run: addresses, times, folders."""
    said = json.dumps(value, default=repr)
    said = re.sub(r"0x[0-9a-f]+", "0x", said)
    said = re.sub(r"in \d+\.\d sec", "in N sec", said)
    said = re.sub(r"\d{4}-\d\d-\d\dT[\d.]+Z", "NOW", said)
    return json.loads(said.replace(str(Path.cwd()), "CWD"))


if __name__ == "__main__":
    logger = logging.getLogger("kedro")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    found = {}
    for name, function in SCENARIOS.items():
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        lines = Lines()
        logger.addHandler(lines)
        try:
            outcome = {"gave": function()}
        except Exception as error:
            outcome = {"raised": [type(error).__module__ + "." + type(error).__qualname__, str(error)]}
        log = sorted(map(list, lines.seen)) if name in ("threads", "processes", "sequential_async") else lines.seen
        found[name] = tidy({**outcome, "logged": log})
    sys.stdout.write("\n" + json.dumps(found) + "\n")
