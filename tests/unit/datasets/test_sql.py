"""Tables and queries of databases, and that no secret is shown on the way."""

import pickle
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy

from deodar.datasets.pandas import SQLQueryDataset, SQLTableDataset
from deodar.io import DataCatalog, DatasetError

TABLE = pd.DataFrame({"name": ["a", "b"], "value": [1, 2]})


@pytest.fixture
def credentials(tmp_path: Path) -> dict[str, str]:
    return {"con": f"sqlite:///{tmp_path}/test.db"}


def test_table_that_was_saved_is_loaded(credentials: dict[str, str]) -> None:
    dataset = SQLTableDataset(table_name="t", credentials=credentials)
    dataset.save(TABLE)
    assert dataset.load().equals(TABLE)


def test_existence_means_the_table(credentials: dict[str, str]) -> None:
    dataset = SQLTableDataset(table_name="t", credentials=credentials)
    before = dataset.exists()
    dataset.save(TABLE)
    assert (before, dataset.exists()) == (False, True)


def test_saving_twice_follows_the_arguments(credentials: dict[str, str]) -> None:
    dataset = SQLTableDataset(table_name="t", credentials=credentials, save_args={"if_exists": "append"})
    dataset.save(TABLE)
    dataset.save(TABLE)
    assert len(dataset.load()) == 4


def test_database_in_memory_is_one_for_all_datasets() -> None:
    con = {"con": "sqlite://"}
    SQLTableDataset(table_name="t", credentials=con).save(TABLE)
    assert SQLTableDataset(table_name="t", credentials=con).load().equals(TABLE)


def test_query_takes_values_as_parameters(credentials: dict[str, str]) -> None:
    SQLTableDataset(table_name="t", credentials=credentials).save(TABLE)
    query = SQLQueryDataset(
        sql="select * from t where name = :name",
        credentials=credentials,
        load_args={"params": {"name": "b' or '1'='1"}},
    )
    assert len(query.load()) == 0


def test_query_may_live_in_a_file(tmp_path: Path, credentials: dict[str, str]) -> None:
    SQLTableDataset(table_name="t", credentials=credentials).save(TABLE)
    (tmp_path / "q.sql").write_text("select max(value) as top from t")
    query = SQLQueryDataset(filepath=str(tmp_path / "q.sql"), credentials=credentials)
    assert query.load()["top"].tolist() == [2]


def test_query_in_a_file_may_have_another_encoding(tmp_path: Path, credentials: dict[str, str]) -> None:
    (tmp_path / "q.sql").write_text("select 'ü' as letter", encoding="latin-1")
    query = SQLQueryDataset(filepath=str(tmp_path / "q.sql"), credentials=credentials, encoding="latin-1")
    assert query.load()["letter"].tolist() == ["ü"]


def test_query_is_read_in_chunks(credentials: dict[str, str]) -> None:
    SQLTableDataset(table_name="t", credentials=credentials).save(TABLE)
    query = SQLQueryDataset(
        sql="select * from t",
        credentials=credentials,
        load_args={"chunksize": 1},
        execution_options={"stream_results": True},
    )
    assert [len(chunk) for chunk in query.load()] == [1, 1]


def test_query_cannot_be_saved(credentials: dict[str, str]) -> None:
    with pytest.raises(DatasetError, match="'save' is not supported on SQLQueryDataset"):
        SQLQueryDataset(sql="select 1", credentials=credentials).save(TABLE)


def test_query_and_file_exclude_each_other(credentials: dict[str, str]) -> None:
    with pytest.raises(DatasetError, match="cannot both be provided"):
        SQLQueryDataset(sql="select 1", filepath="q.sql", credentials=credentials)


def test_query_needs_a_text(credentials: dict[str, str]) -> None:
    with pytest.raises(DatasetError, match="cannot both be empty"):
        SQLQueryDataset(credentials=credentials)


def test_table_needs_a_name(credentials: dict[str, str]) -> None:
    with pytest.raises(DatasetError, match="'table_name' argument cannot be empty"):
        SQLTableDataset(table_name="", credentials=credentials)


@pytest.mark.parametrize("credentials", [None, {}, {"con": ""}])
def test_connection_string_is_asked_for(credentials: dict[str, str] | None) -> None:
    with pytest.raises(DatasetError, match="'con' argument cannot be empty"):
        SQLQueryDataset(sql="select 1", credentials=credentials)


@pytest.mark.parametrize(
    "con",
    ["nonsense with hunter2", "nodialect://u:hunter2@h/d", "postgresql+nodriver://u:hunter2@h/d"],
    ids=["no URL", "no dialect", "no driver"],
)
def test_bad_connection_string_is_an_error_without_the_password(con: str) -> None:
    catalog = DataCatalog.from_config(
        {"t": {"type": "pandas.SQLTableDataset", "table_name": "t", "credentials": {"con": con}}}
    )
    with pytest.raises(DatasetError) as caught:
        catalog.load("t")
    shown, error = "", caught.value
    while error is not None:
        shown += str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "hunter2" not in shown


def test_missing_driver_is_named() -> None:
    dataset = SQLTableDataset(table_name="t", credentials={"con": "postgresql+psycopg://u@h/d"})
    with pytest.raises(DatasetError, match=r"The driver 'psycopg'.*pip install psycopg"):
        dataset.load()


def test_error_of_the_database_shows_no_parameters(credentials: dict[str, str]) -> None:
    query = SQLQueryDataset(
        sql="select * from nowhere where a = :a", credentials=credentials, load_args={"params": {"a": "hunter2"}}
    )
    with pytest.raises(DatasetError, match="no such table: nowhere") as caught:
        query.load()
    assert "hunter2" not in str(caught.value)


def test_description_shows_neither_connection_nor_values() -> None:
    query = SQLQueryDataset(
        sql="select :a",
        credentials={"con": "postgresql://u:hunter2@h/d"},
        load_args={"params": {"a": "hunter2"}},
    )
    assert "hunter2" not in repr(query)
    assert "hunter2" not in repr(vars(query)["_database"])


def test_url_objects_are_connection_strings_too(tmp_path: Path) -> None:
    url = sqlalchemy.URL.create("sqlite", database=f"{tmp_path}/u.db")
    dataset = SQLTableDataset(table_name="t", credentials={"con": url})
    dataset.save(TABLE)
    assert dataset.exists()


def test_datasets_travel_to_other_processes(credentials: dict[str, str]) -> None:
    dataset = SQLTableDataset(table_name="t", credentials=credentials)
    dataset.save(TABLE)
    assert pickle.loads(pickle.dumps(dataset)).load().equals(TABLE)


def test_preview_shows_the_first_rows(credentials: dict[str, str]) -> None:
    dataset = SQLTableDataset(table_name="t", credentials=credentials)
    dataset.save(TABLE)
    assert dataset.preview(nrows=1) == {"columns": ["name", "value"], "index": [0], "data": [["a", 1]]}
