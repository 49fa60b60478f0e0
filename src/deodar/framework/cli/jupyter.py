"""``jupyter``: notebooks whose kernel knows the project."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._groups import SuggestingGroup
from .utils import (
    KedroCliError,
    _check_module_importable,
    choose_environment,
    env_option,
    forward_command,
    python_call,
)

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]
_LOGO_SUFFIXES = ("*.png", "*.svg")


@click.group(name=_TOP, cls=SuggestingGroup)
def jupyter_cli() -> None:
    pass


@jupyter_cli.group(cls=SuggestingGroup)
def jupyter() -> None:
    """Open the project in Jupyter."""


@forward_command(jupyter, "setup", forward_help=True)
@click.pass_obj
def setup(metadata: "ProjectMetadata", /, args: tuple[str, ...], **kwargs: Any) -> None:
    """Install a kernel that loads the project."""
    _check_module_importable("ipykernel")
    _validate_settings()
    folder = _create_kernel(_kernel_name(metadata), _display_name(metadata))
    click.secho(f"\nThe kernel has been created successfully at {folder}", fg="green")


@forward_command(jupyter, "notebook", forward_help=True)
@env_option
@click.pass_obj
def jupyter_notebook(metadata: "ProjectMetadata", /, env: str | None, args: tuple[str, ...], **kwargs: Any) -> None:
    """Open Jupyter Notebook with a kernel that loads the project."""
    _check_module_importable("notebook")
    _open("notebook", metadata, env, args)


@forward_command(jupyter, "lab", forward_help=True)
@env_option
@click.pass_obj
def jupyter_lab(metadata: "ProjectMetadata", /, env: str | None, args: tuple[str, ...], **kwargs: Any) -> None:
    """Open JupyterLab with a kernel that loads the project."""
    _check_module_importable("jupyterlab")
    _open("lab", metadata, env, args)


def _open(program: str, metadata: "ProjectMetadata", env: str | None, args: tuple[str, ...]) -> None:
    _validate_settings()
    kernel = _kernel_name(metadata)
    _create_kernel(kernel, _display_name(metadata))
    choose_environment(env)
    python_call("jupyter", [program, f"--MultiKernelManager.default_kernel_name={kernel}", *args])


def _validate_settings() -> None:
    # Imported here: the settings exist once the project is configured.
    from ..project import validate_settings

    validate_settings()


def _kernel_name(metadata: "ProjectMetadata") -> str:
    return f"{_TOP}_{metadata.package_name}"


def _display_name(metadata: "ProjectMetadata") -> str:
    return f"{_TOP.capitalize()} ({metadata.package_name})"


def _create_kernel(kernel_name: str, display_name: str) -> str:
    """Install a kernel of the current interpreter that loads the project, and return its folder.

    Raises:
        KedroCliError: it cannot be installed.
    """
    try:
        # Imported here: it is optional.
        from ipykernel.kernelspec import install

        folder = Path(install(user=True, kernel_name=kernel_name, display_name=display_name))
        spec_file = folder / "kernel.json"
        spec = json.loads(spec_file.read_text(encoding="utf-8"))
        spec["argv"].extend(["--ext", f"{_TOP}.ipython"])
        # Text by text, so that the kernel of a Kedro project also starts with the name it needs.
        if _TOP == "kedro":
            spec.setdefault("env", {})["DEODAR_DROPIN"] = "1"
        spec_file.write_text(json.dumps(spec, indent=1), encoding="utf-8")
        _copy_logos(folder)
    except Exception as error:
        raise KedroCliError(
            f"Cannot setup {_TOP} kernel for Jupyter. Is `ipykernel` installed in {sys.prefix}?"
        ) from error
    return str(folder)


def _copy_logos(folder: Path) -> None:
    logos = Path(__file__).resolve().parents[2] / "ipython"
    for pattern in _LOGO_SUFFIXES:
        for logo in logos.glob(pattern):
            shutil.copy(logo, folder / logo.name)
