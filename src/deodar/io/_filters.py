"""How the catalog picks datasets by their type."""

from __future__ import annotations

import re


def type_matches(
    full_name: str | None, type_regex: re.Pattern[str] | str | None, by_type: type | list[type] | None
) -> bool:
    """Tell whether a full class name passes both filters; a filter that is not given lets all pass.

    Args:
        full_name: module and class of a dataset.
        type_regex: searched for in the name.
        by_type: classes, of which one must have exactly this name. Subclasses do not pass.
    """
    shown = full_name or ""
    if type_regex and not re.search(type_regex, shown):
        return False
    if not by_type:
        return True
    wanted = by_type if isinstance(by_type, (list, tuple, set)) else [by_type]
    return shown in {f"{kind.__module__}.{kind.__qualname__}" for kind in wanted}
