"""What every configuration loader is, and the errors it raises."""

from collections import UserDict
from pathlib import Path
from typing import Any


class MissingConfigException(Exception):
    """There is no configuration where it was looked for."""


class BadConfigException(Exception):
    """Configuration was found, but it cannot be used as it is written."""


class AbstractConfigLoader(UserDict[str, Any]):
    """The base of all configuration loaders: a mapping from a kind of configuration to what it says.

    Subclasses read configuration in ``__getitem__``. A project names its own in ``settings.CONFIG_LOADER_CLASS``.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember where configuration lies.

        Args:
            conf_source: the folder, archive or URL that holds the configuration.
            env: the environment to read; the loader's own default if not given.
            runtime_params: parameters given for this run.
            **kwargs: accepted for the sake of subclasses, and ignored.
        """
        super().__init__()
        self.conf_source: Any = conf_source
        self.env = env
        self.runtime_params: dict[str, Any] = runtime_params or {}

    def get(self, key: str, default: Any = None) -> Any:
        """Return the configuration of a key, or the default if the loader does not know the key."""
        # UserDict.get looks at stored data only since Python 3.12, and would never reach __getitem__.
        try:
            return self[key]
        except KeyError:
            return default
