"""Pickled objects."""

import importlib
import os
from typing import Any

from ..io.core import DatasetError, Version
from ._file import FileDataset

__all__ = ["PickleDataset"]


class PickleDataset(FileDataset):
    """Any object that the backend can pickle. Load only what you trust: a pickle can run code."""

    _HANDLE = "b"

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        backend: str = "pickle",
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file.

        Args:
            filepath: see ``FileDataset``, as for the arguments that are not listed here.
            backend: module with ``load`` and ``dump``: pickle, cloudpickle, joblib, dill, compress_pickle.
            load_args: passed on to the backend's ``load``.
            save_args: passed on to its ``dump``.

        Raises:
            ImportError: there is no such module.
            ValueError: it has no ``load`` and ``dump``.
        """
        self._backend = backend
        self._module()
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )

    def _read(self, source: Any) -> Any:
        return self._module().load(source, **self._load_args)

    def _write(self, data: Any, target: Any) -> None:
        try:
            self._module().dump(data, target, **self._save_args)
        except Exception as exc:
            raise DatasetError(f"{type(data)} was not serialised by '{self._backend}' due to: {exc}") from exc

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "backend": self._backend, **super()._describe()}

    def _module(self) -> Any:
        try:
            module = importlib.import_module(self._backend)
        except ImportError as exc:
            raise ImportError(
                f"Selected backend '{self._backend}' could not be imported. Make sure it is installed and importable."
            ) from exc
        if not (hasattr(module, "load") and hasattr(module, "dump")):
            raise ValueError(
                f"Selected backend '{self._backend}' should satisfy the pickle interface. "
                "Missing one of 'load' and 'dump' on the backend."
            )
        return module
