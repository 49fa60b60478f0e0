"""Names of Kedro 0.19 and before that 1.0 took away, each with its successor."""

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
    "runner.run_node": "use Task(node=..., catalog=..., is_async=False).execute()",
    "extras": "datasets are in the package kedro-datasets (pip install kedro-datasets), loggers in logging",
    "framework.hooks.get_hook_manager": "use _create_hook_manager, or take what you need as arguments of a hook",
}
_RENAMED = ("DataSet", "Dataset")


def successor(name: str) -> str | None:
    """Return what takes the place of a dotted name without its first part, or None for a name that never was."""
    if name in _GONE:
        return _GONE[name]
    package, _, last = name.rpartition(".")
    if package in ("io", "io.core") and _RENAMED[0] in last:
        return f"it is {last.replace(*_RENAMED)} since 0.19"
    return None
