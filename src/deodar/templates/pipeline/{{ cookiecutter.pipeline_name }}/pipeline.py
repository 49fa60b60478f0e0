"""Which function of the pipeline '{{ cookiecutter.pipeline_name }}' reads and makes what."""

from {{ cookiecutter.framework }}.pipeline import Node, Pipeline  # noqa: F401


def create_pipeline(**kwargs) -> Pipeline:
    """Return the pipeline; each step is ``Node(function, inputs, outputs)``."""
    return Pipeline([])
