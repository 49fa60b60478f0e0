"""Runs that have nothing to do, told without building a dataset.

There is one decision procedure (``engine.plan``). What it found last time stands as long as all that it is made from is
as it was, so that it need not be asked again: the question (nodes, their code, configuration, parameters), the records
(the journal drops a decision when one is written), the files it looked at, the versions of packages. Where any of these
cannot be told from outside, nothing is kept and nothing stands.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import marshal
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from ..._records import dataclass
from ..._version import __version__
from ...engine.cache.content import PREFIX, STAT_PREFIX, Stat
from ...engine.cache.digests import digest_bytes
from ...engine.cache.packages import installed_version
from ...engine.journal.history import History, keep_few
from ...engine.journal.locks import is_anybody_writing
from ...engine.journal.recorder import Recorder, RunHeader
from ...engine.journal.records import FileMemo
from ...engine.journal.standing import Seen, Standing, StandingDecisions, as_seen
from ...engine.journal.store import FILE_NAME, Journal, JournalError, open_journal
from ...engine.model import TaskId, ValueId
from ...io._runtime_default import plain_runtime_class
from ...io.core import is_parameter, parse_dataset_definition
from ...io.data_catalog import DataCatalog
from .code import NodePrints, prints_for
from .datasets import is_plain_file
from .options import ActiveMemory, MemoryOptions, home_of, new_run_id

if TYPE_CHECKING:
    from ...engine.plan import Plan
    from ...pipeline import Pipeline
    from .._catalog import Catalog
    from .._inherited import Inherited
    from .graph import MemoryGraph
    from .run import Decision

logger = logging.getLogger(__name__)

_OWN = __name__.partition(".")[0]
_OURS = (_OWN, "abc", "typing", "builtins")
# Whose datasets are what their entries say, and look at nothing else when they are built.
_TRUSTED = (_OWN, "kedro_datasets")


class _UntoldError(Exception):
    """Something that the decision is made from cannot be told without building the datasets."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a run is, as far as it is declared: equal digests get equal answers, if files and records are the same.

    Attributes:
        entries: of the catalog, for names that only match a pattern.
        in_memory: names that nothing in the catalog matches.
    """

    digest: str
    entries: Mapping[str, Any]
    in_memory: Sequence[str]


def put(
    pipeline: Pipeline,
    catalog: Catalog,
    runner: type,
    project: Inherited,
    options: MemoryOptions,
    prints: NodePrints,
) -> Question | None:
    """Return the question that a run puts, before any of its datasets is built; None where that cannot be told."""
    try:
        if not (isinstance(catalog, DataCatalog) and _is_ours(type(catalog))):
            raise _UntoldError(f"{type(catalog).__name__} may build datasets in its own way")
        nodes = [
            (node.name, repr(node._inputs), repr(node._outputs), prints.of_function(node.func).root)
            for node in pipeline.nodes
        ]
        datasets = _Datasets(catalog, prints)
        declared = [datasets.told(name) for name in sorted(pipeline.datasets())]
        frame = (
            __version__,
            f"{runner.__module__}.{runner.__qualname__}",
            (options.scope, options.wants_results, str(options.home)),
            (project.package_name or "", str(project.project_path), str(Path.cwd()), str(Path.home())),
            [mark.root for mark in prints.hooks],
        )
        # Of built-in types alone, and the same bytes for the same values: other versions of the format refer back.
        told = marshal.dumps((frame, nodes, declared), 2)
    except (_UntoldError, ValueError) as why:
        # ValueError: a configuration holds objects, which only its dataset can make sense of.
        logger.debug("Whether anything has to run is decided anew: %s", why)
        return None
    return Question(digest_bytes(told), datasets.entries, datasets.in_memory)


def _is_ours(cls: type) -> bool:
    """Say whether a class has nobody else's code in it."""
    return all(base.__module__.partition(".")[0] in _OURS for base in cls.__mro__)


class _Datasets:
    """Tells what datasets will be built from."""

    def __init__(self, catalog: Any, prints: NodePrints) -> None:
        self._catalog = catalog
        self._prints = prints
        self._classes: dict[str, tuple[str, ...]] = {}
        self.entries: dict[str, Any] = {}
        self.in_memory: list[str] = []

    def told(self, name: str) -> tuple[Any, ...]:
        """Return all that a dataset will be made of, in built-in types."""
        if is_parameter(name):
            return name, self._prints.of_dataset(name, "read").root
        if name in self._catalog._datasets:
            raise _UntoldError(f"{name} is a dataset already, and may be in any state")
        lazy = self._catalog._lazy_datasets.get(name)
        if lazy is None:
            resolver = self._catalog.config_resolver
            if resolver.match_dataset_pattern(name) is None:
                if plain_runtime_class(resolver, name) is None:
                    raise _UntoldError(f"{name} matches no pattern but one for all")
                self.in_memory.append(name)
                return (name,)
            lazy = self.entries[name] = self._catalog._lazily(name, resolver.resolve_pattern(name))
        if name in self._catalog._validator_specs:
            raise _UntoldError(f"{name} has a validator")
        return name, lazy.config, lazy.load_version, self._class_of(name, lazy.config)

    def _class_of(self, name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
        kind = config.get("type")
        if not isinstance(kind, str):
            raise _UntoldError(f"the type of {name} is an object")
        if kind not in self._classes:
            cls, _ = parse_dataset_definition({"type": kind})
            if self._prints.is_own(cls) or cls.__module__.partition(".")[0] not in _TRUSTED:
                raise _UntoldError(f"{cls.__qualname__} is a class of others, which may look at anything")
            marks = (mark.root for mark in self._prints.of_class(cls))
            self._classes[kind] = (cls.__module__, cls.__qualname__, *marks)
        return self._classes[kind]


def _stat_of(path: str, recorded: str | None, files: FileMemo) -> Stat | None:
    """Return the stat at which a file is known to have what was recorded, if that is its stat now."""
    try:
        found = os.stat(path)  # noqa: PTH116  # Once for each file of a run.
    except OSError:
        return None
    stat = Stat.of(found)
    # Of a folder the stat does not tell what is in it.
    if recorded is None or not S_ISREG(found.st_mode):
        return None
    if recorded.startswith(STAT_PREFIX):
        return stat if stat.identity == recorded else None
    # The memo takes in only what had settled when it was read.
    return stat if recorded.startswith(PREFIX) and files.find(path, stat) == recorded else None


class Inquiry:
    """What a run wants to know of its memory: whether anything has to run at all.

    Attributes:
        standing: the decision that nothing has to, if one stands.
    """

    def __init__(self, options: MemoryOptions, journal: Journal, prints: NodePrints, question: Question | None) -> None:
        self.options = options
        self.journal = journal
        self.prints = prints
        self.question = question
        self._decisions = StandingDecisions(journal, options.scope)
        self.standing = self._find()

    def _find(self) -> Standing | None:
        """Return the decision that stands, if nobody is about to change what it is made from."""
        if self.question is None or is_anybody_writing(self.journal):
            return None
        found = self._decisions.find(self.question.digest)
        return found if found is not None and found.holds(functools.cache(installed_version)) else None

    def settle(
        self, stack: contextlib.ExitStack, standing: Standing, names: Sequence[str], run_id: str | None
    ) -> ActiveMemory:
        """Return the memory of a run that has nothing to do; the stack closes it.

        Args:
            standing: the decision that it has not.
            names: of its tasks.
            run_id: the wanted one.
        """
        memory = _StandingMemory(self, standing, names, run_id)
        stack.callback(memory.close)
        return memory

    def register(self, catalog: Any) -> None:
        """Have the catalog know every dataset of the run, without building those that nobody needs."""
        if self.question is not None:
            catalog._lazy_datasets.update(self.question.entries)
            for name in self.question.in_memory:
                catalog.get(name, fallback_to_runtime_pattern=True)

    def witnesses(
        self,
        seen: MemoryGraph,
        plan: Plan,
        looked_at: Iterable[tuple[ValueId, str | None]],
        catalog: Catalog,
        files: FileMemo,
    ) -> list[Seen] | None:
        """Return the files whose stats tell that a decision to reuse everything stands; None where stats do not.

        Args:
            looked_at: the values that the decision hung on, and what they were found to be.
            files: the digests that it was made with.
        """
        found: dict[str, Seen] = {}
        if self.question is None or plan.restored or any(verdict.runs for verdict in plan.verdicts):
            return None
        for value, recorded in looked_at:
            dataset = seen.datasets[value]
            if (
                dataset is None
                or not is_plain_file(dataset)
                or list(self.prints.classes_of(dataset)) != [type(dataset)]
            ):
                return None
            if any(catalog._datasets.get(name) is not dataset for name in seen.aliases[value]):
                return None
            path = os.fspath(dataset._filepath)
            stat = _stat_of(path, recorded, files)
            if stat is None:
                return None
            found[path] = as_seen(path, stat)
        return list(found.values())

    def keep(self, run: str, decision: Decision) -> None:
        """Let a decision stand, once the run that had nothing to do is written down."""
        if self.question is None or decision.witnesses is None or self.journal.is_off:
            return
        try:
            rows = self.journal.read("SELECT bundle, tasks FROM reused WHERE run = ?", run)
        except JournalError as error:
            # The run is over, and well: what the next one finds out anew is no reason to fail.
            logger.debug("The decision that nothing has to run is not kept: %s", error)
            return
        if len(rows) != 1 or rows[0]["tasks"] != len(decision.plan.verdicts):
            return
        # Of these tasks alone: others may have been recorded with other versions.
        records = [decision.records[task.name] for task in decision.seen.graph.tasks]
        packages = {name: version for record in records for name, version in record.packages.items()}
        reasons = [verdict.reason for verdict in decision.plan.verdicts]
        self._decisions.note(self.question.digest, Standing(decision.witnesses, packages, reasons, rows[0]["bundle"]))


def inquire(
    stack: contextlib.ExitStack,
    pipeline: Pipeline,
    catalog: Catalog,
    runner: type,
    project: Inherited,
    options: MemoryOptions,
) -> Inquiry | None:
    """Ask, before any dataset of a run is built, whether it has to do anything; the stack closes the journal.

    Returns:
        None when nobody can tell: then the decision is made in the usual way, which also says what is wrong.
    """
    if not _is_ours(runner):
        logger.debug(
            "Whether anything has to run is decided anew: %s may run anything, on any catalog", runner.__name__
        )
        return None
    try:
        home = home_of(options)
        journal = open_journal(home) if (home / FILE_NAME).exists() else None
        if journal is None:
            return None
        stack.callback(journal.close)
        prints = prints_for(catalog, project, journal)
        return Inquiry(options, journal, prints, put(pipeline, catalog, runner, project, options, prints))
    except Exception:
        logger.debug("Whether anything has to run is decided anew:", exc_info=True)
        return None


class _StandingMemory(ActiveMemory):
    """The memory of a run of which it is certain that nothing runs: it is written down, and that is all."""

    is_settled = True

    def __init__(self, inquiry: Inquiry, standing: Standing, names: Sequence[str], run_id: str | None) -> None:
        options, journal = self._options, self._journal = inquiry.options, inquiry.journal
        self._reasons = standing.reasons
        history = History(journal)
        run = new_run_id(lambda name: history.has(name), run_id)
        header = RunHeader(run, options.scope, None, {"mode": options.mode, **options.facts})
        self._recorder = Recorder(journal, header, names, bundle=standing.bundle)
        self.gate = self
        self.observers = (self._recorder,)

    def reason_to_reuse(self, task: TaskId) -> str:
        """Return why a task need not run."""
        return self._reasons[task]

    def reasons_to_reuse_all(self) -> Sequence[str]:
        """Return for each task why it need not run."""
        return self._reasons

    def close(self) -> None:
        """Write what is left, and let go of what is old."""
        self._recorder.close()
        keep_few(self._journal, self._options.keep_runs)
