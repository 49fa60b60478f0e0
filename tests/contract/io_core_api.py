"""Datasets, versions, definitions and paths, statement by statement. Collected under ``deodar`` and ``kedro``."""

from __future__ import annotations

import abc
import copy
import inspect
import logging
import os
import pickle
import re
import warnings
from collections import namedtuple
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from .claims import PACKAGE, better, part, since
from .claims import plain_logs as plain_logs  # serves every test here

io, core, utils = part("io"), part("io.core"), part("utils")
AbstractDataset, AbstractVersionedDataset = io.AbstractDataset, io.AbstractVersionedDataset
DatasetError, Version, MemoryDataset = io.DatasetError, io.Version, io.MemoryDataset
VersionNotFoundError = core.VersionNotFoundError
CORE = f"{PACKAGE}.io.core"


class Plain(AbstractDataset):  # type: ignore[misc,valid-type]
    """Keeps an object; fails on demand."""

    def __init__(self, filepath: str = "f", *, error: Any = None, kind: int = 1, **more: Any) -> None:
        self.filepath, self.error, self.data = filepath, error, None

    def load(self) -> str:
        if self.error:
            raise self.error
        return self.data

    def save(self, data: str) -> str:
        if self.error:
            raise self.error
        self.data = data
        return "raw result"

    def _exists(self) -> bool:
        if self.error:
            raise self.error
        return self.data is not None

    def _release(self) -> None:
        if self.error:
            raise self.error
        self.data = None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self.filepath}


class Bare(AbstractDataset):  # type: ignore[misc,valid-type]
    def load(self) -> Any:
        return 1

    def save(self, data: Any) -> None: ...

    def _describe(self) -> Any:
        return {}


class Underscored(AbstractDataset):  # type: ignore[misc,valid-type]
    def _load(self) -> Any:
        return "loaded"

    def _save(self, data: Any) -> None:
        self.data = data

    def _describe(self) -> Any:
        return {}


class AbstractHalf(AbstractDataset, abc.ABC):  # type: ignore[misc,valid-type]
    def load(self) -> Any:
        raise ValueError("raw")

    def save(self, data: Any) -> None:
        self.data = data


class Whole(AbstractHalf):
    def _describe(self) -> Any:
        return {}


class Text(AbstractVersionedDataset):  # type: ignore[misc,valid-type]
    """Versioned text, written as users write it."""

    def __init__(self, filepath: Any, version: Any = None, **arguments: Any) -> None:
        super().__init__(PurePosixPath(filepath), version, **arguments)

    def load(self) -> str:
        return Path(self._get_load_path()).read_text()

    def save(self, data: str) -> None:
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


class InheritedSave(Text):
    pass


class NoDataset:
    pass


class Unfinished(AbstractDataset):  # type: ignore[misc,valid-type]
    def load(self) -> Any: ...

    def save(self, data: Any) -> None: ...


class Demanding(Bare):
    def __init__(self, needed: int) -> None:
        raise RuntimeError("not today")


class AlwaysVersioned(Text):
    versioned = True


def messages(caplog: Any) -> list[tuple[str, int, str]]:
    return list(caplog.record_tuples)


# --- Names ------------------------------------------------------------------------------------------------------


def test_io_exports_these_names_and_reads_them_for_types() -> None:
    names = (
        "AbstractDataset AbstractVersionedDataset CachedDataset CatalogProtocol CatalogConfigResolver "
        "DatasetAlreadyExistsError DatasetError DatasetNotFoundError DataCatalog MemoryDataset SharedMemoryDataset "
        "SharedMemoryDataCatalog SharedMemoryCatalogProtocol Version"
    )
    assert set(io.__all__) == set(names.split())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VERSION_FORMAT", "%Y-%m-%dT%H.%M.%S.%fZ"),
        ("VERSIONED_FLAG_KEY", "versioned"),
        ("VERSION_KEY", "version"),
        ("TYPE_KEY", "type"),
        ("PROTOCOL_DELIMITER", "://"),
        ("HTTP_PROTOCOLS", ("http", "https")),
        (
            "CLOUD_PROTOCOLS",
            ("abfs", "abfss", "adl", "gcs", "gdrive", "gs", "oci", "oss", "s3", "s3a", "s3n"),
        ),
    ],
)
def test_constants_have_these_values(name: str, value: Any) -> None:
    assert getattr(core, name) == value


def test_default_packages_start_with_ours_and_end_with_none() -> None:
    assert core._DEFAULT_PACKAGES[0] == f"{PACKAGE}.io."
    assert core._DEFAULT_PACKAGES[-1] == ""
    assert "kedro_datasets." in core._DEFAULT_PACKAGES


@pytest.mark.parametrize(
    "name",
    ["DatasetNotFoundError", "DatasetAlreadyExistsError", "VersionNotFoundError", "VersionAlreadyExistsError"],
)
def test_all_errors_are_dataset_errors_of_core(name: str) -> None:
    error = getattr(core, name)
    assert issubclass(error, DatasetError) and error.__bases__ == (DatasetError,)
    assert error.__module__ == DatasetError.__module__ == CORE


def test_two_errors_are_in_core_only() -> None:
    assert not hasattr(io, "VersionNotFoundError") and not hasattr(io, "VersionAlreadyExistsError")


@pytest.mark.parametrize("name", ["LambdaDataset", "KedroDataCatalog", "PartitionedDataset", "IncrementalDataset"])
def test_what_is_gone_stays_gone(name: str) -> None:
    assert not hasattr(io, name)


# --- AbstractDataset --------------------------------------------------------------------------------------------


def test_datasets_are_subscriptable_compared_by_identity_hashable_and_true() -> None:
    assert AbstractDataset[int, str] is not None
    one, two = Bare(), Bare()
    assert one != two and one == one and len({one, two}) == 2 and bool(one)
    assert AbstractDataset._EPHEMERAL is False
    assert not hasattr(AbstractDataset, "_SINGLE_PROCESS")


def test_three_methods_are_abstract() -> None:
    assert AbstractDataset.__abstractmethods__ == {"load", "save", "_describe"}
    with pytest.raises(TypeError, match="abstract"):
        Unfinished()


def test_init_args_hold_defaults_and_rest_without_self() -> None:
    assert Plain("x", colour="red")._init_args == {
        "filepath": "x",
        "error": None,
        "kind": 1,
        "more": {"colour": "red"},
    }


def test_init_args_hold_further_positional_arguments_as_a_tuple() -> None:
    class Many(Bare):
        def __init__(self, first: Any, *rest: Any) -> None: ...

    assert Many(1, 2, 3)._init_args == {"first": 1, "rest": (2, 3)}


def test_init_args_are_references() -> None:
    class Mutating(Bare):
        def __init__(self, options: dict[str, Any]) -> None:
            options["seen"] = True

    given: dict[str, Any] = {}
    assert Mutating(given)._init_args["options"] is given and given == {"seen": True}


def test_init_args_are_absent_inside_init_and_those_of_the_outermost_class_win() -> None:
    seen = []

    class Child(Plain):
        def __init__(self, path: str) -> None:
            seen.append(hasattr(self, "_init_args"))
            super().__init__(path, kind=3)
            seen.append(self._init_args["kind"])

    assert Child("p")._init_args == {"path": "p"}
    assert seen == [False, 3]


@better
def test_a_class_without_its_own_init_records_by_the_inherited_signature() -> None:
    class Child(Plain):
        pass

    assert Child("x", kind=2)._init_args == {"filepath": "x", "error": None, "kind": 2, "more": {}}


def test_a_description_may_be_the_whole_state() -> None:
    class Open(Bare):
        def __init__(self, a: int) -> None:
            self.a = a

        def _describe(self) -> Any:
            return self.__dict__

    assert repr(Open(1)) == f"{__name__}.Open(a=1, _init_args={{'a': 1}})"


def test_the_signature_stays() -> None:
    assert list(inspect.signature(Plain).parameters) == ["filepath", "error", "kind", "more"]


def test_new_may_return_something_else() -> None:
    class Factory(Bare):
        def __new__(cls, *args: Any) -> Any:
            return Plain("made")

        def __init__(self, *args: Any) -> None:
            raise AssertionError

    assert Factory(1).filepath == "made"


def test_init_subclass_takes_keywords_of_mixins() -> None:
    class Mixin:
        def __init_subclass__(cls, tag: str = "", **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls.tag = tag  # type: ignore[attr-defined]

    class Tagged(Bare, Mixin, tag="t"):
        pass

    assert Tagged.tag == "t"  # type: ignore[attr-defined]


def test_underscored_methods_serve_as_load_and_save() -> None:
    dataset = Underscored()
    dataset.save(3)
    assert (dataset.load(), dataset.data) == ("loaded", 3)


def test_an_inherited_underscored_method_beats_a_new_one() -> None:
    class Child(Underscored):
        def load(self) -> Any:
            return "child"

    assert Child().load() == "loaded"


def test_load_equal_to_underscored_load_with_any_arguments_works() -> None:
    class Viz(AbstractDataset):  # type: ignore[misc,valid-type]
        def _load(self, *args: Any, **kwargs: Any) -> Any:
            return 5

        load = _load

        def _save(self, *args: Any, **kwargs: Any) -> None: ...

        save = _save

        def _describe(self) -> Any:
            return {}

    assert Viz().load() == 5


def test_a_class_named_abstract_is_not_wrapped_nor_are_children_that_inherit_its_methods() -> None:
    assert not hasattr(AbstractHalf.load, "__loadwrapped__")
    assert not hasattr(AbstractHalf.save, "__savewrapped__")
    with pytest.raises(ValueError, match="raw"):
        Whole().load()
    dataset = Whole()
    dataset.save(None)
    assert dataset.data is None


def test_a_local_class_named_abstract_is_wrapped() -> None:
    class AbstractLocal(Bare):
        def load(self) -> Any:
            raise ValueError("x")

    with pytest.raises(DatasetError, match="Failed while loading"):
        AbstractLocal().load()


def test_wrappers_bear_marks_and_annotations() -> None:
    assert Plain.load.__loadwrapped__ is True and Plain.save.__savewrapped__ is True
    assert Plain.load.__wrapped__.__qualname__ == "Plain.load"
    assert not hasattr(Plain.save.__wrapped__, "__savewrapped__")
    assert Plain.load.__annotations__["return"] in (str, "str")
    assert Plain.save.__annotations__["data"] in (str, "str")
    assert Plain.save.__annotations__["return"] in (str, "str")
    assert (Plain.load.__name__, Plain.load.__doc__) == ("load", Plain.load.__wrapped__.__doc__)


def test_wrappers_of_unannotated_methods_say_any() -> None:
    class Loose(AbstractDataset):  # type: ignore[misc,valid-type]
        def load(self):  # type: ignore[no-untyped-def]
            return 1

        def save(self, data): ...  # type: ignore[no-untyped-def]

        def _describe(self):  # type: ignore[no-untyped-def]
            return {}

    assert Loose.load.__annotations__["return"] is None
    assert Loose.save.__annotations__["data"] is Any


def test_the_raw_save_gives_its_result_and_the_wrapped_none() -> None:
    dataset = Plain()
    assert dataset.save("x") is None
    assert dataset.save.__wrapped__(dataset, "y") == "raw result"
    assert dataset.load.__wrapped__(dataset) == "y"


def test_a_child_may_call_the_raw_save_of_its_parent() -> None:
    class Child(Plain):
        def save(self, data: str) -> None:
            super().save.__wrapped__(self, data.upper())

    dataset = Child()
    dataset.save("x")
    assert dataset.load() == "X"


# --- What surrounds a load or save ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda ds: ds.load(), "Failed while loading data from dataset {}.\nno luck"),
        (lambda ds: ds.save("x"), "Failed while saving data to dataset {}.\nno luck"),
        (lambda ds: ds.exists(), "Failed during exists check for dataset {}.\nno luck"),
        (lambda ds: ds.release(), "Failed during release for dataset {}.\nno luck"),
    ],
)
def test_failures_name_the_dataset(call: Any, text: str) -> None:
    cause = ValueError("no luck")
    dataset = Plain(error=cause)
    with pytest.raises(DatasetError) as caught:
        call(dataset)
    assert str(caught.value) == text.format(dataset)
    assert caught.value.__cause__ is cause and type(caught.value) is DatasetError


@pytest.mark.parametrize("error", [DatasetError("as it is"), VersionNotFoundError("as it is")])
@pytest.mark.parametrize("call", [lambda ds: ds.load(), lambda ds: ds.save(1)])
def test_dataset_errors_pass_through(call: Any, error: Any) -> None:
    with pytest.raises(type(error)) as caught:
        call(Plain(error=error))
    assert caught.value is error


@pytest.mark.parametrize("error", [FileNotFoundError("f"), NotADirectoryError("d")])
def test_a_missing_place_passes_through_a_save(error: Any) -> None:
    with pytest.raises(type(error)) as caught:
        Plain(error=error).save(1)
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
@pytest.mark.parametrize("method", ["load", "exists", "release"])
def test_interrupts_are_not_wrapped(method: str, error: Any) -> None:
    with pytest.raises(type(error)):
        getattr(Plain(error=error), method)()


def test_none_is_refused_before_anything_else(caplog: Any) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(DatasetError, match=r"^Saving 'None' to a 'Dataset' is not allowed$"):
        Plain(error=ValueError()).save(None)
    assert messages(caplog) == []


def test_save_takes_one_argument_by_position_or_name() -> None:
    dataset = Plain()
    dataset.save(data="x")
    assert dataset.load() == "x"
    with pytest.raises(TypeError):
        dataset.save()
    with pytest.raises(TypeError):
        dataset.save("x", "y")


def test_each_operation_is_logged_for_debugging(caplog: Any) -> None:
    caplog.set_level("DEBUG")
    dataset = Plain("x")
    shown = f"{__name__}.Plain(filepath='x')"
    dataset.save("d")
    dataset.load()
    dataset.exists()
    dataset.release()
    assert messages(caplog) == [
        (CORE, logging.DEBUG, f"Saving {shown}"),
        (CORE, logging.DEBUG, f"Loading {shown}"),
        (CORE, logging.DEBUG, f"Checking whether target of {shown} exists"),
        (CORE, logging.DEBUG, f"Releasing {shown}"),
    ]


def test_an_unimplemented_exists_is_warned_about_first(caplog: Any) -> None:
    assert Bare().exists() is False
    assert messages(caplog) == [
        (CORE, logging.WARNING, "'exists()' not implemented for 'Bare'. Assuming output does not exist.")
    ]


def test_every_class_logs_to_core() -> None:
    assert Plain()._logger is logging.getLogger(CORE) and Plain()._logger.name == CORE


def test_a_copy_is_deep_and_takes_new_attributes() -> None:
    dataset = Plain("x")
    dataset.data = ["a"]
    copied = dataset._copy(filepath="y", other=1)
    assert (copied.filepath, copied.other, copied.data) == ("y", 1, ["a"])
    assert copied.data is not dataset.data and dataset.filepath == "x"


# --- repr -------------------------------------------------------------------------------------------------------


def shown(description: Any) -> str:
    class Described(Bare):
        def _describe(self) -> Any:
            return description

    return repr(Described()).removeprefix(f"{__name__}.Described")


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ({"a": None, "b": False, "c": 0, "d": "", "e": [], "f": {}}, "(b=False, c=0, d='', e=[], f={})"),
        ({"z": 1, "a": {"y": 1, "b": 2}}, "(z=1, a={'y': 1, 'b': 2})"),
        ({"deep": {"a": {"b": {"c": 1}}}}, "(deep={'a': {'b': {...}}})"),
        ({"long": ["x" * 60] * 3}, f"(long={['x' * 60] * 3!r})"),
        ({"p": PurePosixPath("/a/b.csv")}, "(p=PurePosixPath('/a/b.csv'))"),
        ({"v": Version(None, "s")}, "(v=Version(load=None, save='s'))"),
        ({}, "()"),
    ],
)
def test_the_representation_shows_what_is_described(description: Any, text: str) -> None:
    assert shown(description) == text


@pytest.mark.parametrize("description", [None, "text", {1: "a"}, [("a", 1)]])
def test_another_description_is_warned_about(description: Any, caplog: Any) -> None:
    assert shown(description) == "()"
    assert caplog.records[0].levelno == logging.WARNING
    assert caplog.messages == [
        f"'{__name__}.Described' is a subclass of AbstractDataset and it must implement the '_describe' method "
        "following the signature of AbstractDataset's '_describe'."
    ]


def test_str_is_repr_and_the_pretty_form_serves_other_instances() -> None:
    assert str(Plain("x")) == repr(Plain("x"))
    assert Plain("x")._pretty_repr({"k": "v", "n": None}) == f"{__name__}.Plain(k='v')"


@since("1.6")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("s3://key:secret@bucket/p", "'s3://<redacted>@bucket/p'"),
        ("https://host/p?sig=abc#frag", "'https://host/p?<redacted>#<redacted>'"),
        ("see https://u:p@h/x now", "'see https://<redacted>@h/x now'"),
        ("user:pw@host/path", "'<redacted>@host/path'"),
        ("path?query", "'path?<redacted>'"),
        ("/tmp/x#1", "'/tmp/x#<redacted>'"),
        ("report@2024.csv", "'report@2024.csv'"),
        ("a b#c", "'a b#c'"),
        ({"url": "https://u:p@h/"}, "{'url': 'https://<redacted>@h/'}"),
        (["https://u:p@h/"], "['https://<redacted>@h/']"),
        (("https://u:p@h/", 1), "('https://<redacted>@h/', 1)"),
        (namedtuple("Pair", "a")("https://u:p@h/"), "Pair(a='https://u:p@h/')"),
        (PurePosixPath("/tmp/x#1"), "'/tmp/x#<redacted>'"),
        (PurePosixPath("/tmp/x"), "PurePosixPath('/tmp/x')"),
    ],
)
def test_secrets_in_urls_are_not_shown(value: Any, text: str) -> None:
    assert shown({"v": value}) == f"(v={text})"


# --- from_config ------------------------------------------------------------------------------------------------


def test_from_config_builds_what_the_entry_says_whatever_class_it_is_called_on() -> None:
    assert type(Plain.from_config("n", {"type": MemoryDataset, "data": 1})) is MemoryDataset
    assert type(AbstractDataset.from_config("n", {"type": f"{__name__}.Bare"})).__name__ == "Bare"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"filepath": "x"}, "An exception occurred when parsing config for dataset 'n':\n'type'"),
        (
            {"type": "MemoryDataset", "wrong": 1},
            rf".\nDataset 'n' must only contain arguments valid for the constructor of "
            rf"'{PACKAGE}.io.memory_dataset.MemoryDataset'.",
        ),
        ({"type": f"{__name__}.Demanding", "needed": 1}, f"\nnot today.\nFailed to instantiate dataset 'n' of type "
         f"'{__name__}.Demanding'."),
        ({"type": "nothing.Here"}, "An exception occurred when parsing config for dataset 'n':\n"),
    ],
)  # fmt: skip
def test_errors_of_from_config_name_dataset_and_class(entry: Any, text: str) -> None:
    with pytest.raises(DatasetError) as caught:
        AbstractDataset.from_config("n", entry)
    assert text.replace(r"\n", "\n") in str(caught.value)
    assert caught.value.__cause__ is not None


@since("1.5")
def test_an_abstract_class_is_told_from_wrong_arguments() -> None:
    with pytest.raises(DatasetError) as caught:
        AbstractDataset.from_config("n", {"type": Unfinished})
    assert str(caught.value).endswith(
        f"Dataset 'n' cannot be instantiated. Please implement the missing abstract methods in '{__name__}.Unfinished'."
    )


def test_from_config_parses_by_position(mocker: Any) -> None:
    parse = mocker.patch(f"{CORE}.parse_dataset_definition", return_value=(Bare, {}))
    AbstractDataset.from_config("n", {"type": "x"}, "l", "s")
    parse.assert_called_once_with({"type": "x"}, "l", "s")


# --- _init_config -----------------------------------------------------------------------------------------------


class Entry(Bare):
    def __init__(
        self, filepath: str, load_args: Any = None, version: Any = None, credentials: Any = None, metadata: Any = None
    ) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ({}, {}),
        ({"version": Version(None, "s")}, {"versioned": True}),
        ({"metadata": {"a": 1}}, {}),
        ({"load_args": {"a": None}}, {"load_args": {"a": None}}),
    ],
)
def test_the_entry_keeps_none_and_turns_a_version_into_a_flag(arguments: Any, more: Any) -> None:
    expected = {"type": f"{__name__}.Entry", "filepath": "f", "load_args": None, "credentials": None, **more}
    assert Entry("f", **arguments)._init_config() == expected


@pytest.mark.parametrize("as_instance", [False, True])
def test_the_entry_of_a_cache_holds_the_one_behind(as_instance: bool) -> None:
    inner = {"type": f"{__name__}.Entry", "filepath": "f", "metadata": {"m": 1}}
    behind = Entry("f", version=Version(None, "s"), metadata={"m": 1}) if as_instance else inner
    version = None if as_instance else Version(None, "s")
    found = io.CachedDataset(behind, version=version)._init_config()
    dataset = found.pop("dataset")
    assert found == {"type": f"{PACKAGE}.io.cached_dataset.CachedDataset", "copy_mode": None, "versioned": True}
    assert dataset["filepath"] == "f" and "versioned" not in dataset and "metadata" not in dataset
    assert next(iter(dataset)) == "type"


# --- Versions ---------------------------------------------------------------------------------------------------


def test_a_version_is_a_named_pair() -> None:
    assert repr(Version(None, "s")) == "Version(load=None, save='s')"
    assert Version(None, None) and Version.__slots__ == () and Version._fields == ("load", "save")
    assert Version(1, 2) == (1, 2)
    assert pickle.loads(pickle.dumps(Version("a", None))) == Version("a", None)


def test_a_timestamp_is_utc_in_milliseconds() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z", core.generate_timestamp())


@pytest.mark.parametrize("path", [PurePosixPath("a/b"), Path("a/b"), None, "a/b"])
def test_the_path_is_stored_as_given(path: Any) -> None:
    class Stored(Bare, AbstractVersionedDataset):  # type: ignore[misc,valid-type]
        def __init__(self, filepath: Any) -> None:
            AbstractVersionedDataset.__init__(self, filepath, None)

    assert Stored(path)._filepath is path


def test_lookups_default_to_the_local_disk() -> None:
    dataset = Text("x")
    assert dataset._exists_function is core._local_exists
    assert dataset._glob_function.__name__ == "iglob"
    assert Text("x", glob_function=None)._glob_function.__name__ == "iglob"
    assert core._local_exists(__file__) and not core._local_exists("/no/where")


@since("1.3")
def test_both_version_caches_start_empty_and_stay_so_without_versions(tmp_path: Path) -> None:
    dataset = Text(tmp_path / "f")
    dataset.save("x")
    assert (dataset._cached_load_version, dataset._cached_save_version) == (None, None)
    assert (dataset.resolve_load_version(), dataset.resolve_save_version()) == (None, None)
    assert dataset._get_load_path() == dataset._get_save_path() == dataset._filepath


def test_a_version_has_a_folder_with_the_name_of_the_file() -> None:
    assert Text("data/m.pkl")._get_versioned_path("v") == PurePosixPath("data/m.pkl/v/m.pkl")


@since("1.3")
@pytest.mark.parametrize("version", ["", "a/b", "a\\b", ".", ".."])
def test_unsafe_versions_are_refused(version: str) -> None:
    assert core._is_unsafe_version(version)
    with pytest.raises(DatasetError, match="not allowed"):
        Text("data/m.pkl")._get_versioned_path(version)


def test_a_pinned_version_is_not_looked_for(tmp_path: Path) -> None:
    assert Text(tmp_path / "f", Version("never", None)).resolve_load_version() == "never"


def test_the_latest_version_is_the_greatest_text(tmp_path: Path) -> None:
    for version in ("2026-01-01T00.00.00.000Z", "s2", "a"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Text(tmp_path / "f", Version(None, version)).save(version)
    assert Text(tmp_path / "f", Version(None, None)).load() == "s2"


def test_a_folder_without_the_file_is_no_version(tmp_path: Path) -> None:
    Text(tmp_path / "f", Version(None, "v1")).save("x")
    (tmp_path / "f" / "v2").mkdir()
    assert Text(tmp_path / "f", Version(None, None)).resolve_load_version() == "v1"


def test_listing_asks_glob_with_one_argument(tmp_path: Path) -> None:
    asked = []

    def globbing(*args: Any) -> Any:
        asked.append(args)
        return [str(tmp_path / "f" / v / "f") for v in ("v1", "v3", "v2")]

    dataset = Text(tmp_path / "f", Version(None, None), exists_function=lambda path: True, glob_function=globbing)
    assert dataset.resolve_load_version() == "v3"
    assert asked == [(str(tmp_path / "f" / "*" / "f"),)]
    assert dataset._cached_load_version == "v3" if hasattr(dataset, "_cached_load_version") else True


@pytest.mark.parametrize(
    ("globbing", "text"),
    [
        (lambda pattern: [], "Did not find any versions for {}"),
        (
            partial(lambda error, pattern: (_ for _ in ()).throw(error), PermissionError("denied")),
            "Did not find any versions for {}. This could be due to insufficient permission. Exception: denied",
        ),
    ],
)
def test_no_version_is_an_error_of_its_own(globbing: Any, text: str, tmp_path: Path) -> None:
    dataset = Text(tmp_path / "f", Version(None, None), glob_function=globbing)
    with pytest.raises(VersionNotFoundError) as caught:
        dataset.load()
    assert str(caught.value) == text.format(dataset)
    assert dataset.exists() is False


def test_a_save_version_is_drawn_once(mocker: Any, tmp_path: Path) -> None:
    stamp = mocker.patch(f"{CORE}.generate_timestamp", return_value="2026-01-01T00.00.00.000Z")
    dataset = Text(tmp_path / "f", Version(None, None))
    assert dataset.resolve_save_version() == dataset.resolve_save_version() == "2026-01-01T00.00.00.000Z"
    stamp.assert_called_once_with()


def test_asking_for_the_save_path_twice_gives_one_path_and_makes_nothing(tmp_path: Path) -> None:
    dataset = Text(tmp_path / "f", Version(None, None))
    assert dataset._get_save_path() == dataset._get_save_path()
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_saved_once(tmp_path: Path) -> None:
    Text(tmp_path / "f", Version(None, "v")).save("x")
    again = Text(tmp_path / "f", Version(None, "v"))
    with pytest.raises(DatasetError) as caught:
        again.save("y")
    path = tmp_path / "f" / "v" / "f"
    assert str(caught.value) == f"Save path '{path}' for {again} must not exist if versioning is enabled."


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("old")
    with pytest.raises(DatasetError) as caught:
        Text(tmp_path / "f.txt", Version(None, "v")).save("x")
    assert str(caught.value).startswith(
        f"Cannot save versioned dataset 'f.txt' to '{tmp_path.as_posix()}' because a file with the same name already "
        "exists in the directory."
    )


def test_a_save_that_a_load_will_not_find_is_warned_about(tmp_path: Path) -> None:
    Text(tmp_path / "f", Version(None, "v9")).save("x")
    dataset = Text(tmp_path / "f", Version("v9", "v1"))
    with pytest.warns(UserWarning) as caught:
        dataset.save("y")
    assert str(caught[0].message).startswith(
        f"Save version 'v1' did not match load version 'v9' for {dataset}. This is strongly discouraged"
    )


@better
def test_a_run_reads_what_it_saved_although_another_version_sorts_later(tmp_path: Path) -> None:
    Text(tmp_path / "f", Version(None, "s2")).save("x")
    dataset = Text(tmp_path / "f", Version(None, "s1"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset.save("y")
    assert dataset.load() == "y"


def test_two_saves_make_two_versions_and_each_is_the_one_to_load(mocker: Any, tmp_path: Path) -> None:
    mocker.patch(f"{CORE}.generate_timestamp", side_effect=[f"2026-01-01T00.00.00.00{n}Z" for n in range(2)])
    dataset = Text(tmp_path / "f", Version(None, None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("x", "y"):
            dataset.save(text)
            assert dataset.resolve_load_version() == dataset.resolve_save_version()
            assert dataset.load() == text


@better
def test_an_inherited_save_draws_one_version(mocker: Any, tmp_path: Path) -> None:
    stamp = mocker.patch(f"{CORE}.generate_timestamp", return_value="2026-01-01T00.00.00.000Z")
    InheritedSave(tmp_path / "f", Version(None, None)).save("x")
    stamp.assert_called_once_with()


def test_a_cached_version_stays_until_a_release(tmp_path: Path) -> None:
    Text(tmp_path / "f", Version(None, "v1")).save("x")
    one, two = Text(tmp_path / "f", Version(None, None)), Text(tmp_path / "f", Version(None, None))
    assert (one.load(), two.load()) == ("x", "x")
    Text(tmp_path / "f", Version(None, "v2")).save("y")
    one.release()
    assert (one.load(), two.load()) == ("y", "x")


@since("1.3")
def test_versions_are_listed_newest_first(tmp_path: Path) -> None:
    dataset = Text(tmp_path / "f", Version(None, None))
    assert dataset.list_versions() == dataset._get_versions() == []
    for version in ("v1", "v2"):
        Text(tmp_path / "f", Version(None, version)).save("x")
    assert dataset.list_versions(full_path=False) == ["v2", "v1"]
    assert dataset.list_versions() == [str(tmp_path / "f" / v / "f") for v in ("v2", "v1")]
    assert dataset._get_version_from_path("a/v7/a") == "v7"


@better
@pytest.mark.parametrize("name", ["we[i]rd.txt", "a*b.txt", "wh?t.txt"])
def test_a_path_with_wildcards_is_a_path(name: str, tmp_path: Path) -> None:
    dataset = Text(tmp_path / name, Version(None, None))
    dataset.save("x")
    assert Text(tmp_path / name, Version(None, None)).load() == "x"


def test_a_raw_save_of_a_versioned_dataset_uses_the_same_path_as_before(tmp_path: Path) -> None:
    class Logged(Text):
        def save(self, data: str) -> None:
            self.path = self._get_save_path()
            super().save.__wrapped__(self, data)

    dataset = Logged(tmp_path / "f", Version(None, None))
    dataset.save("x")
    assert dataset.load() == "x"


def test_exists_of_a_versioned_dataset_hides_only_missing_versions(tmp_path: Path) -> None:
    class Broken(Text):
        def _exists(self) -> bool:
            raise DatasetError("broken")

    with pytest.raises(DatasetError, match="Failed during exists check for dataset"):
        Broken(tmp_path / "f", Version(None, None)).exists()


def test_versions_need_not_be_text() -> None:
    dataset = Text("f", Version(3, None))
    assert dataset.resolve_load_version() == 3


def test_a_versioned_copy_takes_another_version(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        Text(tmp_path / "f", Version(None, version)).save(version)
    dataset = Text(tmp_path / "f", Version(None, None))
    assert dataset.load() == "v2"
    assert dataset._copy(_version=Version("v1", None)).load() == "v1"


# --- parse_dataset_definition -----------------------------------------------------------------------------------


def test_the_definition_is_left_as_it_is_and_copied_deeply() -> None:
    inner: dict[str, Any] = {"a": []}
    entry = {"type": f"{__name__}.Plain", "filepath": "f", "load_args": inner}
    before = copy.deepcopy(entry)
    _, arguments = core.parse_dataset_definition(entry)
    assert entry == before and arguments["load_args"] == inner and arguments["load_args"] is not inner


@pytest.mark.parametrize("entry", [{"type": "MemoryDataset"}, {"type": f"{__name__}.Text", "versioned": True}])
def test_one_timestamp_is_drawn_per_definition(entry: Any, mocker: Any) -> None:
    stamp = mocker.patch(f"{CORE}.generate_timestamp", return_value="t")
    core.parse_dataset_definition(entry)
    stamp.assert_called_once_with()
    core.parse_dataset_definition(entry, save_version="given")
    stamp.assert_called_once_with()


@pytest.mark.parametrize("entry", [{}, {"filepath": "x"}])
def test_a_missing_type_is_a_bare_key_error(entry: Any) -> None:
    with pytest.raises(KeyError) as caught:
        core.parse_dataset_definition(entry)
    assert caught.value.args == ("type",)


@pytest.mark.parametrize(
    "name",
    ["MemoryDataset", "memory_dataset.MemoryDataset", f"{PACKAGE}.io.MemoryDataset",
     f"{PACKAGE}.io.memory_dataset.MemoryDataset", MemoryDataset],
)  # fmt: skip
def test_short_and_long_types_mean_the_same_class(name: Any) -> None:
    assert core.parse_dataset_definition({"type": name})[0] is MemoryDataset


@pytest.mark.parametrize("name", [".x.Y", "x.Y.", ".", "x.Y.."])
def test_relative_types_are_refused(name: str) -> None:
    with pytest.raises(DatasetError) as caught:
        core.parse_dataset_definition({"type": name})
    assert str(caught.value) == "'type' class path does not support relative paths or paths ending with a dot."


def test_the_old_spelling_is_warned_about() -> None:
    text = r"Since kedro-datasets 2.0, 'Dataset' is spelled with a lowercase 's'."
    with pytest.warns(UserWarning, match=text), pytest.raises(DatasetError):
        core.parse_dataset_definition({"type": "MemoryDataSet"})


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("nowhere.Dataset", ["No module named 'nowhere'", "Please install the missing dependencies for nowhere.Dataset",
                             "pip install kedro-datasets"]),
        (f"{__name__}.Nothing", [f"Dataset 'Nothing' not found in '{__name__}'. Make sure the dataset name is correct.",
                                 "pip install kedro-datasets"]),
        ("dotless", ["Empty module name. Invalid dataset path: 'dotless'. Please check if it's correct."]),
    ],
)  # fmt: skip
def test_the_last_attempt_says_why_a_type_was_not_found(name: str, texts: list[str]) -> None:
    with pytest.raises(DatasetError) as caught:
        core.parse_dataset_definition({"type": name})
    assert all(text in str(caught.value) for text in texts), str(caught.value)


def test_a_replaced_lookup_that_finds_nothing_means_a_typo(mocker: Any) -> None:
    mocker.patch(f"{CORE}.load_obj", return_value=None)
    with pytest.raises(DatasetError, match=r"Class 'x.TypoDataset' not found, is this a typo?"):
        AbstractDataset.from_config("n", {"type": "x.TypoDataset"})


@pytest.mark.parametrize("name", ["kedro_things.LocalDataset", "pandas.SomeDataset"])
def test_a_listed_class_that_cannot_be_had_is_an_error_at_once(name: str, mocker: Any) -> None:
    def lookup(path: str) -> Any:
        if path.endswith("__all__"):
            return [name.rpartition(".")[2]]
        raise AttributeError("the reason")

    mocker.patch(f"{CORE}.load_obj", side_effect=lookup)
    with pytest.raises(DatasetError) as caught:
        AbstractDataset.from_config("n", {"type": name})
    assert re.search(
        r"the reason. Please see the documentation on how to install relevant dependencies for .*Dataset:",
        str(caught.value),
    )


def test_types_are_tried_in_order_by_position(mocker: Any) -> None:
    tried = mocker.patch(f"{CORE}._load_obj", side_effect=lambda path: (None, f"not {path}"))
    with pytest.raises(DatasetError, match=r"not some\.Thing"):
        core.parse_dataset_definition({"type": "some.Thing"})
    paths = [call.args[0] for call in tried.call_args_list]
    assert paths[0] == f"{PACKAGE}.io.some.Thing" and paths[-1] == "some.Thing"
    assert "kedro_datasets.some.Thing" in paths


def test_other_import_errors_escape(mocker: Any) -> None:
    mocker.patch(f"{CORE}.load_obj", side_effect=ImportError("half a module"))
    with pytest.raises(ImportError, match="half a module"):
        core.parse_dataset_definition({"type": "a.B"})


def test_a_class_that_is_no_dataset_is_refused() -> None:
    text = f"Dataset type '{__name__}.NoDataset' is invalid: all dataset types must extend 'AbstractDataset'."
    with pytest.raises(DatasetError) as caught:
        core.parse_dataset_definition({"type": NoDataset})
    assert str(caught.value) == text


@pytest.mark.parametrize("kind", [5, Bare()])
def test_what_is_no_class_is_a_type_error(kind: Any) -> None:
    with pytest.raises(TypeError):
        core.parse_dataset_definition({"type": kind})


def test_a_version_in_the_entry_is_removed_with_a_warning(caplog: Any) -> None:
    _, arguments = core.parse_dataset_definition({"type": f"{__name__}.Text", "filepath": "f", "version": "v"})
    assert arguments == {"filepath": "f"}
    assert messages(caplog) == [
        (CORE, logging.WARNING, "'version' attribute removed from dataset configuration since it is a reserved word "
         "and cannot be directly specified")
    ]  # fmt: skip


@since("1.6")
def test_a_validator_is_removed_with_a_warning(caplog: Any) -> None:
    _, arguments = core.parse_dataset_definition({"type": f"{__name__}.Text", "filepath": "f", "validator": "v"})
    assert arguments == {"filepath": "f"} and core.VALIDATOR_KEY == "validator"
    assert caplog.messages[0].startswith("'validator' attribute removed from dataset configuration")
    assert caplog.records[0].name == CORE


@pytest.mark.parametrize(
    ("entry", "version"),
    [
        ({"type": Text, "versioned": True}, Version("l", "s")),
        ({"type": Text, "versioned": False}, None),
        ({"type": Text}, None),
        ({"type": AlwaysVersioned}, Version("l", "s")),
    ],
)
def test_versions_go_to_versioned_entries(entry: Any, version: Any) -> None:
    _, arguments = core.parse_dataset_definition(config=entry, load_version="l", save_version="s")
    assert arguments == ({} if version is None else {"version": version})


def test_load_obj_imports_the_module_and_takes_the_name() -> None:
    assert utils.load_obj("os.path.join") is os.path.join
    assert utils.load_obj("join", "os.path") is os.path.join
    with pytest.raises(AttributeError):
        utils.load_obj("os.nothing")


# --- Paths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "protocol", "expected"),
    [
        ("/a/b.csv", "file", "/a/b.csv"),
        ("a/b.csv", "file", "a/b.csv"),
        ("C:\\a\\b", "file", "C:\\a\\b"),
        ("C:/a/b", "file", "C:/a/b"),
        ("file:///a/b", "file", "/a/b"),
        ("file:///C:\\a", "file", "C:\\a"),
        ("file:///C:/a", "file", "C:/a"),
        ("dbfs:/x", "file", "dbfs:/x"),
        ("a+b://x", "file", "a+b://x"),
        ("S3://Bucket/f", "s3", "Bucket/f"),
        ("s3://user@BUCKET/f", "s3", "BUCKET/f"),
        ("s3a://u:p@bucket:80/f?x=1#y", "s3a", "bucket/f?x=1#y"),
        ("gs://bucket/f", "gs", "bucket/f"),
        ("abfss://container@account/f", "abfss", "container@account/f"),
        ("oci://bucket@space/f", "oci", "bucket@space/f"),
        ("hdfs://nn:8020/f", "hdfs", "/f"),
        ("memory://a/b", "memory", "/b"),
        ("hf://datasets/x", "hf", "/x"),
        ("http://h/a?b#c", "http", "h/a?b#c"),
        ("https://u:p@h/a", "https", "u:p@h/a"),
    ],
)
def test_paths_are_split(path: str, protocol: str, expected: str) -> None:
    assert core.get_protocol_and_path(path) == (protocol, expected)
    whole = path if protocol in core.HTTP_PROTOCOLS else expected
    assert utils._parse_filepath(path) == {"protocol": protocol, "path": whole}


def test_path_objects_are_paths() -> None:
    assert core.get_protocol_and_path(Path("/a/b")) == ("file", "/a/b")


@pytest.mark.parametrize("url", ["http://h/f", "https://h/f"])
def test_http_cannot_be_versioned(url: str) -> None:
    text = "Versioning is not supported for HTTP protocols. Please remove the `versioned` flag"
    with pytest.raises(DatasetError, match=text):
        core.get_protocol_and_path(url, Version(None, None))


@pytest.mark.parametrize(("protocol", "text"), [("file", "a/b"), ("s3", "a/b"), ("http", "http://a/b")])
def test_http_paths_get_their_scheme_back(protocol: str, text: str) -> None:
    assert core.get_filepath_str(PurePosixPath("a/b"), protocol) == text


@pytest.mark.parametrize("value", ["a b", "a;b", " ", ";"])
def test_white_space_and_semicolons_can_be_refused(value: str) -> None:
    with pytest.raises(DatasetError, match=r"^Neither white-space nor semicolon are allowed in 'key'.$"):
        core.validate_on_forbidden_chars(fine="x", key=value)


@pytest.mark.parametrize(
    ("name", "answer"), [("params:a", True), ("parameters", True), ("parameters:a", False), ("xparams:a", False)]
)
def test_parameters_are_known_by_their_name(name: str, answer: bool) -> None:
    assert core.is_parameter(name) is answer


# --- fsspec -----------------------------------------------------------------------------------------------------


class Remote(AbstractVersionedDataset):  # type: ignore[misc,valid-type]
    """Versioned text on any filesystem, as the datasets of kedro-datasets do it."""

    def __init__(self, filepath: str, version: Any = None) -> None:
        import fsspec

        self._protocol, path = core.get_protocol_and_path(filepath, version)
        self._fs = fsspec.filesystem(self._protocol)
        super().__init__(PurePosixPath(path), version, self._fs.exists, self._fs.glob)

    def load(self) -> str:
        with self._fs.open(core.get_filepath_str(self._get_load_path(), self._protocol), "r") as stream:
            return stream.read()

    def save(self, data: str) -> None:
        with self._fs.open(core.get_filepath_str(self._get_save_path(), self._protocol), "w") as stream:
            stream.write(data)

    def _exists(self) -> bool:
        try:
            path = core.get_filepath_str(self._get_load_path(), self._protocol)
        except DatasetError:
            return False
        return self._fs.exists(path)

    def _release(self) -> None:
        super()._release()
        self._fs.invalidate_cache(core.get_filepath_str(self._filepath, self._protocol))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "version": self._version}


def test_versions_lie_on_any_filesystem(tmp_path: Path) -> None:
    url = f"memory://x/{tmp_path.name}/f.txt"
    for version in ("v1", "v2"):
        Remote(url, Version(None, version)).save(version)
    dataset = Remote(url, Version(None, None))
    assert (dataset.load(), dataset.exists(), dataset.resolve_load_version()) == ("v2", True, "v2")
    assert not Remote(url + "x", Version(None, None)).exists()
    with pytest.raises(DatasetError, match="must not exist if versioning is enabled"):
        Remote(url, Version(None, "v2")).save("again")


def test_an_unversioned_remote_dataset_is_overwritten(tmp_path: Path) -> None:
    dataset = Remote(f"memory://x/{tmp_path.name}/f.txt")
    assert not dataset.exists()
    dataset.save("a")
    dataset.save("b")
    assert dataset.exists() and dataset.load() == "b"


# --- Travelling -------------------------------------------------------------------------------------------------


every_travel = pytest.mark.parametrize(
    "travel",
    [copy.deepcopy, lambda ds: pickle.loads(pickle.dumps(ds)), lambda ds: pickle.loads(ForkingPickler.dumps(ds))],
    ids=["deepcopy", "pickle", "forking"],
)


@every_travel
@pytest.mark.parametrize(
    "make",
    [lambda: Plain("x", kind=2), lambda: Text("f", Version("l", "s")), lambda: Remote("memory://a/b"),
     lambda: MemoryDataset({"a": 1})],
)  # fmt: skip
def test_datasets_travel(make: Any, travel: Any) -> None:
    same_after(travel, make())


@better
@every_travel
@pytest.mark.parametrize("make", [MemoryDataset, lambda: io.CachedDataset(Plain("x"))])
def test_what_is_empty_travels_empty(make: Any, travel: Any) -> None:
    same_after(travel, make())


def same_after(travel: Any, dataset: Any) -> None:
    arrived = travel(dataset)
    assert type(arrived) is type(dataset) and repr(arrived) == repr(dataset)
    assert arrived._init_args.keys() == dataset._init_args.keys()
