"""What is tried of kedro-datasets: the entry of each dataset, what is saved in it, and how that is compared.

Data comes in two kinds, ``old`` and ``new``. What is heavy is imported where it is made: no environment holds it all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

ROWS = 2000


def columns(word: str) -> dict[str, list[Any]]:
    return {"a": list(range(ROWS)), "b": [f"{word} {number}" for number in range(ROWS)]}


def frame(word: str) -> Any:
    import pandas

    return pandas.DataFrame(columns(word))


def sheets(word: str) -> Any:
    return {"one": frame(word).head(50), "two": frame(word).tail(50)}


def short_frame(word: str) -> Any:
    return frame(word).head(100)


def polars_frame(word: str) -> Any:
    import polars

    return polars.DataFrame(columns(word))


def lazy_frame(word: str) -> Any:
    return polars_frame(word).lazy()


def dask_frame(word: str) -> Any:
    import dask
    import dask.dataframe as dd

    dask.config.set(scheduler="synchronous", **{"dataframe.convert-string": False})
    return dd.from_pandas(frame(word), npartitions=2)


def ibis_table(word: str) -> Any:
    import ibis

    return ibis.memtable(frame(word))


def figure(word: str) -> Any:
    from matplotlib.figure import Figure

    made = Figure(figsize=(2, 2), dpi=50)
    made.add_subplot().set_title(word)
    return made


def figures(word: str) -> Any:
    return {"one.png": figure(word), "two.png": figure(word)}


def listed_figures(word: str) -> Any:
    return [figure(word), figure(word)]


def chart(word: str) -> Any:
    from plotly.graph_objects import Figure

    return Figure(data=[{"type": "scatter", "y": list(range(ROWS)), "name": word}])


def few_rows(word: str) -> Any:
    import pandas

    return pandas.DataFrame({"a": [1, len(word)], "b": [word, "y"]})


def curve(word: str) -> Any:
    import holoviews

    holoviews.extension("matplotlib")
    return holoviews.Curve([1, 2, 3 if word == "old" else 9])


def graph(word: str) -> Any:
    import networkx

    return networkx.path_graph(300 if word == "old" else 301)


def shapes(word: str) -> Any:
    import geopandas
    from shapely.geometry import Point

    points = [Point(number, number) for number in range(300)]
    return geopandas.GeoDataFrame({"n": [f"{word}{n}" for n in range(300)]}, geometry=points, crs="EPSG:4326")


def image(word: str) -> Any:
    from PIL import Image

    return Image.frombytes("RGB", (64, 64), bytes((n * (7 if word == "old" else 11)) % 256 for n in range(64 * 64 * 3)))


def sequences(word: str) -> Any:
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    return [SeqRecord(Seq("ACGT" * 20), id=f"{word}{n}", description="") for n in range(100)]


def mail(word: str) -> Any:
    message = EmailMessage()
    message["Subject"] = word
    message.set_content(f"{word}\n" * 500)
    return message


def document(word: str) -> Any:
    from docx import Document

    made = Document()
    made.add_paragraph(word)
    return made


def slides(word: str) -> Any:
    from pptx import Presentation

    made = Presentation()
    made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = word
    return made


def labelled(word: str) -> Any:
    import numpy
    from scipy.sparse import csr_matrix

    return csr_matrix(numpy.eye(100) * len(word + "!" * (word == "new"))), numpy.arange(100.0)


def array(word: str) -> Any:
    import numpy

    return numpy.full((50, 50), 1.0 if word == "old" else 2.0)


def plain_data(word: str) -> Any:
    return {word: list(range(ROWS)), "nested": {"x": [word]}}


def text(word: str) -> str:
    return f"{word}\n" * ROWS


def parts(word: str) -> Any:
    return {name: frame(f"{word} {name}") for name in ("a", "b", "c")}


def lazy_parts(word: str) -> Any:
    return {"deep/a": lambda: text(word), "b": lambda: text(word * 2)}


def hugging(word: str) -> Any:
    import datasets

    return datasets.Dataset.from_dict(columns(word))


def hugging_splits(word: str) -> Any:
    import datasets

    return datasets.DatasetDict({"train": hugging(word), "test": hugging(word)})


def grid(word: str) -> Any:
    import xarray

    return xarray.Dataset({"t": (("x", "y"), array(word))})


def raster(word: str) -> Any:
    import numpy
    import rioxarray  # noqa: F401
    import xarray

    values = numpy.full((1, 64, 64), 1.0 if word == "old" else 2.0)
    made = xarray.DataArray(
        values, dims=("band", "y", "x"), coords={"band": [1], "y": numpy.arange(64.0)[::-1], "x": numpy.arange(64.0)}
    )
    return made.rio.write_crs("EPSG:4326")


def tensors(word: str) -> Any:
    return {"w": array(word), "b": array(word)[0]}


def study(word: str) -> Any:
    import optuna

    optuna.logging.disable_default_handler()
    made = optuna.create_study(study_name="x")
    for value in (1.0, 2.0 if word == "old" else 3.0):
        made.add_trial(optuna.trial.create_trial(value=value))
    return made


def film(word: str) -> Any:
    from kedro_datasets_experimental.video.video_dataset import SequenceVideo

    return SequenceVideo([image(word) for _ in range(5)], fps=5)


def plain(value: Any) -> Any:
    """Return what can be compared in place of data of any kind."""
    for kind, show in KINDS_OF_DATA.items():
        if any(f"{cls.__module__}.{cls.__qualname__}".startswith(kind) for cls in type(value).__mro__):
            return show(value)
    if isinstance(value, dict):
        return {key: plain(item() if callable(item) else item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def plain_columns(value: Any) -> dict[str, list[Any]]:
    """Column types come back as they like, and what is an index as well."""
    return {name: value[name].astype(object).tolist() for name in ("a", "b")}


# By the first letters of the name of a class.
KINDS_OF_DATA: dict[str, Callable[[Any], Any]] = {
    "geopandas.": lambda value: value.to_json(),
    "pandas.core.frame.": plain_columns,
    "pandas.DataFrame": plain_columns,
    "polars.lazyframe.": lambda value: value.collect().to_dict(as_series=False),
    "polars.dataframe.": lambda value: value.to_dict(as_series=False),
    "dask.": lambda value: plain_columns(value.compute(scheduler="synchronous")),
    "ibis.": lambda value: plain_columns(value.execute()),
    "networkx.": lambda value: [sorted(map(str, value.nodes)), sorted(str(sorted(map(str, e))) for e in value.edges)],
    "PIL.": lambda value: [value.size, value.convert("RGB").tobytes().hex()],
    "Bio.": lambda value: [value.id, str(value.seq)],
    "email.": lambda value: [value["Subject"], value.get_payload().strip()],
    "docx.": lambda value: [paragraph.text for paragraph in value.paragraphs],
    "pptx.": lambda value: [slide.shapes.title.text for slide in value.slides],
    "plotly.": lambda value: [plain(list(trace.y)) for trace in value.data] + [value.data[0].name],
    "scipy.": lambda value: value.toarray().tolist(),
    "numpy.": lambda value: value.tolist(),
    "datasets.dataset_dict.": lambda value: {name: split.to_dict() for name, split in value.items()},
    "datasets.": lambda value: value.to_dict(),
    "xarray.core.dataset.": lambda value: value["t"].values.tolist(),
    "xarray.core.dataarray.": lambda value: value.values.tolist(),
    "optuna.": lambda value: [trial.value for trial in value.trials],
    "kedro_datasets_experimental.video.": lambda value: [len(value), value.size],
}


def matrix(value: Any) -> Any:
    """Return what a MATLAB file calls ``data``."""
    return plain(value["data"] if isinstance(value, dict) else value)


@dataclass(frozen=True)
class Case:
    """One dataset and one way to use it.

    Attributes:
        file: the end of its path; None where the entry says where it is, with ``PLACE`` for a folder.
        entry: what else the catalog says.
        show: turns data into what can be compared; None if it cannot be loaded.
        after_kill: what may be found after a kill: ``whole`` data; ``parts``, each of them whole; or anything, where it
            writes ``in place``.
        tells: whether it knows if its data exists.
        key: what its path is called.
    """

    make: Callable[[str], Any]
    file: str | None = ""
    entry: dict[str, Any] = field(default_factory=dict)
    show: Callable[[Any], Any] | None = plain
    after_kill: str = "whole"
    tells: bool = True
    key: str = "filepath"

    def config(self, name: str, place: str) -> dict[str, Any]:
        """Return the catalog entry for a folder."""
        made = {"type": name.partition(" ")[0], **_placed(self.entry, place)}
        return made if self.file is None else {**made, self.key: f"{place}/data{self.file}"}


def _placed(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return {key: _placed(item, place) for key, item in value.items()}
    return value.replace("PLACE", place) if isinstance(value, str) else value


BINARY = {"fs_args": {"open_args_load": {"mode": "rb"}, "open_args_save": {"mode": "wb"}}}
STUDY = {"backend": "sqlite", "database": "PLACE/x.db", "study_name": "x"}
TRAIN = {"load_args": {"split": "train"}}
NO_INDEX = {"save_args": {"index": False}}
FASTA = {"load_args": {"format": "fasta"}, "save_args": {"format": "fasta"}}
SQL = {"credentials": {"con": "sqlite:///PLACE/data.db"}}
DUCK = {"connection": {"backend": "duckdb", "database": "PLACE/duck.db"}}
MEMORY_DUCK = {"connection": {"backend": "duckdb"}}
BAR = {"plotly_args": {"type": "bar", "fig": {"x": "b", "y": "a"}}}
CSV_PARTS = {"path": "PLACE/parts", "dataset": {"type": "pandas.CSVDataset", **NO_INDEX}, "filename_suffix": ".csv"}
TEXT_PARTS = {"path": "PLACE/parts", "dataset": "text.TextDataset", "filename_suffix": ".txt"}


def bars(value: Any) -> Any:
    """Return what is drawn, of data or of a chart."""
    return list(value["b"] if hasattr(value, "columns") else value.data[0].x)


# After the type comes, where there are several ways to use it, which one.
CASES: dict[str, Case] = {
    "json.JSONDataset": Case(plain_data, ".json"),
    "yaml.YAMLDataset": Case(plain_data, ".yml"),
    "text.TextDataset": Case(text, ".txt"),
    "pickle.PickleDataset": Case(plain_data, ".pkl"),
    "pickle.PickleDataset joblib": Case(plain_data, ".pkl", {"backend": "joblib"}),
    "pickle.PickleDataset cloudpickle": Case(plain_data, ".pkl", {"backend": "cloudpickle"}),
    "pandas.CSVDataset": Case(frame, ".csv", NO_INDEX),
    "pandas.ParquetDataset": Case(frame, ".parquet"),
    "pandas.ExcelDataset": Case(short_frame, ".xlsx"),
    "pandas.ExcelDataset sheets": Case(sheets, ".xlsx", {"load_args": {"sheet_name": None}}),
    "pandas.FeatherDataset": Case(frame, ".feather"),
    "pandas.JSONDataset": Case(frame, ".json"),
    "pandas.JSONDataset lines": Case(
        frame, ".json", {"save_args": {"orient": "records", "lines": True}, "load_args": {"lines": True}}
    ),
    "pandas.XMLDataset": Case(short_frame, ".xml", NO_INDEX),
    "pandas.HDFDataset": Case(frame, ".h5", {"key": "data"}),
    "pandas.GenericDataset csv": Case(frame, ".csv", {"file_format": "csv", **NO_INDEX}),
    "pandas.GenericDataset parquet": Case(frame, ".parquet", {"file_format": "parquet", **BINARY}),
    "pandas.SQLTableDataset": Case(
        frame, None, {**SQL, "table_name": "t", "save_args": {"if_exists": "replace"}}, after_kill="in place"
    ),
    "pandas.DeltaTableDataset": Case(frame, "", {"save_args": {"mode": "overwrite"}}, tells=False),
    "polars.CSVDataset": Case(polars_frame, ".csv"),
    "polars.EagerPolarsDataset": Case(polars_frame, ".parquet", {"file_format": "parquet"}),
    "polars.EagerPolarsDataset csv": Case(polars_frame, ".csv", {"file_format": "csv"}),
    "polars.LazyPolarsDataset": Case(lazy_frame, ".parquet", {"file_format": "parquet"}),
    "polars.LazyPolarsDataset csv": Case(lazy_frame, ".csv", {"file_format": "csv"}),
    "matplotlib.MatplotlibDataset": Case(figure, ".png", show=None),
    "matplotlib.MatplotlibDataset dict": Case(figures, "", show=None),
    "matplotlib.MatplotlibDataset list": Case(listed_figures, "", {"overwrite": True}, None),
    "plotly.JSONDataset": Case(chart, ".json"),
    "plotly.HTMLDataset": Case(chart, ".html", {"save_args": {"div_id": "x", "include_plotlyjs": False}}, None),
    "plotly.PlotlyDataset": Case(few_rows, ".json", BAR, bars),
    "networkx.JSONDataset": Case(graph, ".json"),
    "networkx.GraphMLDataset": Case(graph, ".graphml"),
    "networkx.GMLDataset": Case(graph, ".gml"),
    "geopandas.GenericDataset": Case(shapes, ".geojson"),
    "geopandas.GenericDataset parquet": Case(shapes, ".parquet", {"file_format": "parquet"}),
    "geopandas.GenericDataset feather": Case(shapes, ".feather", {"file_format": "feather"}),
    "pillow.ImageDataset": Case(image, ".png"),
    "biosequence.BioSequenceDataset": Case(sequences, ".fasta", FASTA),
    "email.EmailMessageDataset": Case(mail, ".eml"),
    "dask.ParquetDataset": Case(dask_frame),
    "dask.CSVDataset": Case(dask_frame, "/*.csv", NO_INDEX, after_kill="parts"),
    "openxml.DocxDataset": Case(document, ".docx"),
    "openxml.PptxDataset": Case(slides, ".pptx"),
    "holoviews.HoloviewsWriter": Case(curve, ".png", show=None),
    "svmlight.SVMLightDataset": Case(labelled, ".svm"),
    "matlab.MatlabDataset": Case(array, ".mat", show=matrix),
    # A view, which is what it makes by itself, would be of a table that dies with its process.
    "ibis.TableDataset": Case(
        ibis_table,
        None,
        {**DUCK, "table_name": "t", "save_args": {"materialized": "table"}},
        after_kill="in place",
    ),
    "ibis.FileDataset csv": Case(ibis_table, ".csv", {**MEMORY_DUCK, "file_format": "csv"}),
    "ibis.FileDataset parquet": Case(ibis_table, ".parquet", {**MEMORY_DUCK, "file_format": "parquet"}),
    "partitions.PartitionedDataset": Case(parts, None, CSV_PARTS, after_kill="parts"),
    "partitions.PartitionedDataset lazy": Case(lazy_parts, None, TEXT_PARTS, after_kill="parts"),
    "partitions.PartitionedDataset overwrite": Case(parts, None, {**CSV_PARTS, "overwrite": True}, after_kill="parts"),
    "partitions.IncrementalDataset": Case(parts, None, CSV_PARTS, after_kill="parts"),
    "CachedDataset": Case(
        frame, None, {"dataset": {"type": "pandas.CSVDataset", "filepath": "PLACE/x.csv", **NO_INDEX}}
    ),
}

EXPERIMENTAL = "kedro_datasets_experimental"
# In an environment of their own.
MORE: dict[str, Case] = {
    "huggingface.ArrowDataset": Case(hugging, key="path"),
    "huggingface.ArrowDataset splits": Case(hugging_splits, key="path"),
    "huggingface.CSVDataset": Case(hugging, ".csv", TRAIN, key="path"),
    "huggingface.JSONDataset": Case(hugging, ".json", TRAIN, key="path"),
    "huggingface.ParquetDataset": Case(hugging, ".parquet", TRAIN, key="path"),
    f"{EXPERIMENTAL}.netcdf.NetCDFDataset": Case(grid, ".nc"),
    f"{EXPERIMENTAL}.optuna.StudyDataset": Case(study, None, STUDY, after_kill="in place"),
    f"{EXPERIMENTAL}.polars.PolarsDatabaseDataset": Case(
        polars_frame,
        None,
        {**SQL, "sql": "SELECT * FROM t", "table_name": "t", "save_args": {"if_table_exists": "replace"}},
        after_kill="in place",
        tells=False,
    ),
    f"{EXPERIMENTAL}.rioxarray.GeoTIFFDataset": Case(raster, ".tif"),
    f"{EXPERIMENTAL}.safetensors.SafetensorsDataset": Case(tensors, ".safetensors"),
    f"{EXPERIMENTAL}.video.VideoDataset": Case(film, ".mp4"),
}  # fmt: skip
GROUPS = {"files": CASES, "more": MORE}


def mute_files() -> None:
    """Have nothing draw on a screen."""
    import matplotlib

    matplotlib.use("Agg")


def mute_more() -> None:
    """Have nothing show its progress."""
    import datasets
    import optuna

    datasets.disable_progress_bars()
    optuna.logging.disable_default_handler()


MUTE = {"files": mute_files, "more": mute_more}
