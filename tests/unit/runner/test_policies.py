"""Execution policies: what a project's ``execution.yml`` means for a node."""

from __future__ import annotations

import os
from typing import Any

import pytest

from deodar.engine.machine import memory_limit
from deodar.engine.model import Resources, RetryPolicy, TaskSpec
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import AbstractRunner, ParallelRunner, SequentialRunner, ThreadRunner
from deodar.runner._inherited import Inherited, inherit
from deodar.runner._policies import (
    ExecutionPolicies,
    ExecutionPolicyError,
    SpecMaker,
    local_supply,
    parse_bytes,
    parse_seconds,
)


def same(x: Any) -> Any:
    return x


def spec(config: dict[str, Any], *pipelines: str, **options: Any) -> TaskSpec:
    mine = node(same, "a", "b", **{"name": "mine", "namespace": "etl.clean", "tags": ["slow", "io"], **options})
    return SpecMaker(ExecutionPolicies.read(config, pipelines)).spec(0, mine, (), ())


@pytest.mark.parametrize(
    ("text", "seconds"), [(30, 30), ("500ms", 0.5), ("2m", 120), ("1.5h", 5400), ("1d", 86400), (" 7 s ", 7)]
)
def test_durations(text: Any, seconds: float) -> None:
    assert parse_seconds(text, "x") == seconds


@pytest.mark.parametrize(
    ("text", "size"), [(10, 10), ("4GB", 4 * 1000**3), ("512MiB", 512 * 1024**2), ("1k", 1000), ("1.5 KB", 1500)]
)
def test_sizes(text: Any, size: int) -> None:
    assert parse_bytes(text, "x") == size


@pytest.mark.parametrize("bad", ["soon", "5 parsecs", True, None, "-3s", ""])
def test_what_is_no_duration_is_named(bad: Any) -> None:
    with pytest.raises(ExecutionPolicyError, match=r"nodes\.a\.timeout"):
        parse_seconds(bad, "nodes.a.timeout")


def test_without_policies_a_task_is_plain() -> None:
    assert spec({}) == TaskSpec("etl.clean.mine")


def test_a_node_outweighs_its_tags_namespaces_pipeline_and_the_default() -> None:
    config = {
        "default": {"timeout": 1, "attempts": 9},
        "pipelines": {"p": {"timeout": 2}},
        "namespaces": {"etl": {"timeout": 3}, "etl.clean": {"timeout": 4}},
        "tags": {"slow": {"timeout": 5}},
        "nodes": {"etl.clean.mine": {"timeout": 6}},
    }
    timeouts = []
    for section in ("nodes", "tags", "namespaces", "pipelines", "default"):
        timeouts.append(spec(config, "p").timeout)
        del config[section]
    assert timeouts == [6, 5, 4, 2, 1]


def test_settings_are_merged_key_by_key() -> None:
    made = spec({"default": {"attempts": 3}, "tags": {"io": {"timeout": "1m"}}})
    assert (made.retry.attempts, made.timeout) == (3, 60)


def test_all_settings_arrive() -> None:
    made = spec(
        {
            "default": {
                "attempts": 2,
                "delay": "1s",
                "backoff": 3,
                "jitter": 0.5,
                "retry_on": "OSError",
                "on_memory": "alone",
                "resources": {"cpu": 2, "memory": "1GB", "gpu": 1, "excel": 1},
            }
        }
    )
    assert made.retry == RetryPolicy(2, 1.0, 3.0, 0.5, ("OSError",), True)
    assert made.resources == Resources(2, 1000**3, 1, (("excel", 1),))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"defaults": {}}, "Did you mean 'default'"),
        ({"nodes": {"a": {"attemps": 3}}}, "Did you mean 'attempts'"),
        ({"nodes": {"a": {"attempts": 0}}}, r"nodes\.a\.attempts is 0"),
        ({"nodes": {"a": "twice"}}, r"nodes\.a is 'twice', expected a mapping"),
        ({"on_error": "ignore"}, "expected one of stop, drain, continue"),
        ({"default": {"on_memory": "buy"}}, "expected 'fail' or 'alone'"),
        ({"default": {"resources": {"excel": "one"}}}, r"resources\.excel is 'one'"),
        ({"budget": {"memory": "lots"}}, r"budget\.memory is 'lots'"),
    ],
)
def test_what_cannot_be_understood_is_named_with_what_to_try(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ExecutionPolicyError, match=words):
        ExecutionPolicies.read(config)


def test_the_command_line_outweighs_the_file_and_the_file_the_runner() -> None:
    maker = SpecMaker(ExecutionPolicies.read({"on_error": "continue"}))
    assert maker.run_policy(Inherited(), on_error="drain", supply=Resources(2)).on_error == "continue"
    assert maker.run_policy(Inherited(on_error="stop"), on_error="drain", supply=Resources(2)).on_error == "stop"
    assert SpecMaker().run_policy(Inherited(), on_error="drain", supply=Resources(2)).on_error == "drain"


def test_workers_are_the_cpu_budget_unless_the_file_says() -> None:
    assert SpecMaker().run_policy(Inherited(), on_error="drain", supply=Resources(3)).budget.cpu == 3
    maker = SpecMaker(ExecutionPolicies.read({"budget": {"cpu": 8, "memory": "1GB"}}))
    assert maker.run_policy(Inherited(), on_error="drain", supply=Resources(3)).budget == Resources(8, 1000**3)


def test_learned_figures_fill_in_what_is_not_declared() -> None:
    mine = node(same, "a", "b", name="mine")
    maker = SpecMaker(costs={"mine": 12.5}, peaks={"mine": 7})
    made = maker.spec(0, mine, (), ())
    assert (made.cost, made.resources.memory) == (12.5, 7)
    declared = ExecutionPolicies.read({"nodes": {"mine": {"resources": {"memory": 3}}}})
    assert SpecMaker(declared, peaks={"mine": 7}).spec(0, mine, (), ()).resources.memory == 3


def test_the_supply_of_the_runner_fills_in_what_the_budget_leaves_out() -> None:
    maker = SpecMaker(ExecutionPolicies.read({"budget": {"excel": 2}}))
    made = maker.run_policy(Inherited(), on_error="drain", supply=Resources(4, 100, 1)).budget
    assert made == Resources(4, 100, 1, (("excel", 2),))


def test_the_machine_supplies_most_of_its_memory_and_at_least_one_gpu_token() -> None:
    supply = local_supply(3)
    assert supply.cpu == 3
    assert 0 < supply.memory < memory_limit()
    assert supply.gpu >= 1


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
def test_the_devices_of_a_node_are_set_or_it_is_said_that_they_are_not(
    runner: type[AbstractRunner], caplog: pytest.LogCaptureFixture
) -> None:
    policies = {"budget": {"gpu": 2}, "nodes": {"train": {"resources": {"gpu": 2}}}}
    train = node(lambda _: os.environ.get("CUDA_VISIBLE_DEVICES", "all"), "a", "b", name="train")
    with inherit(Inherited(execution=policies)):
        results = runner().run(Pipeline([train]), DataCatalog({"a": MemoryDataset(1)}))
    assert (results["b"].load() == "0,1") != ("CUDA_VISIBLE_DEVICES is not set for train" in caplog.text)
