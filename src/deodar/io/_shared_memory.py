"""Which datasets can go to another process."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any


def check_for_multiprocessing(datasets: Mapping[str, Any]) -> None:
    """Refuse datasets that want a single process or cannot be pickled.

    Raises:
        AttributeError: naming them.
    """
    # Imported here: only a catalog that is about to go to other processes needs them.
    from multiprocessing.reduction import ForkingPickler
    from pickle import PicklingError

    refused = []
    for name, dataset in datasets.items():
        if getattr(dataset, "_SINGLE_PROCESS", False):
            refused.append(name)
            continue
        try:
            ForkingPickler.dumps(dataset)
        except (AttributeError, PicklingError):
            refused.append(name)
            _warn_of_remote(name, dataset)
        except TypeError:
            _warn_of_remote(name, dataset)
            raise
    if refused:
        raise AttributeError(
            f"The following datasets cannot be used with multiprocessing: {sorted(refused)}\nIn order to "
            "utilize multiprocessing you need to make sure all datasets are serialisable, i.e. datasets "
            "should not make use of lambda functions, nested functions, closures etc.\nIf you are using "
            "custom decorators ensure they are correctly decorated using functools.wraps()."
        )


def _warn_of_remote(name: str, dataset: Any) -> None:
    """Say what the likely reason is with a dataset on a remote store, and what to do."""
    protocol = getattr(dataset, "_protocol", None)
    if not isinstance(protocol, str) or protocol == "file":
        return
    warnings.warn(
        f"Dataset '{name}' appears to be backed by remote storage (protocol: '{protocol}'), whose connection "
        "cannot go to another process. Consider ThreadRunner or SequentialRunner for this pipeline.",
        stacklevel=4,
    )
