from pathlib import Path

from kedro.framework.hooks import hook_impl


def note(*words):
    with Path("data/notes.txt").open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


class Watch:
    """Notes every call, with what came along."""

    def __init__(self, name):
        self.name = name

    @hook_impl
    def after_context_created(self, context):
        note(self.name, "after_context_created", context.env, type(context).__name__)
        context.watched_by = self.name

    @hook_impl
    def after_catalog_created(self, catalog, conf_catalog, conf_creds, parameters, save_version, load_versions):
        names = sorted(conf_catalog), conf_creds, sorted(parameters)
        note(self.name, "after_catalog_created", *names, load_versions, type(catalog).__name__)

    @hook_impl
    def before_pipeline_run(self, run_params, pipeline, catalog):
        told = {name: run_params[name] for name in ("tags", "node_names", "load_versions", "runtime_params", "env")}
        note(self.name, "before_pipeline_run", told, len(pipeline.nodes), "crew" in catalog)

    @hook_impl
    def after_pipeline_run(self, run_result):
        note(self.name, "after_pipeline_run", {name: run_result[name].load() for name in sorted(run_result)})

    @hook_impl
    def on_pipeline_error(self, error):
        note(self.name, "on_pipeline_error", type(error).__name__)

    @hook_impl
    def before_node_run(self, node, inputs, is_async):
        note(self.name, "before_node_run", node.name, inputs, is_async)

    @hook_impl
    def after_node_run(self, node, inputs, outputs):
        note(self.name, "after_node_run", node.name, inputs, outputs)

    @hook_impl
    def on_node_error(self, error, node, inputs):
        note(self.name, "on_node_error", node.name, error, inputs)

    @hook_impl
    def before_dataset_loaded(self, dataset_name, node):
        note(self.name, "before_dataset_loaded", dataset_name, node.name)

    @hook_impl
    def after_dataset_loaded(self, dataset_name, data):
        note(self.name, "after_dataset_loaded", dataset_name, data)

    @hook_impl
    def before_dataset_saved(self, dataset_name, data):
        note(self.name, "before_dataset_saved", dataset_name, data)

    @hook_impl
    def after_dataset_saved(self, dataset_name, data):
        note(self.name, "after_dataset_saved", dataset_name, data)


class Pilot:
    """Changes an input, asks to be first, and stands round a run."""

    @hook_impl
    def before_node_run(self, node):
        return {"x": 100} if node.name == "load" else None

    @hook_impl(tryfirst=True)
    def after_node_run(self, node):
        note("pilot first", node.name)

    @hook_impl(hookwrapper=True)
    def before_pipeline_run(self):
        note("pilot before")
        yield
        note("pilot after")
