import pytest
from click.testing import CliRunner

from deodar.framework.cli._doctor import doctor


def test_outside_a_project_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 0, result.output
    assert "runs as      deodar" in result.output
    assert "none here: no pyproject.toml with [tool.deodar]" in result.output


def test_in_a_project_it_says_what_is_active(project):
    (project.source / "settings.py").write_text("class Hooks:\n    pass\n\nHOOKS = (Hooks(),)\n")
    result = project.invoke("doctor")
    assert result.exit_code == 0, result.output
    assert f"(package {project.package})" in result.output
    assert f"{project.package}.settings.Hooks" in result.output
    assert "environments         base, local" in result.output


def test_it_answers_where_the_project_cannot_be_loaded(empty_project):
    (empty_project.path / "pyproject.toml").write_text("[tool.deodar]\n")
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 1
    assert "✗ RuntimeError: Missing required keys" in result.output
    assert "Optional packages" in result.output


@pytest.mark.parametrize(("requires", "state"), [("", "  on"), ("kedro", "off: written for kedro")])
def test_it_says_which_plugins_are_on(tmp_path, monkeypatch, plugin, requires, state):
    monkeypatch.chdir(tmp_path)
    plugin("checked_plugin", "raise RuntimeError", "[kedro.hooks]\nx = checked_plugin:x\n", requires=requires)
    output = CliRunner().invoke(doctor).output
    line = next(line for line in output.splitlines() if "checked_plugin" in line)
    assert "checked_plugin 1.2.3  hooks" in line
    assert state in line


def test_it_says_which_plugins_the_settings_turn_off(project, plugin):
    (project.source / "settings.py").write_text("DISABLE_HOOKS_FOR_PLUGINS = ('quiet_plugin',)\n")
    plugin("quiet_plugin", "raise RuntimeError", "[deodar.hooks]\nx = quiet_plugin:x\n")
    assert "hooks off by DISABLE_HOOKS_FOR_PLUGINS" in project.invoke("doctor").output
