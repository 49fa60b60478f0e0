"""Parameters against the types that nodes declare."""

import dataclasses
import functools
import logging
import subprocess
import sys
from typing import Optional, Union

import pytest
from pydantic import BaseModel

from deodar.pipeline import node, pipeline
from deodar.validation import (
    ModelInstantiationError,
    ParameterValidationError,
    ParameterValidator,
    TypeExtractor,
    instantiate_model,
    utils,
)
from deodar.validation.type_extractor import _type_name


@dataclasses.dataclass
class Split:
    ratio: float
    seed: int = 0


class Model(BaseModel):
    depth: int
    split: Split | None = None


def types_of(func, inputs):
    return TypeExtractor({"__default__": pipeline([node(func, inputs, "out")])}).extract_types_from_pipelines()


def takes_model(model: Model): ...


def takes_optional(model: Optional[Model]): ...  # noqa: UP045  # the old spelling is what is tested


def takes_many(first: Split, *rest: Model, **named: Split): ...


def takes_union(model: Union[Model, Split, None], split: Split): ...  # the old spelling is tested


def takes_plain(number: int, text: str, data: Model): ...


def takes_nonsense(model: "Nowhere"): ...  # noqa: F821  # what cannot be resolved is what is tested


class Callable_:
    def __call__(self, model: Model): ...


def test_models_and_dataclasses_are_found_by_position():
    assert types_of(takes_many, ["params:a", "params:b.c", "params:d"]) == {"a": Split, "b.c": Model, "d": Model}


def test_models_and_dataclasses_are_found_by_name():
    assert types_of(takes_many, {"first": "params:a", "extra": "params:b"}) == {"a": Split, "b": Split}


def test_only_parameters_of_such_types_count():
    assert types_of(takes_plain, ["params:n", "parameters", "data"]) == {}


@pytest.mark.parametrize("func", [functools.partial(takes_model), Callable_()])
def test_partials_and_callable_objects_have_hints_too(func):
    found = TypeExtractor({"a": pipeline([node(func, "params:m", "out", name="n")])}).extract_types_from_pipelines()
    assert found == {"m": Model}


def test_optional_types_are_kept_as_they_are():
    assert types_of(takes_optional, "params:m") == {"m": Optional[Model]}  # noqa: UP045


def test_unions_of_several_models_are_skipped_with_one_warning(caplog):
    assert types_of(takes_union, ["params:m", "params:s"]) == {"s": Split}
    assert caplog.text.count("is not supported for validation") == 1


def test_hints_that_cannot_be_resolved_are_skipped_with_a_warning(caplog):
    assert types_of(takes_nonsense, "params:m") == {}
    assert "Could not extract type hints from function takes_nonsense" in caplog.text


def test_conflicting_types_are_warned_of_and_the_last_wins(caplog):
    first = pipeline([node(takes_model, "params:m", "a")])
    second = pipeline([node(lambda x: x, "params:m", "b", name="l"), node(takes_many, "params:m", "c")])
    assert TypeExtractor({"one": first, "two": second}).extract_types_from_pipelines() == {"m": Split}
    assert "Conflicting type requirements for parameter 'm'" in caplog.text


def test_what_is_no_pipeline_is_passed_over():
    assert TypeExtractor({"a": None, "b": object()}).extract_types_from_pipelines() == {}


def validator(func=takes_model, inputs="params:m"):
    return ParameterValidator({"__default__": pipeline([node(func, inputs, "out")])})


def test_raw_values_become_models_in_a_copy():
    raw = {"m": {"depth": "3", "split": {"ratio": 0.5}}}
    assert validator().validate_raw_params(raw) == {"m": Model(depth=3, split=Split(0.5))}
    assert raw == {"m": {"depth": "3", "split": {"ratio": 0.5}}}


def test_without_types_the_very_same_parameters_come_back(caplog):
    raw = {"a": 1}
    with caplog.at_level(logging.DEBUG, "deodar.validation.parameter_validator"):
        assert ParameterValidator({}).validate_raw_params(raw) is raw
    assert "returning original parameters" in caplog.text


def test_nested_parameters_are_reached_by_their_path_and_flat_keys_win():
    nested = validator(inputs="params:a.b")
    assert nested.validate_raw_params({"a": {"b": {"depth": 1}}}) == {"a": {"b": Model(depth=1)}}
    assert nested.validate_raw_params({"a.b": {"depth": 1}, "a": {"b": 2}}) == {"a.b": Model(depth=1), "a": {"b": 2}}


def test_a_parent_may_be_a_model_as_well():
    both = validator(takes_many, ["params:m.split", "params:m"])
    assert both.validate_raw_params({"m": {"depth": 1, "split": {"ratio": 0.5}}})["m"].split == Split(0.5)


def test_absent_parameters_are_skipped():
    assert validator().validate_raw_params({"other": 1}) == {"other": 1}


def test_none_is_fine_for_optional_types_only():
    assert validator(takes_optional).validate_raw_params({"m": None}) == {"m": None}
    with pytest.raises(ParameterValidationError, match="Parameter 'm': value is None but type is not Optional"):
        validator().validate_raw_params({"m": None})


def test_all_failures_are_told_at_once():
    wrong = validator(takes_many, ["params:a", "params:b"])
    with pytest.raises(ParameterValidationError) as caught:
        wrong.validate_raw_params({"a": {"nope": 1}, "b": {"depth": "x"}})
    lines = str(caught.value).splitlines()
    assert lines[0] == "Parameter validation failed:"
    assert [line.partition(":")[0] for line in lines if line.startswith("- ")] == ["- Parameter 'a'", "- Parameter 'b'"]


def test_dataclasses_need_a_dictionary_or_an_instance():
    assert instantiate_model("k", Split(1.0), Split) == Split(1.0)
    with pytest.raises(ModelInstantiationError, match="Expected dict for dataclass Split, got int"):
        instantiate_model("k", 3, Split)


def test_failed_models_name_type_and_parameter():
    with pytest.raises(ModelInstantiationError, match="Failed to instantiate Model for parameter 'k': 1 validation"):
        instantiate_model("k", {}, Model)


def test_other_types_leave_the_value_alone():
    assert instantiate_model("k", {"a": 1}, dict) == {"a": 1}


def test_without_pydantic_there_are_no_models(monkeypatch):
    monkeypatch.setattr(utils, "pydantic", None)
    assert (utils.is_pydantic_class(Model), utils.is_pydantic_model(Model(depth=1))) == (False, False)


def test_pydantic_is_never_imported_for_its_own_sake():
    program = (
        "import sys, dataclasses\n"
        "from deodar.validation import ParameterValidator\n"
        "ParameterValidator({}).validate_raw_params({})\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_fields_of_models_and_dataclasses_are_known_by_name():
    split = Split(0.5)
    assert utils.get_typed_fields(Model(depth=1, split=split)) == {"depth": 1, "split": split}
    assert utils.get_typed_fields(split) == {"ratio": 0.5, "seed": 0}
    assert (utils.get_typed_fields({}), utils.get_typed_fields(Split)) == (None, None)


def test_nothing_can_be_set_below_a_scalar():
    with pytest.raises(ParameterValidationError, match=r"'a\.b\.c': intermediate key 'b' is not a dictionary"):
        utils.set_nested_dict_value({"a": {"b": 1}}, "a.b.c", 2)


def test_types_are_named_as_people_write_them():
    assert (_type_name(Split), _type_name(Split | None)) == ("Split", str(Split | None))


def test_names_of_both_halves_can_be_imported_from_where_the_contract_says():
    from deodar.validation import api, core, exceptions, pandera_validator

    assert all(
        hasattr(module, name)
        for module, names in {
            api: ["validate_dataset", "validate_catalog", "ValidationResult"],
            core: ["Validator", "ValidatorSpec", "resolve_validator", "preflight_check", "CallableValidator"],
            exceptions: ["DataValidationError", "CheckFailure", "ParameterValidationError"],
            pandera_validator: ["PanderaValidator"],
        }.items()
        for name in names
    )
