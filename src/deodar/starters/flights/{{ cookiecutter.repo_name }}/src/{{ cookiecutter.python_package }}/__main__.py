"""Run this project as a package: ``python -m {{ cookiecutter.python_package }}``, or the command of the same name."""

import sys
from pathlib import Path
from typing import Any

from {{ cookiecutter.framework }}.framework.cli.utils import find_run_command
from {{ cookiecutter.framework }}.framework.project import configure_project


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the pipelines; takes what ``{{ cookiecutter.framework }} run`` takes."""
    package_name = Path(__file__).parent.name
    configure_project(package_name)

    # In a notebook there is no process to end: hand the result back instead.
    interactive = hasattr(sys, "ps1") and not hasattr(sys.stdin, "fileno")
    kwargs["standalone_mode"] = not interactive

    run = find_run_command(package_name)
    return run(*args, **kwargs)


if __name__ == "__main__":
    main()
