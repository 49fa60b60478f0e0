import json
import os
import sys

import pytest

KERNELSPEC = """
import json
from pathlib import Path

def install(user, kernel_name, display_name):
    folder = Path({folder!r}) / kernel_name
    folder.mkdir(parents=True)
    spec = {{"argv": ["python", "-m", "ipykernel_launcher"], "display_name": display_name}}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return str(folder)
"""
# Stands for the program: it writes down what it was called with.
JUPYTER = """
import json, os, sys
from pathlib import Path
Path({folder!r}, "called.json").write_text(json.dumps([sys.argv[1:], os.environ.get("DEODAR_ENV")]))
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Install stand-ins for the optional packages; return the folder where kernels are installed."""
    site = tmp_path / "programs"
    (site / "ipykernel").mkdir(parents=True)
    (site / "ipykernel" / "__init__.py").touch()
    (site / "ipykernel" / "kernelspec.py").write_text(KERNELSPEC.format(folder=str(tmp_path / "kernels")))
    for name in ("notebook", "jupyterlab"):
        (site / f"{name}.py").touch()
    (site / "jupyter.py").write_text(JUPYTER.format(folder=str(tmp_path)))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    # Set and taken away, so that what the command sets is taken away again too.
    monkeypatch.setenv("DEODAR_ENV", "")
    yield tmp_path / "kernels"
    for name in ("ipykernel", "ipykernel.kernelspec", "notebook", "jupyterlab"):
        sys.modules.pop(name, None)


def test_setup_installs_a_kernel_that_loads_the_project(programs, empty_project):
    result = empty_project.invoke("jupyter", "setup")
    assert result.exit_code == 0, result.output
    kernel = programs / f"deodar_{empty_project.package}"
    spec = json.loads((kernel / "kernel.json").read_text())
    assert spec["argv"] == ["python", "-m", "ipykernel_launcher", "--ext", "deodar.ipython"]
    assert spec["display_name"] == f"Deodar ({empty_project.package})"
    assert f"The kernel has been created successfully at {kernel}" in result.output


@pytest.mark.parametrize("program", ["lab", "notebook"])
def test_a_program_opens_with_the_kernel_and_the_environment(programs, empty_project, program):
    result = empty_project.invoke("jupyter", program, "--env", "base", "--port", "9999", "--help")
    assert result.exit_code == 0, result.output
    called, env = json.loads((programs.parent / "called.json").read_text())
    kernel = f"--MultiKernelManager.default_kernel_name=deodar_{empty_project.package}"
    assert called == [program, kernel, "--port", "9999", "--help"]
    assert env == "base"


def test_a_kernel_that_cannot_be_installed_is_named(programs, empty_project):
    (programs / f"deodar_{empty_project.package}").mkdir(parents=True)
    result = empty_project.invoke("jupyter", "setup")
    assert result.exit_code == 1
    assert "Cannot setup deodar kernel for Jupyter." in result.stderr


def test_ipython_opens_with_the_extension_and_the_environment(programs, empty_project, monkeypatch):
    program = programs.parent / "bin" / "ipython"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{JUPYTER.format(folder=str(programs.parent))}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    result = empty_project.invoke("ipython", "--env", "base", "--no-banner")
    assert result.exit_code == 0, result.output
    called = json.loads((programs.parent / "called.json").read_text())
    assert called == [["--ext", "deodar.ipython", "--no-banner"], "base"]


def test_a_missing_program_is_named(empty_project):
    result = empty_project.invoke("jupyter", "notebook")
    assert result.exit_code == 1
    assert "Module 'notebook' not found." in result.stderr
