"""``pipeline``: creating a pipeline from a template, and deleting one with all that belongs to it."""

import keyword
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ... import __version__
from ._groups import SuggestingGroup
from .utils import KedroCliError, _clean_pycache, command_with_verbosity, env_option

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]
_TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "pipeline"


class PipelineArtifacts(NamedTuple):
    """Where the parts of a pipeline are: its code, its tests, and its configuration."""

    pipeline_dir: Path
    pipeline_tests: Path
    pipeline_conf: Path


def _assert_pkg_name_ok(pkg_name: str) -> None:
    """Raise unless a name can be that of a Python package."""
    base = f"'{pkg_name}' is not a valid Python package name."
    if len(pkg_name) < 2:
        raise KedroCliError(f"{base} It must be at least 2 characters long.")
    if not re.match(r"[a-zA-Z_]", pkg_name):
        raise KedroCliError(f"{base} It must start with a letter or underscore.")
    if not re.fullmatch(r"\w+", pkg_name):
        raise KedroCliError(f"{base} It must contain only letters, digits, and/or underscores.")
    if keyword.iskeyword(pkg_name):
        raise KedroCliError(f"{base} It is a Python keyword.")


def _check_pipeline_name(ctx: click.Context | None, param: Any, value: str) -> str:
    if value:
        _assert_pkg_name_ok(value)
    return value


@click.group(name=_TOP, cls=SuggestingGroup)
def pipeline_cli() -> None:
    pass


@pipeline_cli.group(cls=SuggestingGroup)
def pipeline() -> None:
    """Create and delete pipelines."""


@command_with_verbosity(pipeline, "create")
@click.argument("name", nargs=1, callback=_check_pipeline_name)
@click.option("--skip-config", is_flag=True, help="Leave out the configuration files of the pipeline.")
@click.option(
    "template_path",
    "-t",
    "--template",
    type=click.Path(exists=True, dir_okay=True, file_okay=False, resolve_path=True),
    help="Folder of the template. Without it the project's templates/pipeline, or the built-in one.",
)
@env_option(help="Environment that receives the configuration files. Defaults to `base`.")
@click.pass_obj
def create_pipeline(
    metadata: "ProjectMetadata",
    /,
    name: str,
    template_path: str | None,
    skip_config: bool,
    env: str | None,
    **kwargs: Any,
) -> None:
    """Create a pipeline."""
    env, conf = _environment(metadata, env)
    if not skip_config and not (conf / env).is_dir():
        known = ", ".join(sorted(path.name for path in conf.iterdir() if path.is_dir())) if conf.is_dir() else "none"
        raise KedroCliError(
            f"Unable to locate environment '{env}'. Existing environments: {known}. "
            f"Make sure it exists in the project configuration '{conf}'."
        )
    own_template = metadata.project_path / "templates" / "pipeline"
    template = Path(template_path) if template_path else own_template if own_template.is_dir() else _TEMPLATE
    click.secho(f"Using pipeline template at: '{template}'")

    pipelines_dir = metadata.source_dir / metadata.package_name / "pipelines"
    _ensure_pipelines_init_file(pipelines_dir)
    made = _create_pipeline(name, template, pipelines_dir)
    _copy_pipeline_tests(name, made, metadata.project_path)
    _copy_pipeline_configs(made, conf, skip_config, env=env)
    click.secho(f"\nPipeline '{name}' was successfully created.\n", fg="green")


@command_with_verbosity(pipeline, "delete")
@click.argument("name", nargs=1, callback=_check_pipeline_name)
@env_option(help="Environment whose configuration files are deleted. Defaults to `base`.")
@click.option("-y", "--yes", is_flag=True, help="Delete without asking.")
@click.pass_obj
def delete_pipeline(metadata: "ProjectMetadata", /, name: str, env: str | None, yes: bool, **kwargs: Any) -> None:
    """Delete a pipeline."""
    env, conf = _environment(metadata, env)
    if not (conf / env).is_dir():
        raise KedroCliError(
            f"Unable to locate environment '{env}'. Make sure it exists in the project configuration '{conf}'."
        )
    artifacts = _get_pipeline_artifacts(metadata, name, env)
    folders = [path for path in (artifacts.pipeline_dir, artifacts.pipeline_tests) if path.is_dir()]
    kinds = ("parameters", "catalog")
    candidates = [
        *(artifacts.pipeline_conf / f"{kind}_{name}.yml" for kind in kinds),
        *(artifacts.pipeline_conf / kind / f"{name}.yml" for kind in kinds),
    ]
    files = [path for path in candidates if path.is_file()]
    if not folders and not files:
        raise KedroCliError(f"Pipeline '{name}' not found.")
    if not yes:
        _echo_deletion_warning(
            "The following paths will be removed:",
            **{"directories": folders, "configuration files": files},
        )
        click.echo()
        if not click.confirm(f"Are you sure you want to delete pipeline '{name}'?"):
            raise KedroCliError("Deletion aborted!")
    _delete_artifacts(*folders, *files)
    click.secho(f"\nPipeline '{name}' was successfully deleted.", fg="green")
    click.secho(
        f"\nIf you added the pipeline '{name}' to `register_pipelines()` in "
        f"'{metadata.package_name}/pipeline_registry.py', remove it there.",
        fg="yellow",
    )


def _environment(metadata: "ProjectMetadata", env: str | None) -> tuple[str, Path]:
    """Return the environment to work in, and the folder of the configuration."""
    # Imported here: the settings exist once the project is configured.
    from ..project import settings

    return env or settings.CONFIG_LOADER_ARGS.get("base_env", "base"), metadata.project_path / settings.CONF_SOURCE


def _get_pipeline_artifacts(project_metadata: "ProjectMetadata", pipeline_name: str, env: str) -> PipelineArtifacts:
    return PipelineArtifacts(
        project_metadata.source_dir / project_metadata.package_name / "pipelines" / pipeline_name,
        project_metadata.project_path / "tests" / "pipelines" / pipeline_name,
        _environment(project_metadata, env)[1] / env,
    )


def _ensure_pipelines_init_file(pipelines_dir: Path) -> None:
    pipelines_dir.mkdir(parents=True, exist_ok=True)
    init = pipelines_dir / "__init__.py"
    if not init.is_file():
        init.touch()


def _create_pipeline(name: str, template_path: Path, output_dir: Path) -> Path:
    """Render a template into the project's pipelines, and return the new folder."""
    click.echo(f"Creating the pipeline '{name}': ", nl=False)
    try:
        made = _render(
            template_path, output_dir, {"pipeline_name": name, "kedro_version": __version__, "framework": _TOP}
        )
    except Exception as error:
        click.secho("FAILED", fg="red")
        if isinstance(error, KedroCliError):
            raise
        raise KedroCliError(f"{type(error).__name__}: {error}") from error
    click.secho("OK", fg="green")
    _clean_pycache(made)
    click.echo(f"  Location: '{made}'")
    return made


def _render(template: Path, output_dir: Path, given: dict[str, str]) -> Path:
    # Imported here: listing commands renders nothing.
    from . import _templates
    from .starters import has_cookiecutter

    try:
        return _templates.render(template, output_dir, _templates.complete_context(template, given))
    except _templates.NeedsCookiecutterError:
        if not has_cookiecutter():
            raise
    from cookiecutter.main import cookiecutter

    return Path(cookiecutter(str(template), output_dir=str(output_dir), no_input=True, extra_context=given))


def _copy_pipeline_tests(pipeline_name: str, result_path: Path, project_root: Path) -> None:
    tests = result_path / "tests"
    if tests.is_dir():
        _sync_dirs(tests, project_root / "tests" / "pipelines" / pipeline_name)
        shutil.rmtree(tests)


def _copy_pipeline_configs(result_path: Path, conf_path: Path, skip_config: bool, env: str) -> None:
    config = result_path / "config"
    if config.is_dir():
        if not skip_config:
            _sync_dirs(config, conf_path / env)
        shutil.rmtree(config)


def _sync_dirs(source: Path, target: Path, prefix: str = "", overwrite: bool = False) -> None:
    """Copy a folder into another, and say for each file what happened."""
    for item in sorted(source.iterdir()):
        if item.name == "__pycache__":
            continue
        place = target / item.name
        if item.is_dir():
            _sync_dirs(item, place, prefix, overwrite)
            continue
        click.echo(f"{prefix}Creating '{place}': ", nl=False)
        if place.exists() and not overwrite:
            click.secho("SKIPPED (already exists)", fg="yellow")
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(item, place)
        click.secho("OK", fg="green")


def _echo_deletion_warning(message: str, **paths: list[Path]) -> None:
    click.secho(message, bold=True)
    for title, items in paths.items():
        if items:
            click.echo(f"\n{title.capitalize()}:")
            for item in items:
                click.echo(f"  {item}")


def _delete_artifacts(*artifacts: Path) -> None:
    for artifact in artifacts:
        click.echo(f"Deleting '{artifact}': ", nl=False)
        try:
            if artifact.is_dir():
                shutil.rmtree(artifact)
            else:
                artifact.unlink()
        except OSError as error:
            click.secho("FAILED", fg="red")
            raise KedroCliError(f"Cannot delete '{artifact}': {error}") from error
        click.secho("OK", fg="green")
