"""The project as a program: ``python -m {{ cookiecutter.python_package }}``, or its console script."""

import sys
from pathlib import Path
from typing import Any

from {{ cookiecutter.framework }}.framework.cli.utils import find_run_command
from {{ cookiecutter.framework }}.framework.project import configure_project


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the pipelines, with the arguments of ``{{ cookiecutter.framework }} run``."""
    package_name = Path(__file__).parent.name
    configure_project(package_name)

    # In an interactive session a run hands its result back instead of ending the process.
    kwargs["standalone_mode"] = not hasattr(sys, "ps1")

    run = find_run_command(package_name)
    return run(*args, **kwargs)


if __name__ == "__main__":
    main()
