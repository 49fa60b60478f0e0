"""Answers questions about pipelines on any ``kedro``: reads one JSON request a line, writes one JSON answer a line.

A request is an expression: a table of nodes, a pipeline of expressions with options, an operator, or a slice. Where a
name is asked for, ``#n3`` means the fourth of the pipeline's nodes by name, ``#d3`` of its datasets, ``#b3`` of its
datasets without transcoding, ``#i3`` of its free inputs, ``#p3`` of its parameters, ``#o3`` of its outputs and
``#s3`` of its namespaces.
"""

import functools
import json
import operator
import os
import sys
import warnings

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from kedro.pipeline import Node, Pipeline, node, pipeline


def one(first):
    return first


def two(first, second=None):
    return first


def many(*args, **kwargs):
    return args


@functools.wraps(one)
def wrapped(*args, **kwargs):
    return args


FUNCTIONS = {"one": one, "two": two, "many": many, "wrapped": wrapped, "len": len}
OPERATORS = {"+": operator.add, "-": operator.sub, "&": operator.and_, "|": operator.or_}


def build(expression):
    match expression:
        case ["nodes", rows]:
            return Pipeline([make_node(row) for row in rows])
        case ["pipeline", parts, options]:
            inner = [build(part) for part in parts]
            held = inner[0] if len(inner) == 1 else inner
            mapped = {"inputs", "outputs", "parameters"} & options.keys()
            resolved = {name: mapping(Pipeline(held), options[name]) for name in mapped}
            return pipeline(held, **{**options, **resolved})
        case ["operator", sign, left, right]:
            return OPERATORS[sign](build(left), build(right))
        case ["slice", method, names, inner]:
            return cut(build(inner), method, names)
        case ["filter", criteria, inner]:
            pipe = build(inner)
            return pipe.filter(**{name: names_in(pipe, names) for name, names in criteria.items()})
        case ["tag", tags, inner]:
            return build(inner).tag(tags)
    raise NotImplementedError(expression)


def make_node(row):
    func, inputs, outputs, options = row
    return node(FUNCTIONS[func], inputs, outputs, **options)


def cut(pipe, method, names):
    found = names_in(pipe, names)
    return (
        pipe.only_nodes_with_namespaces(found)
        if method == "only_nodes_with_namespaces"
        else getattr(pipe, method)(*found)
    )


def mapping(pipe, names):
    if isinstance(names, dict):
        return {new: to for old, to in names.items() for new in names_in(pipe, [old])}
    return set(names_in(pipe, names))


def names_in(pipe, names):
    """Return names with references looked up, each once; a namespace within another that is asked for goes."""
    nodes = sorted(each.name for each in pipe.nodes)
    datasets = sorted(pipe.datasets())
    known = {
        "n": nodes,
        "d": datasets,
        "b": sorted({name.partition("@")[0] for name in datasets}),
        "i": sorted(name for name in pipe.inputs() if not name.startswith("param")),
        "o": sorted(name for name in pipe.all_outputs() if not name.startswith("param")),
        "p": sorted(name for name in pipe.inputs() if name.startswith("param")),
        "s": sorted({".".join(part[: i + 1]) for part in spaces(pipe) for i in range(len(part))}),
    }
    found = []
    for name in names:
        if name.startswith("#"):
            choice = known[name[1]]
            name = choice[int(name[2:]) % len(choice)] if choice else "absent"
        found.append(name)
    return [
        name
        for name in dict.fromkeys(found)
        if not any(name.startswith(f"{other}.") for other in found if other in known["s"])
    ]


def spaces(pipe):
    return [each.namespace.split(".") for each in pipe.nodes if each.namespace]


def look(pipe):
    parents = {each.name: sorted(parent.name for parent in found) for each, found in pipe.node_dependencies.items()}
    children = {
        each.name: sorted(child.name for child in found) for each, found in pipe._node_children.items() if found
    }
    return {
        "nodes": [shown(each) for each in pipe.nodes],
        "layers": [[each.name for each in layer] for layer in pipe.grouped_nodes],
        "parents": parents,
        "children": children,
        "sets": [
            sorted(ask()) for ask in (pipe.inputs, pipe.outputs, pipe.all_inputs, pipe.all_outputs, pipe.datasets)
        ],
        "described": [pipe.describe(), pipe.describe(names_only=False)],
        "repr": repr(pipe),
        "json": json_of(pipe),
        "groups": [[vars(group) for group in pipe.group_nodes_by(how)] for how in ("namespace", None)],
        "by name": sorted(pipe._nodes_by_name),
        "sorted": [each.name for each in sorted(pipe._nodes, key=lambda each: each.name)],
    }


def json_of(pipe):
    """Return what its JSON says; the order of nodes and of tags changes from run to run."""
    said = json.loads(pipe.to_json())["pipeline"]
    return sorted(({**each, "tags": sorted(each["tags"])} for each in said), key=lambda each: each["name"])


def shown(each):
    return [
        each.name,
        each.short_name,
        each.inputs,
        each.outputs,
        each._inputs,
        each._outputs,
        sorted(each.tags),
        each.confirms,
        each.namespace,
        str(each),
    ]


def answer(request):
    for flag in ("__dotted_dataset_name_warned__", "__preview_fn_warned__"):
        if hasattr(Node, flag):
            delattr(Node, flag)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            outcome = {"gave": look(build(request))}
        except Exception as error:
            return {"raised": [type(error).__module__ + "." + type(error).__qualname__, str(error)]}
    said = {f"{w.category.__name__}: {w.message}" for w in seen}
    return outcome | {"warned": sorted(said)}


with answers:
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()
