import json
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml
from click.testing import CliRunner

from deodar.framework.cli.starters import (
    STARTERS_PATH,
    TEMPLATE_PATH,
    KedroStarterSpec,
    _get_starters_dict,
    create_cli,
)

try:
    import tomllib
except ImportError:
    import tomli as tomllib

pytestmark = pytest.mark.filterwarnings("ignore:Your project does not contain any pipelines")

NO_TOOLS = {
    ".gitignore", "README.md", "pyproject.toml", "requirements.txt", "conf/README.md", "conf/base/catalog.yml",
    "conf/base/parameters.yml", "conf/local/.gitkeep", "conf/local/credentials.yml", "notebooks/.gitkeep",
    "src/my_shop/__init__.py", "src/my_shop/__main__.py", "src/my_shop/pipeline_registry.py",
    "src/my_shop/pipelines/__init__.py", "src/my_shop/settings.py",
}  # fmt: skip
TESTS = {"tests/__init__.py", "tests/pipelines/__init__.py", "tests/test_run.py"}
DOCS = {"docs/Makefile", "docs/make.bat", "docs/source/conf.py", "docs/source/index.rst"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments, answers=None):
    return CliRunner().invoke(create_cli, ["new", *arguments], input=answers)


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def pyproject(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text())


@pytest.fixture
def starter(here):
    """A starter of somebody's own, which asks for nothing but a name."""
    root = here / "own-starter" / "{{ cookiecutter.repo_name }}"
    root.mkdir(parents=True)
    (root / "hello.txt").write_text("{{ cookiecutter.project_name }}\n")
    (root.parent / "cookiecutter.json").write_text(json.dumps({"project_name": "Own", "repo_name": "own"}))
    (root.parent / "prompts.yml").write_text("project_name:\n  title: Project Name\n  regex_validator: '^[a-z]+$'\n")
    return root.parent


def test_without_tools_the_files_of_a_blank_project_are_made(here):
    result = new("--name", "My Shop", "--tools", "none", "--example", "n")
    assert result.exit_code == 0, result.output
    assert files(here / "my-shop") == NO_TOOLS
    assert f"Your project 'My Shop' has been created in the directory \n{here / 'my-shop'}" in result.output
    assert "You have selected no project tools" in result.output


def test_a_project_says_what_it_was_made_with(here):
    new("--name", "My Shop", "--tools", "none", "--example", "n")
    table = pyproject(here / "my-shop")["tool"]["deodar"]
    assert table == {
        "package_name": "my_shop",
        "project_name": "My Shop",
        "deodar_init_version": "0.1.0",
        "tools": "['None']",
        "example_pipeline": "False",
        "source_dir": "src",
    }


@pytest.mark.parametrize(
    ("tools", "extra_files", "tables", "extras"),
    [
        ("lint", set(), {"ruff"}, {"dev"}),
        ("test", TESTS, {"pytest", "coverage"}, {"dev"}),
        ("log", {"conf/logging.yml"}, set(), set()),
        ("docs", DOCS, set(), {"docs"}),
        ("lint,test,log,docs", {"conf/logging.yml", *TESTS, *DOCS}, {"ruff", "pytest", "coverage"}, {"dev", "docs"}),
    ],
)
def test_a_tool_brings_its_files_and_settings(here, tools, extra_files, tables, extras):
    result = new("-n", "My Shop", "-t", tools, "-e", "no")
    assert result.exit_code == 0, result.output
    assert files(here / "my-shop") == NO_TOOLS | extra_files
    content = pyproject(here / "my-shop")
    assert set(content["tool"]) - {"deodar", "setuptools"} == tables
    assert set(content["project"].get("optional-dependencies", {})) == extras


def test_the_data_tool_brings_a_folder_for_each_stage(here):
    new("-n", "My Shop", "-t", "data", "-e", "n")
    made = files(here / "my-shop") - NO_TOOLS
    assert len(made) == 8
    assert all(name.startswith("data/0") and name.endswith("/.gitkeep") for name in made)


def test_a_project_without_nodes_is_warned_of():
    with pytest.warns(UserWarning, match="does not contain any pipelines with nodes"):
        new("-n", "My Shop", "-t", "none", "-e", "n")


def test_an_example_comes_from_the_flights_starter(here):
    result = new("-n", "My Shop", "-t", "none", "-e", "y")
    assert result.exit_code == 0, result.output
    assert "It has been created with an example pipeline." in result.output
    made = files(here / "my-shop")
    assert any(name.startswith("data/01_raw/flights") for name in made)
    assert not any(name.startswith("tests/") for name in made)
    assert pyproject(here / "my-shop")["tool"].keys() == {"deodar", "setuptools"}


@pytest.mark.parametrize(
    ("tools", "extra_files", "extras"), [("log,data", {"conf/logging.yml"}, set()), ("docs", DOCS, {"docs"})]
)
def test_an_example_has_the_tools_of_the_blank_project_too(here, tools, extra_files, extras):
    result = new("-n", "My Shop", "-t", tools, "-e", "y")
    assert result.exit_code == 0, result.output
    everything = {"conf/logging.yml", *DOCS}
    assert files(here / "my-shop") & everything == extra_files
    made = pyproject(here / "my-shop")
    assert set(made["project"].get("optional-dependencies", {})) == extras
    names = {"log,data": "['Custom Logging', 'Data Structure']", "docs": "['Documentation']"}
    assert made["tool"]["deodar"]["tools"] == names[tools]


def test_the_flights_starter_keeps_everything(here):
    result = new("-s", "flights", "-n", "My Shop")
    assert result.exit_code == 0, result.output
    assert any(name.startswith("tests/") for name in files(here / "my-shop"))


def test_data_of_a_starter_arrives_unchanged(here):
    new("-s", "flights", "-n", "My Shop")
    raw = next((STARTERS_PATH / "flights").glob("*/data/01_raw/flights*"))
    assert (here / "my-shop" / "data" / "01_raw" / raw.name).read_bytes() == raw.read_bytes()


@pytest.mark.parametrize(("choice", "text"), [("yes", "consent: true"), ("N", "consent: false")])
def test_consent_for_the_telemetry_plugin_is_written_when_given(here, choice, text):
    new("-n", "My Shop", "-t", "none", "-e", "n", "-tc", choice)
    assert (here / "my-shop" / ".telemetry").read_text().strip() == text


def test_questions_are_asked_for_what_the_flags_leave_open(here):
    result = new(answers="My Shop\n1-2\nn\n")
    assert result.exit_code == 0, result.output
    assert "Project Name\n============" in result.output
    assert "Project Tools\n=============" in result.output
    assert files(here / "my-shop") == NO_TOOLS | TESTS
    assert "To skip the questions next time" in result.output


def test_an_empty_answer_takes_the_default(here):
    result = new("--tools", "none", "--example", "n", answers="\n")
    assert result.exit_code == 0, result.output
    assert (here / "new-deodar-project").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-n", "x"], "'x' is an invalid value for project name."),
        (["-n", "a/b"], "'a/b' is an invalid value for project name."),
        (["-n", "My Shop", "-t", "lnt"], "Please select from the available tools"),
        (["-n", "My Shop", "-e", "maybe"], "'maybe' is an invalid value for example pipeline"),
        (["-n", "class", "-t", "none", "-e", "n"], "clashes with a Python keyword or standard library module"),
        (["-n", "json", "-t", "none", "-e", "n"], "clashes with a Python keyword or standard library module"),
    ],
)
def test_a_wrong_flag_ends_with_a_message_on_stderr(here, arguments, message):
    result = new(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert list(here.iterdir()) == []


def test_a_wrong_answer_ends_with_the_message_of_the_starter(starter):
    result = new("-s", str(starter), answers="ABC\n")
    assert result.exit_code == 1
    assert "'ABC' is an invalid value for project name." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--directory", "x"], "Cannot use the --directory flag without a --starter value."),
        (["-s", "flights", "--directory", "x"], "Cannot use the --directory flag with a --starter alias."),
        (["-s", "flights", "-t", "lint"], "Cannot use the --starter flag with the --example and/or --tools flag."),
        (["-s", "flights", "-e", "y"], "Cannot use the --starter flag with the --example and/or --tools flag."),
    ],
)
def test_contradicting_flags_are_refused(arguments, message):
    result = new(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_checkout_of_the_built_in_template_has_no_effect():
    with pytest.warns(UserWarning, match="The --checkout flag has no effect"):
        assert new("-n", "My Shop", "-t", "none", "-e", "n", "--checkout", "main").exit_code == 0


def test_an_existing_project_is_not_overwritten(here):
    (here / "my-shop").mkdir()
    result = new("-n", "My Shop", "-t", "none", "-e", "n")
    assert result.exit_code == 1
    assert "already exists" in result.stderr


def config(here, **answers):
    (here / "new.yml").write_text(yaml.safe_dump(answers))
    return "new.yml"


def test_a_configuration_file_answers_everything(here):
    name = config(here, project_name="Their Shop", repo_name="my-shop", python_package="my_shop", tools="lint, test")
    result = new("--config", name)
    assert result.exit_code == 0, result.output
    assert files(here / "my-shop") == NO_TOOLS | TESTS


def test_flags_win_over_the_configuration_file(here):
    result = new("-c", config(here, project_name="Their Shop", example_pipeline=True), "-n", "My Shop", "-e", "n")
    assert result.exit_code == 0, result.output
    assert files(here / "my-shop") == NO_TOOLS


def test_a_project_is_made_in_the_output_folder(here):
    (here / "out").mkdir()
    new("-c", config(here, project_name="My Shop", output_dir="out"))
    assert (here / "out" / "my-shop").is_dir()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "Config file is empty."),
        ({"tools": "none"}, "project_name not found in config file."),
        ({"project_name": "My Shop", "output_dir": "nowhere"}, "is not a valid output directory"),
        ({"project_name": "My Shop", "tools": "lnt"}, "Please select from the available tools"),
        ({"project_name": "My Shop", "repo_name": "../escaped"}, "would lie outside"),
    ],
)
def test_a_wrong_configuration_file_is_refused(here, answers, message):
    result = new("-c", config(here, **answers))
    assert result.exit_code == 1
    assert message in result.stderr


def test_tools_in_the_configuration_file_contradict_a_starter(here):
    result = new("-s", "flights", "-c", config(here, project_name="My Shop", tools="lint"))
    assert "The --starter flag can not be used with" in result.stderr


def test_a_folder_can_be_a_starter(here, starter):
    result = new("-s", str(starter), "-n", "shop")
    assert result.exit_code == 0, result.output
    assert (here / "own" / "hello.txt").read_text() == "shop\n"


def test_a_zip_file_can_be_a_starter(here, starter):
    with zipfile.ZipFile(here / "starter.zip", "w") as archive:
        for path in starter.rglob("*"):
            archive.write(path, path.relative_to(here))
    result = new("-s", "starter.zip", "-n", "shop")
    assert result.exit_code == 0, result.output
    assert (here / "own" / "hello.txt").read_text() == "shop\n"


def test_a_zip_file_cannot_write_outside_itself(here):
    with zipfile.ZipFile(here / "starter.zip", "w") as archive:
        archive.writestr("../escaped.txt", "x")
    assert "lies outside it" in new("-s", "starter.zip").stderr


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(here, starter):
    """A repository with the starter in a folder, tagged, and changed afterwards."""
    folder = here / "repository"
    folder.mkdir()
    shutil.move(starter, folder / "inner")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v1")
    (folder / "inner" / "{{ cookiecutter.repo_name }}" / "hello.txt").write_text("changed\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    return folder


@pytest.mark.parametrize(("checkout", "text"), [([], "changed\n"), (["--checkout", "v1"], "shop\n")])
def test_a_repository_can_be_a_starter(here, repository, checkout, text):
    result = new("-s", f"git+file://{repository}", "--directory", "inner", *checkout, "-n", "shop")
    assert result.exit_code == 0, result.output
    assert (here / "own" / "hello.txt").read_text() == text


def test_an_unknown_tag_is_answered_with_the_ones_that_exist(repository):
    result = new("-s", f"file://{repository}", "--directory", "inner", "--checkout", "v2", "-n", "shop")
    assert result.exit_code == 1
    assert "Specified tag v2. The following tags are available: v1" in result.stderr


def test_a_checkout_cannot_be_an_option_of_git(repository):
    result = new("-s", f"file://{repository}", "--checkout=--upload-pack=touch pwned", "-n", "shop")
    assert "is no tag, branch or commit" in result.stderr


def test_a_missing_starter_is_answered_with_the_aliases():
    result = new("-s", "flihgts", "-n", "shop")
    assert result.exit_code == 1
    assert "project template not found at flihgts." in result.stderr
    assert "Did you mean the starter 'flights'?" in result.stderr
    assert "spaceflights-pandas:" in result.stderr


def test_broken_prompts_are_named(starter):
    (starter / "prompts.yml").write_text("a: [")
    assert "could not load prompts.yml" in new("-s", str(starter)).stderr


def test_a_prompt_needs_a_title(starter):
    (starter / "prompts.yml").write_text("project_name:\n  text: x\n")
    assert "Each prompt must have a title field to be valid." in new("-s", str(starter)).stderr


def test_a_starter_with_template_logic_is_rendered_by_cookiecutter(here, starter):
    (starter / "{{ cookiecutter.repo_name }}" / "hello.txt").write_text("{{ cookiecutter.project_name | upper }}")
    result = new("-s", str(starter), "-n", "shop")
    assert result.exit_code == 0, result.output
    assert (here / "own" / "hello.txt").read_text() == "SHOP"


def test_the_built_in_template_is_a_cookiecutter_template(here):
    from cookiecutter.main import cookiecutter

    context = {"project_name": "My Shop", "tools": "['None']", "example_pipeline": "False"}
    cookiecutter(str(TEMPLATE_PATH), no_input=True, accept_hooks=False, extra_context=context)
    assert files(here / "my-shop") > NO_TOOLS
    assert "kedro" in pyproject(here / "my-shop")["tool"]


HOOK = """
import kedro
from pathlib import Path
from kedro.templates.project.hooks.utils import setup_template_tools
Path("made_by").write_text(kedro.__file__ + " {{ cookiecutter.tools }}")
"""


@pytest.fixture
def official_like_starter(starter):
    """A starter in the form of Kedro's own: derived names, passed-on variables, a script that runs afterwards."""
    variables = {
        "project_name": "Space",
        "repo_name": "{{ cookiecutter.project_name.strip().replace(' ', '-').replace('_', '-').lower() }}",
        "kedro_version": "{{ cookiecutter.kedro_version }}",
        "tools": "{{ cookiecutter.tools }}",
        "example_pipeline": "{{ cookiecutter.example_pipeline }}",
    }
    (starter / "cookiecutter.json").write_text(json.dumps(variables))
    (starter / "prompts.yml").write_text("project_name:\n  title: Project Name\n")
    (starter / "{{ cookiecutter.repo_name }}" / "version").write_text("{{ cookiecutter.kedro_version }}")
    (starter / "hooks").mkdir()
    (starter / "hooks" / "post_gen_project.py").write_text(HOOK)
    return starter


@pytest.mark.parametrize("cookiecutter", [True, False])
@pytest.mark.parametrize("arguments", [["-n", "My Space"], []])
def test_a_starter_in_the_form_of_the_official_ones_is_made(
    here, official_like_starter, monkeypatch, cookiecutter, arguments
):
    monkeypatch.setattr("deodar.framework.cli.starters.has_cookiecutter", lambda: cookiecutter)
    result = new("-s", str(official_like_starter), *arguments, answers="My Space\n")
    assert result.exit_code == 0, result.output
    assert (here / "my-space" / "version").read_text() == "1.7.0"
    package, _, tools = (here / "my-space" / "made_by").read_text().partition(" ")
    assert package.endswith("deodar/__init__.py")
    assert tools == "['None']"


STARTER_PLUGIN = """
from deodar.framework.cli.starters import KedroStarterSpec
specs = [KedroStarterSpec("own", {path!r}), KedroStarterSpec("flights", "elsewhere"), "nonsense"]
"""


def test_a_plugin_offers_starters(here, starter, plugin):
    plugin("starter_plugin", STARTER_PLUGIN.format(path=str(starter)), "[deodar.starters]\nx = starter_plugin:specs\n")
    listing = CliRunner().invoke(create_cli, ["starter", "list"])
    assert "Starters from starter_plugin" in listing.output
    assert "should be a 'KedroStarterSpec'" in listing.stderr
    assert "has been ignored as it is already defined by `deodar`" in listing.stderr
    assert new("-s", "own", "-n", "shop").exit_code == 0
    assert (here / "own" / "hello.txt").exists()
    sys.modules.pop("starter_plugin")


def test_the_starters_of_a_plugin_for_kedro_need_that_name_and_are_not_imported(plugin):
    code, points = "raise RuntimeError('imported')", "[kedro.starters]\nx = kedro_starters_of_mine:specs\n"
    plugin("kedro_starters_of_mine", code, points, requires="kedro>=1")
    result = new("-s", "mine")
    assert result.exit_code == 1
    assert "The starters of kedro_starters_of_mine are there with DEODAR_DROPIN=1." in result.stderr
    assert "kedro_starters_of_mine" not in sys.modules


def test_the_official_starters_are_listed_first():
    output = CliRunner().invoke(create_cli, ["starter", "list"]).output
    assert output.index("Starters from kedro") < output.index("Starters from deodar")
    assert _get_starters_dict()["databricks-iris"].directory == "databricks-iris"


def test_starters_are_ordered_by_alias():
    assert sorted([KedroStarterSpec("b", "x"), KedroStarterSpec("a", "y")])[0].alias == "a"


@pytest.mark.parametrize("answers", ["\n\n\n", "My Shop\n\n\n", "My Shop\n\nno\n", "My Shop\nnone\n\n"])
def test_every_question_can_be_answered_with_its_default(here, answers):
    result = new(answers=answers)
    assert result.exit_code == 0, result.output
    assert "[none]: " in result.output
    assert "[no]: " in result.output
    folder = "my-shop" if "My Shop" in answers else "new-deodar-project"
    assert len(files(here / folder)) == len(NO_TOOLS)
