"""Figures, and what Kedro-Viz previews."""

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.express
import pytest
from matplotlib.figure import Figure

from deodar.datasets.json import JSONDataset
from deodar.datasets.matplotlib import MatplotlibDataset, MatplotlibWriter
from deodar.datasets.pandas import CSVDataset, ExcelDataset, GenericDataset, ParquetDataset
from deodar.datasets.plotly import HTMLDataset, PlotlyDataset
from deodar.datasets.plotly import JSONDataset as PlotlyJSONDataset
from deodar.datasets.polars import EagerPolarsDataset
from deodar.io import DatasetError, Version

TABLE = pd.DataFrame({"x": [1, 2], "y": [3.0, None], "when": pd.to_datetime(["2013-01-01", "2013-01-02"])})
PNG = b"\x89PNG"


@pytest.fixture
def figure() -> Figure:
    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    return figure


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "start"), [("f.png", PNG), ("f.pdf", b"%PDF"), ("f.svg", b"<?xml"), ("f.plot", PNG)])
def test_suffix_decides_the_format_of_an_image(name: str, start: bytes, figure: Figure, tmp_path: Path) -> None:
    MatplotlibDataset(filepath=str(tmp_path / name)).save(figure)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_format_can_be_named(figure: Figure, tmp_path: Path) -> None:
    MatplotlibDataset(filepath=str(tmp_path / "f.png"), save_args={"format": "pdf"}).save(figure)
    assert (tmp_path / "f.png").read_bytes().startswith(b"%PDF")


def test_dictionary_of_figures_fills_a_folder(figure: Figure, tmp_path: Path) -> None:
    MatplotlibDataset(filepath=str(tmp_path / "plots")).save({"a.png": figure, "deep/b.pdf": figure})
    assert names(tmp_path / "plots") == ["a.png", "deep/b.pdf"]


def test_list_of_figures_is_numbered(figure: Figure, tmp_path: Path) -> None:
    MatplotlibDataset(filepath=str(tmp_path / "plots")).save([figure, figure])
    assert names(tmp_path / "plots") == ["0.png", "1.png"]


@pytest.mark.parametrize(("overwrite", "left"), [(True, ["0.png"]), (False, ["0.png", "old.png"])])
def test_other_figures_go_only_when_asked(overwrite: bool, left: list[str], figure: Figure, tmp_path: Path) -> None:
    dataset = MatplotlibDataset(filepath=str(tmp_path / "plots"), overwrite=overwrite)
    dataset.save({"old.png": figure})
    dataset.save([figure])
    assert names(tmp_path / "plots") == left


def test_figures_have_versions(figure: Figure, tmp_path: Path) -> None:
    MatplotlibDataset(filepath=str(tmp_path / "plots"), version=Version(None, "v1")).save([figure])
    assert names(tmp_path) == ["plots/v1/plots/0.png"]


def test_figure_outside_of_the_folder_is_refused(figure: Figure, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="would lead out of"):
        MatplotlibDataset(filepath=str(tmp_path / "plots")).save({"../out.png": figure})
    assert names(tmp_path) == []


def test_figures_are_saved_elsewhere(figure: Figure) -> None:
    dataset = MatplotlibDataset(filepath="memory:///figures/f.png")
    dataset.save(figure)
    assert dataset._fs.cat_file("/figures/f.png").startswith(PNG)


@pytest.mark.parametrize("kind", [MatplotlibDataset, HTMLDataset])
def test_pictures_cannot_be_loaded(kind: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"Loading not supported for '{kind.__name__}'"):
        kind(filepath=str(tmp_path / "f")).load()


def test_old_name_is_an_alias() -> None:
    assert MatplotlibWriter is MatplotlibDataset


def test_pyplot_itself_is_a_figure(tmp_path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    pyplot.figure()
    MatplotlibDataset(filepath=str(tmp_path / "f.png")).save(pyplot)
    pyplot.close()
    assert (tmp_path / "f.png").read_bytes().startswith(PNG)


def test_table_is_drawn_as_the_catalog_says(tmp_path: Path) -> None:
    dataset = PlotlyDataset(
        filepath=str(tmp_path / "f.json"),
        plotly_args={"type": "bar", "fig": {"x": "x", "y": "y"}, "layout": {"title": "Bars"}, "theme": "none"},
    )
    dataset.save(TABLE)
    drawn = dataset.load()
    assert (drawn.data[0].type, drawn.layout.title.text) == ("bar", "Bars")


@pytest.mark.parametrize("kind", [None, "no_such_plot", "os.system"])
def test_unknown_kind_of_plot_is_refused(kind: str | None, tmp_path: Path) -> None:
    dataset = PlotlyDataset(filepath=str(tmp_path / "f.json"), plotly_args={"type": kind})
    with pytest.raises(DatasetError, match="Check 'type' in 'plotly_args'"):
        dataset.save(TABLE)


def test_page_holds_the_figure(tmp_path: Path) -> None:
    HTMLDataset(filepath=str(tmp_path / "f.html")).save(plotly.express.bar(TABLE, x="x", y="y"))
    assert "plotly" in (tmp_path / "f.html").read_text()


def test_preview_of_an_image_is_base_64(figure: Figure, tmp_path: Path) -> None:
    dataset = MatplotlibDataset(filepath=str(tmp_path / "f.png"))
    dataset.save(figure)
    assert base64.b64decode(dataset.preview()).startswith(PNG)


def test_preview_of_json_is_text(tmp_path: Path) -> None:
    dataset = JSONDataset(filepath=str(tmp_path / "a.json"))
    dataset.save({"a": [1]})
    assert json.loads(dataset.preview()) == {"a": [1]}


def test_preview_of_a_plotly_figure_is_what_its_script_takes(tmp_path: Path) -> None:
    dataset = PlotlyJSONDataset(filepath=str(tmp_path / "f.json"))
    dataset.save(plotly.express.bar(TABLE, x="x", y="y"))
    assert set(dataset.preview()) >= {"data", "layout"}


@pytest.mark.parametrize(("kind", "name"), [(CSVDataset, "t.csv"), (ParquetDataset, "t.pq"), (ExcelDataset, "t.xlsx")])
def test_preview_of_a_table_is_its_first_rows_for_json(kind: Any, name: str, tmp_path: Path) -> None:
    dataset = kind(filepath=str(tmp_path / name))
    dataset.save(TABLE)
    shown = json.loads(json.dumps(dataset.preview(nrows=1)))
    assert (shown["columns"], shown["data"][0][:2]) == (["x", "y", "when"], [1, 3.0])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (CSVDataset, "TablePreview"),
        (JSONDataset, "JSONPreview"),
        (MatplotlibDataset, "ImagePreview"),
        (PlotlyJSONDataset, "PlotlyPreview"),
    ],
)
def test_kind_of_preview_is_known_by_its_annotation(kind: Any, name: str) -> None:
    assert kind.preview.__annotations__["return"].__name__ == name


def test_sheets_are_a_dictionary_of_tables(tmp_path: Path) -> None:
    dataset = ExcelDataset(filepath=str(tmp_path / "t.xlsx"), load_args={"sheet_name": None})
    sheets = {"one": TABLE[["x"]], "two": TABLE[["y"]]}
    dataset.save(sheets)
    loaded = dataset.load()
    assert list(loaded) == ["one", "two"]
    assert loaded["one"].equals(sheets["one"])


def test_sheet_can_be_added_to_a_workbook(tmp_path: Path) -> None:
    path = str(tmp_path / "t.xlsx")
    ExcelDataset(filepath=path).save({"one": TABLE[["x"]]})
    ExcelDataset(filepath=path, save_args={"writer": {"mode": "a"}}).save({"two": TABLE[["x"]]})
    assert list(ExcelDataset(filepath=path, load_args={"sheet_name": None}).load()) == ["one", "two"]


def test_sheet_cannot_be_added_to_a_new_version(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="would add to a version"):
        ExcelDataset(
            filepath=str(tmp_path / "t.xlsx"),
            save_args={"writer": {"mode": "a"}},
            version=Version(None, None),
        )


def test_format_without_files_is_refused() -> None:
    with pytest.raises(DatasetError, match="pandas has no files of format 'clipboard'"):
        GenericDataset(filepath="x", file_format="clipboard")


def test_format_that_can_only_be_read_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="can read 'sas', but not write"):
        GenericDataset(filepath=str(tmp_path / "x"), file_format="sas").save(TABLE)


def test_format_that_polars_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="polars has no 'read_nonsense'"):
        (tmp_path / "x").write_text("")
        EagerPolarsDataset(filepath=str(tmp_path / "x"), file_format="nonsense").load()
