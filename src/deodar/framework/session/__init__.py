"""Sessions: in which a project's pipelines are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._front_door import front_door

if TYPE_CHECKING:
    from .abstract_session import AbstractSession
    from .service_session import KedroServiceSession
    from .session import KedroSession

__all__ = ["AbstractSession", "KedroServiceSession", "KedroSession"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "AbstractSession": "abstract_session",
        "KedroServiceSession": "service_session",
        "KedroSession": "session",
    },
)
