"""The hook manager of a run without hooks, and telling hooks of an error without losing it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..pipeline import Node
    from ._catalog import Catalog

logger = logging.getLogger(__name__)


class _NullPluginManager:
    """Stands in for a hook manager: every attribute is itself, and every call does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Or copy and pickle would take this object for one with protocols of its own.
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None


NULL_MANAGER = _NullPluginManager()


def is_null(manager: object) -> bool:
    """Tell whether a manager is a stand-in that does nothing."""
    # By its type: isinstance would ask a manager that is still idle what it is, and so have pluggy loaded.
    return issubclass(type(manager), _NullPluginManager)


def tell_of_node_error(
    manager: Any,
    error: BaseException,
    node: Node,
    catalog: Catalog,
    inputs: Mapping[str, Any],
    *,
    is_async: bool,
    run_id: str | None,
) -> None:
    """Call the ``on_node_error`` hooks; what one of them raises is logged, as it must not hide the node's own error."""
    try:
        manager.hook.on_node_error(
            error=error, node=node, catalog=catalog, inputs=inputs, is_async=is_async, run_id=run_id
        )
    except Exception:
        logger.exception("An on_node_error hook failed while it was told that node %s failed.", node.name)
