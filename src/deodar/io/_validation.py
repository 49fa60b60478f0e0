"""When the catalog validates what goes through it.

The catalog that mixes this in keeps the declarations of its entries out of the datasets' own
configuration, resolves each validator once, and calls it between a dataset and the caller.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # At run time only a catalog with validators loads them, where it needs them; most have none.
    from ._validation_resolution import Validator
    from ._validation_spec import ValidatorSpec

_SWITCH = "KEDRO_DATASET_VALIDATION"
_OFF = ("0", "false", "off")
_ON = ("1", "true", "on")
_KEY = "validator"

logger = logging.getLogger(__name__.rpartition(".")[0] + ".data_catalog")


class ValidatingCatalog:
    """The part of a catalog that knows validators. The dictionaries here are safe to use from threads."""

    def __init__(self, validation_enabled: bool) -> None:
        self.validation_enabled = validation_enabled
        self._validator_specs: dict[str, ValidatorSpec] = {}
        self._validators: dict[str, Validator] = {}
        self._save_validated: set[str] = set()

    @property
    def validator_specs(self) -> dict[str, ValidatorSpec]:
        """The declared validators by dataset name; a copy."""
        return dict(self._validator_specs)

    @property
    def validators(self) -> dict[str, str | dict[str, Any]]:
        """The declarations by dataset name, as a catalog entry would write them."""
        return {name: spec.to_config() for name, spec in self._validator_specs.items()}

    def _without_validator(self, ds_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Take note of an entry's validator and return the entry without it.

        Raises:
            ValidationConfigurationError: the declaration is ill-formed.
        """
        if _KEY not in config:
            return config
        from ._validation_spec import ValidatorSpec  # Only now: see the top.

        self._validator_specs[ds_name] = ValidatorSpec.from_dataset_config(ds_name, config[_KEY])
        return {key: value for key, value in config.items() if key != _KEY}

    def _forget_validator(self, ds_name: str) -> None:
        self._validator_specs.pop(ds_name, None)
        self._validators.pop(ds_name, None)
        self._save_validated.discard(ds_name)

    def _validator_of(self, ds_name: str) -> Validator:
        """Return the validator of a dataset, the same one to whoever asks.

        Raises:
            ValidationConfigurationError: it cannot be had.
        """
        from ._validation_resolution import resolve_validator  # Only now: see the top.

        if ds_name not in self._validators:
            self._validators.setdefault(ds_name, resolve_validator(self._validator_specs[ds_name]))
        return self._validators[ds_name]

    def _validated(self, ds_name: str, data: Any, mode: str) -> Any:
        """Return what a dataset's validator makes of the data.

        Raises:
            DataValidationError: the data does not pass, and the validator is not there to warn only.
        """
        from ._validation_errors import DataValidationError  # Only now: see the top.

        spec = self._validator_specs[ds_name]
        if mode == "save":
            # What was found good before is being replaced.
            self._save_validated.discard(ds_name)
        if mode not in spec.on or not spec.enabled or not validation_is_on(self.validation_enabled):
            return data
        if mode == "load" and spec.skip_load_after_save and ds_name in self._save_validated:
            return data
        try:
            result = checked(self._validator_of(ds_name), data, ds_name, mode, spec.class_path)
        except DataValidationError as exc:
            if spec.severity != "warn":
                raise
            logger.warning("%s", exc)
            return data
        if mode == "save":
            self._save_validated.add(ds_name)
        return result


def validation_is_on(default: bool) -> bool:
    """Tell whether data is to be validated: the environment decides, else the catalog's own setting."""
    value = os.environ.get(_SWITCH, "").strip().lower()
    if value in _OFF:
        return False
    return True if value in _ON else default


def checked(validator: Validator, data: Any, ds_name: str, mode: str, class_path: str) -> Any:
    """Call a validator; whatever it raises says which data of which dataset it is about.

    Raises:
        DataValidationError: the data does not pass.
    """
    from ._validation_errors import DataValidationError, ValidationConfigurationError  # See the top.

    try:
        return validator.validate(data)
    except DataValidationError as exc:
        exc.dataset_name, exc.mode = ds_name, mode
        if exc.validator is None:
            exc.validator = class_path
        raise
    except ValidationConfigurationError:
        raise
    except Exception as exc:
        raise DataValidationError(
            str(exc) or type(exc).__name__, dataset_name=ds_name, mode=mode, validator=class_path
        ) from exc
