import json

import pytest

from deodar.framework.cli import _templates
from deodar.framework.cli.utils import KedroCliError


@pytest.fixture
def template(tmp_path):
    made = tmp_path / "template"
    root = made / "{{ cookiecutter.repo_name }}"
    root.mkdir(parents=True)
    (made / "cookiecutter.json").write_text(
        json.dumps(
            {
                "project_name": "New Project",
                "repo_name": "{{ cookiecutter.project_name.strip().replace(' ', '-').lower() }}",
                "python_package": "{{ cookiecutter.project_name.strip().replace(' ', '_').lower() }}",
                "title": "About {{ cookiecutter.project_name }}",
                "license": ["MIT", "none"],
            }
        )
    )
    (root / "{{ cookiecutter.python_package }}.txt").write_text("Hi {{cookiecutter.project_name}}, {{ other }}!\n")
    (root / "logo.bin").write_bytes(b"\x89\0{{ cookiecutter.project_name }}")
    return made


def test_variables_have_their_defaults_and_what_follows_from_others(template):
    assert _templates.complete_context(template, {"project_name": "My Shop"}) == {
        "project_name": "My Shop",
        "repo_name": "my-shop",
        "python_package": "my_shop",
        "title": "About My Shop",
        "license": "MIT",
    }


def test_a_given_value_wins_over_what_would_follow(template):
    assert _templates.complete_context(template, {"repo_name": "elsewhere"})["repo_name"] == "elsewhere"


def test_paths_and_texts_are_rendered(template, tmp_path):
    context = _templates.complete_context(template, {"project_name": "My Shop"})
    made = _templates.render(template, tmp_path, context)
    assert made == tmp_path / "my-shop"
    assert (made / "my_shop.txt").read_text() == "Hi My Shop, {{ other }}!\n"


def test_a_binary_file_is_copied_as_it_is(template, tmp_path):
    made = _templates.render(template, tmp_path, _templates.complete_context(template, {}))
    assert (made / "logo.bin").read_bytes() == b"\x89\0{{ cookiecutter.project_name }}"


def test_an_existing_folder_is_left_alone(template, tmp_path):
    (tmp_path / "new-project").mkdir()
    with pytest.raises(KedroCliError, match="already exists"):
        _templates.render(template, tmp_path, _templates.complete_context(template, {}))


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", ".", ".."])
def test_a_name_cannot_leave_the_output_folder(template, tmp_path, name):
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(KedroCliError, match="would lie outside"):
        _templates.render(template, output, _templates.complete_context(template, {"repo_name": name}))


def test_a_file_name_cannot_leave_the_project(template, tmp_path):
    context = _templates.complete_context(template, {"python_package": "../../x"})
    with pytest.raises(KedroCliError, match="would lie outside"):
        _templates.render(template, tmp_path, context)


@pytest.mark.parametrize(
    "text",
    ["{% if cookiecutter.tools %}x{% endif %}", "{{ cookiecutter.repo_name | upper }}", "{{ cookiecutter['x'] }}"],
)
def test_template_logic_is_refused_before_anything_is_written(template, tmp_path, text):
    (template / "{{ cookiecutter.repo_name }}" / "z.txt").write_text(text)
    with pytest.raises(_templates.NeedsCookiecutterError, match="pip install cookiecutter"):
        _templates.render(template, tmp_path, _templates.complete_context(template, {}))
    assert not (tmp_path / "new-project").exists()


def test_a_variable_without_value_is_named(template, tmp_path):
    (template / "{{ cookiecutter.repo_name }}" / "z.txt").write_text("{{ cookiecutter.colour }}")
    with pytest.raises(KedroCliError, match="'colour'"):
        _templates.render(template, tmp_path, _templates.complete_context(template, {}))


def test_a_folder_without_variables_is_no_template(tmp_path):
    with pytest.raises(KedroCliError, match=r"no readable cookiecutter\.json"):
        _templates.complete_context(tmp_path, {})
