"""Making a model or dataclass of a parameter's raw value."""

import logging
from typing import Any

from .exceptions import ModelInstantiationError
from .utils import is_pydantic_class

logger = logging.getLogger(__name__)


def instantiate_model(param_key: str, raw_value: Any, model_type: Any) -> Any:
    """Return the value as an instance of a type.

    Args:
        param_key: the parameter's name, for messages.
        raw_value: what the configuration says.
        model_type: a pydantic model or a dataclass; with any other type the value is returned unchanged.

    Raises:
        ModelInstantiationError: the value does not fit.
    """
    try:
        if is_pydantic_class(model_type):
            return model_type.model_validate(raw_value)
        if is_dataclass_type(model_type):
            return _instantiate_dataclass(raw_value, model_type)
    except ModelInstantiationError:
        raise
    # Models run code of the project's own, which may raise anything.
    except Exception as exc:
        raise ModelInstantiationError(
            f"Failed to instantiate {model_type.__name__} for parameter '{param_key}': {exc}"
        ) from exc
    logger.debug(
        "Parameter '%s' type %s is not a Pydantic model or dataclass, skipping validation",
        param_key,
        getattr(model_type, "__name__", model_type),
    )
    return raw_value


def is_dataclass_type(tp: Any) -> bool:
    """Tell whether something is a dataclass, as opposed to an instance of one."""
    return isinstance(tp, type) and hasattr(tp, "__dataclass_fields__")


def _instantiate_dataclass(raw_value: Any, model_type: Any) -> Any:
    if isinstance(raw_value, model_type):
        # A parameter given from Python may be an instance already.
        return raw_value
    if not isinstance(raw_value, dict):
        raise ModelInstantiationError(
            f"Expected dict for dataclass {model_type.__name__}, got {type(raw_value).__name__}"
        )
    return model_type(**raw_value)
