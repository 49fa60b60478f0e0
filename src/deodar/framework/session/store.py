"""Where a session keeps what it knows of itself."""

import logging
from collections import UserDict
from typing import Any


class BaseSessionStore(UserDict[str, Any]):
    """Keeps the session in memory and forgets it. A subclass that overrides `read` and `save` remembers.

    Args:
        path: folder for what is kept.
        session_id: the session.
    """

    def __init__(self, path: str, session_id: str) -> None:
        self._path = path
        self._session_id = session_id
        super().__init__(self.read())

    @property
    def _logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    def read(self) -> dict[str, Any]:
        """Return what was saved of this session before."""
        self._logger.debug("'read()' not implemented for '%s'. Assuming empty store.", type(self).__name__)
        return {}

    def save(self) -> None:
        """Save the content."""
        self._logger.debug("'save()' not implemented for '%s'. Skipping the step.", type(self).__name__)
