"""The pipelines of the project, by name."""

from {{ cookiecutter.framework }}.framework.project import find_pipelines
from {{ cookiecutter.framework }}.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline below ``pipelines/``, and all of them together as the default."""
    pipelines = find_pipelines(raise_errors=True)
    pipelines["__default__"] = sum(pipelines.values(), start=Pipeline([]))
    return pipelines
