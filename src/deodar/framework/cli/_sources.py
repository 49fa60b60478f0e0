"""Where a starter's template comes from: a folder, a zip archive, or a git repository."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from ._errors import KedroCliError

_ABBREVIATIONS = {
    "gh": "https://github.com/{}.git",
    "gl": "https://gitlab.com/{}.git",
    "bb": "https://bitbucket.org/{}.git",
}
_REPOSITORY = re.compile(r"^(git\+)?(https?|ssh|git|file)://|^git@|^[\w.-]+@[\w.-]+:|\.git$")
_CLONE_SECONDS = 300


class TemplateNotFoundError(KedroCliError):
    """There is no template at the given place."""


def is_remote(location: str) -> bool:
    """Tell a repository or a download from a folder on this machine."""
    return bool(_REPOSITORY.search(_expand(location))) and not Path(location).is_dir()


def fetch(location: str, checkout: str | None, directory: str | None, workspace: Path) -> Path:
    """Return the local folder of a template, fetched into a workspace when it is not on this machine.

    Args:
        location: a folder, a zip file, or the URL of a git repository or zip file.
        checkout: a tag, branch or commit of the repository.
        directory: the template's folder inside it.
        workspace: an empty folder to fetch into.

    Raises:
        TemplateNotFoundError: there is no template there.
    """
    location = _expand(location)
    path = Path(location).expanduser()
    if location.endswith(".zip"):
        root = _unzip(_download(location, workspace) if "://" in location else path, workspace)
    elif path.is_dir() and not checkout:
        root = path.resolve()
    elif path.is_dir() and (path / ".git").exists():
        root = _clone(str(path.resolve()), checkout, workspace)
    elif path.is_dir():
        root = path.resolve()
    elif _REPOSITORY.search(location):
        root = _clone(location.removeprefix("git+"), checkout, workspace)
    else:
        raise TemplateNotFoundError(f"There is no folder '{location}'.")
    return _template_in(root, directory)


def tags(location: str) -> list[str]:
    """Return the tags of a git repository; none when it cannot be asked."""
    try:
        answer = _git("ls-remote", "--tags", "--", _expand(location).removeprefix("git+"))
    except KedroCliError:
        return []
    names = (line.rpartition("refs/tags/")[2] for line in answer.splitlines())
    return sorted({name.removesuffix("^{}") for name in names if name})


def _expand(location: str) -> str:
    short, colon, rest = location.partition(":")
    return _ABBREVIATIONS[short].format(rest) if colon and short in _ABBREVIATIONS else location


def _template_in(root: Path, directory: str | None) -> Path:
    folder = (root / directory).resolve() if directory else root
    if directory and not folder.is_relative_to(root.resolve()):
        raise TemplateNotFoundError(f"The directory {directory!r} lies outside the starter.")
    if not (folder / "cookiecutter.json").is_file():
        raise TemplateNotFoundError(f"The folder '{folder}' has no cookiecutter.json.")
    return folder


def _clone(url: str, checkout: str | None, workspace: Path) -> Path:
    if checkout and checkout.startswith("-"):
        raise TemplateNotFoundError(f"{checkout!r} is no tag, branch or commit.")
    target = workspace / "repository"
    _git("clone", "--quiet", "--", url, str(target))
    if checkout:
        _git("-C", str(target), "checkout", "--quiet", checkout, "--")
    return target


def _git(*arguments: str) -> str:
    executable = shutil.which("git")
    if executable is None:
        raise TemplateNotFoundError("Git is not installed, and this starter is a git repository.")
    try:
        done = subprocess.run(
            [executable, *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=_CLONE_SECONDS,
            # A repository that does not exist must not end in a question for a password.
            env=_environment_without_prompts(),
        )
    except subprocess.CalledProcessError as error:
        raise TemplateNotFoundError(f"git {arguments[0]} failed: {error.stderr.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise TemplateNotFoundError(f"git {arguments[0]} took more than {_CLONE_SECONDS} seconds.") from error
    return done.stdout


def _environment_without_prompts() -> dict[str, str]:
    import os

    return {**os.environ, "GIT_TERMINAL_PROMPT": "0"}


def _download(url: str, workspace: Path) -> Path:
    # Imported here: it is heavy, and few starters are downloads.
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise TemplateNotFoundError(f"Cannot download '{url}': only http and https are known.")
    target = workspace / "starter.zip"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, OSError) as error:
        raise TemplateNotFoundError(f"Cannot download '{url}': {error}") from error
    return target


def _unzip(archive: Path, workspace: Path) -> Path:
    target = workspace / "unzipped"
    try:
        with zipfile.ZipFile(archive) as content:
            for name in content.namelist():
                if not (target / name).resolve().is_relative_to(target.resolve()):
                    raise TemplateNotFoundError(f"The archive '{archive}' holds {name!r}, which lies outside it.")
            content.extractall(target)
    except (OSError, zipfile.BadZipFile) as error:
        raise TemplateNotFoundError(f"Cannot open the archive '{archive}': {error}") from error
    entries = list(target.iterdir())
    # Archives of repositories hold one folder; cookiecutter's own layout is the same.
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else target
