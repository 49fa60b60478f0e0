"""What every session is."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class KedroSessionError(Exception):
    """A session was asked for what it cannot do."""


class AbstractSession(ABC):
    """A time in which a project's pipelines are run. Used as a context manager, it closes itself."""

    @classmethod
    @abstractmethod
    def create(cls, *args: Any, **kwargs: Any) -> "AbstractSession":
        """Return a new session of the configured project."""

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run pipelines and return the datasets of their outputs."""

    @abstractmethod
    def close(self) -> None:
        """End the session."""

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        self.close()
