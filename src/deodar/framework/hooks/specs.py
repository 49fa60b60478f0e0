"""Every hook there is, with its arguments.

An implementation may take any of the arguments. Hooks are called with keywords, the latest registered first.
"""

from typing import TYPE_CHECKING, Any

from .markers import hook_spec

if TYPE_CHECKING:
    from ...io import CatalogProtocol
    from ...pipeline.node import Node
    from ...pipeline.pipeline import Pipeline
    from ..context import KedroContext


class KedroContextSpecs:
    """Hooks in the life of a context."""

    @hook_spec
    def after_context_created(self, context: "KedroContext") -> None:
        """Called once a session has made its context, before anything is read from the configuration.

        Args:
            context: the new context; its ``config_loader`` may be changed here.
        """


class DataCatalogSpecs:
    """Hooks in the life of a data catalog."""

    @hook_spec
    def after_catalog_created(
        self,
        catalog: "CatalogProtocol[Any, Any]",
        conf_catalog: dict[str, Any],
        conf_creds: dict[str, Any],
        parameters: dict[str, Any],
        save_version: str | None,
        load_versions: dict[str, str] | None,
    ) -> None:
        """Called once a context has built a catalog.

        Args:
            catalog: the new catalog; datasets may be added or replaced here.
            conf_catalog: the configuration it was built from.
            conf_creds: the credentials it was built with.
            parameters: the parameters added to it, by dataset name.
            save_version: the version that versioned datasets will be saved under.
            load_versions: the versions that datasets will be loaded from.
        """


class NodeSpecs:
    """Hooks round the run of a node."""

    @hook_spec
    def before_node_run(
        self, node: "Node", catalog: "CatalogProtocol[Any, Any]", inputs: dict[str, Any], is_async: bool, run_id: str
    ) -> dict[str, Any] | None:
        """Called when a node's inputs are loaded, before its function is called.

        Args:
            node: the node.
            catalog: the run's catalog.
            inputs: the loaded inputs, by dataset name.
            is_async: whether the node loads and saves in threads.
            run_id: the run.

        Returns:
            Values to use instead of some inputs, by dataset name, or None.
        """

    @hook_spec
    def after_node_run(
        self,
        node: "Node",
        catalog: "CatalogProtocol[Any, Any]",
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        is_async: bool,
        run_id: str,
    ) -> None:
        """Called when a node's function has returned.

        Args:
            node: the node.
            catalog: the run's catalog.
            inputs: the loaded inputs, by dataset name.
            outputs: what the function returned, by dataset name.
            is_async: whether the node loads and saves in threads.
            run_id: the run.
        """

    @hook_spec
    def on_node_error(
        self,
        error: Exception,
        node: "Node",
        catalog: "CatalogProtocol[Any, Any]",
        inputs: dict[str, Any],
        is_async: bool,
        run_id: str,
    ) -> None:
        """Called when a node has failed.

        Args:
            error: what it failed with.
            node: the node.
            catalog: the run's catalog.
            inputs: the loaded inputs, by dataset name.
            is_async: whether the node loads and saves in threads.
            run_id: the run.
        """


class PipelineSpecs:
    """Hooks round the run of a pipeline."""

    @hook_spec
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: "Pipeline", catalog: "CatalogProtocol[Any, Any]"
    ) -> None:
        """Called before a session runs a pipeline.

        Args:
            run_params: what the run was asked for.
            pipeline: the pipeline, filtered.
            catalog: the run's catalog.
        """

    @hook_spec
    def after_pipeline_run(
        self,
        run_params: dict[str, Any],
        run_result: dict[str, Any],
        pipeline: "Pipeline",
        catalog: "CatalogProtocol[Any, Any]",
    ) -> None:
        """Called after a pipeline has run.

        Args:
            run_params: what the run was asked for.
            run_result: the datasets of the pipeline's outputs, by name.
            pipeline: the pipeline, filtered.
            catalog: the run's catalog.
        """

    @hook_spec
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: "Pipeline", catalog: "CatalogProtocol[Any, Any]"
    ) -> None:
        """Called when the run of a pipeline has failed, before the error goes on to the caller.

        Args:
            error: what it failed with.
            run_params: what the run was asked for.
            pipeline: the pipeline, filtered.
            catalog: the run's catalog.
        """


class DatasetSpecs:
    """Hooks round the loading and saving of a dataset."""

    @hook_spec
    def before_dataset_loaded(self, dataset_name: str, node: "Node") -> None:
        """Called before a dataset is loaded for a node.

        Args:
            dataset_name: the dataset.
            node: the node that reads it.
        """

    @hook_spec
    def after_dataset_loaded(self, dataset_name: str, data: Any, node: "Node") -> None:
        """Called after a dataset was loaded for a node.

        Args:
            dataset_name: the dataset.
            data: what was loaded.
            node: the node that reads it.
        """

    @hook_spec
    def before_dataset_saved(self, dataset_name: str, data: Any, node: "Node") -> None:
        """Called before a node's output is saved.

        Args:
            dataset_name: the dataset.
            data: what will be saved.
            node: the node that made it.
        """

    @hook_spec
    def after_dataset_saved(self, dataset_name: str, data: Any, node: "Node") -> None:
        """Called after a node's output was saved.

        Args:
            dataset_name: the dataset.
            data: what was saved.
            node: the node that made it.
        """
