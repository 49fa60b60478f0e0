"""The adapter for pandera's schemas, by its contract name."""

from ..io._validation_pandera import PanderaValidator

__all__ = ["PanderaValidator"]
