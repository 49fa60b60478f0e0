"""Turning raw parameters into the models and dataclasses that nodes ask for."""

import copy
import logging
from collections.abc import Mapping
from typing import Any

from .exceptions import ParameterValidationError
from .model_factory import instantiate_model
from .type_extractor import TypeExtractor
from .utils import _MISSING, _is_optional, _unwrap_optional, resolve_nested_dict_path, set_nested_dict_value

logger = logging.getLogger(__name__)


class ParameterValidator:
    """Validates parameters against the type hints of the nodes that read them."""

    def __init__(self, pipelines: Mapping[str, Any]) -> None:
        """Remember whose hints count.

        Args:
            pipelines: pipelines by name.
        """
        self.pipelines = pipelines
        self.type_extractor = TypeExtractor(pipelines)

    def validate_raw_params(self, raw_params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with models and dataclasses in place of raw values.

        Without typed parameters the very same dictionary is returned; otherwise it is left alone and copied.

        Raises:
            ParameterValidationError: values do not fit; it names all of them.
        """
        requirements = self.type_extractor.extract_types_from_pipelines()
        if not requirements:
            logger.info("No typed parameter requirements found, returning original parameters")
            return raw_params
        return self._apply_validation(raw_params, requirements)

    def _apply_validation(self, raw_params: dict[str, Any], requirements: Mapping[str, Any]) -> dict[str, Any]:
        validated = copy.deepcopy(raw_params)
        problems: dict[str, str] = {}
        made = 0
        # What is nested comes first: once its parent is a model there is no way to put it in.
        for key in sorted(requirements, key=lambda name: -name.count(".")):
            wanted = requirements[key]
            raw = resolve_nested_dict_path(raw_params, key)
            if raw is _MISSING:
                logger.debug("Parameter '%s' not found in config, skipping validation", key)
                continue
            if raw is None:
                if not _is_optional(wanted):
                    problems[key] = "value is None but type is not Optional"
                continue
            model_type = _unwrap_optional(wanted)
            try:
                set_nested_dict_value(validated, key, instantiate_model(key, raw, model_type))
            except ParameterValidationError as exc:
                problems[key] = str(exc)
            else:
                made += 1
                logger.debug(
                    "Successfully instantiated %s for parameter '%s'",
                    getattr(model_type, "__name__", model_type),
                    key,
                )
        if problems:
            lines = [f"Parameter '{key}': {problems[key]}" for key in requirements if key in problems]
            for line in lines:
                logger.error("%s", line)
            raise ParameterValidationError("\n- ".join(["Parameter validation failed:", *lines]))
        logger.debug("Successfully instantiated %d parameter models", made)
        return validated
