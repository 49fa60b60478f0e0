"""The catalog: datasets by name, each built when it is first needed."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

from ..compat._gone import OldNames
from ._catalog_entries import check_entry, config_of
from ._catalog_versions import with_versions_of
from ._runtime_default import plain_runtime_class
from ._validation import ValidatingCatalog
from .catalog_config_resolver import CatalogConfigResolver, Patterns
from .core import (
    AbstractDataset,
    AbstractVersionedDataset,
    CatalogProtocol,
    DatasetError,
    DatasetNotFoundError,
    Version,
    generate_timestamp,
    parse_dataset_definition,
)
from .memory_dataset import MemoryDataset

_PACKAGE = __name__.partition(".")[0]

# How log lines show the name of a dataset where the handler can colour.
_RICH = {"rich_format": ["dark_orange"]}

# Tools that only draw pipelines put a subclass in the place of ``AbstractDataset`` while they build datasets.
_ANY_DATASET = AbstractDataset

logger = logging.getLogger(__name__)


class _LazyDataset:
    """A catalog entry that nobody has asked for yet."""

    def __init__(
        self,
        name: str,
        config: dict[str, Any],
        load_version: str | None = None,
        save_version: str | None = None,
    ) -> None:
        self.name = name
        self.config = config
        self.load_version = load_version
        self.save_version = save_version

    def __repr__(self) -> str:
        class_type, _ = parse_dataset_definition(self.config)
        return f"{class_type.__module__}.{class_type.__qualname__}"

    def materialize(self) -> AbstractDataset[Any, Any]:
        """Build the dataset."""
        return AbstractDataset.from_config(self.name, self.config, self.load_version, self.save_version)


class DataCatalog(ValidatingCatalog, OldNames, CatalogProtocol[Any, Any]):
    """Datasets by name.

    Reads like a dictionary, loads and saves by name, and makes datasets for names that match a pattern of
    its configuration. Any thread may use it.
    """

    default_runtime_patterns: ClassVar[Patterns] = {"{default}": {"type": f"{_PACKAGE}.io.MemoryDataset"}}

    def __init__(
        self,
        datasets: dict[str, AbstractDataset[Any, Any]] | None = None,
        config_resolver: CatalogConfigResolver | None = None,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> None:
        """Take datasets and configuration.

        Args:
            datasets: finished datasets; the catalog goes on using this very dictionary.
            config_resolver: entries and patterns.
            load_versions: the version to load, by dataset name.
            save_version: the version that all versioned datasets save.
            validation_enabled: whether the validators of entries are called.

        Raises:
            DatasetError: an entry is not the configuration of a dataset.
            VersionAlreadyExistsError: datasets are pinned to different save versions.
        """
        super().__init__(validation_enabled)
        self._lock = threading.RLock()  # Guards the making of datasets and the moves between the two dicts.
        self._config_resolver = config_resolver or CatalogConfigResolver(
            default_runtime_patterns=self.default_runtime_patterns
        )
        self._datasets: dict[str, AbstractDataset[Any, Any]] = datasets or {}
        self._lazy_datasets: dict[str, _LazyDataset] = {}
        self._load_versions: dict[str, Any] = dict(load_versions or {})
        self._save_version = with_versions_of(self._datasets, self._load_versions, save_version)
        entries = self._config_resolver.config
        for ds_name in list(entries):
            if ds_name in self._datasets:
                logger.warning(
                    "Cannot register dataset '%s' from config: a dataset with the same name was already "
                    "provided in the `datasets` argument.",
                    ds_name,
                )
                entries.pop(ds_name)
            else:
                self._lazy_datasets[ds_name] = self._lazily(ds_name, entries[ds_name])

    @property
    def config_resolver(self) -> CatalogConfigResolver:
        """Entries and patterns of the configuration."""
        return self._config_resolver

    @property
    def _logger(self) -> logging.Logger:
        return logger

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        # What another process resolves and saves is its own affair.
        state["_validators"], state["_save_validated"] = {}, set()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Kedro's own pickles may be older than validators.
        super().__init__(True)
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        entries = {**self._lazy_datasets, **self._datasets}
        return "\n".join(f"'{name}': {dataset!r}" for name, dataset in entries.items())

    def __contains__(self, dataset_name: object) -> bool:
        name: Any = dataset_name
        return (
            name in self._datasets
            or name in self._lazy_datasets
            or self._config_resolver.match_dataset_pattern(name) is not None
            or self._config_resolver.match_user_catch_all_pattern(name) is not None
        )

    def __eq__(self, other: object) -> bool:
        theirs: Any = other
        return (self._datasets, self._lazy_datasets, self._config_resolver.list_patterns()) == (
            theirs._datasets,
            theirs._lazy_datasets,
            theirs.config_resolver.list_patterns(),
        )

    __hash__ = None  # type: ignore[assignment]  # It changes, and compares by what it holds.

    def keys(self) -> list[str]:
        """List the names: first of what has not been used yet, then of what has."""
        # Merged, as a dataset that another thread is building is in both for a moment.
        return list({**self._lazy_datasets, **self._datasets})

    def values(self) -> list[AbstractDataset[Any, Any]]:
        """List the datasets, all of them built."""
        return [self[name] for name in self.keys()]

    def items(self) -> list[tuple[str, AbstractDataset[Any, Any]]]:
        """List names with datasets, all of them built."""
        return [(name, self[name]) for name in self.keys()]

    def __iter__(self) -> Iterator[str]:
        yield from self.keys()

    def __len__(self) -> int:
        return len(self._lazy_datasets) + len(self._datasets)

    def _ipython_key_completions_(self) -> list[str]:
        return self.keys()

    def __getitem__(self, ds_name: str) -> AbstractDataset[Any, Any]:
        dataset = self.get(ds_name)
        if dataset is None:
            raise DatasetNotFoundError(f"Dataset '{ds_name}' not found in the catalog")
        return dataset

    def __setitem__(self, key: str, value: Any) -> None:
        """Register a dataset, or data as a dataset in memory."""
        with self._lock:
            if isinstance(value, _ANY_DATASET):
                # Before the old one goes: a dataset of another save version is refused.
                loads: dict[str, Any] = {}
                save_version = with_versions_of({key: value}, loads, self._save_version)
                if key in self._datasets or key in self._lazy_datasets:
                    self._forget(key)
                self._load_versions.update(loads)
                self._save_version = save_version
                self._datasets[key] = value
                return
            if key in self._datasets or key in self._lazy_datasets:
                self._forget(key)
            if isinstance(value, _LazyDataset):
                self._lazy_datasets[key] = value
            else:
                logger.debug("Adding input data %s as a default MemoryDataset", key)
                self._datasets[key] = MemoryDataset(data=value)

    def _forget(self, key: str) -> None:
        """Remove all that is known of a name, as something else comes in its place."""
        logger.warning("Replacing dataset '%s'", key)
        self._datasets.pop(key, None)
        self._lazy_datasets.pop(key, None)
        self._config_resolver.config.pop(key, None)
        self._load_versions.pop(key, None)
        self._forget_validator(key)

    def get(
        self, key: str, fallback_to_runtime_pattern: bool = False, version: Version | None = None
    ) -> AbstractDataset[Any, Any] | None:
        """Return a dataset, or None.

        A name that matches a pattern is registered by this, for good.

        Args:
            key: the dataset's name.
            fallback_to_runtime_pattern: whether a name that nothing else matches gets a dataset all the same.
            version: the versions to use instead of its own, if the dataset is versioned; the answer is
                then a copy.

        Raises:
            DatasetError: the dataset cannot be built.
        """
        try:
            dataset: AbstractDataset[Any, Any] | None = self._datasets[key]
        except KeyError:
            dataset = self._made(key, fallback_to_runtime_pattern)
        if version is not None and isinstance(dataset, AbstractVersionedDataset):
            return dataset._copy(_version=version)
        return dataset

    def _made(self, key: str, fallback_to_runtime_pattern: bool) -> AbstractDataset[Any, Any] | None:
        """Build a dataset that is not there yet: once, whoever asks at the same time."""
        with self._lock:
            if key in self._datasets:
                return self._datasets[key]
            lazy = self._lazy_datasets.get(key)
            if lazy is None:
                plain = plain_runtime_class(self._config_resolver, key) if fallback_to_runtime_pattern else None
                if plain is not None:
                    return self._datasets.setdefault(key, plain())
                if not (fallback_to_runtime_pattern or key in self):
                    return None
                lazy = self._lazily(key, self._config_resolver.resolve_pattern(key))
            if lazy.save_version is None:
                lazy.save_version = self._save_version
            # If this fails an entry stays, and a name that a pattern matched stays unknown: the next call fails alike.
            dataset = lazy.materialize()
            self._save_version = with_versions_of({key: dataset}, self._load_versions, self._save_version)
            self._datasets[key] = dataset
            self._lazy_datasets.pop(key, None)
            return dataset

    def _lazily(self, ds_name: str, ds_config: dict[str, Any]) -> _LazyDataset:
        self._validate_dataset_config(ds_name, ds_config)
        return _LazyDataset(
            ds_name, self._without_validator(ds_name, ds_config), self._load_versions.get(ds_name), self._save_version
        )

    @staticmethod
    def _validate_dataset_config(ds_name: str, ds_config: Any) -> None:
        """Refuse, by a ``DatasetError``, an entry that cannot be the configuration of a dataset."""
        check_entry(ds_name, ds_config)

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """Load the data of a dataset.

        Args:
            ds_name: the dataset's name.
            version: the version to load, if it is versioned; its own by default.

        Raises:
            DatasetNotFoundError: there is no such dataset.
            DatasetError: loading failed.
        """
        dataset = self.get(ds_name, version=Version(version, None) if version else None)
        if dataset is None:
            raise DatasetNotFoundError(f"Dataset '{ds_name}' not found in the catalog")
        if logger.isEnabledFor(logging.INFO):
            logger.info("Loading data from %s (%s)...", ds_name, type(dataset).__name__, extra=_RICH)
        try:
            data = dataset.load()
        except DatasetError as exc:
            raise DatasetError(f"{ds_name}: {exc}") from exc
        return self._validated(ds_name, data, "load") if ds_name in self._validator_specs else data

    def save(self, ds_name: str, data: Any) -> None:
        """Save data to a dataset.

        Args:
            ds_name: the dataset's name.
            data: what to save.

        Raises:
            DatasetNotFoundError: there is no such dataset.
            DatasetError: saving failed.
        """
        dataset = self[ds_name]
        if logger.isEnabledFor(logging.INFO):
            logger.info("Saving data to %s (%s)...", ds_name, type(dataset).__name__, extra=_RICH)
        if ds_name in self._validator_specs:
            data = self._validated(ds_name, data, "save")
        try:
            dataset.save(data)
        except BaseException as exc:
            self._save_validated.discard(ds_name)
            if isinstance(exc, DatasetError):
                raise DatasetError(f"{ds_name}: {exc}") from exc
            raise

    def exists(self, ds_name: str) -> bool:
        """Tell whether a dataset is there and has data."""
        dataset = self.get(ds_name)
        return False if dataset is None else dataset.exists()

    def release(self, ds_name: str) -> None:
        """Free what a dataset holds in memory.

        Raises:
            DatasetNotFoundError: there is no such dataset.
        """
        self._save_validated.discard(ds_name)
        self[ds_name].release()

    def confirm(self, ds_name: str) -> None:
        """Tell a dataset that the data it handed out was processed.

        Raises:
            DatasetNotFoundError: there is no such dataset.
            DatasetError: it has no ``confirm``.
        """
        logger.info("Confirming dataset '%s'", ds_name)
        dataset: Any = self[ds_name]
        if not hasattr(dataset, "confirm"):
            raise DatasetError(f"Dataset '{ds_name}' does not have 'confirm' method")
        dataset.confirm()

    def get_type(self, ds_name: str) -> str | None:
        """Return the full class name of a dataset, or None; a pattern's dataset is not registered by it."""
        if ds_name in self._datasets:
            kind = type(self._datasets[ds_name])
            return f"{kind.__module__}.{kind.__qualname__}"
        lazy = self._lazy_datasets.get(ds_name)
        if lazy is None:
            if ds_name not in self:
                return None
            lazy = _LazyDataset(ds_name, self._config_resolver.resolve_pattern(ds_name))
        return str(lazy)

    def filter(
        self,
        name_regex: re.Pattern[str] | str | None = None,
        type_regex: re.Pattern[str] | str | None = None,
        by_type: type | list[type] | None = None,
    ) -> list[str]:
        """List the names of datasets that pass all the filters given.

        Args:
            name_regex: searched for in the name.
            type_regex: searched for in the full class name.
            by_type: a class or several, of which one must be the dataset's own.
        """
        names = self.keys()
        if name_regex:
            names = [name for name in names if re.search(name_regex, name)]
        if type_regex or by_type:
            # Imported here: no run looks for datasets by their types.
            from ._filters import type_matches

            names = [name for name in names if type_matches(self.get_type(name), type_regex, by_type)]
        return names

    @classmethod
    def from_config(
        cls,
        catalog: dict[str, dict[str, Any]] | None,
        credentials: dict[str, dict[str, Any]] | None = None,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> DataCatalog:
        """Build a catalog from its configuration.

        Args:
            catalog: entries and patterns by name.
            credentials: what ``credentials: <name>`` in an entry stands for.
            load_versions: the version to load, by dataset name.
            save_version: the version that all versioned datasets save; drawn now by default.
            validation_enabled: whether the validators of entries are called.

        Raises:
            DatasetError: an entry is not the configuration of a dataset.
            DatasetNotFoundError: ``load_versions`` names datasets that are not in the catalog.
            KeyError: an entry names credentials that do not exist.
        """
        resolver = CatalogConfigResolver(catalog or {}, credentials, cls.default_runtime_patterns)
        save_version = save_version or generate_timestamp()
        made = cls(config_resolver=resolver, load_versions=load_versions, save_version=save_version)
        known = (*resolver.config, *filter(resolver.match_dataset_pattern, load_versions or {}))
        if missing := sorted(set(load_versions or {}).difference(known)):
            raise DatasetNotFoundError(f"'load_versions' keys [{', '.join(missing)}] are not found in the catalog.")
        # Set, not passed: subclasses written before there was validation do not take it.
        made.validation_enabled = validation_enabled
        return made

    def to_config(
        self,
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], dict[str, str | None], str | None]:
        """Return what ``from_config`` could build this catalog from.

        That is: entries (without datasets in memory), credentials, load versions and the save version.
        """
        return config_of(self)


class SharedMemoryDataCatalog(DataCatalog):
    """A catalog whose datasets in memory are shared by several processes."""

    default_runtime_patterns: ClassVar[Patterns] = {"{default}": {"type": f"{_PACKAGE}.io.SharedMemoryDataset"}}

    def set_manager_datasets(self, manager: Any) -> None:
        """Let this manager hold the shared datasets, empty to begin with."""
        # Imported here, like what checks such a catalog: only runs in other processes share memory.
        from .shared_memory_dataset import SharedMemoryDataset

        for dataset in self._datasets.values():
            if isinstance(dataset, SharedMemoryDataset):
                dataset.set_manager(manager)

    def validate_catalog(self) -> None:
        """Refuse datasets that cannot go to another process.

        Raises:
            AttributeError: naming them.
        """
        from ._shared_memory import check_for_multiprocessing

        check_for_multiprocessing(self._datasets)
