"""From a template folder to files: ``{{ cookiecutter.key }}`` in paths and texts, nothing more.

The layout is cookiecutter's, so that the same folder works with either. Whatever needs Jinja's logic is left to
cookiecutter itself.
"""

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ._errors import KedroCliError

_PLACEHOLDER = re.compile(r"\{\{-?\s*cookiecutter\.(\w+)\s*-?\}\}")
_LOGIC = re.compile(r"\{%.*?cookiecutter.*?%\}|\{\{[^}]*\bcookiecutter(?:\.\w+\b\s*[^\s}\w-]|\[)", re.DOTALL)


class NeedsCookiecutterError(KedroCliError):
    """The template holds Jinja logic that the built-in renderer does not know."""


def derive_repo_name(project_name: str) -> str:
    """Return the folder name of a project."""
    return project_name.strip().replace(" ", "-").replace("_", "-").lower()


def derive_package_name(project_name: str) -> str:
    """Return the package name of a project."""
    return project_name.strip().replace(" ", "_").replace("-", "_").lower()


# Every Kedro starter writes these two as an expression of its own, always to the same effect.
_DERIVED = {"repo_name": derive_repo_name, "python_package": derive_package_name}


def read_defaults(template: Path) -> dict[str, Any]:
    """Return the variables of a template with their default values, as written."""
    try:
        defaults = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KedroCliError(f"The template '{template}' has no readable cookiecutter.json: {error}") from error
    if not isinstance(defaults, dict):
        raise KedroCliError(f"The cookiecutter.json of '{template}' must be a mapping of variables.")
    return defaults


def complete_context(template: Path, given: dict[str, str]) -> dict[str, Any]:
    """Return a value for every variable of a template.

    Args:
        template: a folder with a ``cookiecutter.json``.
        given: values that replace the defaults.
    """
    context: dict[str, Any] = {}
    for key, default in read_defaults(template).items():
        if key in given:
            context[key] = given[key]
        elif key in _DERIVED and "project_name" in context and ".lower()" in str(default):
            context[key] = _DERIVED[key](str(context["project_name"]))
        elif key.startswith("_"):
            # Settings of cookiecutter's own, such as files to copy as they are.
            context[key] = default
        else:
            value = default[0] if isinstance(default, list) and default else default
            context[key] = render_text(value, {**given, **context}, template) if isinstance(value, str) else value
    return {**given, **context}


def render_text(text: str, context: dict[str, Any], where: Path) -> str:
    """Replace the placeholders of a text.

    Raises:
        NeedsCookiecutterError: the text has more than plain placeholders.
        KedroCliError: a placeholder names a variable that has no value.
    """
    if _LOGIC.search(text):
        raise NeedsCookiecutterError(
            f"The template file '{where}' uses template logic. Install cookiecutter to use it: pip install cookiecutter"
        )

    def value(match: re.Match[str]) -> str:
        if match[1] not in context:
            raise KedroCliError(f"The template file '{where}' uses the variable {match[1]!r}, which has no value.")
        return str(context[match[1]])

    return _PLACEHOLDER.sub(value, text)


def render(template: Path, output_dir: Path, context: dict[str, Any]) -> Path:
    """Render the one templated folder of a template, and return the folder made.

    Raises:
        KedroCliError: the folder exists, or would lie outside ``output_dir``.
    """
    root = _templated_root(template)
    target = _inside(output_dir, render_text(root.name, context, root))
    if target.exists():
        raise KedroCliError(f"The folder '{target}' already exists. Choose another name, or remove it first.")
    verbatim = context.get("_copy_without_render") or []
    # Everything is rendered before anything is written: a template that fails leaves no half of a project.
    files = list(_rendered_files(root, target, context, verbatim))
    for path, content, mode in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    return target


def add(template: Path, project: Path, context: dict[str, Any], names: Iterable[str]) -> None:
    """Render some files and folders of a template into a project that exists; what is there stays as it is."""
    chosen = [project / name for name in names]
    for path, content, mode in _rendered_files(_templated_root(template), project, context, []):
        if not path.exists() and any(path.is_relative_to(item) for item in chosen):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)


def _templated_root(template: Path) -> Path:
    roots = sorted(path for path in template.iterdir() if path.is_dir() and _PLACEHOLDER.search(path.name))
    if not roots:
        raise KedroCliError(f"The template '{template}' has no folder named after a variable.")
    return roots[0]


def _rendered_files(
    root: Path, target: Path, context: dict[str, Any], verbatim: list[str]
) -> Iterator[tuple[Path, bytes, int]]:
    for source in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        relative = source.relative_to(root)
        path = _inside(target, *(render_text(part, context, source) for part in relative.parts))
        content = source.read_bytes()
        if not any(fnmatch.fnmatch(relative.as_posix(), pattern) for pattern in verbatim):
            text = _as_text(content)
            content = content if text is None else render_text(text, context, source).encode()
        yield path, content, source.stat().st_mode & 0o777 | 0o600


def _as_text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _inside(folder: Path, *parts: str) -> Path:
    """Join parts below a folder; a rendered name must not climb out of it."""
    path = folder.joinpath(*parts)
    if not path.resolve().is_relative_to(folder.resolve()) or path.resolve() == folder.resolve():
        raise KedroCliError(f"The name {'/'.join(parts)!r} would lie outside '{folder}'.")
    return path
