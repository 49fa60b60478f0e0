"""What a run would do, and whether it could succeed, without running anything or reading data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._records import dataclass, field
from ...engine.cache.fingerprint import list_changes
from ...engine.journal.records import LearnedCosts
from ...engine.journal.store import FILE_NAME, Journal
from ...engine.model import TaskId
from ...engine.plan import Verdict
from .._compile import CompiledPipeline, compile_pipeline
from .._inherited import Inherited
from .._policies import SpecMaker
from .datasets import find, is_in_memory, target_of
from .options import MemoryOptions, home_of
from .run import Decision, decide_run

if TYPE_CHECKING:
    from ...pipeline import Pipeline
    from .._catalog import Catalog


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do.

    Attributes:
        problems: why it could not succeed; empty when nothing speaks against it.
        decision: None when the problems are such that none could be made.
        overwrites: files that would be replaced, by dataset.
        seconds: of all nodes that would run, as far as earlier runs tell.
        longest: of the longest chain of them.
        unknown: how many of them never ran before.
        changes: all that changed of what a running node is made of, by node.
    """

    problems: list[str]
    decision: Decision | None = None
    overwrites: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    longest: float = 0.0
    unknown: int = 0
    changes: Mapping[TaskId, list[str]] = field(default_factory=dict)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts in the order of the pipeline."""
        return [] if self.decision is None else list(self.decision.plan.verdicts)

    def name(self, task: TaskId) -> str:
        """Return the name of a node."""
        assert self.decision is not None
        return self.decision.seen.graph.tasks[task].name

    def number(self, name: str) -> TaskId | None:
        """Return the number of a node, by its name."""
        if self.decision is None:
            return None
        return next((TaskId(n) for n, task in enumerate(self.decision.seen.graph.tasks) if task.name == name), None)


def open_for_looking(options: MemoryOptions) -> Journal:
    """Open a journal to look at it; where there is none yet, an empty one in memory."""
    path = home_of(options) / FILE_NAME
    return Journal(path) if path.exists() else Journal(Path(":memory:"))


def forecast(pipeline: Pipeline, catalog: Catalog, options: MemoryOptions, project: Inherited) -> Forecast:
    """Say what a run would do.

    Raises:
        RunMemoryError: if there is no such run to resume, or no such node to force.
    """
    problems = _unusable(pipeline, catalog)
    if problems:
        return Forecast(problems)
    with open_for_looking(options) as journal:
        costs = LearnedCosts(journal, options.scope)
        compiled = compile_pipeline(pipeline, maker=SpecMaker(costs=costs.all_seconds()))
        decision = decide_run(journal, options, project, compiled, catalog)
        running = decision.plan.running()
        for task, value in decision.plan.missing(decision.evidence):
            name = decision.seen.names[value]
            problems.append(f"{name}, which {compiled.nodes[task].name} reads, does not exist.{_where(catalog, name)}")
        problems += _clashes(compiled, catalog, running)
        known = [costs.seconds(compiled.nodes[task].name) for task in running]
        return Forecast(
            problems,
            decision,
            _overwrites(compiled, catalog, running),
            sum(seconds for seconds in known if seconds is not None),
            _longest(compiled, running, costs),
            known.count(None),
            _changes(decision, running),
        )


def _changes(decision: Decision, running: list[TaskId]) -> dict[TaskId, list[str]]:
    found = {}
    for task in running:
        record = decision.records.get(decision.seen.graph.tasks[task].name)
        if record is not None and record.fingerprint != decision.fingerprints[task].root:
            found[task] = list_changes(record.leaves(), decision.fingerprints[task].leaves)
    return found


def _unusable(pipeline: Pipeline, catalog: Catalog) -> list[str]:
    """Return why datasets of a pipeline cannot even be made."""
    problems = []
    missing = sorted(name for name in pipeline.inputs() if name not in catalog)
    if missing:
        problems.append(f"Not in the catalog nor among the parameters: {', '.join(missing)}.")
    for name in sorted(pipeline.datasets() - set(missing)):
        try:
            catalog.get(name, fallback_to_runtime_pattern=True)
        except Exception as error:
            # Whatever a dataset's import or constructor raises is a finding here.
            text = str(error).strip().splitlines()
            problems.append(f"{name} cannot be made: {text[0] if text else type(error).__name__}")
    return problems


def _where(catalog: Catalog, name: str) -> str:
    target = target_of(find(catalog, name))
    return f" Expected at '{target}'." if target else ""


def _clashes(compiled: CompiledPipeline, catalog: Catalog, running: list[TaskId]) -> list[str]:
    """Return where two outputs would be written to one path, or a version into what is no folder of versions."""
    found: list[str] = []
    owners: dict[str, str] = {}
    for task in running:
        for name in compiled.nodes[task].outputs:
            dataset = find(catalog, name)
            target = target_of(dataset)
            if target is not None:
                base = name.partition("@")[0]
                other = owners.setdefault(target, base)
                if other != base:
                    found.append(f"{other} and {base} would both be written to '{target}'.")
            found += _version_clash(name, dataset)
    return found


def _version_clash(name: str, dataset: Any) -> list[str]:
    path = getattr(dataset, "_filepath", None)
    if path is None or getattr(dataset, "_protocol", "file") not in ("file", "local"):
        return []
    place = Path(path)
    if getattr(dataset, "_version", None) is not None and place.is_file():
        return [f"{name} is versioned, but '{place}' is a file. Move it away, or drop `versioned`."]
    if getattr(dataset, "_version", None) is None and place.is_dir() and any(place.glob(f"*/{place.name}")):
        return [f"{name} is not versioned, but '{place}' is a folder of versions. Move it away, or set `versioned`."]
    return []


def _overwrites(compiled: CompiledPipeline, catalog: Catalog, running: list[TaskId]) -> dict[str, str]:
    found = {}
    for task in running:
        for name in compiled.nodes[task].outputs:
            dataset = find(catalog, name)
            target = None if is_in_memory(dataset) else target_of(dataset)
            if target is not None and os.path.exists(target):  # noqa: PTH110  # It is a text.
                found[name] = target
    return found


def _longest(compiled: CompiledPipeline, running: list[TaskId], costs: LearnedCosts) -> float:
    """Return how long the longest chain of running nodes takes."""
    runs = set(running)
    tails = [0.0] * len(compiled.nodes)
    for number in reversed(range(len(compiled.nodes))):
        after = max((tails[child] for child in compiled.graph.children[number]), default=0.0)
        own = (costs.seconds(compiled.nodes[number].name) or 0.0) if number in runs else 0.0
        tails[number] = own + after
    return max(tails, default=0.0)
