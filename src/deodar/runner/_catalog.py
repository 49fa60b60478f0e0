"""The catalog as runners see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..io import CatalogProtocol

    Catalog: TypeAlias = CatalogProtocol[Any, Any]
