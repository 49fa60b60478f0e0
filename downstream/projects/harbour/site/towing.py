"""A plugin, installed as others are: by a folder with entry points on the search path."""

from pathlib import Path

import click
from kedro.framework.cli.hooks import cli_hook_impl
from kedro.framework.hooks import hook_impl
from kedro.io import MemoryDataset


def note(*words):
    with Path("data/notes.txt").open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


class Tug:
    @hook_impl
    def after_catalog_created(self, catalog):
        catalog["rope"] = MemoryDataset(7)

    @hook_impl
    def before_pipeline_run(self):
        note("tug before_pipeline_run")

    @hook_impl
    def after_node_run(self, node):
        note("tug after_node_run", node.name)


class Harbourmaster:
    @cli_hook_impl
    def before_command_run(self, project_metadata, command_args):
        note("before_command_run", project_metadata.package_name, command_args)

    @cli_hook_impl
    def after_command_run(self, exit_code):
        note("after_command_run", exit_code)


def arrive():
    note("init")


@click.group(name="Towing")
def shanties():
    """Songs."""


@shanties.command()
def sing():
    """Sing."""
    click.echo("la la")


@click.group(name="Towing")
def commands():
    """Tugs."""


@commands.group()
@click.option("--loud", is_flag=True)
def tow(loud):
    """Tow."""
    click.echo(f"towing, loud: {loud}")


@tow.command()
@click.pass_obj
def show(metadata):
    """Show."""
    click.echo(f"showing {metadata.project_name}")


tug, harbourmaster = Tug(), Harbourmaster()
