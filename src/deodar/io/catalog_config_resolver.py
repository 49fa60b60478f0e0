"""From catalog configuration to the entry of one dataset: explicit, or made from a pattern."""

from __future__ import annotations

import copy
import logging
from collections.abc import Generator, Iterable
from typing import Any

from .._expressions import expression
from ..utils import get_close_matches
from . import _patterns
from ._catalog_entries import not_a_configuration
from ._definition import deep_copied
from .core import DatasetError

CREDENTIALS_KEY = "credentials"
DEFAULT_RUNTIME_PATTERN = {"{default}": {"type": f"{__name__.partition('.')[0]}.io.MemoryDataset"}}

Patterns = dict[str, dict[str, Any]]

_PLACEHOLDER = expression(r"\{.*?\}")

logger = logging.getLogger(__name__)


def _fetch_credentials(credentials_name: str, credentials: dict[str, Any]) -> Any:
    """Return the credentials of that name.

    Raises:
        KeyError: there are none.
    """
    try:
        return credentials[credentials_name]
    except KeyError as exc:
        close = get_close_matches(credentials_name, map(str, credentials))
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise KeyError(
            f"Unable to find credentials '{credentials_name}': check your data catalog and credentials "
            f"configuration.{hint}"
        ) from exc


def _resolve_credentials(config: dict[str, Any], credentials: dict[str, Any] | None) -> dict[str, Any]:
    """Return a copy of an entry in which the names of credentials have become credentials.

    Raises:
        KeyError: an entry names credentials that do not exist.
    """
    resolved: dict[str, Any] = {}
    for key, value in config.items():
        if key == CREDENTIALS_KEY and isinstance(value, str):
            value = _fetch_credentials(value, {} if credentials is None else credentials)
        elif isinstance(value, dict):
            value = _resolve_credentials(value, credentials)
        elif type(value) is list:
            value = _copied(value)
        resolved[key] = value
    return resolved


class _PatternCredentials(dict[str, Any]):
    """Credentials for the entry of a pattern, where a name with a placeholder is not known yet."""

    def __missing__(self, name: str) -> str:
        if "{" in name:
            return name
        raise KeyError(name)


def _copied(value: Any) -> Any:
    """Copy what may be changed in place: dictionaries and lists, not what is in them."""
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if type(value) is list:
        return [_copied(item) for item in value]
    return value


class CatalogConfigResolver:
    """What the catalog's configuration says about a name.

    Explicit entries come first, then dataset patterns by how specific they are, then the user's
    catch-all pattern, then the pattern of the runner.
    """

    def __init__(
        self,
        config: dict[str, dict[str, Any]] | None = None,
        credentials: dict[str, dict[str, Any]] | None = None,
        default_runtime_patterns: Patterns | None = None,
    ) -> None:
        """Sort entries from patterns and put credentials in their places.

        Args:
            config: catalog entries and patterns; left as they are.
            credentials: what ``credentials: <name>`` in an entry stands for.
            default_runtime_patterns: what a name is that nothing else matches.

        Raises:
            DatasetError: an entry or pattern is ill-formed, or there are several catch-all patterns.
            KeyError: an entry names credentials that do not exist.
        """
        if default_runtime_patterns is None:
            logger.warning(
                "Since runtime patterns are not provided, setting the runtime pattern to default value: %s",
                DEFAULT_RUNTIME_PATTERN,
            )
        self._default_runtime_patterns = default_runtime_patterns or DEFAULT_RUNTIME_PATTERN
        self._dataset_patterns, self._user_catch_all_pattern = self._extract_patterns(config, credentials)
        # As written, for filling: a placeholder may choose the credentials, and none may alter them.
        self._pattern_sources = {
            name: _copied(entry) for name, entry in (config or {}).items() if self.is_pattern(name)
        }
        self._credentials = credentials
        self._resolved_configs = self._resolve_config_credentials(config, credentials)
        self._index: _patterns.PatternIndex | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What Kedro pickled has patterns only with their credentials in place, and no index.
        self.__dict__.update({"_pattern_sources": {}, "_credentials": None, "_index": None, **state})

    @property
    def config(self) -> dict[str, dict[str, Any]]:
        """The explicit entries, credentials in place. The catalog takes out what it replaces."""
        return self._resolved_configs

    @staticmethod
    def is_pattern(pattern: str) -> bool:
        """Tell whether a catalog key is a pattern."""
        return "{" in pattern

    @staticmethod
    def _pattern_specificity(pattern: str) -> int:
        return _patterns.specificity(pattern)

    @classmethod
    def _get_matches(cls, pattens: Iterable[str], ds_name: str) -> Generator[str, None, None]:
        return (pattern for pattern in pattens if _patterns.is_match(pattern, ds_name))

    def _get_pattern_config(self, pattern: str) -> dict[str, Any]:
        return (
            self._dataset_patterns.get(pattern)
            or self._user_catch_all_pattern.get(pattern)
            or self._default_runtime_patterns.get(pattern)
            or {}
        )

    @classmethod
    def _sort_patterns(cls, dataset_patterns: Patterns) -> Patterns:
        """Put the most specific pattern first.

        Raises:
            DatasetError: several of them match every name.
        """
        ranked = sorted(
            dataset_patterns,
            key=lambda pattern: (-cls._pattern_specificity(pattern), -pattern.count("{"), pattern),
        )
        catch_alls = [pattern for pattern in ranked if cls._pattern_specificity(pattern) == 0]
        if len(catch_alls) > 1:
            raise DatasetError(
                f"Multiple catch-all patterns found in the catalog: {', '.join(catch_alls)}. Only one "
                "catch-all pattern is allowed, remove the extras."
            )
        return {pattern: dataset_patterns[pattern] for pattern in ranked}

    @classmethod
    def _extract_patterns(
        cls, config: dict[str, dict[str, Any]] | None, credentials: dict[str, dict[str, Any]] | None
    ) -> tuple[Patterns, Patterns]:
        found: Patterns = {}
        for name, entry in (config or {}).items():
            if not cls.is_pattern(name):
                continue
            if not isinstance(entry, dict):
                raise DatasetError(not_a_configuration(name))
            cls._validate_pattern_config(name, entry)
            found[name] = _resolve_credentials(entry, _PatternCredentials(credentials or {}))
        ranked = cls._sort_patterns(found)
        catch_all: Patterns = {}
        if ranked:
            last = next(reversed(ranked))
            if cls._pattern_specificity(last) == 0:
                catch_all = {last: ranked.pop(last)}
        return ranked, catch_all

    @classmethod
    def _resolve_config_credentials(
        cls, config: dict[str, dict[str, Any]] | None, credentials: dict[str, dict[str, Any]] | None
    ) -> dict[str, dict[str, Any]]:
        resolved = {}
        for name, entry in (config or {}).items():
            if cls.is_pattern(name):
                continue
            if not isinstance(entry, dict):
                raise DatasetError(not_a_configuration(name))
            resolved[name] = _resolve_credentials(entry, credentials)
        return resolved

    @classmethod
    def _validate_pattern_config(cls, ds_name: str, ds_config: Any) -> None:
        """Check that every placeholder of a pattern's entry occurs in its name.

        Raises:
            DatasetError: naming those that do not.
        """
        unknown = {field for field in _placeholders(ds_config) if field not in ds_name}
        if unknown:
            raise DatasetError(
                f"Incorrect dataset configuration provided. Keys used in the configuration {unknown} should "
                f"present in the dataset pattern name {ds_name}."
            )

    @classmethod
    def _resolve_dataset_config(cls, ds_name: str, pattern: str, config: Any) -> Any:
        """Fill the placeholders of an entry with what they stand for in a name."""
        fields = _patterns.fields_of(pattern, ds_name)
        return _filled(config, fields)

    def match_dataset_pattern(self, ds_name: str) -> str | None:
        """Return the most specific dataset pattern that a name matches, or None."""
        if not self._dataset_patterns:
            return None
        if self._index is None:
            self._index = _patterns.PatternIndex(self._dataset_patterns)
        return self._index.first_match(ds_name)

    def match_user_catch_all_pattern(self, ds_name: str) -> str | None:
        """Return the user's catch-all pattern if a name matches it, or None."""
        return next(self._get_matches(self._user_catch_all_pattern, ds_name), None)

    def match_runtime_pattern(self, ds_name: str) -> str:
        """Return the runtime pattern that a name matches."""
        return next(self._get_matches(self._default_runtime_patterns, ds_name))

    def resolve_pattern(self, ds_name: str) -> dict[str, Any]:
        """Return the entry of a dataset: its own, or what its name gets from the best pattern."""
        if ds_name in self._resolved_configs:
            return self._resolved_configs[ds_name]
        pattern = self.match_dataset_pattern(ds_name)
        if pattern is None:
            pattern = self.match_user_catch_all_pattern(ds_name)
            if pattern is None:
                pattern = self.match_runtime_pattern(ds_name)
            else:
                logger.warning(
                    "Config from the dataset pattern '%s' in the catalog will be used to override the "
                    "default dataset creation for '%s'",
                    pattern,
                    ds_name,
                )
        return self._config_from_pattern(ds_name, pattern)

    def _config_from_pattern(self, ds_name: str, pattern: str) -> dict[str, Any]:
        config = self._pattern_sources.get(pattern) or self._get_pattern_config(pattern)
        filled: dict[str, Any] = self._resolve_dataset_config(ds_name, pattern, deep_copied(config))
        return _resolve_credentials(filled, self._credentials) if pattern in self._pattern_sources else filled

    def list_patterns(self) -> list[str]:
        """List the patterns in the order in which they are tried."""
        patterns = {**self._dataset_patterns, **self._user_catch_all_pattern, **self._default_runtime_patterns}
        return list(patterns)

    @staticmethod
    def _unresolve_credentials(
        cred_name: str, ds_config: dict[str, Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take the credentials out of an entry and leave a reference.

        Returns:
            A copy of the entry, and the credentials by the name that it now refers to.
        """
        config = copy.deepcopy(ds_config) or {}
        credentials: dict[str, Any] = {}
        _collect_credentials(config, f"{cred_name}_{CREDENTIALS_KEY}", credentials)
        return config, credentials


def _collect_credentials(config: dict[str, Any], reference: str, found: dict[str, Any]) -> None:
    for key, value in config.items():
        if key == CREDENTIALS_KEY and value:
            # A second one, deeper inside, gets a number, so that neither is lost.
            name = reference if reference not in found else f"{reference}_{len(found) + 1}"
            found[name] = value
            config[key] = name
        elif isinstance(value, dict):
            _collect_credentials(value, reference, found)


def _placeholders(config: Any) -> set[str]:
    if isinstance(config, str):
        return set(_PLACEHOLDER.findall(config))
    if isinstance(config, dict):
        return set().union(*(_placeholders(value) for value in config.values()))
    if isinstance(config, (list, tuple)):
        return set().union(*(_placeholders(value) for value in config))
    return set()


def _filled(config: Any, fields: Any) -> Any:
    """Fill placeholders in values, not in keys; subclasses of list and tuple pass through as they are."""
    if isinstance(config, str):
        return config.format_map(fields) if "}" in config else config
    if isinstance(config, dict):
        for key, value in config.items():
            if not isinstance(value, str):
                config[key] = _filled(value, fields)
            elif "}" in value:
                config[key] = value.format_map(fields)
        return config
    if type(config) in (list, tuple):
        return [_filled(value, fields) for value in config]
    return config
