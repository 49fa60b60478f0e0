"""Validation of parameters, statement by statement: as ``deodar`` and, by a drop-in, as ``kedro``."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

import pytest
from pydantic import BaseModel

from ._shop import load

pytestmark = pytest.mark.usefixtures("as_before")

extractor_module, utils = load("validation.type_extractor"), load("validation.utils")
validator_module, factory = load("validation.parameter_validator"), load("validation.model_factory")
exceptions, project = load("validation.exceptions"), load("framework.project")
KedroContext, Pipeline, node = load("framework.context").KedroContext, load("pipeline").Pipeline, load("pipeline").node
TypeExtractor, ParameterValidator = extractor_module.TypeExtractor, validator_module.ParameterValidator
ParameterValidationError = exceptions.ParameterValidationError


class Model(BaseModel):
    a: int = 1


class Outer(BaseModel):
    inner: Model


@dataclass
class Data:
    a: int


MaybeModel = Optional[Model]  # noqa: UP045 - both spellings of a union are in use
Either = Union[Model, Data]


def typed(m: Model, d: Data, w: MaybeModel, n: int, plain, u: Either): ...  # type: ignore[no-untyped-def]


def other(m: Data) -> None: ...


def one(function: Any, inputs: Any) -> Any:
    return Pipeline([node(function, inputs, None, name="n")])


def types(**pipelines: Any) -> Any:
    return TypeExtractor(pipelines).extract_types_from_pipelines()


INPUTS = ["params:m", "params:n.d", "params:w", "params:n", "parameters", "params:u"]
FOUND = {"m": Model, "n.d": Data, "w": MaybeModel}


@pytest.mark.parametrize("inputs", [INPUTS, dict(zip(["m", "d", "w", "n", "plain", "u"], INPUTS, strict=True))])
def test_models_and_dataclasses_are_found_by_the_hints_of_nodes(inputs: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert types(p=one(typed, inputs), no_pipeline=object()) == FOUND
    unions = [r for r in caplog.records if "is not supported for validation" in r.getMessage()]
    assert [(r.name, r.levelname) for r in unions] == [(extractor_module.__name__, "WARNING")]


def test_the_last_of_two_types_wins_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert types(a=one(typed, INPUTS), b=one(other, "params:m"))["m"] is Data
    assert "Conflicting type requirements for parameter 'm'" in caplog.text


def test_hints_that_cannot_be_read_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> Any:
        raise NameError("no such name")

    monkeypatch.setattr(extractor_module, "get_type_hints", fail)
    assert types(p=one(other, "params:m")) == {}
    assert "no such name" in caplog.text


def test_without_typed_parameters_they_come_back_untouched(caplog: pytest.LogCaptureFixture) -> None:
    raw = {"a": 1}
    with caplog.at_level(logging.INFO, logger=validator_module.__name__):
        assert ParameterValidator({}).validate_raw_params(raw) is raw
    assert [(r.name, r.levelname) for r in caplog.records] == [(validator_module.__name__, "INFO")]


def test_typed_parameters_become_instances_in_a_copy() -> None:
    raw = {"m": {"a": "3"}, "n": {"d": {"a": 1}}, "w": None, "other": [1]}
    made = ParameterValidator({"p": one(typed, INPUTS)}).validate_raw_params(raw)
    assert made == {"m": Model(a=3), "n": {"d": Data(1)}, "w": None, "other": [1]}
    assert raw["m"] == {"a": "3"}


WRONG = [
    ({"m": {"a": "x"}}, ["- Parameter 'm': Failed to instantiate Model for parameter 'm': "]),
    ({"m": None}, ["- Parameter 'm': "]),
    (
        {"m": {"a": "x"}, "n": {"d": 3}},
        ["- Parameter 'm': ", "- Parameter 'n.d': Expected dict for dataclass Data, got int"],
    ),
    ({"n": {"d": {"zz": 3}}}, ["Failed to instantiate Data for parameter 'n.d': "]),
]


@pytest.mark.parametrize(("raw", "messages"), WRONG)
def test_all_that_is_wrong_is_said_at_once(raw: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(ParameterValidationError, match=r"^Parameter validation failed:\n- ") as caught:
        ParameterValidator({"p": one(typed, INPUTS)}).validate_raw_params(raw)
    assert all(message in str(caught.value) for message in messages)


def test_a_key_with_dots_wins_over_a_path(caplog: pytest.LogCaptureFixture) -> None:
    raw = {"a.b": {"a": 1}, "a": {"b": {"a": 2}}}
    with caplog.at_level(logging.DEBUG, logger=validator_module.__name__):
        made = ParameterValidator({})._apply_validation(raw, {"a.b": Model})
    assert made == {"a.b": Model(a=1), "a": {"b": {"a": 2}}}
    assert "Successfully instantiated 1 parameter models" in caplog.text


def test_a_single_value_is_made_an_instance_or_left(caplog: pytest.LogCaptureFixture) -> None:
    make, failure = factory.instantiate_model, exceptions.ModelInstantiationError
    assert (make("k", {"a": 1}, Model), make("k", {"a": 1}, Data)) == (Model(a=1), Data(1))
    with caplog.at_level(logging.DEBUG, logger=factory.__name__):
        assert make("k", 3, int) == 3
    assert "skipping validation" in caplog.text
    assert issubclass(failure, ParameterValidationError)
    with pytest.raises(failure, match="Expected dict for dataclass Data, got list"):
        make("k", [1], Data)


def test_the_questions_about_types(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [utils._is_optional(tp) for tp in (MaybeModel, Model | None, Model, Either)] == [True, True, False, False]
    assert [utils._unwrap_optional(tp) for tp in (MaybeModel, Model | None, Model)] == [Model] * 3
    assert [utils.is_pydantic_class(item) for item in (Model, Model(), Data)] == [True, False, False]
    assert [utils.is_pydantic_model(item) for item in (Model, Model(), Data(1))] == [False, True, False]
    assert (extractor_module._type_name(int), extractor_module._type_name(Either)) == ("int", str(Either))
    monkeypatch.setattr(utils, "pydantic", None, raising=False)
    assert not utils.is_pydantic_class(Model)
    assert not utils.is_pydantic_model(Model())


def test_paths_into_nested_dictionaries() -> None:
    values = {"a": {"b": 1}, "demo.config": 2}
    found = [utils.resolve_nested_dict_path(values, path) for path in ("a.b", "demo.config", "a.b.c", "x")]
    assert found == [1, 2, utils._MISSING, utils._MISSING]
    utils.set_nested_dict_value(values, "x.y", 3)
    assert values["x"] == {"y": 3}
    with pytest.raises(ParameterValidationError, match=re.escape("is not a dictionary")):
        utils.set_nested_dict_value(values, "a.b.c", 1)


def test_fields_of_models_are_parameters_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(o: Outer) -> None: ...

    loader = {"parameters": {"o": {"inner": {"a": 1}}, "l": [1]}}
    with monkeypatch.context() as patch:
        patch.setattr(project, "pipelines", {"p": one(read, "params:o")})
        parameters = KedroContext(tmp_path, loader, None, "p", None)._get_parameters()
    assert parameters == {
        "parameters": {"o": Outer(inner=Model(a=1)), "l": [1]},
        "params:o": Outer(inner=Model(a=1)),
        "params:o.inner": Model(a=1),
        "params:o.inner.a": 1,
        "params:l": [1],
    }
