"""Names of Kedro 0.19 and before that 1.0 took away, each with its successor."""

from typing import Any, NoReturn

_GONE = {
    "io.LambdaDataset": "write a small subclass of AbstractDataset with load and save, or a node",
    "io.IncrementalDataset": "it is in kedro_datasets.partitions",
    "io.PartitionedDataset": "it is in kedro_datasets.partitions",
    "io.KedroDataCatalog": "it is DataCatalog now",
    "io.DatasetSaveError": "save raises DatasetError",
    "config.ConfigLoader": "use OmegaConfigLoader, which is the default",
    "config.TemplatedConfigLoader": (
        "use OmegaConfigLoader, which is the default: ${name} becomes ${globals:name} for values of globals.yml"
    ),
    "config.MissingConfigError": "it is MissingConfigException",
    "config.config": "use OmegaConfigLoader, which is the default",
    "config.templated_config": "use OmegaConfigLoader, which is the default",
    "runner.run_node": "use Task(node=..., catalog=..., is_async=False).execute()",
    "io._SharedMemoryDataset": "it is SharedMemoryDataset now",
    "io.data_catalog_with_default": "a pattern such as '{default}' in the catalog gives unknown names a dataset",
    "io.incremental_dataset": "it is in kedro_datasets.partitions",
    "io.kedro_data_catalog": "it is DataCatalog in io.data_catalog now",
    "io.lambda_dataset": "write a small subclass of AbstractDataset with load and save, or a node",
    "io.partitioned_dataset": "it is in kedro_datasets.partitions",
    "io.transformers": "use hooks, such as after_dataset_loaded",
    "pipeline.decorators": "decorate the function of the node, or use hooks",
    "framework.cli.micropkg": "package what is shared as a Python package",
    "framework.context.load_context": "use bootstrap_project, then KedroSession.create(...).load_context()",
    "framework.session.get_current_session": "take what you need as arguments of a hook, such as after_context_created",
    "versioning": "`kedro runs list` shows earlier runs",
    "extras": "datasets are in the package kedro-datasets (pip install kedro-datasets), loggers in logging",
    "framework.session.ShelveStore": "write a small subclass of BaseSessionStore, or look at `kedro runs list`",
    "framework.session.shelvestore": "write a small subclass of BaseSessionStore, or look at `kedro runs list`",
    "framework.hooks.get_hook_manager": "use _create_hook_manager, or take what you need as arguments of a hook",
}
_ATTRIBUTES = {
    "DataCatalog": {
        "add": "use catalog[name] = dataset",
        "add_all": "use catalog[name] = dataset for each",
        "add_feed_dict": "use catalog[name] = value for each",
        "datasets": "use catalog[name]",
        "list": "use catalog.filter(), or list(catalog)",
        "_get_dataset": "use catalog[name], or catalog.get(name)",
        "shallow_copy": "use copy.copy(catalog)",
    },
    "Pipeline": {
        "data_sets": "use datasets()",
        "grouped_nodes_by_namespace": "use group_nodes_by('namespace')",
        "only_nodes_with_namespace": "use only_nodes_with_namespaces([...])",
    },
    "AbstractRunner": {"run_only_missing": "use run(..., only_missing_outputs=True)"},
}
COMMANDS = {
    "catalog create": "write the entries into conf/base/catalog.yml; `catalog resolve-patterns` shows what there is",
    "catalog list": "use `catalog describe-datasets`",
    "catalog rank": "use `catalog list-patterns`",
    "catalog resolve": "use `catalog resolve-patterns`",
    "jupyter convert": "move the code into the package by hand",
    "activate-nbstripout": "use nbstripout itself",
    "build-docs": "use sphinx-build",
    "build-reqs": "use pip-compile",
    "lint": "use ruff check",
    "micropkg": "package what is shared as a Python package",
    "test": "use pytest",
}
_RENAMED = ("DataSet", "Dataset")


def successor(name: str) -> str | None:
    """Return what takes the place of a dotted name without its first part, or None for a name that never was."""
    package, _, last = name.rpartition(".")
    # A name is known by its package too: `runner.runner.run_node` is `runner.run_node`.
    for known in (name, f"{package.rpartition('.')[0]}.{last}"):
        if known in _GONE:
            return _GONE[known]
    if package in ("io", "io.core") and _RENAMED[0] in last:
        return f"it is {last.replace(*_RENAMED)} since 0.19"
    return None


def hint_on(error: ImportError) -> str | None:
    """Return what takes the place of what could not be imported, or None for anything that never was.

    Python asks no finder for a name that a module lacks, so there the error cannot say it by itself.
    """
    # Imported here: this module is loaded when the interpreter starts.
    import re

    missing = re.search(r"cannot import name '(\w+)' from '(?:kedro|deodar)\.([\w.]+)'", str(error))
    name = f"{missing[2]}.{missing[1]}" if missing else str(error.name or "").partition(".")[2]
    hint = successor(name)
    return hint and f"It was removed in Kedro 1.0 or before: {hint}."


class OldNames:
    """Tells who looks for an attribute of old what takes its place."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        text = f"{type(self).__name__!r} object has no attribute {name!r}"
        for cls in type(self).__mro__:
            if hint := _ATTRIBUTES.get(cls.__name__, {}).get(name):
                text += f"; it was removed in Kedro 1.0 or before: {hint}."
                break
        known: Any = {"name": name, "obj": self}
        raise AttributeError(text, **known)
