import click
from kedro.framework.cli.project import PARAMS_ARG_HELP, TAG_ARG_HELP
from kedro.framework.cli.utils import CONTEXT_SETTINGS, KedroCliError, _split_params, env_option, split_string
from kedro.framework.session import KedroSession
from kedro.runner import SequentialRunner


@click.group(context_settings=CONTEXT_SETTINGS, name=__file__)
def cli():
    """Commands of the harbour."""


@cli.command()
@click.option("--tags", "-t", default="", help=TAG_ARG_HELP, callback=split_string)
@click.option("--params", default="", help=PARAMS_ARG_HELP, callback=_split_params)
@click.option("--pipeline", "-p", default="__default__")
@env_option
def run(tags, params, pipeline, env):
    """Run, in the harbour's own way."""
    click.echo(f"the harbour runs {pipeline} with {tags} and {params}")
    with KedroSession.create(env=env, runtime_params=params) as session:
        session.run(pipeline_names=[pipeline], tags=tuple(tags), runner=SequentialRunner())


@cli.command()
@click.argument("who")
@click.pass_obj
def greet(metadata, who):
    """Greet somebody."""
    if who == "nobody":
        raise KedroCliError("There is nobody to greet")
    click.echo(f"hello {who} from {metadata.package_name}")
