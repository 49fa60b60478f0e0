"""Deodar: data pipelines that survive.

The package loads as ``deodar`` or, through the drop-in, as ``kedro``. Its version under the name ``kedro``
is the release of Kedro whose contract it holds.

PYTEST_DONT_REWRITE: the drop-in imports it before pytest can rewrite its asserts, of which it has none for tests.
"""

import sys
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


_UNTESTED = (3, 15)

if __name__ == "kedro" or sys.version_info >= _UNTESTED:
    # Imported here: natively, and on a Python that was tested, nothing here warns.
    import warnings

    if __name__ == "kedro" and not sys.warnoptions:
        # What programs for Kedro count on: deprecations are seen, and an untested Python is refused.
        warnings.simplefilter("default", KedroDeprecationWarning)
        warnings.simplefilter("error", KedroPythonVersionWarning)
    if sys.version_info >= _UNTESTED:
        warnings.warn(
            f"{__name__.capitalize()} is not yet fully compatible with this Python version: it was tested on 3.10 to "
            f"3.14. To go on at your own risk, use `python -W "
            f'"default:{__name__.capitalize()} is not yet fully compatible"`, or the variable PYTHONWARNINGS.',
            KedroPythonVersionWarning,
            stacklevel=2,
        )
