from kedro.pipeline import node, pipeline


def count(boats):
    return boats * 2


def load(x, more=1):
    return x + more


def sail(y):
    return {"boats": y}


def sink(x):
    raise RuntimeError(f"{x} boats sank")


def register_pipelines():
    usual = pipeline(
        [
            node(count, "params:boats", "x", name="count", tags="early"),
            node(load, "x", "y", name="load"),
            node(sail, "y", "fleet", name="sail"),
            node(sail, "y", "catch_of_the_day", name="fish"),
        ]
    )
    storm = usual + pipeline([node(sink, "x", "wreck", name="sink"), node(sail, "wreck", "salvage", name="salvage")])
    return {"__default__": usual, "storm": storm, "fog": pipeline([node(sail, "chart", "seen", name="look")])}
