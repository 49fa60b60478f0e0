"""Run a script or a module with the drop-in installed: ``python -m deodar.compat [-m module | script.py] …``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from ._dropin import install

USAGE = (
    "usage: python -m deodar.compat script.py [argument ...]\n       python -m deodar.compat -m module [argument ...]\n"
)


def main(arguments: list[str]) -> int:
    """Install the drop-in and run what the arguments name, as ``python`` itself would."""
    if not arguments or arguments[0] in ("-h", "--help") or arguments == ["-m"]:
        sys.stderr.write(USAGE)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    install()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        # As python -m does; this module's own start put another entry there.
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    script = Path(arguments[0])
    if not script.exists():
        sys.stderr.write(f"python -m deodar.compat: can't open file {str(script)!r}\n{USAGE}")
        return 2
    sys.argv = arguments
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
