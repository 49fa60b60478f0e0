"""Deodar: data pipelines that survive.

The package loads as ``deodar`` or, through the drop-in, as ``kedro``. Its version under the name ``kedro``
is the release of Kedro whose contract it holds.
"""

from typing import Any

from . import _version

__version__ = _version.KEDRO_CONTRACT_VERSION if __name__ == "kedro" else _version.__version__


class KedroDeprecationWarning(DeprecationWarning):
    """Something that will go in a coming major release of the contract."""


class KedroPythonVersionWarning(UserWarning):
    """The running Python is newer than the ones that this release was tested on."""


def load_ipython_extension(ipython: Any) -> None:
    """Load the notebook extension, so that ``%load_ext deodar`` works.

    Args:
        ipython: the running ``InteractiveShell``.
    """
    # Imported here: IPython is an optional package, and this file is imported by every program.
    from .ipython import load_ipython_extension as load

    load(ipython)
