"""The template of the flights starter, before anything is made from it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from cookiecutter.main import cookiecutter

import deodar

STARTER = Path(deodar.__file__).parent / "starters" / "flights"
VARIABLES = json.loads((STARTER / "cookiecutter.json").read_text())


def text_files() -> list[Path]:
    template = STARTER / "{{ cookiecutter.repo_name }}"
    # Python leaves its caches in whatever it has compiled.
    return [
        path
        for path in template.rglob("*")
        if path.is_file() and path.suffix != ".gz" and "__pycache__" not in path.parts
    ]


def rendered(folder: Path, **given: str) -> Path:
    return Path(cookiecutter(str(STARTER), no_input=True, output_dir=str(folder), extra_context=given))


def test_only_plain_substitutions_are_used() -> None:
    allowed = {f"{{{{ cookiecutter.{name} }}}}" for name in VARIABLES}
    for path in text_files():
        text = f"{path.relative_to(STARTER)}\n{path.read_text(encoding='utf-8')}"
        assert set(re.findall(r"\{\{.*?\}\}", text)) <= allowed, path
        assert "{%" not in text, path


def test_every_prompt_has_a_variable() -> None:
    prompts = yaml.safe_load((STARTER / "prompts.yml").read_text())
    assert set(prompts) <= set(VARIABLES)


def test_starter_is_small() -> None:
    assert sum(path.stat().st_size for path in STARTER.rglob("*") if path.is_file()) < 1_500_000


@pytest.mark.parametrize("name", ["01_raw", "02_intermediate", "04_feature", "08_reporting"])
def test_layers_of_data_are_there(name: str, tmp_path: Path) -> None:
    assert (rendered(tmp_path) / "data" / name / ".gitkeep").is_file()


def test_cookiecutter_alone_renders_it_for_either_name(tmp_path: Path) -> None:
    project = rendered(tmp_path, project_name="My Flights", framework="kedro", framework_version="1.7.0")
    registry = (project / "src/my_flights/pipeline_registry.py").read_text()
    assert project.name == "my-flights"
    assert "from kedro.pipeline import Pipeline" in registry
    assert 'kedro_init_version = "1.7.0"' in (project / "pyproject.toml").read_text()


def test_everything_in_a_fresh_project_is_for_version_control(tmp_path: Path) -> None:
    import subprocess

    project = rendered(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    ignored = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard"],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    # Where the package was installed, Python has put its caches beside the template's modules.
    assert [path for path in ignored if "__pycache__" not in path] == []
