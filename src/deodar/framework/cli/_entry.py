"""The console script: the few lines that run before anything is imported.

It answers ``--version`` by itself, and it chooses the name under which the tree is loaded: in a project whose
``pyproject.toml`` has ``[tool.kedro]``, the package runs as ``kedro``.
"""

import importlib
import os
import sys

from ... import _version
from ..._nearest_project import nearest_project

_TOP = __name__.partition(".")[0]
_NATIVE = "deodar"


def main() -> None:
    """Run the command line with the arguments of the process."""
    if _TOP == _NATIVE and nearest_project(os.getcwd()) == "kedro":  # noqa: PTH109
        # Imported here: only a Kedro project needs the second name.
        from ...compat import install

        install()
        if sys.argv[1:] in (["--version"], ["-V"]):
            sys.stdout.write(f"kedro, version {_version.KEDRO_CONTRACT_VERSION} (deodar {_version.__version__})\n")
            return
        importlib.import_module("kedro.framework.cli.cli").main()
        return
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"{_TOP}, version {_own_version()}\n")
        return
    # Imported here: click and the commands are not needed to say a version.
    from .cli import main as run

    run()


def _own_version() -> str:
    return _version.__version__ if _TOP == _NATIVE else _version.KEDRO_CONTRACT_VERSION
