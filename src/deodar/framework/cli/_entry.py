"""The console script: the few lines that run before anything is imported.

It answers ``--version`` by itself, and it chooses the name under which the tree is loaded: in a project whose
``pyproject.toml`` has ``[tool.kedro]``, the package runs as ``kedro``.
"""

import gc
import importlib
import os
import sys
from collections.abc import Callable

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
        _load_commands("kedro.framework.cli")()
        return
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"{_TOP}, version {_own_version()}\n")
        return
    _load_commands(__package__)()


def _load_commands(package: str) -> Callable[[], None]:
    """Import the command line, which is not needed to say a version."""
    module = f"{package}._plain" if sys.argv[1:2] == ["run"] else f"{package}.cli"
    # What is imported stays until the process ends. So there is nothing to collect now, and later nothing to look at:
    # half of what the collector did in a plain run, and that was a tenth of it.
    gc.disable()
    try:
        main: Callable[[], None] = importlib.import_module(module).main
    finally:
        gc.freeze()
        gc.enable()
    return main


def _own_version() -> str:
    return _version.__version__ if _TOP == _NATIVE else _version.KEDRO_CONTRACT_VERSION
