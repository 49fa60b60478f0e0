import pytest

from deodar.framework.cli.pipeline import _assert_pkg_name_ok
from deodar.framework.cli.utils import KedroCliError


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_created_pipeline_has_code_tests_and_parameters(empty_project):
    before = files(empty_project.path)
    result = empty_project.invoke("pipeline", "create", "sales")
    assert result.exit_code == 0, result.output
    source = f"src/{empty_project.package}/pipelines/sales"
    made = {name for name in files(empty_project.path) - before if "__pycache__" not in name}
    assert made == {
        f"{source}/__init__.py", f"{source}/nodes.py", f"{source}/pipeline.py",
        "tests/pipelines/sales/__init__.py", "tests/pipelines/sales/test_pipeline.py",
        "conf/base/parameters_sales.yml",
    }  # fmt: skip
    assert "Creating the pipeline 'sales': OK" in result.output
    assert "Pipeline 'sales' was successfully created." in result.output


def test_a_created_pipeline_is_found(empty_project):
    empty_project.invoke("pipeline", "create", "sales")
    assert empty_project.invoke("registry", "list").output.split() == ["-", "__default__", "-", "sales"]


def test_the_configuration_can_go_to_another_environment(empty_project):
    (empty_project.path / "conf" / "local").mkdir(exist_ok=True)
    empty_project.invoke("pipeline", "create", "sales", "--env", "local")
    assert (empty_project.path / "conf" / "local" / "parameters_sales.yml").exists()


def test_the_configuration_can_be_skipped(empty_project):
    result = empty_project.invoke("pipeline", "create", "sales", "--skip-config", "--env", "nowhere")
    assert result.exit_code == 0, result.output
    assert not list((empty_project.path / "conf").rglob("parameters_sales.yml"))
    assert not (empty_project.source / "pipelines" / "sales" / "config").exists()


def test_an_unknown_environment_is_named(empty_project):
    result = empty_project.invoke("pipeline", "create", "sales", "--env", "nowhere")
    assert result.exit_code == 1
    assert "Unable to locate environment 'nowhere'. Existing environments: base, local." in result.stderr


def test_an_existing_file_is_not_overwritten(empty_project):
    parameters = empty_project.path / "conf" / "base" / "parameters_sales.yml"
    parameters.write_text("mine: 1\n")
    result = empty_project.invoke("pipeline", "create", "sales")
    assert f"Creating '{parameters}': SKIPPED (already exists)" in result.output
    assert parameters.read_text() == "mine: 1\n"


def test_an_existing_pipeline_is_left_alone(empty_project):
    empty_project.invoke("pipeline", "create", "sales")
    result = empty_project.invoke("pipeline", "create", "sales")
    assert result.exit_code == 1
    assert "Creating the pipeline 'sales': FAILED" in result.output
    assert "already exists" in result.stderr


@pytest.mark.parametrize("place", ["templates/pipeline", "my_template"])
def test_a_template_of_the_projects_own_is_used(empty_project, place):
    root = empty_project.path / place / "{{ cookiecutter.pipeline_name }}"
    (root / "config" / "deep").mkdir(parents=True)
    (root.parent / "cookiecutter.json").write_text('{"pipeline_name": "x", "kedro_version": ""}')
    (root / "own.py").write_text("NAME = '{{ cookiecutter.pipeline_name }}'\n")
    (root / "config" / "deep" / "catalog_{{ cookiecutter.pipeline_name }}.yml").touch()
    option = [] if place.startswith("templates") else ["--template", place]
    result = empty_project.invoke("pipeline", "create", "sales", *option)
    assert result.exit_code == 0, result.output
    assert (empty_project.source / "pipelines" / "sales" / "own.py").read_text() == "NAME = 'sales'\n"
    assert (empty_project.path / "conf" / "base" / "deep" / "catalog_sales.yml").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x", "at least 2 characters"),
        ("1x", "start with a letter or underscore"),
        ("a-b", "only letters, digits"),
        ("../up", "start with a letter"),
        ("class", "keyword"),
    ],
)
def test_a_name_that_is_no_package_name_is_refused(name, reason):
    with pytest.raises(KedroCliError, match=f"is not a valid Python package name.*{reason}"):
        _assert_pkg_name_ok(name)


def test_deleting_takes_everything_back(empty_project):
    before = files(empty_project.path)
    empty_project.invoke("pipeline", "create", "sales")
    (empty_project.path / "conf" / "base" / "catalog_sales.yml").touch()
    result = empty_project.invoke("pipeline", "delete", "sales", "--yes")
    assert result.exit_code == 0, result.output
    assert {name for name in files(empty_project.path) if "__pycache__" not in name} == before
    assert "Pipeline 'sales' was successfully deleted." in result.output
    assert "register_pipelines()" in result.output


def test_deleting_asks_first(empty_project):
    empty_project.invoke("pipeline", "create", "sales")
    result = empty_project.invoke("pipeline", "delete", "sales", input="n\n")
    assert result.exit_code == 1
    assert "Are you sure you want to delete pipeline 'sales'?" in result.output
    assert "Deletion aborted!" in result.stderr
    assert (empty_project.source / "pipelines" / "sales").is_dir()


def test_deleting_what_is_not_there_is_an_error(empty_project):
    result = empty_project.invoke("pipeline", "delete", "sales", "-y")
    assert result.exit_code == 1
    assert "Pipeline 'sales' not found." in result.stderr
