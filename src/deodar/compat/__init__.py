"""The drop-in: in a process where it is installed, ``import kedro`` gives this package.

``python -m deodar.compat script.py`` and ``python -m deodar.compat -m module`` install it for any program. Child
processes inherit it through one environment variable, which a line in a ``.pth`` file looks at.
"""

from typing import TYPE_CHECKING

from .._front_door import front_door

if TYPE_CHECKING:
    from ._dropin import ENVIRONMENT_VARIABLE, DropInTooLateError, install, is_installed

__all__ = ["ENVIRONMENT_VARIABLE", "DropInTooLateError", "install", "is_installed"]

__getattr__, __dir__ = front_door(__name__, dict.fromkeys(__all__, "_dropin"))
