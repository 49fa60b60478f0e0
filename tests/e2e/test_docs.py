"""Examples in the documentation are true."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner._policies import ExecutionPolicies, parse_resources

DOCS = Path(__file__).resolve().parents[2] / "docs"


def block(page: str, language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), flags=re.DOTALL)[0]


def test_the_runner_of_your_own_runs() -> None:
    names: dict[str, type] = {}
    exec(block("running.md", "python"), names)
    pipeline = Pipeline([node(abs, "a", "b")])
    assert names["MyRunner"]().run(pipeline, DataCatalog({"a": MemoryDataset(-1)}))["b"].load() == 1


def test_the_policies_are_understood() -> None:
    policies = ExecutionPolicies.read(yaml.safe_load(block("running.md", "yaml")))
    assert policies.on_error == "continue"
    assert policies.budget == parse_resources({"memory": "8GB", "gpu": 1, "excel": 1}, "budget")


def test_every_page_that_a_page_links_is_there() -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links {target}"
