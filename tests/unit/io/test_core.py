"""The wrapping of loads and saves, representations, and the way from an entry to a dataset."""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pytest

import deodar.io.core as core
from deodar.io import AbstractDataset, DatasetError, MemoryDataset, Version
from deodar.io.core import parse_dataset_definition


class Broken(AbstractDataset[Any, Any]):
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def load(self) -> Any:
        raise self._error

    def save(self, data: Any) -> None:
        raise self._error

    def _exists(self) -> bool:
        raise self._error

    def _release(self) -> None:
        raise self._error

    def _describe(self) -> dict[str, Any]:
        return {"error": "yes"}


class Old(AbstractDataset[Any, Any]):
    def _load(self) -> Any:
        return "old"

    def _save(self, data: Any) -> str:
        return "raw result"

    def _describe(self) -> dict[str, Any]:
        return {}


class Described(AbstractDataset[Any, Any]):
    def __init__(self, **description: Any) -> None:
        self._description = description

    def load(self) -> Any:
        return None

    def save(self, data: Any) -> None:
        pass

    def _describe(self) -> dict[str, Any]:
        return self._description


class AbstractBase(AbstractDataset[Any, Any]):
    def load(self) -> Any:
        raise ValueError("raw")

    def save(self, data: Any) -> None:
        pass


class OnAbstractBase(AbstractBase):
    def _describe(self) -> dict[str, Any]:
        return {}


def test_what_a_load_raises_names_the_dataset() -> None:
    with pytest.raises(DatasetError, match=r"Failed while loading data from dataset .*Broken\(error=yes\)|bad"):
        Broken(ValueError("bad")).load()


def test_a_failed_load_keeps_its_cause() -> None:
    with pytest.raises(DatasetError) as caught:
        Broken(ValueError("bad")).load()
    assert isinstance(caught.value.__cause__, ValueError)


def test_dataset_errors_pass_through_a_load() -> None:
    error = core.VersionNotFoundError("gone")
    with pytest.raises(core.VersionNotFoundError) as caught:
        Broken(error).load()
    assert caught.value is error


def test_an_interrupt_is_not_wrapped() -> None:
    with pytest.raises(KeyboardInterrupt):
        Broken(KeyboardInterrupt()).load()


def test_none_cannot_be_saved() -> None:
    with pytest.raises(DatasetError, match=r"Saving 'None' to a 'Dataset' is not allowed"):
        Described().save(None)


def test_a_missing_file_passes_through_a_save_unwrapped() -> None:
    with pytest.raises(FileNotFoundError):
        Broken(FileNotFoundError("f")).save(1)


def test_what_a_save_raises_names_the_dataset() -> None:
    with pytest.raises(DatasetError, match=r"Failed while saving data to dataset"):
        Broken(ValueError("bad")).save(1)


@pytest.mark.parametrize(("method", "text"), [("exists", "during exists check"), ("release", "during release")])
def test_other_failures_name_the_dataset_too(method: str, text: str) -> None:
    with pytest.raises(DatasetError, match=f"Failed {text} for dataset"):
        getattr(Broken(ValueError("bad")), method)()


def test_save_takes_its_argument_by_name() -> None:
    dataset = MemoryDataset()
    dataset.save(data=3)
    assert dataset.load() == 3


def test_underscored_methods_serve_as_load_and_save() -> None:
    assert Old().load() == "old"


def test_an_inherited_underscored_load_beats_a_new_load() -> None:
    class New(Old):
        def load(self) -> Any:
            return "new"

    assert New().load() == "old"


def test_the_raw_methods_stay_reachable() -> None:
    assert Old.save.__wrapped__(Old(), 1) == "raw result"  # type: ignore[attr-defined]
    assert Old().save(1) is None  # type: ignore[func-returns-value]


def test_wrappers_bear_their_marks_and_raw_methods_do_not() -> None:
    assert Old.load.__loadwrapped__  # type: ignore[attr-defined]
    assert Old.save.__savewrapped__  # type: ignore[attr-defined]
    assert not hasattr(Old.save.__wrapped__, "__savewrapped__")  # type: ignore[attr-defined]


def test_wrappers_show_the_annotations_of_the_raw_method() -> None:
    assert set(Old.save.__annotations__) == {"data", "return"}


def test_a_base_class_named_abstract_stays_unwrapped() -> None:
    with pytest.raises(ValueError, match=r"raw"):
        OnAbstractBase().load()


def test_a_class_that_redefines_nothing_is_not_wrapped_again() -> None:
    class Child(Old):
        pass

    assert Child.load is Old.load


def test_constructor_arguments_are_recorded_with_defaults() -> None:
    class WithArguments(Old):
        def __init__(self, a: int, *rest: int, b: int = 2, **more: int) -> None:
            assert not hasattr(self, "_init_args")

    assert WithArguments(1, 5, 6, c=3)._init_args == {"a": 1, "rest": (5, 6), "b": 2, "more": {"c": 3}}


def test_a_class_without_its_own_constructor_records_by_the_inherited_signature() -> None:
    class Child(Broken):
        pass

    error = ValueError("x")
    assert Child(error)._init_config() == {
        "type": f"{__name__}.Child",
        "error": error,
    }


def test_the_signature_of_a_dataset_class_is_the_real_one() -> None:
    assert list(inspect.signature(Broken).parameters) == ["error"]


def test_a_dataclass_is_a_dataset_with_an_entry() -> None:
    @dataclass(eq=False)
    class Data(Old):
        path: str
        size: int = 3

    assert Data("p")._init_config() == {"type": f"{__name__}.Data", "path": "p", "size": 3}


def test_a_class_whose_new_returns_something_else_works() -> None:
    class Factory(Old):
        def __new__(cls, kind: str) -> Any:
            return Described(kind=kind)

    assert isinstance(Factory("x"), Described)


def test_representation_drops_only_none() -> None:
    shown = repr(Described(a=None, b=False, c="", d={}, e=[]))
    assert shown == f"{__name__}.Described(b=False, c='', d={{}}, e=[])"


def test_a_description_that_is_no_dictionary_of_names_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    dataset = Described()
    dataset._description = {1: 2}  # type: ignore[dict-item]
    assert repr(dataset) == f"{__name__}.Described()"
    assert "must implement the '_describe' method" in caplog.text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("s3://key:secret@bucket/p", "'s3://<redacted>@bucket/p'"),
        ("https://h/p?token=1#f", "'https://h/p?<redacted>#<redacted>'"),
        ("user:pw@host/p", "'<redacted>@host/p'"),
        ("/tmp/x#1", "'/tmp/x#<redacted>'"),
        ("see https://u:p@h/x now", "'see https://<redacted>@h/x now'"),
        ("report@2024.csv", "'report@2024.csv'"),
        ("SELECT a@b FROM t?", "'SELECT a@b FROM t?'"),
        ({"k": ["ftp://a@b/c"]}, "{'k': ['ftp://<redacted>@b/c']}"),
        (PurePosixPath("/a/b"), "PurePosixPath('/a/b')"),
        (PurePosixPath("u:p@h/x"), "'<redacted>@h/x'"),
        (Version("a?b", None), "Version(load='a?b', save=None)"),
    ],
)
def test_secrets_of_urls_are_not_shown(value: Any, shown: str) -> None:
    assert repr(Described(v=value)) == f"{__name__}.Described(v={shown})"


def test_an_unimplemented_exists_warns_and_says_no(caplog: pytest.LogCaptureFixture) -> None:
    assert not Described().exists()
    assert caplog.record_tuples == [
        (
            "deodar.io.core",
            logging.WARNING,
            "'exists()' not implemented for 'Described'. Assuming output does not exist.",
        )
    ]


def test_a_dataset_is_printed_for_a_load_only_if_somebody_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "deodar.io.core")
    MemoryDataset(1).load()
    assert "Loading deodar.io.memory_dataset.MemoryDataset(data='<int>')" in caplog.messages


def test_a_copy_takes_new_attributes_and_leaves_the_original() -> None:
    dataset = Described(a=1)
    duplicate = dataset._copy(_description={"a": 2})
    assert (repr(duplicate), repr(dataset)) == (f"{__name__}.Described(a=2)", f"{__name__}.Described(a=1)")


@pytest.mark.parametrize(
    "name",
    ["MemoryDataset", "memory_dataset.MemoryDataset", "kedro.io.MemoryDataset", "deodar.io.MemoryDataset"],
)
def test_a_type_is_found_by_its_short_and_long_names(name: str) -> None:
    assert parse_dataset_definition({"type": name}) == (MemoryDataset, {})


def test_a_class_serves_as_its_own_type() -> None:
    assert parse_dataset_definition({"type": Described, "a": 1}) == (Described, {"a": 1})


def test_the_definition_is_left_as_it_is() -> None:
    config = {"type": "MemoryDataset", "data": [1]}
    parse_dataset_definition(config)[1]["data"].append(2)
    assert config == {"type": "MemoryDataset", "data": [1]}


def test_a_missing_type_is_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"type"):
        parse_dataset_definition({})


def test_a_missing_type_of_an_entry_names_the_dataset() -> None:
    with pytest.raises(DatasetError, match=r"parsing config for dataset 'cars':\n'type'"):
        AbstractDataset.from_config("cars", {})


def test_the_reserved_version_key_is_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert parse_dataset_definition({"type": "MemoryDataset", "version": 1})[1] == {}
    assert "'version' attribute removed from dataset configuration" in caplog.text


def test_a_versioned_entry_gets_its_versions() -> None:
    _, arguments = parse_dataset_definition({"type": "MemoryDataset", "versioned": True}, "l", "s")
    assert arguments == {"version": Version("l", "s")}


def test_an_unversioned_flag_is_dropped() -> None:
    assert parse_dataset_definition({"type": "MemoryDataset", "versioned": False})[1] == {}


def test_a_class_that_is_no_dataset_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"'builtins.int' is invalid: all dataset types must extend"):
        parse_dataset_definition({"type": int})


@pytest.mark.parametrize("name", [".x.Y", "x.Y."])
def test_a_relative_type_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match=r"does not support relative paths or paths ending with a dot"):
        parse_dataset_definition({"type": name})


def test_an_old_spelling_is_pointed_out() -> None:
    with pytest.warns(UserWarning, match=r"lowercase 's'"), pytest.raises(DatasetError):
        parse_dataset_definition({"type": "MemoryDataSet"})


def test_an_unknown_type_says_how_to_get_more_datasets() -> None:
    with pytest.raises(DatasetError, match=r"pip install kedro-datasets"):
        parse_dataset_definition({"type": "nowhere.ThingDataset"})


def test_an_unknown_type_of_an_everyday_group_says_which_extra_to_install() -> None:
    with pytest.raises(DatasetError, match=r"pip install 'deodar\[pandas\]'"):
        parse_dataset_definition({"type": "pandas.NoSuchDataset"})


def test_a_replaced_loader_that_finds_nothing_means_a_typo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "load_obj", lambda path: None)
    with pytest.raises(DatasetError, match=r"Class 'MemoryDataset' not found, is this a typo"):
        parse_dataset_definition({"type": "MemoryDataset"})


def test_a_listed_class_that_cannot_be_loaded_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: str) -> Any:
        if path.endswith("__all__"):
            return ["ThingDataset"]
        raise AttributeError("no engine")

    monkeypatch.setattr(core, "load_obj", load)
    with pytest.raises(DatasetError, match=r"no engine. Please see the documentation on how to install"):
        parse_dataset_definition({"type": "group.ThingDataset"})


def test_a_wrong_argument_names_dataset_and_class() -> None:
    with pytest.raises(
        DatasetError,
        match=r"'cars' must only contain arguments valid for the constructor of 'deodar.io.memory_dataset",
    ):
        AbstractDataset.from_config("cars", {"type": "MemoryDataset", "colour": 1})


def test_an_abstract_class_is_told_from_wrong_arguments() -> None:
    with pytest.raises(DatasetError, match=r"'cars' cannot be instantiated. Please implement the missing"):
        AbstractDataset.from_config("cars", {"type": "AbstractDataset"})


def test_a_constructor_that_fails_names_the_dataset() -> None:
    with pytest.raises(DatasetError, match=r"Failed to instantiate dataset 'cars' of type"):
        AbstractDataset.from_config("cars", {"type": "CachedDataset", "dataset": 3})


def test_http_paths_cannot_be_versioned() -> None:
    with pytest.raises(DatasetError, match=r"Versioning is not supported for HTTP protocols"):
        core.get_protocol_and_path("https://h/x.csv", Version(None, None))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/x.csv", ("file", "data/x.csv")),
        ("https://h/x.csv", ("https", "h/x.csv")),
        ("s3://b/x.csv", ("s3", "b/x.csv")),
        ("memory://x.csv", ("memory", "")),
    ],
)
def test_paths_are_split_from_their_protocol(path: str, expected: tuple[str, str]) -> None:
    assert core.get_protocol_and_path(path) == expected


def test_http_paths_get_their_scheme_back() -> None:
    assert core.get_filepath_str(PurePosixPath("h/x"), "https") == "https://h/x"
    assert core.get_filepath_str(PurePosixPath("b/x"), "s3") == "b/x"


@pytest.mark.parametrize("value", ["a b", "a;b"])
def test_white_space_and_semicolons_can_be_refused(value: str) -> None:
    with pytest.raises(DatasetError, match=r"Neither white-space nor semicolon are allowed in 'table'"):
        core.validate_on_forbidden_chars(table=value)


def test_parameters_are_known_by_their_names() -> None:
    assert [core.is_parameter(name) for name in ("parameters", "params:a", "params", "data")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_errors_show_themselves_as_those_of_core() -> None:
    assert {error.__module__ for error in (DatasetError, core.VersionNotFoundError, core.DatasetNotFoundError)} == {
        "deodar.io.core"
    }


def _loader(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> list[str]:
    """Put a loader in place that knows these paths, and note which are asked for."""
    asked: list[str] = []

    def load(path: str) -> Any:
        asked.append(path)
        if path not in found:
            raise ModuleNotFoundError(f"No module named '{path}'")
        if isinstance(found[path], Exception):
            raise found[path]
        return found[path]

    monkeypatch.setattr(core, "load_obj", load)
    return asked


def test_kedro_datasets_come_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"kedro_datasets.order.X": MemoryDataset, "deodar.datasets.order.X": Described}
    _loader(monkeypatch, found)
    assert parse_dataset_definition({"type": "order.X"})[0] is MemoryDataset


def test_ours_serves_when_the_other_lacks_its_dependencies(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "kedro_datasets.lacking.__all__": ["X"],
        "kedro_datasets.lacking.X": AttributeError("no pandas"),
        "deodar.datasets.lacking.X": Described,
    }
    _loader(monkeypatch, found)
    assert parse_dataset_definition({"type": "lacking.X"})[0] is Described


def test_what_the_other_lacks_is_told_when_ours_cannot_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "kedro_datasets.lacking.__all__": ["Y"],
        "kedro_datasets.lacking.Y": AttributeError("no pandas"),
    }
    _loader(monkeypatch, found)
    with pytest.raises(DatasetError, match=r"no pandas\. Please see the documentation on how to install"):
        parse_dataset_definition({"type": "lacking.Y"})


def test_a_type_that_was_found_is_not_searched_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _loader(monkeypatch, {"again.X": Described})
    parse_dataset_definition({"type": "again.X"})
    asked.clear()
    parse_dataset_definition({"type": "again.X"})
    assert asked == ["again.X"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("MemoryDatast", "MemoryDataset"), ("pandas.CSVDatset", "pandas.CSVDataset"), ("cached_dataset.Cached", None)],
)
def test_a_misspelled_type_is_told_with_the_nearest_one(name: str, meant: str | None) -> None:
    with pytest.raises(DatasetError) as caught:
        core.parse_dataset_definition({"type": name})
    assert [line for line in str(caught.value).splitlines() if line.startswith("Did you mean")] == (
        [f"Did you mean '{meant}'?"] if meant else []
    )
