"""The classes that every dataset derives from, and the way from a catalog entry to a dataset.

What surrounds a load or a save is in ``_wrapping``, the search for classes in ``_definition``; this module
holds every name of the contract, and reads from its own globals those that others replace in tests.
"""

from __future__ import annotations

import abc
import copy
import functools
import glob
import logging
import warnings
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, ClassVar, Generic, Literal, TypeVar

from ..utils import (
    CLOUD_PROTOCOLS,
    HTTP_PROTOCOLS,
    PROTOCOL_DELIMITER,
    _is_unsafe_version,
    _parse_filepath,
    load_obj,
)
from . import _definition
from ._errors import (
    DatasetAlreadyExistsError,
    DatasetError,
    DatasetNotFoundError,
    VersionAlreadyExistsError,
    VersionNotFoundError,
)
from ._joint_saves import staged, staging_of, sweep_folder_of
from ._paths import get_filepath_str, get_protocol_and_path, is_parameter, validate_on_forbidden_chars
from ._protocols import _C, _DS, CatalogProtocol, SharedMemoryCatalogProtocol
from ._recording import needs_recording, recording
from ._redaction import formatted
from ._redaction import redacted_text as _redact_url_credentials
from ._staging import must_not_exist
from ._staging_rules import lists_a_folder, writes_its_path
from ._versions import VERSION_FORMAT, Version, escaped, file_in_the_way, first_existing, newest_first, own_version
from ._versions import local_exists as _local_exists
from ._versions import timestamp as generate_timestamp
from ._wrapping import guarded_save, is_abstract, marked_as_save, prints_itself, wrapped_load, wrapped_save

VERSIONED_FLAG_KEY = "versioned"
VERSION_KEY = "version"
TYPE_KEY = "type"
VALIDATOR_KEY = "validator"

TCopyMode = Literal["deepcopy", "copy", "assign"]

_DEFAULT_PACKAGES = _definition.PREFIXES
_CONSISTENCY_WARNING = (
    "Save version '{}' did not match load version '{}' for {}. This is strongly discouraged due to "
    "inconsistencies it may cause between 'save' and 'load' operations. Please refrain from setting exact "
    "load version for intermediate datasets where possible to avoid this warning."
)

_DI = TypeVar("_DI")
_DO = TypeVar("_DO")

logger = logging.getLogger(__name__)

__all__ = [
    "CLOUD_PROTOCOLS", "HTTP_PROTOCOLS", "PROTOCOL_DELIMITER", "TYPE_KEY", "VALIDATOR_KEY",
    "VERSIONED_FLAG_KEY", "VERSION_FORMAT", "VERSION_KEY", "AbstractDataset", "AbstractVersionedDataset",
    "CatalogProtocol", "DatasetAlreadyExistsError", "DatasetError", "DatasetNotFoundError",
    "SharedMemoryCatalogProtocol", "TCopyMode", "Version", "VersionAlreadyExistsError",
    "VersionNotFoundError", "_C", "_DS", "_is_unsafe_version", "_load_obj", "_local_exists", "_parse_filepath",
    "_redact_url_credentials", "generate_timestamp", "get_filepath_str", "get_protocol_and_path",
    "is_parameter", "load_obj", "parse_dataset_definition", "validate_on_forbidden_chars",
]  # fmt: skip


class AbstractDataset(abc.ABC, Generic[_DI, _DO]):
    """Something that data is loaded from and saved to.

    A subclass implements ``load``, ``save`` and ``_describe``, and may implement ``_exists`` and
    ``_release``. Whatever its methods raise reaches the caller as a ``DatasetError`` that names the
    dataset, and saving ``None`` is refused.
    """

    _EPHEMERAL = False
    _init_args: dict[str, Any]
    _prints_itself: ClassVar[bool] = False
    _lists_a_folder: ClassVar[bool] = False  # Its files are datasets of their own.
    _writes_its_path: ClassVar[bool] = False  # It asks nobody where to.
    _passes_on: ClassVar[bool] = False  # It stands before another dataset, and does not look at what that wrote.

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if needs_recording(cls):
            cls.__init__ = recording(cls.__init__)  # type: ignore[method-assign]
        super().__init_subclass__(**kwargs)
        cls._prints_itself = prints_itself(cls, AbstractDataset)
        cls._lists_a_folder = lists_a_folder(cls)
        cls._writes_its_path = writes_its_path(cls)
        cls._wrap_method("load", "__loadwrapped__", cls._load_wrapper)
        cls._wrap_method("save", "__savewrapped__", cls._save_wrapper)

    @classmethod
    def _wrap_method(cls, name: str, flag: str, wrapper: Callable[[Any], Any]) -> None:
        """Wrap ``load`` or ``save`` once; a method named with an underscore comes before one without."""
        method = getattr(cls, name)
        raw = getattr(method, "__wrapped__", method) if getattr(method, flag, False) else method
        older = getattr(cls, f"_{name}", None)
        if older is not None and not is_abstract(older):
            raw = older
        maker = getattr(wrapper, "__func__", wrapper)
        done = getattr(method, flag, False) and getattr(method, "__wrapped_by__", None) is maker
        if (done and raw is method.__wrapped__) or (raw is method and is_abstract(raw)):
            return
        made = wrapper(raw)
        made.__wrapped_by__ = maker
        setattr(cls, name, made)

    @classmethod
    def _load_wrapper(cls, load_func: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return wrapped_load(load_func, logger)

    @classmethod
    def _save_wrapper(cls, save_func: Callable[[Any, Any], Any]) -> Callable[[Any, Any], None]:
        return wrapped_save(save_func, logger)

    @classmethod
    def from_config(
        cls,
        name: str,
        config: dict[str, Any],
        load_version: str | None = None,
        save_version: str | None = None,
    ) -> AbstractDataset[Any, Any]:
        """Build the dataset that a catalog entry describes.

        Args:
            name: the dataset's name, for messages.
            config: the entry, which is left as it is.
            load_version: the version to load, if the entry is versioned; the latest by default.
            save_version: the version to save, if the entry is versioned; a new one by default.

        Raises:
            DatasetError: the entry names no dataset class, or the class refuses its arguments.
        """
        try:
            class_obj, arguments = parse_dataset_definition(config, load_version, save_version)
        except Exception as exc:
            raise DatasetError(f"An exception occurred when parsing config for dataset '{name}':\n{exc!s}") from exc
        try:
            return class_obj(**arguments)
        except TypeError as exc:
            shown = f"{class_obj.__module__}.{class_obj.__qualname__}"
            if getattr(class_obj, "__abstractmethods__", None):
                reason = f"cannot be instantiated. Please implement the missing abstract methods in '{shown}'."
            else:
                reason = f"must only contain arguments valid for the constructor of '{shown}'."
            raise DatasetError(f"\n{exc}.\nDataset '{name}' {reason}") from exc
        except Exception as exc:
            shown = f"{class_obj.__module__}.{class_obj.__qualname__}"
            raise DatasetError(f"\n{exc}.\nFailed to instantiate dataset '{name}' of type '{shown}'.") from exc

    def _init_config(self) -> dict[str, Any]:
        """Return the catalog entry that this dataset could have been built from."""
        return _definition.entry_of(self)

    @property
    def _logger(self) -> logging.Logger:
        return logger

    def __repr__(self) -> str:
        description = self._describe()
        if isinstance(description, dict) and all(isinstance(key, str) for key in description):
            return self._pretty_repr(description)
        shown = f"{type(self).__module__}.{type(self).__name__}"
        logger.warning(
            "'%s' is a subclass of AbstractDataset and it must implement the '_describe' method following "
            "the signature of AbstractDataset's '_describe'.",
            shown,
        )
        return f"{shown}()"

    def _pretty_repr(self, object_description: dict[str, Any]) -> str:
        entries = ", ".join(
            f"{key}={formatted(value)}" for key, value in object_description.items() if value is not None
        )
        return f"{type(self).__module__}.{type(self).__name__}({entries})"

    @abc.abstractmethod
    def load(self) -> _DO:
        """Return the data.

        Raises:
            DatasetError: when loading fails.
        """

    @abc.abstractmethod
    def save(self, data: _DI) -> None:
        """Write the data.

        Raises:
            DatasetError: when saving fails, or the data is None.
        """

    @abc.abstractmethod
    def _describe(self) -> dict[str, Any]:
        """Return what tells this dataset from others, for its representation."""

    def exists(self) -> bool:
        """Tell whether there is data to load.

        Raises:
            DatasetError: when that cannot be found out.
        """
        try:
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("Checking whether target of %s exists", str(self))
            if type(self)._lists_a_folder:
                sweep_folder_of(self)
            return self._exists()
        except Exception as exc:
            raise DatasetError(f"Failed during exists check for dataset {self!s}.\n{exc!s}") from exc

    def _exists(self) -> bool:
        logger.warning("'exists()' not implemented for '%s'. Assuming output does not exist.", type(self).__name__)
        return False

    def release(self) -> None:
        """Free what is held in memory.

        Raises:
            DatasetError: when that fails.
        """
        try:
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("Releasing %s", str(self))
            self._release()
        except Exception as exc:
            raise DatasetError(f"Failed during release for dataset {self!s}.\n{exc!s}") from exc

    def _release(self) -> None:
        """Free what is held in memory; nothing, unless a subclass knows better."""

    def _copy(self, **overwrite_params: Any) -> AbstractDataset[_DI, _DO]:
        dataset_copy = copy.deepcopy(self)
        for name, value in overwrite_params.items():
            setattr(dataset_copy, name, value)
        return dataset_copy


class AbstractVersionedDataset(AbstractDataset[_DI, _DO], abc.ABC):
    """A dataset that may keep every version of its file.

    With a version, the file lies at ``<filepath>/<version>/<name of filepath>``. A save appears under its
    path only when it is complete (see ``_staging``).
    """

    def __init__(
        self,
        filepath: PurePath,
        version: Version | None,
        exists_function: Callable[[str], bool] | None = None,
        glob_function: Callable[[str], Any] | None = None,
    ) -> None:
        """Take the path and how to look around it.

        Args:
            filepath: path of the file, or of the folder of its versions.
            version: the versions to load and save; None for a dataset without versions.
            exists_function: tells whether a path exists; on the local disk by default.
            glob_function: lists the paths of a pattern; on the local disk by default.
        """
        self._filepath = filepath
        self._version = version
        self._exists_function = exists_function or _local_exists
        self._glob_function = glob_function or glob.iglob
        self._cached_load_version: str | None = None
        self._cached_save_version: str | None = None

    @classmethod
    def _save_wrapper(cls, save_func: Callable[[Any, Any], Any]) -> Callable[[Any, Any], None]:
        @functools.wraps(save_func)
        def save(self: AbstractVersionedDataset[Any, Any], data: Any) -> None:
            if staging_of(self) is not None:
                # A save that calls its parent's: one save, one version, published once.
                guarded_save(self, data, save_func, logger)
                return
            self._clear_version_cache()
            save_version = self.resolve_save_version()
            try:
                with staged(self) as staging:
                    guarded_save(self, data, save_func, logger)
            except OSError as exc:
                if save_version is not None and isinstance(exc, (FileNotFoundError, NotADirectoryError)):
                    raise DatasetError(file_in_the_way(self._filepath)) from exc
                raise DatasetError(f"Failed while saving data to dataset {self!s}.\n{staging.explain(exc)}") from exc
            if staging.written and self._version and not self._version.load:
                # Published, or about to be: whatever others have saved in the meantime, this is what it goes on with.
                self._cached_load_version = save_version
            load_version = self.resolve_load_version()
            if load_version != save_version:
                warnings.warn(_CONSISTENCY_WARNING.format(save_version, load_version, str(self)), stacklevel=2)
                self._clear_version_cache()

        return marked_as_save(save, save_func)

    def resolve_load_version(self) -> str | None:
        """Return the version to load: the pinned one, or the latest; None without versions."""
        if not self._version:
            return None
        return self._version.load or self._fetch_latest_load_version()

    def _fetch_latest_load_version(self) -> str:
        if self._cached_load_version is None:
            self._cached_load_version = own_version(self)
        if self._cached_load_version is None:
            path = first_existing(self._version_paths(), self._exists_function)
            if path is None:
                raise VersionNotFoundError(f"Did not find any versions for {self}")
            self._cached_load_version = self._get_version_from_path(path)
        return self._cached_load_version

    def resolve_save_version(self) -> str | None:
        """Return the version to save: the pinned one, or one drawn now; None without versions."""
        if not self._version:
            return None
        return self._version.save or self._fetch_latest_save_version()

    def _fetch_latest_save_version(self) -> str:
        if self._cached_save_version is None:
            self._cached_save_version = generate_timestamp()
        return self._cached_save_version

    def _clear_version_cache(self) -> None:
        self._cached_load_version = None
        self._cached_save_version = None

    def list_versions(self, full_path: bool = True) -> list[str]:
        """List the versions that exist, the latest first.

        Args:
            full_path: whether to give whole paths or only the versions.
        """
        paths = self._get_versions()
        return paths if full_path else [self._get_version_from_path(path) for path in paths]

    def _get_versions(self) -> list[str]:
        return [path for path in self._version_paths() if self._exists_function(path)]

    def _version_paths(self) -> list[str]:
        pattern = escaped(str(self._get_versioned_path("*")), str(self._filepath))
        try:
            return newest_first(self._glob_function(pattern))
        except Exception as exc:
            raise VersionNotFoundError(
                f"Did not find any versions for {self}. This could be due to insufficient permission. Exception: {exc}"
            ) from exc

    @staticmethod
    def _get_version_from_path(path: str) -> str:
        return PurePath(path).parent.name

    def _get_load_path(self) -> PurePath:
        version = self.resolve_load_version()
        return self._filepath if version is None else self._get_versioned_path(version)

    def _get_save_path(self) -> PurePath:
        """Return where to write: during a save, a place from which the result moves to the real path."""
        version = self.resolve_save_version()
        path = self._filepath if version is None else self._get_versioned_path(version)
        if version is not None and self._exists_function(str(path)):
            raise DatasetError(must_not_exist(path, self))
        staging = staging_of(self)
        target: PurePath = path if staging is None else staging.redirect(path)
        return target

    def _get_versioned_path(self, version: str) -> PurePath:
        if _is_unsafe_version(version):
            raise DatasetError(
                f"Version string '{version}' is not allowed. Version strings must be a single non-empty path "
                "component with no path separators ('/' or '\\') and must not be '.' or '..'."
            )
        return self._filepath / version / self._filepath.name

    def exists(self) -> bool:
        """Tell whether there is data to load, in some version.

        Raises:
            DatasetError: when that cannot be found out.
        """
        try:
            return super().exists()
        except DatasetError as exc:
            if isinstance(exc.__cause__, VersionNotFoundError):
                return False
            raise

    def _release(self) -> None:
        super()._release()
        self._clear_version_cache()


def parse_dataset_definition(
    config: dict[str, Any], load_version: str | None = None, save_version: str | None = None
) -> tuple[type[AbstractDataset[Any, Any]], dict[str, Any]]:
    """Return the class that a catalog entry names, and the arguments to build it with.

    Args:
        config: the entry, which is left as it is.
        load_version: the version to load, if the entry is versioned.
        save_version: the version to save, if the entry is versioned; a new one by default.

    Raises:
        DatasetError: the type cannot be found or is no dataset.
        KeyError: the entry has no ``type``.
    """
    save_version = save_version or generate_timestamp()
    arguments = _definition.deep_copied(config)
    dataset_type = arguments.pop(TYPE_KEY)
    if VALIDATOR_KEY in arguments:
        del arguments[VALIDATOR_KEY]
        logger.warning(
            "'%s' attribute removed from dataset configuration since it is handled by the DataCatalog and "
            "cannot be passed to the dataset constructor.",
            VALIDATOR_KEY,
        )
    class_obj: Any = dataset_type
    if isinstance(dataset_type, str):
        class_obj = _definition.find_class(dataset_type, _load_obj)
    if not issubclass(class_obj, AbstractDataset):
        raise DatasetError(
            f"Dataset type '{class_obj.__module__}.{class_obj.__qualname__}' is invalid: all dataset types "
            f"must extend 'AbstractDataset'.{_definition.foreign_base_hint(class_obj)}"
        )
    if VERSION_KEY in arguments:
        del arguments[VERSION_KEY]
        logger.warning(
            "'%s' attribute removed from dataset configuration since it is a reserved word and cannot be "
            "directly specified",
            VERSION_KEY,
        )
    if arguments.pop(VERSIONED_FLAG_KEY, False) or getattr(class_obj, VERSIONED_FLAG_KEY, False):
        arguments[VERSION_KEY] = Version(load_version, save_version)
    return class_obj, arguments


def _load_obj(class_path: str) -> tuple[Any, str | None]:
    """Try one dotted path: the object, or None and the reason."""
    return _definition.load_listed(class_path, load_obj)
