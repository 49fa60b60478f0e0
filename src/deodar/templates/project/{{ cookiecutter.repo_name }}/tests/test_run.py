"""Runs the project as the command line does.

The project has no nodes yet, so its run is refused. Once it has some, assert on the result
of ``session.run()`` instead.
"""

from pathlib import Path

import pytest
from {{ cookiecutter.framework }}.framework.session import KedroSession
from {{ cookiecutter.framework }}.framework.startup import bootstrap_project


def test_a_project_without_nodes_refuses_to_run():
    bootstrap_project(Path.cwd())

    with (
        KedroSession.create(project_path=Path.cwd()) as session,
        pytest.raises(Exception, match="Pipeline contains no nodes"),
    ):
        session.run()
