from __future__ import annotations

import inspect

import pytest

from deodar.framework.hooks import _create_hook_manager, specs

HOOKS = {
    "KedroContextSpecs": {"after_context_created": "context"},
    "DataCatalogSpecs": {
        "after_catalog_created": "catalog conf_catalog conf_creds parameters save_version load_versions"
    },
    "PipelineSpecs": {
        "before_pipeline_run": "run_params pipeline catalog",
        "after_pipeline_run": "run_params run_result pipeline catalog",
        "on_pipeline_error": "error run_params pipeline catalog",
    },
    "NodeSpecs": {
        "before_node_run": "node catalog inputs is_async run_id",
        "after_node_run": "node catalog inputs outputs is_async run_id",
        "on_node_error": "error node catalog inputs is_async run_id",
    },
    "DatasetSpecs": {
        "before_dataset_loaded": "dataset_name node",
        "after_dataset_loaded": "dataset_name data node",
        "before_dataset_saved": "dataset_name data node",
        "after_dataset_saved": "dataset_name data node",
    },
}


@pytest.mark.parametrize("spec", HOOKS)
def test_class_has_the_hooks_and_arguments_of_the_contract(spec: str) -> None:
    methods = {name: item for name, item in vars(getattr(specs, spec)).items() if not name.startswith("_")}
    found = {name: " ".join(list(inspect.signature(item).parameters)[1:]) for name, item in methods.items()}
    assert found == HOOKS[spec]


@pytest.mark.parametrize("spec", HOOKS)
def test_manager_knows_the_hooks_of_each_class(spec: str) -> None:
    hooks = _create_hook_manager().hook
    for name in HOOKS[spec]:
        assert getattr(hooks, name).spec.namespace is getattr(specs, spec)
