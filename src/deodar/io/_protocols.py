"""What a catalog must be able to do to stand in for ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, runtime_checkable

_C = TypeVar("_C", covariant=True)
_DS = TypeVar("_DS")


@runtime_checkable
class CatalogProtocol(Protocol[_C, _DS]):
    """A dictionary of datasets that loads and saves by name."""

    _datasets: dict[str, _DS]

    def __repr__(self) -> str: ...

    def __contains__(self, dataset_name: str) -> bool: ...

    def keys(self) -> list[str]:
        """List the names of the datasets."""
        ...

    def values(self) -> list[_DS]:
        """List the datasets."""
        ...

    def items(self) -> list[tuple[str, _DS]]:
        """List names with datasets."""
        ...

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, ds_name: str) -> _DS: ...

    def __setitem__(self, key: str, value: Any) -> None: ...

    @classmethod
    def from_config(cls, catalog: dict[str, dict[str, Any]] | None) -> _C:
        """Build a catalog from its configuration."""
        ...

    def get(self, key: str, fallback_to_runtime_pattern: bool = False, version: Any = None) -> _DS | None:
        """Return a dataset, or None."""
        ...

    def save(self, name: str, data: Any) -> None:
        """Save data to a dataset."""
        ...

    def load(self, name: str, version: str | None = None) -> Any:
        """Load data from a dataset."""
        ...

    def release(self, name: str) -> None:
        """Free what a dataset holds in memory."""
        ...

    def confirm(self, name: str) -> None:
        """Tell a dataset that its data was processed."""
        ...

    def exists(self, name: str) -> bool:
        """Tell whether a dataset has data."""
        ...


@runtime_checkable
class SharedMemoryCatalogProtocol(CatalogProtocol[_C, _DS], Protocol):
    """A catalog whose in-memory datasets several processes share."""

    def set_manager_datasets(self, manager: Any) -> None:
        """Attach the process that holds the shared datasets."""
        ...

    def validate_catalog(self) -> None:
        """Refuse datasets that cannot go to another process."""
        ...
