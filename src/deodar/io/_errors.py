"""What can go wrong with datasets.

Every error shows itself as one of the module ``core``, where callers import it from.
"""

_SHOWN_IN = __name__.rpartition(".")[0] + ".core"


class DatasetError(Exception):
    """A dataset could not do what it was asked; the text names it."""

    __module__ = _SHOWN_IN


class DatasetNotFoundError(DatasetError):
    """The catalog has no dataset of that name."""

    __module__ = _SHOWN_IN


class DatasetAlreadyExistsError(DatasetError):
    """The catalog already has a dataset of that name."""

    __module__ = _SHOWN_IN


class VersionNotFoundError(DatasetError):
    """A versioned dataset has no version to load."""

    __module__ = _SHOWN_IN


class VersionAlreadyExistsError(DatasetError):
    """A save version differs from the one that its catalog saves under."""

    __module__ = _SHOWN_IN
