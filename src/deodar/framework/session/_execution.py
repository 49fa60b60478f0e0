"""A project's execution policies: the file ``execution.yml`` beside its catalog."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...config.abstract_config import AbstractConfigLoader

_KEY = "execution"
_PATTERNS = ("execution*", "execution*/**", "**/execution*")


def execution_policies(config_loader: "AbstractConfigLoader") -> Mapping[str, Any]:
    """Return the policies that a project's configuration has for the run environment, or nothing."""
    # Imported here: it comes with the configuration, which is loaded by now.
    from ...config.abstract_config import MissingConfigException

    patterns = getattr(config_loader, "config_patterns", None)
    if not isinstance(patterns, dict):
        # A loader of the project's own, which need not know of files at all.
        return {}
    patterns.setdefault(_KEY, list(_PATTERNS))
    try:
        policies = config_loader[_KEY]
    except MissingConfigException:
        return {}
    return policies if isinstance(policies, Mapping) else {}
