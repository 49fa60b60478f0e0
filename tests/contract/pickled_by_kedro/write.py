"""What was run under Kedro itself to write the pickles beside it: ``python write.py FOLDER``."""

import operator
import pickle
import sys
from pathlib import Path

import kedro
from kedro.io import CachedDataset, DataCatalog, DatasetError, MemoryDataset, Version
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner, ThreadRunner

pipeline = Pipeline(
    [
        node(operator.neg, "a", "b", name="first", tags=["t"], namespace="ns"),
        node(operator.add, ["b", "a"], "c", name="second"),
    ]
)
entries = {
    "plain": {"type": "MemoryDataset"},
    "{name}_made": {"type": "MemoryDataset", "copy_mode": "assign"},
}
found = {
    "pipeline": pipeline,
    "catalog": DataCatalog({"a": MemoryDataset(3), "kept": CachedDataset(MemoryDataset(1))}),
    "configured": DataCatalog.from_config(entries),
    "memory": MemoryDataset([5]),
    "version": Version("1", "2"),
    "runners": [SequentialRunner(), ThreadRunner(max_workers=2)],
    "error": DatasetError("no luck"),
}
target = Path(sys.argv[1]) / f"kedro-{kedro.__version__}.pickle"
target.write_bytes(pickle.dumps(found, protocol=4))
