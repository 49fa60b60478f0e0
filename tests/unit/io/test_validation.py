"""Validators of catalog entries: how they are declared, found, called, and what they say."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

from deodar.io import DataCatalog, DatasetError, MemoryDataset
from deodar.io._validation_errors import CheckFailure, DataValidationError, ValidationConfigurationError
from deodar.io._validation_pandera import PanderaValidator
from deodar.io._validation_resolution import (
    CallableValidator,
    Validator,
    preflight_check,
    resolve_validator,
)
from deodar.io._validation_results import ValidationResult, validate_catalog, validate_dataset
from deodar.io._validation_spec import ValidatorSpec

HERE = __name__


class AtLeast:
    def __init__(self, least: int = 0) -> None:
        self.least = least

    def validate(self, data: Any) -> Any:
        if data < self.least:
            raise ValueError(f"{data} is too small")
        return data

    def __bool__(self) -> bool:
        return False  # A validator is never judged by its truth.


class NoValidator:
    pass


class Unbuildable:
    def __init__(self) -> None:
        raise RuntimeError("boom")

    def validate(self, data: Any) -> Any: ...


class Odd(pa.DataFrameModel):
    a: int = pa.Field(gt=0)


def is_positive(data: int) -> None:
    if data <= 0:
        raise ValueError("neg")


def double(data: int) -> int:
    return data * 2


def speaks_for_itself(data: Any) -> Any:
    raise DataValidationError("my words")


at_least_five = AtLeast(5)
schema = pa.DataFrameSchema({"a": pa.Column(int, pa.Check.gt(0))})
number = 5


class FailingToSave(MemoryDataset):
    def save(self, data: Any) -> None:
        if data == 13:
            raise KeyboardInterrupt
        MemoryDataset.save.__wrapped__(self, data)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _no_switch(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    # Validators are found by their dotted path, and this file is imported by its path.
    import sys

    monkeypatch.setitem(sys.modules, HERE, sys.modules.get(HERE) or request.module)
    monkeypatch.delenv("KEDRO_DATASET_VALIDATION", raising=False)
    yield


def catalog(validator: Any, **more: Any) -> DataCatalog:
    declared = f"{HERE}.{validator}" if isinstance(validator, str) else validator
    return DataCatalog.from_config({"x": {"type": "MemoryDataset", "validator": declared}}, **more)


def declared(name: str, **more: Any) -> dict[str, Any]:
    return {"class": f"{HERE}.{name}", **more}


def spec(config: Any) -> ValidatorSpec:
    return ValidatorSpec.from_dataset_config("cars", config)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("a.b", ValidatorSpec("a.b")),
        ({"class": "a.b"}, ValidatorSpec("a.b")),
        ({"class": "a.b", "on": "save"}, ValidatorSpec("a.b", on=("save",))),
        ({"class": "a.b", "on": ["save", "load", "save"]}, ValidatorSpec("a.b")),
        ({"class": "a.b", True: "load"}, ValidatorSpec("a.b", on=("load",))),
        (
            {"class": "a.b", "severity": "warn", "enabled": False, "skip_load_after_save": True},
            ValidatorSpec("a.b", severity="warn", enabled=False, skip_load_after_save=True),
        ),
        ({"class": "a.b", "options": {"n": 1}}, ValidatorSpec("a.b", options={"n": 1})),
    ],
)
def test_a_declaration_is_read_and_written_back(config: Any, expected: ValidatorSpec) -> None:
    assert spec(config) == expected
    assert spec(spec(config).to_config()) == expected


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (["a.b"], "list form is reserved for future use"),
        (5, r"expected a class path string or a dictionary, got int \(5\)"),
        ({}, "'class' must be a non-empty class path string"),
        ({"class": "a.b", "foo": 1, "bar": 2}, r"unknown key\(s\) \['bar', 'foo'\]. Allowed keys: \['class'"),
        ({"class": "a.b", 1: "save"}, r"unknown key\(s\) \[1\]"),
        ({"class": "a.b", True: "save", "on": "save"}, "both an unquoted 'on' key"),
        ({"class": "a.b", "on": []}, "'on' must be a non-empty subset of"),
        ({"class": "a.b", "on": "sometimes"}, "'on' must be a non-empty subset of"),
        ({"class": "a.b", "severity": "x"}, "'severity' must be one of"),
        ({"class": "a.b", "enabled": "yes"}, "'enabled' must be a boolean, got str"),
        ({"class": "a.b", "skip_load_after_save": 1}, "must be a boolean, got int"),
        ({"class": "a.b", "options": None}, "'options' must be a dictionary, got NoneType"),
    ],
)
def test_an_ill_formed_declaration_names_the_dataset(config: Any, text: str) -> None:
    with pytest.raises(ValidationConfigurationError, match=f"for dataset 'cars': .*{text}"):
        spec(config)


def test_an_ill_formed_declaration_is_found_when_the_catalog_is_built() -> None:
    with pytest.raises(ValidationConfigurationError, match="for dataset 'x'"):
        catalog(["a.b"])


def test_the_options_written_back_are_a_copy() -> None:
    declaration = ValidatorSpec("a.b", options={"n": 1})
    declaration.to_config()["options"]["n"] = 2  # type: ignore[index]
    assert declaration.options == {"n": 1}


def test_a_validator_may_be_a_class_with_options() -> None:
    found = resolve_validator(ValidatorSpec(f"{HERE}.AtLeast", options={"least": 3}))
    assert isinstance(found, AtLeast)
    assert found.least == 3
    assert isinstance(found, Validator)


def test_a_validator_may_be_an_instance() -> None:
    assert resolve_validator(ValidatorSpec(f"{HERE}.at_least_five")) is at_least_five


def test_a_validator_may_be_a_function() -> None:
    found = resolve_validator(ValidatorSpec(f"{HERE}.is_positive"))
    assert isinstance(found, CallableValidator)
    assert found.validate(3) == 3


@pytest.mark.parametrize("name", ["schema", "Odd"])
def test_a_validator_may_be_a_pandera_schema(name: str) -> None:
    assert isinstance(resolve_validator(ValidatorSpec(f"{HERE}.{name}")), PanderaValidator)


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        (ValidatorSpec("nowhere.X"), "Could not import validator 'nowhere.X': No module named 'nowhere'"),
        (ValidatorSpec(f"{HERE}.nope"), "Could not import validator .* has no attribute 'nope'"),
        (ValidatorSpec("nodots"), "Could not import validator 'nodots': Empty module name"),
        (ValidatorSpec(f"{HERE}.NoValidator"), "does not provide a 'validate.data.' method"),
        (ValidatorSpec(f"{HERE}.Unbuildable"), "Could not instantiate validator .*: boom"),
        (ValidatorSpec(f"{HERE}.number"), "is not a validator class"),
        (ValidatorSpec(f"{HERE}.at_least_five", options={"a": 1}), "is an instance and cannot accept options"),
        (ValidatorSpec(f"{HERE}.is_positive", options={"a": 1}), "is a plain callable and cannot accept"),
        (ValidatorSpec(f"{HERE}.schema", options={"a": 1}), r"Unsupported option\(s\) \['a'\] for pandera"),
    ],
)
def test_what_is_no_validator_is_explained(declaration: ValidatorSpec, text: str) -> None:
    with pytest.raises(ValidationConfigurationError, match=text):
        resolve_validator(declaration)


def test_missing_packages_are_found_without_importing() -> None:
    specs = {"a": ValidatorSpec("nowhere.X"), "b": ValidatorSpec("json.loads")}
    assert preflight_check(specs) == [
        "Validator for dataset 'a' requires package 'nowhere' which is not installed (declared: nowhere.X)."
    ]


def test_bad_data_is_not_saved() -> None:
    checked = catalog("is_positive")
    with pytest.raises(DataValidationError) as caught:
        checked.save("x", -1)
    assert str(caught.value) == (f"Validation failed for dataset 'x' on save\n(validator: {HERE}.is_positive)\nneg")
    assert not checked.exists("x")


def test_bad_data_is_not_handed_out() -> None:
    checked = catalog(declared("is_positive", on="load"))
    checked.save("x", -1)
    with pytest.raises(DataValidationError, match="on load"):
        checked.load("x")


def test_what_a_validator_returns_takes_the_place_of_the_data() -> None:
    checked = catalog("double")
    checked.save("x", 5)
    assert checked.load("x") == 20


def test_a_warning_lets_the_data_pass(caplog: pytest.LogCaptureFixture) -> None:
    checked = catalog(declared("is_positive", severity="warn"))
    checked.save("x", -1)
    assert checked.load("x") == -1
    assert [record.name for record in caplog.records] == ["deodar.io.data_catalog"] * 2


def test_a_validator_may_choose_its_words() -> None:
    with pytest.raises(DataValidationError, match="my words") as caught:
        catalog("speaks_for_itself").save("x", 1)
    assert (caught.value.dataset_name, caught.value.mode) == ("x", "save")


def test_a_disabled_validator_is_not_called() -> None:
    catalog(declared("is_positive", enabled=False)).save("x", -1)


@pytest.mark.parametrize(
    ("value", "setting", "is_called"),
    [
        ("0", True, False),
        ("OFF", True, False),
        ("true", False, True),
        ("", True, True),
        ("maybe", False, False),
        (None, False, False),
    ],
)
def test_the_environment_decides_before_the_catalog(
    monkeypatch: pytest.MonkeyPatch, value: str | None, setting: bool, is_called: bool
) -> None:
    checked = catalog("is_positive", validation_enabled=setting)
    if value is not None:
        monkeypatch.setenv("KEDRO_DATASET_VALIDATION", value)
    try:
        checked.save("x", -1)
    except DataValidationError:
        assert is_called
    else:
        assert not is_called


def test_a_load_may_trust_the_save_before_it() -> None:
    checked = catalog(declared("double", skip_load_after_save=True))
    checked.save("x", 1)
    assert checked.load("x") == 2


def test_a_release_ends_the_trust() -> None:
    checked = catalog(declared("double", skip_load_after_save=True))
    checked.save("x", 1)
    checked.release("x")
    checked["x"].save(1)
    assert checked.load("x") == 2


def test_bad_data_written_with_a_warning_ends_the_trust(caplog: pytest.LogCaptureFixture) -> None:
    checked = catalog(declared("is_positive", severity="warn", skip_load_after_save=True))
    checked.save("x", 1)
    checked.save("x", -1)
    caplog.clear()
    checked.load("x")
    assert "on load" in caplog.text


def test_an_interrupted_save_ends_the_trust() -> None:
    checked = DataCatalog.from_config(
        {"x": {"type": FailingToSave, "validator": declared("is_positive", skip_load_after_save=True)}}
    )
    checked.save("x", 1)
    with pytest.raises(KeyboardInterrupt):
        checked.save("x", 13)
    assert checked._save_validated == set()


def test_the_dataset_never_sees_the_declaration(caplog: pytest.LogCaptureFixture) -> None:
    checked = catalog("is_positive")
    assert isinstance(checked["x"], MemoryDataset)
    assert caplog.text == ""
    assert checked.config_resolver.config["x"]["validator"] == f"{HERE}.is_positive"


def test_patterns_declare_validators_too() -> None:
    checked = DataCatalog.from_config({"{f}_data": {"type": "MemoryDataset", "validator": f"{HERE}.{{f}}"}})
    with pytest.raises(DataValidationError):
        checked.save("is_positive_data", -1)
    assert checked.validators == {"is_positive_data": f"{HERE}.is_positive"}


def test_a_replaced_dataset_loses_its_validator() -> None:
    checked = catalog("is_positive")
    checked["x"] = -1
    assert checked.validators == {}


def test_declarations_travel_and_validators_do_not() -> None:
    checked = catalog("double")
    checked.save("x", 1)
    travelled = pickle.loads(pickle.dumps(checked))
    assert travelled.validators == {"x": f"{HERE}.double"}
    assert (travelled._validators, travelled._save_validated) == ({}, set())


def test_declarations_are_part_of_the_configuration(plain_text: Any) -> None:
    entry = {"type": plain_text, "filepath": "x", "validator": declared("double", on=["load"])}
    checked = DataCatalog.from_config({"x": entry})
    assert checked.to_config()[0] == {"x": entry}
    checked.get("x")
    assert checked.to_config()[0]["x"]["validator"] == entry["validator"]


def test_every_failure_of_a_frame_is_told() -> None:
    checked = catalog("schema")
    with pytest.raises(DataValidationError) as caught:
        checked.save("x", pd.DataFrame({"a": [-1, 2, -3]}))
    assert caught.value.failures == [
        CheckFailure(
            message="Check 'greater_than(0)' failed for column 'a'",
            check="greater_than(0)",
            column="a",
            failure_count=2,
            failure_examples=[-1, -3],
        )
    ]


def test_a_schema_may_stop_at_the_first_failure() -> None:
    validator = PanderaValidator.with_options(Odd, "x", {"lazy": False})
    with pytest.raises(DataValidationError) as caught:
        validator.validate(pd.DataFrame({"a": [-1, 2, -3]}))
    assert (caught.value.failures[0].column, caught.value.failures[0].failure_count) == ("a", 2)


def test_a_missing_column_is_told() -> None:
    with pytest.raises(DataValidationError, match=r"column_in_dataframe — 1 case .e.g. a"):
        catalog("schema").save("x", pd.DataFrame({"b": [1]}))


def test_a_schema_may_look_at_the_first_rows_only() -> None:
    data = pd.DataFrame({"a": [1, -1]})
    assert PanderaValidator(schema, head=1).validate(data) is not None


def test_a_long_story_is_cut() -> None:
    failure = CheckFailure(
        "m", check="c" * 300, column="k" * 90, failure_count=7, failure_examples=["e" * 60, *range(9)]
    )
    text = str(DataValidationError("M", dataset_name="x", mode="load", failures=[failure] * 13))
    lines = text.split("\n")
    assert lines[0] == "Validation failed for dataset 'x' on load"
    assert lines[1] == "13 check(s) failed — 91 failure case(s):"
    assert lines[2] == f"  - {'k' * 57}...: {'c' * 197}... — 7 cases (e.g. {'e' * 37}..., 0, 1, 2, 3)"
    assert lines[-1] == "  ... and 3 more check(s)"
    assert len(lines) == 13


def test_an_error_travels() -> None:
    error = DataValidationError("M", dataset_name="x", mode="load", failures=[CheckFailure("m")])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_on_demand_good_data_passes() -> None:
    result = validate_dataset(catalog("double"), "x", 3)
    assert (result.status, result.data, bool(result)) == ("passed", 6, True)


def test_on_demand_bad_data_is_a_result() -> None:
    result = validate_dataset(catalog(declared("is_positive", severity="warn", enabled=False)), "x", -3)
    assert (result.status, bool(result), result.enabled) == ("failed", False, False)
    with pytest.raises(DataValidationError, match="for dataset 'x' on api"):
        result.raise_if_failed()


@pytest.mark.parametrize(
    ("name", "validator", "status", "error_type"),
    [
        ("nope", "double", "errored", "dataset_error"),
        ("x", "double", "errored", "dataset_error"),
        ("x", {"class": "nowhere.X"}, "errored", "missing_dependency"),
        ("x", {"class": f"{HERE}.nope"}, "errored", "unresolvable_validator"),
    ],
)
def test_on_demand_trouble_is_a_result(name: str, validator: Any, status: str, error_type: str) -> None:
    result = validate_dataset(catalog(validator), name)
    assert (result.status, result.error_type) == (status, error_type)


def test_on_demand_another_occasion_is_skipped() -> None:
    result = validate_dataset(catalog(declared("is_positive", on="save")), "x", -3)
    assert (result.status, result.reason) == ("skipped", "validator declared for save only")


def test_on_demand_no_validator_is_skipped() -> None:
    result = validate_dataset(DataCatalog({"x": MemoryDataset(1)}), "x")
    assert (result.status, result.reason) == ("skipped", "no validator declared")


@pytest.mark.parametrize("arguments", [{"on": "sometimes"}, {"on": "save"}])
def test_on_demand_a_wrong_question_is_an_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"'on'|on='save'"):
        validate_dataset(catalog("double"), "x", **arguments)


def test_a_result_can_be_written_as_json() -> None:
    result = ValidationResult(
        "x", "v", "failed", [CheckFailure("m", failure_examples=[pd.Timestamp("2026"), float("nan"), 1])]
    )
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert json.loads(text)["failures"][0]["failure_examples"] == ["Timestamp('2026-01-01 00:00:00')", "nan", 1]


def test_a_whole_catalog_can_be_validated() -> None:
    checked = catalog("is_positive")
    checked["plain"] = 1
    checked.save("x", 1)
    assert {name: result.status for name, result in validate_catalog(checked).items()} == {"x": "passed"}
    assert {name: result.status for name, result in validate_catalog(checked, ["plain"]).items()} == {
        "plain": "skipped"
    }


def test_a_catalog_without_validators_never_loads_the_machinery() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from deodar.io import DataCatalog, MemoryDataset;"
        "DataCatalog({'x': MemoryDataset(1)}).load('x');"
        "print([n for n in sys.modules if 'validation_' in n or n == 'parse'])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_validation_error_is_a_dataset_error() -> None:
    assert issubclass(DataValidationError, DatasetError)
