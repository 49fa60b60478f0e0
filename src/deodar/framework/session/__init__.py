"""Sessions: in which a project's pipelines are run."""

from .abstract_session import AbstractSession
from .service_session import KedroServiceSession
from .session import KedroSession

__all__ = ["AbstractSession", "KedroServiceSession", "KedroSession"]
