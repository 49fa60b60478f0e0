from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

from orders.pipelines import clean


def register_pipelines() -> dict[str, Pipeline]:
    pipelines = find_pipelines()
    pipelines["__default__"] = sum(pipelines.values())
    pipelines["clean_only"] = clean.create_pipeline()
    return pipelines
