"""Folders in which every file is a dataset of one kind."""

import copy
import functools
import operator
import warnings
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, ClassVar

from ..io._joint_saves import afterwards
from ..io._leftovers import FOLDER_PREFIX
from ..io.core import (
    PROTOCOL_DELIMITER,
    VERSION_KEY,
    VERSIONED_FLAG_KEY,
    AbstractDataset,
    DatasetError,
    get_protocol_and_path,
    parse_dataset_definition,
)
from ..utils import load_obj
from ._file import inside
from .text import TextDataset

__all__ = ["IncrementalDataset", "PartitionedDataset"]

_CREDENTIALS = "credentials"
_FS_ARGS = "fs_args"


class PartitionedDataset(AbstractDataset[dict[str, Any], dict[str, Callable[[], Any]]]):
    """A dictionary of partitions, each in a file of its own.

    Loading gives a function for each partition, which loads it when called. Saving takes data, or functions
    that make the data when its turn comes, so that no two partitions need to be in memory at once. The name
    of a partition is its path below the folder, without the suffix.
    """

    def __init__(  # noqa: PLR0913 - kedro-datasets' signature
        self,
        *,
        path: str,
        dataset: str | type[AbstractDataset[Any, Any]] | dict[str, Any],
        filepath_arg: str = "filepath",
        filename_suffix: str = "",
        credentials: dict[str, Any] | None = None,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        overwrite: bool = False,
        save_lazily: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the folder; it is not looked into yet.

        Args:
            path: the folder, or a URL such as ``s3://bucket/folder``.
            dataset: what a partition is: the type, or a catalog entry without the path.
            filepath_arg: the argument of that type which takes the path.
            filename_suffix: what the files of partitions end in, such as ``.csv``; other files are ignored.
            credentials: for the file system, and for the partitions unless they have their own.
            load_args: passed on to fsspec's ``find``, such as ``maxdepth``.
            fs_args: for the file system, and for the partitions unless they have their own.
            overwrite: whether saving removes the partitions that are not in the new data.
            save_lazily: whether functions in the data are called, rather than saved.
            metadata: kept for plugins.

        Raises:
            DatasetError: the type cannot be found.
            KeyError: the dataset is a dictionary without ``type``.
        """
        self._path = path
        self._protocol, _ = get_protocol_and_path(path)
        self._filepath_arg = filepath_arg
        self._filename_suffix = filename_suffix
        self._load_args = dict(load_args or {})
        self._overwrite = overwrite
        self._save_lazily = save_lazily
        self.metadata = metadata
        self._storage_options = {**(credentials or {}), **(fs_args or {})}
        self._listing: list[str] | None = None

        entry = dataset if isinstance(dataset, dict) else {"type": dataset}
        self._dataset_type, self._dataset_config = parse_dataset_definition(entry)
        self._pass_on(_CREDENTIALS, credentials, self._dataset_config, "the partitions")
        self._pass_on(_FS_ARGS, fs_args, self._dataset_config, "the partitions")
        if self._dataset_config.pop(filepath_arg, None) is not None:
            warnings.warn(
                f"'{filepath_arg}' key must not be specified in the dataset definition as it "
                "will be overwritten by partition path",
                stacklevel=2,
            )

    def load(self) -> dict[str, Callable[[], Any]]:
        """Return a function that loads, for each partition."""
        partitions = {self._name(path): self._partition(path).load for path in self._list_partitions()}
        if not partitions:
            suffix = f" with a name that ends in '{self._filename_suffix}'" if self._filename_suffix else ""
            raise DatasetError(f"No partitions found in '{self._path}'{suffix}.")
        return partitions

    def save(self, data: dict[str, Any]) -> None:
        """Write each partition; one that is there already is replaced."""
        # All names first: a bad one must not be found when half of the data is written.
        paths = {name: inside(self._folder, name) + self._filename_suffix for name in sorted(data)}
        for name, path in paths.items():
            content = data[name]
            if self._save_lazily and callable(content):
                content = content()
            self._partition(path).save(content)
        self._forget_listing()
        if self._overwrite:
            # Last, so that a save that fails has removed nothing, and functions in the data can read it.
            afterwards(self, functools.partial(self._remove_others, set(paths.values())))

    def _describe(self) -> dict[str, Any]:
        return {
            "path": self._path,
            "dataset_type": self._dataset_type.__name__,
            "dataset_config": {key: value for key, value in self._dataset_config.items() if key != _CREDENTIALS},
        }

    def _exists(self) -> bool:
        return bool(self._list_partitions())

    def _release(self) -> None:
        super()._release()
        self._forget_listing()

    @functools.cached_property
    def _filesystem(self) -> Any:
        # Imported here: it takes a while, and a catalog may hold what a run does not use.
        import fsspec

        options = dict(self._storage_options)
        if self._protocol == "file":
            options.setdefault("auto_mkdir", True)
        return fsspec.filesystem(self._protocol, **options)

    @functools.cached_property
    def _folder(self) -> str:
        """The folder as the file system names it, so that listed paths start with it."""
        return str(self._filesystem._strip_protocol(self._path)).rstrip("/")

    def _partition(self, path: str) -> AbstractDataset[Any, Any]:
        arguments = copy.deepcopy(self._dataset_config)
        if self._protocol != "file" and PROTOCOL_DELIMITER not in path:
            path = f"{self._protocol}{PROTOCOL_DELIMITER}{path}"
        arguments[self._filepath_arg] = path
        return self._dataset_type(**arguments)

    def _name(self, path: str) -> str:
        name = path[len(self._folder) :].lstrip("/")
        return name.removesuffix(self._filename_suffix)

    def _list_partitions(self) -> list[str]:
        """Return the paths of the partitions, sorted; listed once until something may have changed."""
        if self._listing is None:
            self._listing = self._find()
        return self._listing

    def _find(self) -> list[str]:
        try:
            found = self._filesystem.find(self._folder, **self._load_args)
        except FileNotFoundError:
            return []
        return sorted({self._path_of_partition(path) for path in found if self._counts(path)})

    def _counts(self, path: str) -> bool:
        # Saves in progress, of this process and others, have a folder of their own (``io/_staging``).
        return path.endswith(self._filename_suffix) and f"/{FOLDER_PREFIX}" not in path

    def _path_of_partition(self, path: str) -> str:
        """Return the path of the file, or of the folder that holds its versions."""
        if VERSION_KEY in self._dataset_config:
            file = PurePosixPath(path)
            if file.name == file.parent.parent.name:
                return path.removesuffix(f"/{file.parent.name}/{file.name}")
        return path

    def _forget_listing(self) -> None:
        self._listing = None
        if "_filesystem" in self.__dict__:
            self._filesystem.invalidate_cache(self._folder)

    def _remove_others(self, saved: set[str]) -> None:
        for path in self._list_partitions():
            parents = map(str, PurePosixPath(path).parents)
            if path not in saved and saved.isdisjoint(parents):
                self._filesystem.rm(path, recursive=True)
        self._forget_listing()

    def _pass_on(self, key: str, value: dict[str, Any] | None, config: dict[str, Any], to: str) -> None:
        """Give what was said for the file system to the datasets in it, unless they have their own."""
        if not value:
            return
        if config.get(key):
            self._logger.warning(
                "Top-level '%s' will not propagate into %s since '%s' were explicitly defined there.",
                key,
                to,
                key,
            )
        else:
            config[key] = copy.deepcopy(value)


class IncrementalDataset(PartitionedDataset):
    """The partitions that are new since the last confirmed run.

    Loading gives the data of each partition past the checkpoint. ``confirm()``, which a run calls for nodes
    with ``confirms``, moves the checkpoint to the last partition that was loaded.
    """

    DEFAULT_CHECKPOINT_FILENAME: ClassVar[str] = "CHECKPOINT"

    def __init__(  # noqa: PLR0913 - kedro-datasets' signature
        self,
        *,
        path: str,
        dataset: str | type[AbstractDataset[Any, Any]] | dict[str, Any],
        checkpoint: str | dict[str, Any] | None = None,
        filepath_arg: str = "filepath",
        filename_suffix: str = "",
        credentials: dict[str, Any] | None = None,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the folder; it is not looked into yet.

        Args:
            path: see ``PartitionedDataset``, as for the arguments that are not listed here.
            dataset: what a partition is: the type, or a catalog entry without the path.
            checkpoint: the name of a partition to start after, whatever is on disk; or a catalog entry for
                where the checkpoint lives, with ``force_checkpoint`` and ``comparison_func`` (the path of a
                function that tells whether the first name is past the second) besides.

        Raises:
            DatasetError: the checkpoint was to be versioned, or a type cannot be found.
        """
        super().__init__(
            path=path,
            dataset=dataset,
            filepath_arg=filepath_arg,
            filename_suffix=filename_suffix,
            credentials=credentials,
            load_args=load_args,
            fs_args=fs_args,
            metadata=metadata,
        )
        config: dict[str, Any] = (
            {"force_checkpoint": checkpoint} if isinstance(checkpoint, str) else dict(checkpoint or {})
        )
        if config.get(VERSIONED_FLAG_KEY):
            raise DatasetError(
                f"'{type(self).__name__}' does not support versioning of the checkpoint. "
                f"Please remove '{VERSIONED_FLAG_KEY}' flag from the checkpoint definition."
            )
        self._force_checkpoint: str | None = config.pop("force_checkpoint", None)
        is_past = config.pop("comparison_func", operator.gt)
        self._is_past: Callable[[str, str], bool] = load_obj(is_past) if isinstance(is_past, str) else is_past
        self._checkpoint_is_inside = filepath_arg not in config
        config.setdefault("type", TextDataset)
        self._checkpoint_type, self._checkpoint_config = parse_dataset_definition(config)
        self._pass_on(_CREDENTIALS, credentials, self._checkpoint_config, "the checkpoint")
        self._pass_on(_FS_ARGS, fs_args, self._checkpoint_config, "the checkpoint")
        self._last_loaded: str | None = None

    def load(self) -> dict[str, Any]:
        """Return the data of each partition past the checkpoint; there may be none."""
        partitions = {self._name(path): self._partition(path).load() for path in self._list_partitions()}
        self._last_loaded = next(reversed(partitions), None)
        return partitions

    def confirm(self) -> None:
        """Note that all partitions up to the last one loaded are done."""
        # Without a load here, as when nodes run in other processes, what is new now is what they saw.
        last = self._last_loaded or next(map(self._name, reversed(self._list_partitions())), None)
        if last is not None:
            self._checkpoint.save(last)
        self._last_loaded = None
        self._forget_listing()

    def _find(self) -> list[str]:
        checkpoint = self._read_checkpoint()
        found = super()._find()
        if checkpoint is None:
            return found
        return [path for path in found if self._is_past(self._name(path), checkpoint)]

    def _counts(self, path: str) -> bool:
        return super()._counts(path) and path != self._checkpoint_path

    def _release(self) -> None:
        super()._release()
        self._last_loaded = None

    @property
    def _checkpoint(self) -> AbstractDataset[Any, Any]:
        arguments = copy.deepcopy(self._checkpoint_config)
        if self._checkpoint_is_inside:
            path = f"{self._folder}/{self.DEFAULT_CHECKPOINT_FILENAME}"
            if self._protocol != "file":
                path = f"{self._protocol}{PROTOCOL_DELIMITER}{path}"
            arguments[self._filepath_arg] = path
        return self._checkpoint_type(**arguments)

    @functools.cached_property
    def _checkpoint_path(self) -> str:
        if self._checkpoint_is_inside:
            return f"{self._folder}/{self.DEFAULT_CHECKPOINT_FILENAME}"
        return str(self._filesystem._strip_protocol(str(self._checkpoint_config[self._filepath_arg])))

    def _read_checkpoint(self) -> str | None:
        if self._force_checkpoint is not None:
            return self._force_checkpoint
        checkpoint = self._checkpoint
        # Only a checkpoint that is not there means the beginning. One that cannot be read is an error: taken
        # for the beginning, everything would be processed again.
        return checkpoint.load() if checkpoint.exists() else None

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "checkpoint": self._force_checkpoint}
