from kedro.pipeline import Pipeline, node, pipeline

from .nodes import drop_small, join, price


def template() -> Pipeline:
    return pipeline(
        [
            node(drop_small, ["raw", "params:least"], "kept", name="drop_small", tags="cheap"),
            node(
                price,
                {"rows": "kept", "rate": "params:rate", "surcharge": "surcharge"},
                "priced_rows",
                name="price",
            ),
        ]
    )


def create_pipeline(**kwargs) -> Pipeline:
    parts = [
        pipeline(template(), namespace=region, inputs={"surcharge"}, parameters={"rate"})
        for region in ("north", "south")
    ]
    ends = node(
        join,
        {"south": "south.priced_rows", "north": "north.priced_rows"},
        {"rows": "shop.all_rows", "count": "count"},
        name="join",
        tags=["end"],
    )
    return sum(parts) + pipeline([ends])
