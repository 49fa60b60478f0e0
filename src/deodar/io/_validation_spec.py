"""What a catalog entry says under ``validator``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._validation_errors import ValidationConfigurationError

MODES = ("load", "save")
_SEVERITIES = ("error", "warn")
_KEYS = ("class", "on", "severity", "enabled", "skip_load_after_save", "options")


@dataclass(frozen=True)
class ValidatorSpec:
    """Which validator looks at a dataset, when, and how seriously it is taken."""

    class_path: str
    on: tuple[str, ...] = MODES
    severity: str = "error"
    enabled: bool = True
    skip_load_after_save: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dataset_config(cls, ds_name: str, config: Any) -> ValidatorSpec:
        """Read a declaration: a class path, or a dictionary with ``class`` and more.

        Args:
            ds_name: the dataset, for messages.
            config: the declaration.

        Raises:
            ValidationConfigurationError: saying what is wrong with it.
        """
        if isinstance(config, str):
            return cls(class_path=config)
        try:
            return cls(**_read(config))
        except ValueError as exc:
            raise ValidationConfigurationError(f"Invalid validator declaration for dataset '{ds_name}': {exc}") from exc

    def to_config(self) -> str | dict[str, Any]:
        """Return the shortest declaration that means this."""
        config: dict[str, Any] = {"class": self.class_path}
        if self.on != MODES:
            config["on"] = list(self.on)
        if self.severity != "error":
            config["severity"] = self.severity
        if not self.enabled:
            config["enabled"] = self.enabled
        if self.skip_load_after_save:
            config["skip_load_after_save"] = self.skip_load_after_save
        if self.options:
            config["options"] = dict(self.options)
        return self.class_path if len(config) == 1 else config


def _read(config: Any) -> dict[str, Any]:
    """Return the arguments of a specification; a ValueError says what is wrong."""
    if isinstance(config, (list, tuple)):
        raise ValueError(
            "list form is reserved for future use. Declare a single validator as a class path string or a dictionary."
        )
    if not isinstance(config, Mapping):
        raise ValueError(f"expected a class path string or a dictionary, got {type(config).__name__} ({config!r}).")
    given = _with_on_unquoted(config)
    unknown = sorted((key for key in given if key not in _KEYS), key=str)
    if unknown:
        raise ValueError(f"unknown key(s) {unknown}. Allowed keys: {sorted(_KEYS)}.")
    class_path = given.get("class")
    if not isinstance(class_path, str) or not class_path:
        raise ValueError("'class' must be a non-empty class path string.")
    severity = given.get("severity", "error")
    if severity not in _SEVERITIES:
        raise ValueError(f"'severity' must be one of {list(_SEVERITIES)}, got {severity!r}.")
    options = given.get("options", {})
    if not isinstance(options, Mapping):
        raise ValueError(f"'options' must be a dictionary, got {type(options).__name__}.")
    return {
        "class_path": class_path,
        "on": _modes(given.get("on", MODES)),
        "severity": severity,
        "enabled": _flag(given, "enabled", True),
        "skip_load_after_save": _flag(given, "skip_load_after_save", False),
        "options": dict(options),
    }


def _with_on_unquoted(config: Mapping[Any, Any]) -> dict[Any, Any]:
    """Put right what YAML makes of an unquoted ``on``: the key ``True``, and not an equal number."""
    if not any(key is True for key in config):
        return dict(config)
    if "on" in config:
        raise ValueError(
            "both an unquoted 'on' key (which YAML reads as the boolean True) and a quoted \"on\" key are "
            "present, and only one of them can take effect. Keep a single 'on' key."
        )
    return {("on" if key is True else key): value for key, value in config.items()}


def _modes(value: Any) -> tuple[str, ...]:
    wanted = [value] if isinstance(value, str) else value
    if not isinstance(wanted, (list, tuple)) or not wanted or any(mode not in MODES for mode in wanted):
        raise ValueError(f"'on' must be a non-empty subset of {list(MODES)}, got {value!r}.")
    return tuple(mode for mode in MODES if mode in wanted)


def _flag(given: Mapping[Any, Any], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise ValueError(f"'{key}' must be a boolean, got {type(value).__name__}.")
    return value
