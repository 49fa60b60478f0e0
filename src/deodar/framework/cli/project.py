"""Commands on a project: ``run``, ``ipython`` and ``package``."""

from typing import TYPE_CHECKING, Any

import click

from ._errors import ReportingCommand
from ._groups import CONTEXT_SETTINGS, SuggestingGroup
from ._run import _resolve_runner_kwargs as _resolve_runner_kwargs  # a name of the contract
from ._run import run_project
from ._run_options import memory_options, store_options
from .utils import (
    _check_module_importable,
    _config_file_callback,
    _split_load_versions,
    _split_params,
    call,
    choose_environment,
    env_option,
    forward_command,
    split_node_names,
    split_string,
    validate_conf_source,
    verbose_option,
)

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]

NO_DEPENDENCY_MESSAGE = (
    "{module} is not installed. Add it to requirements.txt and run `pip install -r requirements.txt`."
)
LINT_CHECK_ONLY_HELP = "Report style and import-order problems without changing files."
OPEN_ARG_HELP = "Open the built documentation in the default browser."
INPUT_FILE_HELP = "Requirements file to compile."
OUTPUT_FILE_HELP = "File to write the compiled requirements to."

FROM_INPUTS_HELP = "Start from the nodes that read these datasets. Comma-separated."
TO_OUTPUTS_HELP = "Stop at the nodes that write these datasets. Comma-separated."
FROM_NODES_HELP = "Start from these nodes. Comma-separated."
TO_NODES_HELP = "Stop at these nodes. Comma-separated."
NODE_ARG_HELP = "Run only these nodes. Comma-separated."
NAMESPACES_ARG_HELP = "Run only the nodes of these namespaces. Comma-separated."
TAG_ARG_HELP = "Run only nodes that have one of these tags. Comma-separated, and may be given again."
RUNNER_ARG_HELP = (
    "Runner to use: SequentialRunner, ThreadRunner, ParallelRunner, another one of the package, or a dotted path."
)
ASYNC_ARG_HELP = "Load and save the datasets of a node in threads."
RUNNER_PARAMS_HELP = "Arguments for the runner, as `key=value` separated by commas, such as max_workers=4."
LOAD_VERSION_HELP = "Versions of datasets to load, as `dataset:timestamp` separated by commas."
PIPELINE_ARG_HELP = "Pipeline to run. Deprecated, use --pipelines."
PIPELINES_ARG_HELP = "Registered pipelines to run, separated by commas. Without it `__default__` is run."
CONFIG_FILE_HELP = "YAML or JSON file with options for this command below the key `run`. The command line wins over it."
CONF_SOURCE_HELP = "Folder, archive or URL to read the project's configuration from."
PARAMS_ARG_HELP = (
    "Parameters for this run, as `key=value` separated by commas. A dot in a key nests: model.depth=3. "
    "Values are YAML, so lists and mappings work: cols=[a,b]."
)
ONLY_MISSING_OUTPUTS_HELP = "Run only what is needed to make the outputs that do not exist yet."


class _JoinedOption(click.Option):
    """An option with a comma-separated value that adds up when it is given again."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        # The parser collects repeated values for `multiple` options only; everyone else, the callbacks and
        # configuration files included, keeps dealing with one text.
        self.multiple = True
        try:
            super().add_to_parser(parser, ctx)
        finally:
            self.multiple = False

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        if isinstance(value, list | tuple):
            value = ",".join(str(item) for item in value)
        return super().type_cast_value(ctx, value)


@click.group(name=_TOP, cls=SuggestingGroup)
def project_group() -> None:
    """Commands that work on a project."""


@forward_command(project_group, forward_help=True)
@env_option
@click.pass_obj
def ipython(metadata: "ProjectMetadata", /, env: str | None, args: tuple[str, ...], **kwargs: Any) -> None:
    """Open IPython with the project's variables loaded."""
    _check_module_importable("IPython")
    choose_environment(env)
    call(["ipython", "--ext", f"{_TOP}.ipython", *args])


@project_group.command()
@verbose_option
@click.pass_obj
def package(metadata: "ProjectMetadata") -> None:
    """Package the project as a wheel, and its configuration as an archive."""
    # Imported here: only this command builds anything.
    from ._package import package_project

    package_project(metadata)


@project_group.command(cls=ReportingCommand, context_settings=CONTEXT_SETTINGS)
@click.option("--from-inputs", cls=_JoinedOption, type=str, default="", help=FROM_INPUTS_HELP, callback=split_string)
@click.option("--to-outputs", cls=_JoinedOption, type=str, default="", help=TO_OUTPUTS_HELP, callback=split_string)
@click.option("--from-nodes", cls=_JoinedOption, type=str, default="", help=FROM_NODES_HELP, callback=split_node_names)
@click.option("--to-nodes", cls=_JoinedOption, type=str, default="", help=TO_NODES_HELP, callback=split_node_names)
@click.option(
    "--nodes",
    "-n",
    "node_names",
    cls=_JoinedOption,
    type=str,
    default="",
    help=NODE_ARG_HELP,
    callback=split_node_names,
)
@click.option("--runner", "-r", type=str, default=None, help=RUNNER_ARG_HELP)
@click.option("--async", "is_async", is_flag=True, help=ASYNC_ARG_HELP)
@click.option(
    "--runner-params",
    cls=_JoinedOption,
    type=click.UNPROCESSED,
    default="",
    help=RUNNER_PARAMS_HELP,
    callback=_split_params,
)
@env_option
@click.option("--tags", "-t", cls=_JoinedOption, type=str, default="", help=TAG_ARG_HELP, callback=split_string)
@click.option(
    "--load-versions",
    "-lv",
    cls=_JoinedOption,
    type=str,
    default="",
    help=LOAD_VERSION_HELP,
    callback=_split_load_versions,
)
@click.option("--pipeline", "-p", type=str, default=None, help=PIPELINE_ARG_HELP)
@click.option("--pipelines", cls=_JoinedOption, type=str, default="", help=PIPELINES_ARG_HELP, callback=split_string)
@click.option(
    "--namespaces", "-ns", cls=_JoinedOption, type=str, default="", help=NAMESPACES_ARG_HELP, callback=split_node_names
)
@click.option(
    "--config",
    "-c",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help=CONFIG_FILE_HELP,
    callback=_config_file_callback,
    is_eager=True,
)
@click.option("--conf-source", help=CONF_SOURCE_HELP, callback=validate_conf_source)
@click.option(
    "--params", cls=_JoinedOption, type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=_split_params
)
@click.option("--only-missing-outputs", is_flag=True, help=ONLY_MISSING_OUTPUTS_HELP)
@memory_options
@store_options
@verbose_option
def run(**options: Any) -> Any:
    """Run the project's pipelines, or a part of them."""
    return run_project(**options)
