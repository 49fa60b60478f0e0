"""Save, load and version every dataset of kedro-datasets that needs no service: try_datasets.py FOLDER."""

import json
import sys
import traceback
import warnings
from email.message import EmailMessage
from pathlib import Path

warnings.simplefilter("ignore")
import kedro.io
import matplotlib
import pandas as pd
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io.core import Version, parse_dataset_definition

assert "deodar" in Path(kedro.io.__file__).parts, kedro.io.__file__
matplotlib.use("Agg")
folder = Path(sys.argv[1])
frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
numbers = pd.DataFrame({"a": [1.0, 2.0]})


def same_frame(saved, loaded):
    pd.testing.assert_frame_equal(saved.reset_index(drop=True), loaded.reset_index(drop=True), check_dtype=False)


def equal(saved, loaded):
    assert saved == loaded, (saved, loaded)


def exists(saved, loaded):
    assert loaded is not None


def polars_frame():
    import polars as pl

    return pl.DataFrame({"a": [1, 2]})


def same_polars(saved, loaded):
    collected = loaded.collect() if hasattr(loaded, "collect") else loaded
    assert saved.equals(collected)


def figure():
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots()
    axes.plot([1, 2])
    return drawn


def plotly_figure():
    import plotly.express as px

    return px.bar(frame, x="b", y="a")


def graph():
    import networkx

    return networkx.path_graph(3)


def same_graph(saved, loaded):
    assert len(saved.nodes) == len(loaded.nodes)


def shapes():
    import geopandas
    from shapely.geometry import Point

    return geopandas.GeoDataFrame({"n": [1]}, geometry=[Point(0, 0)], crs="EPSG:4326")


def image():
    from PIL import Image

    return Image.new("RGB", (2, 2), "red")


def sequences():
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    return [SeqRecord(Seq("ACGT"), id="one", description="")]


def mail():
    message = EmailMessage()
    message["Subject"] = "hello"
    message.set_content("text")
    return message


def dask_frame():
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=1)


def document():
    from docx import Document

    made = Document()
    made.add_paragraph("hello")
    return made


def slides():
    from pptx import Presentation

    return Presentation()


def curve():
    import holoviews

    holoviews.extension("matplotlib")
    return holoviews.Curve([1, 2])


def light():
    import numpy
    from scipy.sparse import csr_matrix

    return csr_matrix(numpy.eye(2)), numpy.array([0.0, 1.0])


def array():
    import numpy

    return numpy.eye(2)


def table():
    import ibis

    return ibis.memtable(frame)


def same_dask(saved, loaded):
    same_frame(saved.compute().astype({"b": object}), loaded.compute().astype({"b": object}))


FASTA = {"load_args": {"format": "fasta"}, "save_args": {"format": "fasta"}}
SQL = f"sqlite:///{folder / 'database.db'}"
DUCK = {"backend": "duckdb", "database": str(folder / "duck.db")}
PARTS = {"path": "PATH", "dataset": "pandas.CSVDataset", "filename_suffix": ".csv"}
# Type: suffix or own configuration, what is saved, how it is compared, how it is configured.
CASES = {
    "json.JSONDataset": (".json", {"a": [1]}, equal, {}),
    "yaml.YAMLDataset": (".yml", {"a": [1]}, equal, {}),
    "text.TextDataset": (".txt", "hello", equal, {}),
    "pickle.PickleDataset": (".pkl", {"a": (1,)}, equal, {}),
    "pandas.CSVDataset": (".csv", frame, same_frame, {"save_args": {"index": False}}),
    "pandas.ParquetDataset": (".parquet", frame, same_frame, {}),
    "pandas.ExcelDataset": (".xlsx", frame, same_frame, {}),
    "pandas.FeatherDataset": (".feather", frame, same_frame, {}),
    "pandas.JSONDataset": (".json", frame, same_frame, {}),
    "pandas.XMLDataset": (".xml", frame, same_frame, {"save_args": {"index": False}}),
    "pandas.HDFDataset": (".h5", numbers, same_frame, {"key": "data"}),
    "pandas.GenericDataset": (".csv", frame, same_frame, {"file_format": "csv", "save_args": {"index": False}}),
    "pandas.SQLTableDataset": (None, frame, same_frame, {"table_name": "t", "credentials": {"con": SQL}}),
    "pandas.DeltaTableDataset": ("", frame, same_frame, {}),
    "polars.CSVDataset": (".csv", polars_frame, same_polars, {}),
    "polars.EagerPolarsDataset": (".parquet", polars_frame, same_polars, {"file_format": "parquet"}),
    "polars.LazyPolarsDataset": (".parquet", polars_frame, same_polars, {"file_format": "parquet"}),
    "matplotlib.MatplotlibDataset": (".png", figure, None, {}),
    "plotly.JSONDataset": (".json", plotly_figure, exists, {}),
    "plotly.HTMLDataset": (".html", plotly_figure, None, {}),
    "plotly.PlotlyDataset": (".json", frame, exists, {"plotly_args": {"type": "bar", "fig": {"x": "b", "y": "a"}}}),
    "networkx.JSONDataset": (".json", graph, same_graph, {}),
    "networkx.GraphMLDataset": (".graphml", graph, same_graph, {}),
    "networkx.GMLDataset": (".gml", graph, same_graph, {}),
    "geopandas.GenericDataset": (".geojson", shapes, exists, {}),
    "pillow.ImageDataset": (".png", image, exists, {}),
    "biosequence.BioSequenceDataset": (".fasta", sequences, exists, FASTA),
    "email.EmailMessageDataset": (".eml", mail, exists, {}),
    "dask.ParquetDataset": ("", dask_frame, same_dask, {}),
    "dask.CSVDataset": ("/*.csv", dask_frame, same_dask, {"save_args": {"index": False}}),
    "openxml.DocxDataset": (".docx", document, exists, {}),
    "openxml.PptxDataset": (".pptx", slides, exists, {}),
    "holoviews.HoloviewsWriter": (".png", curve, None, {}),
    "svmlight.SVMLightDataset": (".svm", light, exists, {}),
    "matlab.MatlabDataset": (".mat", array, exists, {}),
    "ibis.TableDataset": (None, table, exists, {"table_name": "t", "connection": DUCK}),
    "ibis.FileDataset": (".csv", table, exists, {"file_format": "csv", "connection": DUCK}),
    "partitions.PartitionedDataset": (None, {"one": frame}, exists, PARTS),
    "partitions.IncrementalDataset": (None, {"one": frame}, exists, PARTS),
}  # fmt: skip

CANNOT_TELL = ("pandas.DeltaTableDataset",)  # It has no check of its own, under Kedro either.


def config_of(name, place):
    suffix, _, _, more = CASES[name]
    config = {"type": name, **json.loads(json.dumps(more).replace("PATH", str(place)))}
    if suffix is not None:
        config["filepath"] = f"{place}/data{suffix}"
    return config


def check(name):
    _, value, compare, _ = CASES[name]
    data = value() if callable(value) else value
    config = config_of(name, folder / name)
    credentials = {"own": config["credentials"]} if "credentials" in config else None
    if credentials:
        config["credentials"] = "own"
    catalog = DataCatalog.from_config({"plain": config, "{x}_made": dict(config)}, credentials)
    assert type(catalog["plain"]).__module__.startswith("kedro_datasets."), type(catalog["plain"])
    catalog.save("plain", data)
    assert catalog.exists("plain") or name in CANNOT_TELL
    if compare is not None:
        compare(data, catalog.load("plain"))
        compare(data, catalog.load("other_made"))
    repr(catalog)
    catalog.release("plain")
    catalog.to_config()
    leftovers = [path for path in folder.rglob(".*deodar*") if path.name != ".deodar"]
    assert not leftovers, leftovers


def check_versions(name):
    _, value, compare, _ = CASES[name]
    kind, arguments = parse_dataset_definition(config_of(name, folder / f"{name}-versions"))
    if not issubclass(kind, AbstractVersionedDataset) or "dask" in name:
        return False
    data = value() if callable(value) else value
    for version in ("2024-01-01T00.00.00.000Z", "2025-01-01T00.00.00.000Z"):
        kind(**{**arguments, "version": Version(None, version)}).save(data)
    latest = kind(**{**arguments, "version": Version(None, None)})
    assert latest.resolve_load_version() == "2025-01-01T00.00.00.000Z"
    if compare is not None:
        compare(data, latest.load())
        compare(data, kind(**{**arguments, "version": Version("2024-01-01T00.00.00.000Z", None)}).load())
    try:
        kind(**{**arguments, "version": Version(None, "2025-01-01T00.00.00.000Z")}).save(data)
    except kedro.io.DatasetError:
        return True
    raise AssertionError("a version was overwritten")


failed, versioned = {}, 0
for name in CASES:
    try:
        check(name)
        versioned += check_versions(name)
    except Exception:
        failed[name] = traceback.format_exc()[-1200:]
print(json.dumps({"tried": len(CASES), "versioned": versioned, "failed": failed}))
