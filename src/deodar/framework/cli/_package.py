"""``package``: the project as a wheel, its configuration as an archive beside it."""

import importlib.util
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .utils import KedroCliError, call

if TYPE_CHECKING:
    from ..startup import ProjectMetadata


def package_project(metadata: "ProjectMetadata") -> None:
    """Build the wheel and the archive into ``dist`` of the project.

    Raises:
        KedroCliError: the package ``build`` is not installed, or the project says nothing of how it is built.
        click.exceptions.Exit: the build failed.
    """
    if importlib.util.find_spec("build") is None:
        raise KedroCliError("Packaging needs the package `build`: pip install build")
    root = metadata.project_path
    # A project of old may have its build files beside its sources.
    folder = root if _is_buildable(root) else metadata.source_dir
    if not _is_buildable(folder):
        raise KedroCliError(
            f"Nothing says how '{metadata.package_name}' is built: {root / 'pyproject.toml'} needs the tables "
            "[project] and [build-system]. Those of a project that `new` makes are an example."
        )
    dist = root / "dist"
    dist.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(dist)]
    if _has_build_requirements(folder):
        # What the build needs is here already, so nothing has to be downloaded for it.
        command.append("--no-isolation")
    call(command, cwd=str(folder))
    archive = dist / f"conf-{metadata.package_name}.tar.gz"
    left_out = archive_configuration(_conf_source(root), archive)
    click.echo(f"Configuration: {archive}")
    for name in left_out:
        click.secho(f"  left out: {name}", fg="yellow")


def _is_buildable(root: Path) -> bool:
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8") if pyproject.is_file() else ""
    return (
        "[project]" in text
        or "[build-system]" in text
        or any(map(Path.is_file, (root / "setup.py", root / "setup.cfg")))
    )


def _has_build_requirements(folder: Path) -> bool:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    # Imported here: it is optional.
    from build import check_dependency

    pyproject = folder / "pyproject.toml"
    table = tomllib.loads(pyproject.read_text(encoding="utf-8")) if pyproject.is_file() else {}
    required = table.get("build-system", {}).get("requires", ["setuptools"])
    if any(requirement.startswith("setuptools") for requirement in required):
        # Older releases of setuptools make wheels with the help of another package.
        required = [*required, "setuptools>=70.1" if importlib.util.find_spec("wheel") is None else "wheel"]
    return all(not list(check_dependency(requirement)) for requirement in required)


def _conf_source(root: Path) -> Path:
    # Imported here: the settings exist once the project is configured.
    from ..project import settings

    return root / str(settings.CONF_SOURCE)


def archive_configuration(source: Path, archive: Path) -> list[str]:
    """Pack a configuration folder, and return what was left out of it.

    The files of ``local`` belong to one machine, and credentials to nobody else: neither goes into the archive.
    """
    left_out: list[str] = []
    with tarfile.open(archive, "w:gz") as tar:
        for path in [source, *sorted(source.rglob("*"))]:
            relative = path.relative_to(source)
            if path.is_file() and _is_private(relative):
                left_out.append(f"{source.name}/{relative.as_posix()}")
            elif "__pycache__" not in relative.parts:
                tar.add(path, arcname=(Path(source.name) / relative).as_posix(), recursive=False)
    return left_out


def _is_private(relative: Path) -> bool:
    if relative.name == ".gitkeep":
        return False
    return "local" in relative.parts[:-1] or any("credentials" in part.lower() for part in relative.parts)
