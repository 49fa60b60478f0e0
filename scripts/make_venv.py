"""Create a virtual environment and install a requirement into it; the Python of the machine is all it needs."""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 10)


def main() -> int:
    """Build the environment; return the exit code of pip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("requirements", nargs="*", default=[])
    parser.add_argument("--editable", action="append", default=[], help="install this path with -e")
    options = parser.parse_args()
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(f"Deodar needs Python 3.10 or newer, this is {found}. Try: make PYTHON=python3.12 test\n")
        return 1
    if not (options.folder / "bin").exists() and not (options.folder / "Scripts").exists():
        venv.create(options.folder, with_pip=True)
    folder = "Scripts" if sys.platform == "win32" else "bin"
    python = options.folder / folder / "python"
    editable = [part for path in options.editable for part in ("-e", path)]
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.call([*command, *options.requirements, *editable])


if __name__ == "__main__":
    raise SystemExit(main())
