"""Projects whose hooks note what they are told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

SETTINGS = """
from deodar.framework.hooks import hook_impl

class Recorder:
    def __init__(self):
        self.calls = []

    @hook_impl
    def after_context_created(self, context):
        self.calls.append(("after_context_created", {"context": context}))

    @hook_impl
    def after_catalog_created(self, catalog, save_version, load_versions):
        self.calls.append(("after_catalog_created", {"catalog": catalog, "save_version": save_version}))

    @hook_impl
    def before_pipeline_run(self, run_params, pipeline, catalog):
        self.calls.append(("before_pipeline_run", {"run_params": run_params, "pipeline": pipeline}))

    @hook_impl
    def after_pipeline_run(self, run_params, run_result, pipeline, catalog):
        self.calls.append(("after_pipeline_run", {"run_result": run_result}))

    @hook_impl
    def on_pipeline_error(self, error, run_params, pipeline, catalog):
        self.calls.append(("on_pipeline_error", {"error": error}))

HOOKS = (Recorder(),)
"""


@pytest.fixture
def shop(project: Any) -> Any:
    """A bootstrapped project of two pipelines, whose calls of hooks are ``shop.calls()``."""
    project.module("settings", SETTINGS)
    project.pipeline("sales")
    project.pipeline("stock")
    project.bootstrap()

    def calls() -> list[tuple[str, dict[str, Any]]]:
        settings = sys.modules[f"{project.package}.settings"]
        return list(settings.HOOKS[0].calls)

    project.calls = calls
    return project


@pytest.fixture
def reconfigure(shop: Any) -> Callable[[str], None]:
    """Return a function that adds to the project's settings."""

    def add(text: str) -> None:
        del sys.modules[f"{shop.package}.settings"]
        shop.module("settings", f"{SETTINGS}\n{text}\n")
        shop.bootstrap()

    return add
