"""From the ``type`` of a catalog entry to a class, and from a dataset back to its entry."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable, Collection
from typing import Any

from .._lent_name import lend_name
from ..utils import get_close_matches
from ._errors import DatasetError

_PACKAGE = __name__.partition(".")[0]
_OWN_NAMES = ("kedro.", "deodar.")

# Where a short type is looked for, in this order.
PREFIXES = [f"{_PACKAGE}.io.", "kedro_datasets.", f"{_PACKAGE}.datasets.", ""]

_INSTALL_DOCS = (
    "https://docs.kedro.org/en/stable/getting-started/install/"
    "#how-to-manually-install-the-project-dependencies-in-an-environment"
)
_HINT = (
    "Hint: If you are trying to use a dataset from `kedro-datasets`, make sure that the package is installed "
    "in your current environment. You can do so by running `pip install kedro-datasets` or "
    "`pip install kedro-datasets[<dataset-group>]` to install `kedro-datasets` along with related "
    "dependencies for the specific dataset group."
)

# Which optional dependencies of this package a group of its datasets needs.
_EXTRAS = {
    "pandas": "pandas", "polars": "polars", "matplotlib": "plots", "plotly": "plots", "numpy": "numpy",
}  # fmt: skip

_UNCHANGEABLE = frozenset({str, int, float, bool, type(None)})

# Here and not where a class is looked for: code of users' own imports datasets too, and workers get them by pickle.
lend_name()

_LoadObj = Callable[[str], tuple[Any, "str | None"]]

# The path at which a type was found, so that the failing imports before it are not repeated for each
# entry. Only paths: the object is looked up anew, as a notebook may have reloaded its module.
_found_at: dict[str, str] = {}


def find_class(dataset_type: str, load: _LoadObj) -> Any:
    """Return the class that a type string means.

    Args:
        dataset_type: a short form (``pandas.CSVDataset``) or a dotted path.
        load: tries one path; returns the object, or None and the reason.

    Raises:
        DatasetError: there is none.
    """
    if dataset_type.endswith("Set"):
        warnings.warn(
            f"Since kedro-datasets 2.0, 'Dataset' is spelled with a lowercase 's'. Got '{dataset_type}'.",
            stacklevel=3,
        )
    if dataset_type.startswith(".") or dataset_type.endswith("."):
        raise DatasetError("'type' class path does not support relative paths or paths ending with a dot.")
    known = _found_at.get(dataset_type)
    if known is not None:
        found, _ = load(known)
        if found is not None:
            return found
    return _search(dataset_type, load)


def _search(dataset_type: str, load: _LoadObj) -> Any:
    message: str | None = None
    refusal: DatasetError | None = None
    for path in _candidates(dataset_type):
        try:
            found, reason = load(path)
        except DatasetError as exc:
            # kedro-datasets has it and lacks what it is built on; ours may do without.
            if not path.startswith("kedro_datasets."):
                raise
            refusal = exc
            continue
        if found is not None:
            _found_at[dataset_type] = path
            return found
        if reason:
            message = reason
    for path in _replacements(dataset_type):
        found, _ = load(path)
        if found is not None:
            _found_at[dataset_type] = path
            return found
    if refusal is not None:
        raise refusal
    message = message or f"Class '{dataset_type}' not found, is this a typo?"
    raise DatasetError("\n".join((message, *_spelling_hint(dataset_type), _HINT, *_extra_hint(dataset_type))))


def _candidates(dataset_type: str) -> list[str]:
    own = next((name for name in _OWN_NAMES if dataset_type.startswith(name)), None)
    if own is not None:
        return [f"{_PACKAGE}.{dataset_type[len(own) :]}"]
    return [prefix + dataset_type for prefix in PREFIXES]


def _replacements(dataset_type: str) -> list[str]:
    """Name what can stand in for a class that a catalog names by its full path in kedro-datasets."""
    package, _, path = dataset_type.partition(".")
    group, _, rest = path.partition(".")
    return [f"{_PACKAGE}.datasets.{group}.{rest.rpartition('.')[2]}"] if package == "kedro_datasets" and rest else []


def _spelling_hint(dataset_type: str) -> list[str]:
    """Name classes that are spelled alike, in the modules that the search has imported."""
    found: list[str] = []
    for path in _candidates(dataset_type):
        module, _, name = path.rpartition(".")
        listed = getattr(sys.modules.get(module), "__all__", ())
        found += [close for close in get_close_matches(name, map(str, listed)) if close != name]
    before = dataset_type[: dataset_type.rfind(".") + 1]
    return [f"Did you mean '{before}{found[0]}'?"] if found else []


def _extra_hint(dataset_type: str) -> list[str]:
    extra = _EXTRAS.get(dataset_type.partition(".")[0])
    return [] if extra is None else [f"Or take what it needs from this package: `pip install 'deodar[{extra}]'`."]


def foreign_base_hint(class_obj: Any) -> str:
    """Say what to do about a class that extends the base class of an installed Kedro, if this one does."""
    bases = [base for base in class_obj.__mro__ if base.__qualname__ == "AbstractDataset"]
    if not bases:
        return ""
    return (
        f" It extends {bases[0].__module__}.AbstractDataset of an installed Kedro, which was imported before this "
        f"package. Import {_PACKAGE} first, or start the program with `python -m deodar.compat`."
    )


def load_listed(class_path: str, load_obj: Callable[[str], Any]) -> tuple[Any, str | None]:
    """Try one dotted path: the object, or None and the reason.

    Raises:
        DatasetError: the module promises the class in ``__all__`` and cannot deliver it.
    """
    module_path, _, class_name = class_path.rpartition(".")
    try:
        return load_obj(class_path), None
    except ValueError as exc:
        return None, f"{exc}. Invalid dataset path: '{class_path}'. Please check if it's correct."
    except AttributeError as exc:
        if class_name in _listed(module_path, load_obj):
            raise DatasetError(
                f"{exc}. Please see the documentation on how to install relevant dependencies for "
                f"{class_path}:\n{_INSTALL_DOCS}"
            ) from exc
        return (
            None,
            f"Dataset '{class_name}' not found in '{module_path}'. Make sure the dataset name is correct.",
        )
    except ModuleNotFoundError as exc:
        return (
            None,
            f"{exc}. Please install the missing dependencies for {class_path}:\n{_INSTALL_DOCS}",
        )


def _listed(module_path: str, load_obj: Callable[[str], Any]) -> Collection[str]:
    try:
        return load_obj(f"{module_path}.__all__") or ()
    except (ModuleNotFoundError, AttributeError, ValueError):
        return ()


def deep_copied(config: Any) -> Any:
    """Return a deep copy of a part of the configuration; what is not plain is copied as ``copy`` does."""
    # A tenth of what deepcopy takes, and every dataset that is made pays it.
    if type(config) is dict:
        return {key: value if type(value) in _UNCHANGEABLE else deep_copied(value) for key, value in config.items()}
    if type(config) is list:
        return [deep_copied(value) for value in config]
    return config if type(config) in _UNCHANGEABLE else copy.deepcopy(config)


def entry_of(dataset: Any) -> dict[str, Any]:
    """Return the catalog entry that a dataset could have been built from."""
    config = {"type": f"{type(dataset).__module__}.{type(dataset).__name__}", **_arguments_of(dataset)}
    if type(dataset).__name__ == "CachedDataset":
        _unwrap_cached(config)
    if config.pop("version", None):
        config["versioned"] = True
    config.pop("metadata", None)
    return config


def _arguments_of(dataset: Any) -> dict[str, Any]:
    arguments: dict[str, Any] | None = getattr(dataset, "_init_args", None)
    if arguments is None and hasattr(dataset, "__dataclass_fields__"):
        # A dataclass brings its __init__ after the class was made, too late to be wrapped.
        # Imported here: it is slow to import, and few datasets are dataclasses.
        import dataclasses

        return {f.name: getattr(dataset, f.name) for f in dataclasses.fields(dataset) if f.init}
    return arguments or {}


def _unwrap_cached(config: dict[str, Any]) -> None:
    """Put the entry of the wrapped dataset into the one of the cache, with its version outside."""
    wrapped = config.pop("dataset")
    entry = dict(wrapped) if isinstance(wrapped, dict) else wrapped._init_config()
    if entry.pop("versioned", None):
        config["versioned"] = True
    entry.pop("metadata", None)
    config["dataset"] = entry
