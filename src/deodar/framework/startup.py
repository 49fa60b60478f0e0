"""Getting a process ready for a project: its metadata, its place on the import path, its settings."""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .. import _version
from ..utils import _PYPROJECT
from . import project
from .project import configure_project

_TOP = __name__.partition(".")[0]
# The running name first: where both tables exist, it is the one that is meant.
_TABLES = (_TOP, "deodar" if _TOP == "kedro" else "kedro")

# Each table may say which release the project was made with; it is compared with the same kind of release.
_RUNNING_VERSIONS = {
    "kedro_init_version": _version.KEDRO_CONTRACT_VERSION,
    "deodar_init_version": _version.__version__,
}

_MANDATORY = ("package_name", "project_name", "kedro_init_version")
_OPTIONAL = ("source_dir", "tools", "example_pipeline")


class ProjectMetadata(NamedTuple):
    """What a project's ``pyproject.toml`` says of it."""

    config_file: Path
    package_name: str
    project_name: str
    project_path: Path
    source_dir: Path
    kedro_init_version: str
    tools: list[str] | str | None
    example_pipeline: str | None


def bootstrap_project(project_path: str | Path) -> ProjectMetadata:
    """Make the project in a folder the one this process works for, importable here and in child processes.

    Raises:
        RuntimeError: the folder holds no project, or one whose ``pyproject.toml`` is wrong.
        ValueError: the project was made for another major release, or its sources lie outside of it.
        NotADirectoryError: the folder of its sources does not exist.
    """
    path = Path(project_path).expanduser().resolve()
    metadata = _get_project_metadata(path)
    _add_src_to_path(metadata.source_dir, path)
    project.LOGGING.look_in(path)
    configure_project(metadata.package_name)
    return metadata


def _get_project_metadata(project_path: str | Path) -> ProjectMetadata:
    """Return what a folder's ``pyproject.toml`` says of the project, without touching anything."""
    path = Path(project_path).expanduser().resolve()
    pyproject = path / _PYPROJECT
    if not pyproject.is_file():
        raise RuntimeError(
            f"Could not find the project configuration file '{_PYPROJECT}' in {path}. "
            f"Have you created your project with {_TOP.capitalize()} version {_running_version()}?"
        )
    table = _project_table(pyproject)
    version_key = next((key for key in _RUNNING_VERSIONS if key in table), f"{_TOP}_init_version")
    _check_keys(table, version_key)
    version = str(table[version_key])
    if _is_other_major(version, _RUNNING_VERSIONS[version_key]):
        raise ValueError(_version_mismatch_error(version))
    return ProjectMetadata(
        config_file=pyproject,
        package_name=table["package_name"],
        project_name=table["project_name"],
        project_path=path,
        source_dir=_normalised(path / Path(table.get("source_dir", "src")).expanduser()),
        kedro_init_version=version,
        tools=table.get("tools"),
        example_pipeline=table.get("example_pipeline"),
    )


def _running_version() -> str:
    return _version.KEDRO_CONTRACT_VERSION if _TOP == "kedro" else _version.__version__


def _project_table(pyproject: Path) -> dict[str, Any]:
    # Imported here: only starting a project reads TOML, and Python 3.10 has no reader of its own.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        tools = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise RuntimeError(f"Failed to parse '{_PYPROJECT}' file: {error}") from error
    for name in _TABLES:
        if name in tools:
            table: dict[str, Any] = tools[name]
            return table
    raise RuntimeError(
        f"There's no '[tool.{_TOP}]' section in the '{_PYPROJECT}'. Please add '[tool.{_TOP}]' section to the file "
        "with appropriate configuration parameters."
    )


def _check_keys(table: dict[str, Any], version_key: str) -> None:
    mandatory = [version_key if key == "kedro_init_version" else key for key in _MANDATORY]
    if missing := [key for key in mandatory if key not in table]:
        raise RuntimeError(f"Missing required keys {missing} from '{_PYPROJECT}'.")
    known = [*mandatory, *_OPTIONAL]
    if unexpected := [key for key in table if key not in (*known, *_RUNNING_VERSIONS)]:
        raise RuntimeError(
            f"Found unexpected keys in '{_PYPROJECT}'. Make sure it only contains the following keys: {known}. "
            f"Unexpected: {unexpected}."
        )


def _is_other_major(version: str, running: str) -> bool:
    return version.partition(".")[0] != running.partition(".")[0]


def _version_mismatch_error(version: str) -> str:
    name = _TOP.capitalize()
    return (
        f"Your {name} project version {version} does not match {name} package version {_running_version()} "
        f"you are running. Make sure to update your project template. See the release notes for how to migrate "
        "your project."
    )


def _normalised(path: Path) -> Path:
    # Links are not followed: a linked folder belongs to the project that links it.
    return Path(os.path.normpath(path))


def _validate_source_path(source_path: Path, project_path: Path) -> None:
    """Check that the sources are there, and inside the project.

    Raises:
        ValueError: they lie outside.
        NotADirectoryError: there is no such folder.
    """
    root, source = _normalised(project_path), _normalised(source_path)
    if root != source and root not in source.parents:
        raise ValueError(f"Source path '{source_path}' has to be relative to your project root '{project_path}'.")
    if not source_path.exists():
        raise NotADirectoryError(f"Source path '{source_path}' cannot be found.")


def _add_src_to_path(source_dir: Path, project_path: Path) -> None:
    """Put the sources first on the import path of this process and its children."""
    _validate_source_path(source_dir, project_path)
    source = str(source_dir)
    if source not in sys.path:
        sys.path.insert(0, source)
    inherited = os.environ.get("PYTHONPATH", "")
    if source not in inherited.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (source, inherited)))
