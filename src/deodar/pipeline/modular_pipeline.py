"""Where projects written for the 0.19 series find ``pipeline`` and its error."""

from .pipeline import PipelineError as ModularPipelineError
from .pipeline import pipeline

__all__ = ["ModularPipelineError", "pipeline"]
