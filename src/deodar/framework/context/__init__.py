"""What a project's code may know of the project: its configuration, parameters and catalog."""

from .catalog_mixins import CatalogCommandsMixin, compose_classes
from .context import KedroContext, KedroContextError

__all__ = ["CatalogCommandsMixin", "KedroContext", "KedroContextError", "compose_classes"]
