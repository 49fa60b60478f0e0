"""Containers in which the values of a project's ``settings.py`` are handed out."""

from collections.abc import Mapping
from typing import Any


class SettingsList(list[Any]):
    """A list or tuple of the settings file."""

    def to_list(self) -> list[Any]:
        """Return a plain list, plain all the way down."""
        return [plain(item) for item in self]


class SettingsDict(dict[Any, Any]):
    """A mapping of the settings file: equal to the plain one, its text keys found in any case and as attributes."""

    def __missing__(self, key: Any) -> Any:
        return self[self._spelled(key)]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"These settings have no {name!r}.") from None

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key, whatever its case, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def to_dict(self) -> dict[Any, Any]:
        """Return a plain dictionary, plain all the way down."""
        return {key: plain(value) for key, value in self.items()}

    def _spelled(self, key: Any) -> Any:
        if isinstance(key, str):
            for own in self:
                if isinstance(own, str) and own.casefold() == key.casefold():
                    return own
        raise KeyError(key)


def boxed(value: Any) -> Any:
    """Return lists, tuples and dictionaries as settings containers, and anything else as it is."""
    # Exact types only: a named tuple or an ordered mapping of the user's has a meaning of its own.
    if type(value) in (list, tuple):
        return SettingsList(boxed(item) for item in value)
    if type(value) is dict:
        return SettingsDict((key, boxed(item)) for key, item in value.items())
    return value


def plain(value: Any) -> Any:
    """Return settings containers as plain lists and dictionaries."""
    if isinstance(value, SettingsList):
        return value.to_list()
    if isinstance(value, SettingsDict):
        return value.to_dict()
    if isinstance(value, Mapping) and type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    return value
