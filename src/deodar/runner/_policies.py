"""How nodes are to be run: attempts, timeouts, resources, as a project's ``execution.yml`` says.

::

    on_error: continue            # stop | drain | continue
    budget: {memory: 8GB, gpu: 1, excel: 1}
    default: {attempts: 1}
    pipelines: {training: {timeout: 2h}}
    namespaces: {etl: {attempts: 3, delay: 1s, backoff: 2, jitter: 0.5, retry_on: [OSError]}}
    tags: {excel: {resources: {excel: 1}}}
    nodes: {train: {resources: {cpu: 2, memory: 4GB, gpu: 1}, on_memory: alone}}

What is said of a node outweighs what is said of its tags, then of its namespaces (the innermost first), of the
pipeline, and the default; settings are merged key by key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from .._records import dataclass, field
from ..engine.machine import gpu_count, memory_limit
from ..engine.model import NO_RETRY, ONE_SLOT, OnError, Resources, RetryPolicy, RunPolicy, TaskSpec, ValueId
from ..utils import get_close_matches
from ._inherited import NOTHING, Inherited

if TYPE_CHECKING:
    from ..pipeline import Node

SECTIONS = ("default", "pipelines", "namespaces", "tags", "nodes")
SETTINGS = ("attempts", "delay", "backoff", "jitter", "retry_on", "timeout", "resources", "on_memory")
ON_ERROR: tuple[str, ...] = get_args(OnError)

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "b": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_BYTES |= {f"{unit}b": size for unit, size in _BYTES.items() if unit in "kmgt" and unit}
_BYTES |= {f"{unit}ib": 1024**power for power, unit in enumerate("kmgt", start=1)}
_AMOUNT = r"\s*([0-9]*\.?[0-9]+)\s*([a-zA-Z]*)\s*$"


class ExecutionPolicyError(ValueError):
    """An execution policy cannot be understood."""


def parse_seconds(value: Any, where: str) -> float:
    """Return a duration such as ``30``, ``"500ms"``, ``"2h"`` in seconds."""
    return _parse_amount(value, _SECONDS, where, "a duration such as 30, '500ms' or '2h'")


def parse_bytes(value: Any, where: str) -> int:
    """Return a size such as ``1000``, ``"4GB"``, ``"512MiB"`` in bytes."""
    return int(_parse_amount(value, _BYTES, where, "a size such as 1000000, '4GB' or '512MiB'"))


def _parse_amount(value: Any, units: Mapping[str, float], where: str, wanted: str) -> float:
    match = None if isinstance(value, bool) else re.match(_AMOUNT, str(value))
    unit = "" if match is None else str(match.group(2)).lower()
    if match is None or unit not in units:
        raise ExecutionPolicyError(f"{where} is {value!r}, expected {wanted}.")
    return float(match.group(1)) * units[unit]


def parse_resources(value: Any, where: str) -> Resources:
    """Return resources from a mapping of ``cpu``, ``memory``, ``gpu`` and any named token."""
    given = _mapping(value, where)
    tokens = []
    for name, amount in given.items():
        if name in ("cpu", "memory", "gpu"):
            continue
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
            raise ExecutionPolicyError(f"{where}.{name} is {amount!r}, expected a number of tokens.")
        tokens.append((str(name), amount))
    return Resources(
        cpu=_parse_amount(given.get("cpu", 1), {"": 1.0}, f"{where}.cpu", "a number"),
        memory=parse_bytes(given.get("memory", 0), f"{where}.memory"),
        gpu=int(_parse_amount(given.get("gpu", 0), {"": 1.0}, f"{where}.gpu", "a number")),
        tokens=tuple(sorted(tokens)),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ExecutionPolicyError(f"{where} is {value!r}, expected a mapping.")
    return value


@dataclass(frozen=True, slots=True)
class ExecutionPolicies:
    """All policies of a run, read and checked.

    Attributes:
        on_error: None when the project says nothing.
        budget: None when the project says nothing.
    """

    on_error: OnError | None = None
    budget: Resources | None = None
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pipeline_names: tuple[str, ...] = ()

    @classmethod
    def read(cls, config: Mapping[str, Any], pipeline_names: Iterable[str] = ()) -> ExecutionPolicies:
        """Return the policies that a configuration declares.

        Raises:
            ExecutionPolicyError: naming the key that cannot be understood.
        """
        known = ("on_error", "budget", *SECTIONS)
        for key in config:
            _check_known(str(key), known, "execution.yml")
        on_error = config.get("on_error")
        if on_error is not None and on_error not in ON_ERROR:
            raise ExecutionPolicyError(f"on_error is {on_error!r}, expected one of {', '.join(ON_ERROR)}.")
        sections: dict[str, Mapping[str, Any]] = {}
        for section in SECTIONS:
            given = _mapping(config.get(section), section)
            groups = {"": given} if section == "default" and given else given
            for name, policy in groups.items():
                _check_policy(_mapping(policy, f"{section}.{name}"), f"{section}.{name}".rstrip("."))
            sections[section] = groups
        budget = config.get("budget")
        return cls(
            on_error,
            None if budget is None else parse_resources(budget, "budget"),
            sections,
            tuple(pipeline_names),
        )

    def settings_for(self, node: Node) -> dict[str, Any]:
        """Return the merged settings of one node."""
        sections = self.sections
        if not any(sections.values()):
            return {}
        merged: dict[str, Any] = dict(sections["default"].get("", {}))
        for section, names in (
            ("pipelines", self.pipeline_names),
            ("namespaces", node.namespace_prefixes),
            ("tags", sorted(node.tags)),
            ("nodes", (node.short_name, node.name)),
        ):
            for name in names:
                merged.update(_mapping(sections[section].get(name), f"{section}.{name}"))
        return merged


def _check_known(key: str, known: Iterable[str], where: str) -> None:
    known = tuple(known)
    if key not in known:
        close = get_close_matches(key, list(known))
        hint = f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(known)}."
        raise ExecutionPolicyError(f"Unknown key {key!r} in {where}.{hint}")


def _check_policy(policy: Mapping[str, Any], where: str) -> None:
    for key in policy:
        _check_known(str(key), SETTINGS, where)
    spec_fields(policy, where)


def spec_fields(policy: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of a ``TaskSpec`` that a policy sets."""
    if not policy:
        return {}
    attempts = policy.get("attempts", 1)
    if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
        raise ExecutionPolicyError(f"{where}.attempts is {attempts!r}, expected a whole number from 1 on.")
    on_memory = policy.get("on_memory", "fail")
    if on_memory not in ("fail", "alone"):
        raise ExecutionPolicyError(f"{where}.on_memory is {on_memory!r}, expected 'fail' or 'alone'.")
    retry_on = policy.get("retry_on", ())
    number: Callable[[str, float], float] = lambda key, default: _parse_amount(  # noqa: E731
        policy.get(key, default), {"": 1.0}, f"{where}.{key}", "a number"
    )
    retry = RetryPolicy(
        attempts=attempts,
        delay=parse_seconds(policy.get("delay", 0), f"{where}.delay"),
        backoff=number("backoff", 2.0),
        jitter=number("jitter", 0.0),
        retry_on=(retry_on,) if isinstance(retry_on, str) else tuple(map(str, retry_on)),
        alone_after_memory=on_memory == "alone",
    )
    timeout = policy.get("timeout")
    return {
        "retry": NO_RETRY if retry == NO_RETRY else retry,
        "timeout": None if timeout is None else parse_seconds(timeout, f"{where}.timeout"),
        "resources": parse_resources(policy["resources"], f"{where}.resources") if "resources" in policy else ONE_SLOT,
    }


@dataclass(frozen=True, slots=True)
class SpecMaker:
    """Makes the task of a node: its policies, what is learned of it, and whether it must stay in the driver.

    Attributes:
        home: numbers of the nodes that cannot travel.
        costs: learned seconds by node name.
        peaks: learned peak memory in bytes by node name; used where nothing is declared.
    """

    policies: ExecutionPolicies = field(default_factory=ExecutionPolicies)
    home: frozenset[int] = frozenset()
    costs: Mapping[str, float] = field(default_factory=dict)
    peaks: Mapping[str, int] = field(default_factory=dict)

    def spec(self, number: int, node: Node, reads: tuple[ValueId, ...], writes: tuple[ValueId, ...]) -> TaskSpec:
        """Return the task of a node."""
        name = node.name
        if self is PLAIN:
            return TaskSpec(name, reads, writes)
        fields = spec_fields(self.policies.settings_for(node), name)
        peak = self.peaks.get(name)
        resources = fields.get("resources", ONE_SLOT)
        if peak and not resources.memory:
            fields["resources"] = Resources(resources.cpu, peak, resources.gpu, resources.tokens)
        if number in self.home:
            fields["in_driver"] = True
        if name in self.costs:
            fields["cost"] = self.costs[name]
        return TaskSpec(name, reads, writes, **fields)

    @classmethod
    def inherited_by(cls, project: Inherited, home: Collection[int] = ()) -> SpecMaker:
        """Return the maker for a run of a project.

        Raises:
            ExecutionPolicyError: if the project's policies cannot be understood.
        """
        if project is NOTHING and not home:
            return PLAIN
        policies = ExecutionPolicies.read(project.execution, project.pipeline_names)
        return cls(policies, frozenset(home), project.costs, project.peaks)

    def run_policy(
        self, project: Inherited, *, on_error: OnError, supply: Resources, by_cost: bool = False
    ) -> RunPolicy:
        """Return how the run is scheduled.

        Args:
            on_error: of the runner; what the project or the command line says outweighs it.
            supply: what the runner has; holds where the project's budget does not say.
        """
        declared = self.policies.budget
        budget = supply
        if declared is not None:
            budget = Resources(
                supply.cpu if declared.cpu == ONE_SLOT.cpu else declared.cpu,
                declared.memory or supply.memory,
                declared.gpu or supply.gpu,
                declared.tokens,
            )
        return RunPolicy(project.on_error or self.policies.on_error or on_error, budget, by_cost)


def local_supply(workers: int) -> Resources:
    """Return what this machine, or the container that we are in, has for nodes.

    A tenth of the memory is left to everything else. Without a GPU that can be seen there is one token for it, so
    that nodes which ask for one do not run beside each other.
    """
    return Resources(float(workers), int(memory_limit() * 0.9), gpu_count() or 1)


PLAIN = SpecMaker()
