"""Random edits of random graphs: an incremental run ends as a clean run would, and runs no more than it must."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from deodar.engine.cache.digests import digest_text
from deodar.engine.cache.fingerprint import Fingerprint
from deodar.engine.driver import Driver
from deodar.engine.executors.inline import InlineExecutor
from deodar.engine.graph import TaskGraph
from deodar.engine.model import TaskId, TaskSpec, ValueId, ValueSpec
from deodar.engine.plan import Plan, Record, Request, decide
from deodar.engine.plan_gate import PlanGate


@dataclass
class Shape:
    """A graph: for each task the tasks it reads from, and whether its value lives in memory."""

    parents: list[list[int]]
    carried: list[bool]
    sources: int = 2


@dataclass
class World:
    """Disk, code and memory of the past."""

    shape: Shape
    code: list[int]
    sources: list[int]
    disk: dict[int, int] = field(default_factory=dict)
    store: dict[str, int] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    keeps_content: bool = True
    keeps_values: bool = False


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    size = draw(st.integers(1, 8))
    parents = [sorted(draw(st.sets(st.integers(-2, task - 1), min_size=1, max_size=3))) for task in range(size)]
    return Shape(parents, [draw(st.booleans()) for _ in range(size)])


def output(world: World, task: int, inputs: list[int]) -> int:
    """Lossy on purpose, so that other inputs often make the same output."""
    return (world.code[task] * 7 + sum(inputs)) % 5


def clean(world: World) -> list[int]:
    values: list[int] = []
    for task, parents in enumerate(world.shape.parents):
        values.append(output(world, task, [world.sources[p] if p < 0 else values[p] for p in parents]))
    return values


def graph_of(shape: Shape) -> TaskGraph:
    size = len(shape.parents)
    children: list[list[TaskId]] = [[] for _ in range(size)]
    for task, parents in enumerate(shape.parents):
        for parent in parents:
            if parent >= 0:
                children[parent].append(TaskId(task))
    # Values are the outputs of the tasks, then the two sources, found from behind as -1 and -2.
    values = [ValueSpec(f"v{task}", carried=shape.carried[task]) for task in range(size)]
    values += [ValueSpec("s2", kept=True), ValueSpec("s1", kept=True)]
    tasks = [
        TaskSpec(f"t{task}", tuple(ValueId(p if p >= 0 else size + 2 + p) for p in parents), (ValueId(task),))
        for task, parents in enumerate(shape.parents)
    ]
    return TaskGraph(tasks, values, children)


class Facts:
    """Evidence that looks at the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.size = len(world.shape.parents)

    def now(self, value: ValueId) -> int | None:
        if value >= self.size:
            return self.world.sources[value - self.size - 2]
        return self.world.disk.get(value)

    def exists(self, value: ValueId) -> bool:
        return self.now(value) is not None

    def is_same(self, value: ValueId, recorded: str | None) -> bool:
        return recorded is not None and recorded == f"c:{self.now(value)}"

    def is_stored(self, value: ValueId, key: str) -> bool:
        return key in self.world.store

    def package_version(self, name: str) -> str | None:
        return None


class Doing:
    """The work: computes outputs, and fails the test when an input is not there."""

    def __init__(self, world: World, graph: TaskGraph) -> None:
        self.world, self.graph = world, graph
        self.memory: dict[int, int] = {}
        self.ran: list[int] = []

    def prepare(self, worker: str) -> None:
        pass

    def restore(self, value: ValueId, key: str) -> bool:
        self.memory[value] = self.world.store[key]
        return True

    def run(self, task: TaskId, attempt: int, channel: object) -> dict[str, object]:
        world = self.world
        inputs = []
        for parent in world.shape.parents[task]:
            if parent < 0:
                inputs.append(world.sources[parent])
            else:
                inputs.append(self.memory[parent] if world.shape.carried[parent] else world.disk[parent])
        made = output(world, task, inputs)
        self.ran.append(task)
        facts: dict[str, object] = {"writes": {}}
        if not world.shape.carried[task]:
            world.disk[task] = made
            facts["writes"] = {f"v{task}": f"c:{made}"}
            return facts
        self.memory[task] = made
        if world.keeps_content:
            facts["writes"] = {f"v{task}": f"c:{made}"}
        if world.keeps_values:
            world.store[f"k{made}"] = made
            facts["stored"] = {f"v{task}": f"k{made}"}
        return facts


def incremental(world: World, forced: frozenset[TaskId] = frozenset()) -> tuple[list[int], Plan]:
    graph = graph_of(world.shape)
    marks = [Fingerprint(digest_text(str(code))) for code in world.code]
    evidence = Facts(world)
    plan = decide(graph, world.records, marks, evidence, Request(forced=forced))
    work = Doing(world, graph)
    size = evidence.size
    inputs = {ValueId(size + place): f"c:{evidence.now(ValueId(size + place))}" for place in (0, 1)}
    gate = PlanGate(plan, world.records, marks, evidence, inputs, work.restore)
    with InlineExecutor() as executor:
        driver = Driver(graph, executor, observers=[gate], gate=gate)
        assert driver.run(work) == "completed", driver.scheduler.failures
    for task in work.ran:
        facts = gate.facts(TaskId(task))
        world.records[f"t{task}"] = Record(
            marks[task].root, facts["reads"], facts["writes"], stored=facts.get("stored", {})
        )
    return work.ran, plan


EDITS = st.one_of(
    st.tuples(st.just("code"), st.integers(0, 7), st.integers(0, 4)),
    st.tuples(st.just("source"), st.integers(0, 1), st.integers(0, 4)),
    st.tuples(st.just("delete"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("tamper"), st.integers(0, 7), st.integers(0, 4)),
    st.tuples(st.just("lose"), st.just(0), st.just(0)),
)


def apply(world: World, edit: tuple[str, int, int]) -> None:
    kind, place, value = edit
    place %= 2 if kind == "source" else len(world.code)
    if kind == "code":
        world.code[place] = value
    elif kind == "source":
        world.sources[place] = value
    elif kind == "lose":
        world.store.clear()
    elif kind == "delete":
        world.disk.pop(place, None)
    elif place in world.disk:
        world.disk[place] = value


def durable(world: World, values: list[int]) -> dict[int, int]:
    return {task: value for task, value in enumerate(values) if not world.shape.carried[task]}


@settings(max_examples=500, deadline=None)
@given(shapes(), st.lists(st.lists(EDITS, max_size=3), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_incremental_runs_end_as_clean_runs(
    shape: Shape, rounds: list[list[tuple[str, int, int]]], content: bool, values: bool
) -> None:
    world = World(shape, [1] * len(shape.parents), [0, 3], keeps_content=content, keeps_values=values)
    for edits in [[], *rounds]:
        for edit in edits:
            apply(world, edit)
        incremental(world)
        assert world.disk == durable(world, clean(world))


@settings(max_examples=300, deadline=None)
@given(shapes(), st.lists(EDITS, max_size=4), st.booleans())
def test_a_second_run_does_nothing(shape: Shape, edits: list[tuple[str, int, int]], content: bool) -> None:
    world = World(shape, [1] * len(shape.parents), [0, 3], keeps_content=content)
    incremental(world)
    for edit in edits:
        apply(world, edit)
    incremental(world)
    assert incremental(world)[0] == []


@settings(max_examples=500, deadline=None)
@given(shapes(), st.lists(EDITS, min_size=1, max_size=3))
def test_only_what_must_run_runs(shape: Shape, edits: list[tuple[str, int, int]]) -> None:
    """The oracle recomputes everything, and asks of each task whether its code, inputs or output differ."""
    world = World(shape, [1] * len(shape.parents), [0, 3])
    incremental(world)
    before, sources, code = clean(world), list(world.sources), list(world.code)
    for edit in edits:
        apply(world, edit)
    after = clean(world)
    must: set[int] = set()
    for task, parents in enumerate(shape.parents):
        read = [(sources[p], world.sources[p]) if p < 0 else (before[p], after[p]) for p in parents]
        spoilt = not shape.carried[task] and world.disk.get(task) != before[task]
        if spoilt or code[task] != world.code[task] or any(old != new for old, new in read):
            must.add(task)
    needed = set(must)
    graph = graph_of(shape)
    _, plan = incremental(
        World(shape, list(world.code), list(world.sources), dict(world.disk), {}, dict(world.records))
    )
    for task in reversed(range(len(shape.parents))):
        # A value in memory has to be made again for whoever may read it, and that is settled before the run.
        readers = [child for child in graph.children[task] if child in needed or plan.verdicts[child].runs]
        if shape.carried[task] and readers:
            needed.add(task)
    ran, _ = incremental(world)
    assert must <= set(ran) <= needed


@settings(max_examples=200, deadline=None)
@given(shapes(), st.sets(st.integers(0, 7), min_size=1))
def test_what_is_forced_runs(shape: Shape, forced: set[int]) -> None:
    world = World(shape, [1] * len(shape.parents), [0, 3])
    incremental(world)
    wanted = frozenset(TaskId(task % len(shape.parents)) for task in forced)
    assert wanted <= set(incremental(world, wanted)[0])
