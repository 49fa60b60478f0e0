"""Configuration of a project: files of several environments, merged and resolved.

A loader behaves like a mapping from the kind of configuration (``catalog``, ``parameters``, …) to plain dictionaries.
"""

from .abstract_config import AbstractConfigLoader, BadConfigException, MissingConfigException
from .omegaconf_config import OmegaConfigLoader

__all__ = ["AbstractConfigLoader", "BadConfigException", "MissingConfigException", "OmegaConfigLoader"]
