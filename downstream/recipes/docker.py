"""kedro-docker: its commands generate their files and call docker as they should."""

from __future__ import annotations

import os
from pathlib import Path

from ..environment import BIN, small_environment
from ..project import make_project

# An image is found when docker lists one.
DOCKER = '#!/bin/sh\necho "docker $@" >> "$DOCKER_CALLS"\n[ "$1" != images ] || echo 4f2d\n'


def check(folder: Path) -> str:
    """Generate a Dockerfile, build and run, with a program that writes down how it was called as docker."""
    where = small_environment()
    project = make_project(where, folder)
    programs = folder / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    calls = folder / "calls"
    path = os.pathsep.join([str(programs), str(where.folder / BIN), os.environ["PATH"]])
    for command in (["init"], ["build", "--docker-args", "--no-cache"], ["run", "--tags", "light"], ["cmd", "ls"]):
        where.run("kedro", "docker", *command, cwd=project, PATH=path, DOCKER_CALLS=str(calls))
    assert {"Dockerfile", ".dockerignore", ".dive-ci"} <= {item.name for item in project.iterdir()}
    called = calls.read_text()
    assert "docker build" in called and "--no-cache" in called
    assert "kedro run --tags light" in called
    return "init, build, run and cmd do their work"
