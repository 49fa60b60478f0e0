"""Finding a project's pipelines by where their packages lie."""

import importlib
import importlib.util
import traceback
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from ...pipeline.pipeline import Pipeline

IMPORT_ERROR_MESSAGE = "An error occurred while importing the '{module}' module."
_NOTHING_FOLLOWS = " Nothing defined therein will be returned by 'find_pipelines'."

_DEFAULT = "__default__"


def discover(
    package: str, requested: Iterable[str] | None, selected: Iterable[str] | None, raise_errors: bool
) -> dict[str, Pipeline]:
    """Return the pipelines that the packages below ``<package>.pipelines`` create.

    Args:
        package: the project's package.
        requested: pipelines that the coming run will use. One without a folder of its own may be composed of any
            others, so all are loaded then.
        selected: the only ones to load, whether they exist or not; not looked at if some are requested.
        raise_errors: raise instead of warn.
    """
    folders = None
    if requested is not None:
        folders = _pipeline_folders(package, raise_errors)
        wanted = set(requested)
        wanted_all = _DEFAULT in wanted or not wanted <= set(folders or ())
    else:
        wanted = set(selected or ())
        wanted_all = selected is None or _DEFAULT in wanted
    if wanted_all:
        found = {_DEFAULT: _simplified_pipeline(package, raise_errors)}
        folders = _pipeline_folders(package, raise_errors) if folders is None else folders
        return found | _load(package, folders or [], raise_errors)
    folders = _pipeline_folders(package, raise_errors) if folders is None else folders
    if folders is None:
        _report_not_found(wanted, raise_errors)
        return {}
    # Those without a folder last: their import fails, and tells so.
    return _load(package, [name for name in folders if name in wanted] + sorted(wanted - set(folders)), raise_errors)


def _report_not_found(names: Iterable[str], raise_errors: bool) -> None:
    message = f"Pipeline(s) not found: {', '.join(sorted(names))}"
    if raise_errors:
        raise KeyError(message)
    warnings.warn(message, UserWarning, stacklevel=4)


def _pipeline_folders(package: str, raise_errors: bool) -> list[str] | None:
    """Return the names of folders in ``<package>.pipelines``, or None if there is no such package."""
    module = f"{package}.pipelines"
    try:
        spec = importlib.util.find_spec(module)
    except Exception as error:
        # It is the project's own package that fails to be imported.
        _report_import(package, error, raise_errors)
        return []
    if spec is None or spec.submodule_search_locations is None:
        return None
    names = {name for location in spec.submodule_search_locations for name in _folders_in(location)}
    # Sorted: the order of a folder's entries differs between machines.
    return sorted(name for name in names if name != "__pycache__" and not name.startswith("."))


def _folders_in(location: str) -> list[str]:
    path = Path(location)
    if path.is_dir():
        return [item.name for item in path.iterdir() if item.is_dir()]
    # Imported here: only packages inside an archive need it, and it is slow to import.
    import zipfile

    archive = next((parent for parent in path.parents if parent.is_file()), None)
    if archive is None or not zipfile.is_zipfile(archive):
        return []
    root = zipfile.Path(archive, f"{path.relative_to(archive).as_posix()}/")
    return [item.name for item in root.iterdir() if item.is_dir()]


def _is_absent(error: BaseException, module: str) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name == module


def _simplified_pipeline(package: str, raise_errors: bool) -> Pipeline:
    """Return the pipeline of a project that has a single ``pipeline.py``, or an empty one."""
    module = f"{package}.pipeline"
    try:
        imported = importlib.import_module(module)
    except Exception as error:
        if not _is_absent(error, module):
            _report_import(module, error, raise_errors)
        return Pipeline([])
    created = _create_pipeline(imported)
    return Pipeline([]) if created is None else created


def _load(package: str, names: Iterable[str], raise_errors: bool) -> dict[str, Pipeline]:
    pipelines = {}
    for name in names:
        module = f"{package}.pipelines.{name}"
        try:
            imported = importlib.import_module(module)
        except Exception as error:
            _report_import(module, error, raise_errors)
            continue
        created = _create_pipeline(imported)
        if created is not None:
            pipelines[name] = created
        elif raise_errors:
            raise KeyError(f"Pipeline '{name}' not found")
    return pipelines


def _report_import(module: str, error: Exception, raise_errors: bool) -> None:
    message = IMPORT_ERROR_MESSAGE.format(module=module)
    if raise_errors:
        _raise_import(message, error)
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    warnings.warn(f"{message}{_NOTHING_FOLLOWS}\n\n{trace}", UserWarning, stacklevel=5)


def _raise_import(message: str, error: Exception) -> NoReturn:
    raise ImportError(f"{message} {type(error).__name__}: {error}") from error


def _create_pipeline(pipeline_module: ModuleType) -> Pipeline | None:
    """Return what a module's ``create_pipeline`` creates, or None, with a warning, if that is no pipeline."""
    name = pipeline_module.__name__
    if not hasattr(pipeline_module, "create_pipeline"):
        warnings.warn(
            f"The '{name}' module does not expose a 'create_pipeline' function, so no pipelines defined "
            "therein will be returned by 'find_pipelines'.",
            UserWarning,
            stacklevel=5,
        )
        return None
    created = pipeline_module.create_pipeline()
    if not isinstance(created, Pipeline):
        warnings.warn(
            f"Expected the 'create_pipeline' function in the '{name}' module to return a 'Pipeline' object, "
            f"got '{type(created).__name__}' instead. Nothing defined therein will be returned by "
            "'find_pipelines'.",
            UserWarning,
            stacklevel=5,
        )
        return None
    return created
