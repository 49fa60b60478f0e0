"""``kedro-datasets`` in a process where this tree is loaded under its own name.

Its datasets extend whatever ``kedro`` is. With them comes the distribution of Kedro, whose base class is not the one
of this package: catalogs here would refuse what they name. So from the import of ``kedro_datasets`` on, the name
``kedro`` means this package, as with the drop-in. Who imports Kedro before that keeps it, in one piece.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

BORROWERS = ("kedro_datasets", "kedro_datasets_experimental")
_LENT = "kedro"
_OWN = __name__.partition(".")[0]


def lend_name() -> None:
    """Have ``kedro_datasets`` build on this package; doing it twice, or with the drop-in, changes nothing."""
    if _OWN != _LENT and not any(isinstance(finder, _LentNameFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LentNameFinder())


class _LentNameFinder:
    """Finds ``kedro.x`` at this package's ``x`` from the moment that somebody needs it."""

    def __init__(self) -> None:
        self._lends = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a name that is lent, else None."""
        if not self._lends:
            self._lends = fullname in BORROWERS and _LENT not in sys.modules
            return None
        if fullname == _LENT or fullname.startswith(f"{_LENT}."):
            # Imported here: most processes lend nothing.
            from .compat._dropin import alias_spec

            return alias_spec(fullname, _LENT, _OWN)
        return None
