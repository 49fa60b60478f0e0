"""Making a project: choose the template, collect the answers, write the files, say what was made."""

import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ... import __version__, _version
from ..._records import dataclass
from ...compat import ENVIRONMENT_VARIABLE
from . import _prompts, _sources, _templates
from ._errors import KedroCliError
from ._tools import copy_key, setup_template_tools
from .utils import _clean_pycache

if TYPE_CHECKING:
    from .starters import KedroStarterSpec

_TOP = __name__.partition(".")[0]
_PACKAGE = Path(__file__).resolve().parents[2]
_BLANK = _PACKAGE / "templates" / "project"
_EXAMPLE = _PACKAGE / "starters" / "flights"
_PYSPARK_ALIAS = "spaceflights-pyspark"
_NOTHING_CHOSEN = {"tools": "['None']", "example_pipeline": "False"}


@dataclass(frozen=True, slots=True)
class NewOptions:
    """The options of ``new`` as given on the command line."""

    config_path: str | None = None
    starter_alias: str | None = None
    checkout: str | None = None
    directory: str | None = None
    project_name: str | None = None
    selected_tools: str | None = None
    example_pipeline: str | None = None
    telemetry_consent: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a template is: its place, and what to take from there."""

    location: str
    checkout: str | None = None
    directory: str | None = None

    @property
    def is_built_in(self) -> bool:
        return Path(self.location).is_relative_to(_PACKAGE)


def create_project(options: NewOptions, starters: "Mapping[str, KedroStarterSpec]") -> None:
    """Create a project in the current folder, or in the ``output_dir`` of the configuration file.

    Raises:
        KedroCliError: options contradict each other, the template cannot be found, or the project exists.
    """
    _refuse_contradictions(options, starters)
    with tempfile.TemporaryDirectory(prefix=f"{_TOP}-new-") as folder:
        workspace = Path(folder)
        source = _source_of(options, starters)
        template = _fetch(source, starters, workspace / "starter")
        answers, interactive = _answers(options, template)
        if not options.starter_alias:
            source, template = _switch_template(answers, options, starters, workspace, (source, template))
        context = _context(template, answers)
        _prompts._validate_package_name_is_importable(str(context.get("python_package", "")))
        output_dir = Path(str(context.pop("output_dir", None) or Path.cwd())).expanduser().resolve()
        project = _render(source, template, output_dir, context)
    if source.is_built_in and not options.starter_alias:
        if template == _EXAMPLE:
            _complete_tools(project, context)
        _prune(project, context)
    _clean_pycache(project)
    if options.telemetry_consent is not None:
        consent = str(_prompts._parse_yes_no_to_bool(options.telemetry_consent)).lower()
        (project / ".telemetry").write_text(f"consent: {consent}\n", encoding="utf-8")
    _say_what_was_made(options, project, context, interactive)


def _refuse_contradictions(options: NewOptions, starters: "Mapping[str, KedroStarterSpec]") -> None:
    if options.directory and not options.starter_alias:
        raise KedroCliError("Cannot use the --directory flag without a --starter value.")
    if options.starter_alias and (options.selected_tools or options.example_pipeline):
        raise KedroCliError("Cannot use the --starter flag with the --example and/or --tools flag.")
    if options.starter_alias in starters and options.directory:
        raise KedroCliError("Cannot use the --directory flag with a --starter alias.")


def _source_of(options: NewOptions, starters: "Mapping[str, KedroStarterSpec]") -> _Source:
    alias = options.starter_alias
    if not alias:
        return _Source(str(_BLANK))
    if alias in starters:
        return _source_of_alias(alias, options.checkout, starters)
    return _Source(alias, options.checkout, options.directory)


def _source_of_alias(alias: str, checkout: str | None, starters: "Mapping[str, KedroStarterSpec]") -> _Source:
    spec = starters[alias]
    if not checkout and _sources.is_remote(spec.template_path):
        # The official starters have a tag for each release.
        checkout = _version.KEDRO_CONTRACT_VERSION if spec.origin == "kedro" else None
    return _Source(spec.template_path, checkout, spec.directory)


def _fetch(source: _Source, starters: "Mapping[str, KedroStarterSpec]", workspace: Path) -> Path:
    try:
        workspace.mkdir()
        return _sources.fetch(source.location, source.checkout, source.directory, workspace)
    except _sources.TemplateNotFoundError as error:
        # Imported here: only where the template is missing.
        import yaml

        from .starters import _official_starters, _starter_spec_to_dict, foreign_origins

        message = f"{_TOP.capitalize()} project template not found at {source.location}. {error.message}"
        if close := _close_aliases(source.location, starters):
            message += f" Did you mean the starter {close}?"
        if foreign := foreign_origins():
            message += f" The starters of {', '.join(foreign)} are there with {ENVIRONMENT_VARIABLE}=1."
        if source.checkout:
            known = ", ".join(_sources.tags(source.location)) or "none"
            message += f" Specified tag {source.checkout}. The following tags are available: {known}"
        official = yaml.safe_dump(_starter_spec_to_dict(_official_starters().values()), sort_keys=False)
        raise KedroCliError(f"{message}\nThe aliases for the official Kedro starters are:\n{official}") from error


def _close_aliases(location: str, starters: "Mapping[str, KedroStarterSpec]") -> str:
    from ...utils import get_close_matches

    return " or ".join(repr(alias) for alias in get_close_matches(location, starters))


def _answers(options: NewOptions, template: Path) -> tuple[dict[str, str], bool]:
    """Return all answers, and whether somebody was asked on the terminal."""
    prompts = _prompts.read_prompts(template)
    flags = _prompts.answers_from_flags(options.project_name, options.selected_tools, options.example_pipeline)
    left = {key: prompt for key, prompt in prompts.items() if key not in flags}
    if options.config_path:
        answers = _prompts.read_answers(Path(options.config_path), left, bool(options.starter_alias))
        return {**answers, **flags}, False
    defaults = _defaults(template) if left else {}
    return {**_prompts.ask(left, defaults), **flags}, bool(left)


def _defaults(template: Path) -> dict[str, Any]:
    try:
        return _templates.complete_context(template, _framework(template))
    except KedroCliError:
        # As written: an answer that is a placeholder is rendered with everything else.
        return _templates.read_defaults(template)


def _switch_template(
    answers: dict[str, str],
    options: NewOptions,
    starters: "Mapping[str, KedroStarterSpec]",
    workspace: Path,
    chosen: tuple[_Source, Path],
) -> tuple[_Source, Path]:
    """Return the template of the chosen tools and example instead of the blank one."""
    if "PySpark" in answers.get("tools", ""):
        source = _source_of_alias(_PYSPARK_ALIAS, options.checkout, starters)
        return source, _fetch(source, starters, workspace / "pyspark")
    if options.checkout:
        warnings.warn("The --checkout flag has no effect: the template comes with the package.", stacklevel=2)
    if answers.get("example_pipeline") == "True":
        return _Source(str(_EXAMPLE)), _EXAMPLE
    return chosen


def _framework(template: Path) -> dict[str, str]:
    """Return what the package tells every template about itself."""
    built_in = template.is_relative_to(_PACKAGE)
    facts = {
        # A starter from elsewhere writes it into a [tool.kedro] table, under whichever name it is rendered.
        "kedro_version": __version__ if built_in else _version.KEDRO_CONTRACT_VERSION,
        "framework": _TOP,
        "framework_version": __version__,
    }
    if template == _BLANK:
        facts["project_name"] = f"New {_TOP.capitalize()} Project"
    return facts


def _context(template: Path, answers: dict[str, str]) -> dict[str, Any]:
    given = {**_NOTHING_CHOSEN, **_framework(template), **answers}
    if _renders_itself(template):
        return _templates.complete_context(template, given)
    # cookiecutter derives the rest by the template's own rules; only the package's name is looked at here.
    package = _templates.derive_package_name(given.get("project_name", ""))
    return {"python_package": package, **given} if package else dict(given)


def _renders_itself(template: Path) -> bool:
    from .starters import has_cookiecutter

    return template.is_relative_to(_PACKAGE) or not has_cookiecutter()


def _render(source: _Source, template: Path, output_dir: Path, context: dict[str, Any]) -> Path:
    if _renders_itself(template):
        project = _templates.render(template, output_dir, context)
        if not source.is_built_in:
            _run_post_generation_hook(template, project, context)
        return project
    # Imported here: it costs half a second, and only foreign starters need it.
    from cookiecutter.main import cookiecutter

    try:
        with _environment_of_scripts():
            made = cookiecutter(str(template), output_dir=str(output_dir), no_input=True, extra_context=context)
    except Exception as error:
        raise KedroCliError("Failed to generate project when running cookiecutter.") from error
    return Path(made)


def _run_post_generation_hook(template: Path, project: Path, context: dict[str, Any]) -> None:
    """Run the starter's own script in the new project, as cookiecutter does."""
    script = template / "hooks" / "post_gen_project.py"
    if not script.is_file():
        return
    import subprocess
    import sys

    text = _templates.render_text(script.read_text(encoding="utf-8"), context, script)
    with _environment_of_scripts():
        done = subprocess.run([sys.executable, "-"], input=text, text=True, cwd=project, check=False)
    if done.returncode:
        shutil.rmtree(project, ignore_errors=True)
        raise KedroCliError(f"The starter's script '{script.name}' failed with exit code {done.returncode}.")


@contextmanager
def _environment_of_scripts() -> Iterator[None]:
    """Let the scripts of a starter import ``kedro``: that is what they were written for."""
    before = os.environ.get(ENVIRONMENT_VARIABLE)
    os.environ[ENVIRONMENT_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[ENVIRONMENT_VARIABLE]
        else:
            os.environ[ENVIRONMENT_VARIABLE] = before


def _complete_tools(project: Path, context: dict[str, Any]) -> None:
    """Give a project with an example the tools that only the blank template brings."""
    _templates.add(_BLANK, project, context, ("conf/logging.yml", "docs"))
    blank = next(_BLANK.glob("*/pyproject.toml")).read_text(encoding="utf-8")
    pyproject = project / "pyproject.toml"
    text = copy_key(blank, pyproject.read_text(encoding="utf-8"), "project.optional-dependencies", "docs")
    chosen = re.sub(r"^tools = .*$", f'tools = "{context["tools"]}"', text, flags=re.MULTILINE)
    pyproject.write_text(chosen, encoding="utf-8")


def _prune(project: Path, context: dict[str, Any]) -> None:
    setup_template_tools(
        str(context["tools"]),
        project / "requirements.txt",
        project / "pyproject.toml",
        str(context["python_package"]),
        str(context["example_pipeline"]),
    )


def _say_what_was_made(options: NewOptions, project: Path, context: dict[str, Any], interactive: bool) -> None:
    name = context.get("project_name") or project.name
    click.secho(
        f"\nCongratulations!\nYour project '{name}' has been created in the directory \n{project}\n", fg="green"
    )
    if options.starter_alias:
        return
    tools = str(context["tools"])
    if tools == "['None']":
        click.secho("You have selected no project tools", fg="green")
    else:
        click.secho(f"You have selected the following project tools: {tools}", fg="green")
    if context["example_pipeline"] == "True":
        click.secho("It has been created with an example pipeline.", fg="green")
    else:
        warnings.warn(
            "Your project does not contain any pipelines with nodes. Add one with "
            f"`{_TOP} pipeline create NAME` before `{_TOP} run`.",
            stacklevel=2,
        )
    if interactive:
        click.secho(
            f"\nTo skip the questions next time: {_TOP} new --name=NAME --tools=TOOLS --example=y|n",
            fg="green",
        )
