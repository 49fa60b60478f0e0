"""How a failed command speaks: one message on stderr, and the traceback only when asked for.

``KedroCliError`` is the error of the commands themselves. Every other exception that leaves a command is put
into words by ``report``: what the framework raised is a message already, what a user's own function raised comes
with the lines of that code, and what a library raised without any such line is its message.
"""

import os
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar

import click

from ._messages import PACKAGE_FOLDER

_FRAME = r'(?m)^  File "(.*?)", line \d+'
_VERBOSE_HINT = "Run with --verbose to see the full exception"


class KedroCliError(click.ClickException):
    """A command cannot do what was asked; the message is for the user."""

    # Part of the contract: plugins read the first, and all three hold for the whole process.
    VERBOSE_ERROR: ClassVar[bool] = False
    VERBOSE_EXISTS: ClassVar[bool] = True
    COOKIECUTTER_EXCEPTIONS_PREFIX: ClassVar[str] = "cookiecutter.exceptions"

    __module__ = f"{__package__}.utils"

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message, or the whole traceback when ``--verbose`` was given."""
        # From the exception itself: click calls this outside the `except` block, where there is no current one.
        if self.VERBOSE_ERROR:
            text = "".join(traceback.format_exception(type(self), self, self.__traceback__))
            click.secho(text.rstrip("\n"), fg="yellow", file=file, err=file is None)
            return
        for cause in _causes(self):
            if type(cause).__module__.startswith(self.COOKIECUTTER_EXCEPTIONS_PREFIX):
                click.secho(
                    f"{type(cause).__module__}.{type(cause).__qualname__}: {cause}", file=file, err=file is None
                )
        click.secho(f"Error: {self.format_message()}", fg="red", file=file, err=file is None)
        if self.VERBOSE_EXISTS:
            click.secho(_VERBOSE_HINT, file=file, err=file is None)


def report(error: Exception) -> int:
    """Print an exception that left a command, and return the exit code.

    Args:
        error: any exception; click's own print themselves.
    """
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if KedroCliError.VERBOSE_ERROR:
        sys.stderr.write("".join(traceback.format_exception(type(error), error, error.__traceback__)))
        return 1
    if not _is_a_message(error):
        click.echo(_user_traceback(error), err=True, nl=False)
    click.secho(f"Error: {_message(error)}", fg="red", err=True)
    for note in (*getattr(error, "__notes__", ()), *_successors(error)):
        click.echo(note, err=True)
    click.echo(f"{_VERBOSE_HINT}.", err=True)
    return 1


def _successors(error: BaseException) -> list[str]:
    """Return what takes the place of old names that somebody's import asked for."""
    # Imported here: only where something failed.
    from ...compat._gone import hint_on

    imports = [cause for cause in (error, *_causes(error)) if isinstance(cause, ImportError)]
    hints = [hint for cause in imports if "was removed in" not in str(cause) and (hint := hint_on(cause))]
    return list(dict.fromkeys(hints))


class ReportingCommand(click.Command):
    """A command that can be a program by itself: its errors are messages then, too."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command; with the arguments of the process, as a program that ends."""
        try:
            return super().main(*args, **options)
        except Exception as error:
            # With arguments of its own the call comes from a program, which may want to catch the error.
            is_program = (args[0] if args else options.get("args")) is None
            if not (is_program and options.get("standalone_mode", True)):
                raise
            sys.exit(report(error))


def _message(error: BaseException) -> str:
    if _is_of_configuration(error):
        # Its further lines repeat what the note on it says better.
        return str(error).partition("\n    full_key:")[0]
    if not _is_a_message(error):
        lines = traceback.format_exception_only(type(error), error)
        # A syntax error takes several lines to say, the last of which begins with its name. Notes come later.
        last = next((at for at, line in enumerate(lines) if line.startswith(type(error).__name__)), 0)
        return "".join(lines[: last + 1]).rstrip("\n")
    # str() of a KeyError is the repr of its argument.
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text or type(error).__qualname__


def _is_a_message(error: BaseException) -> bool:
    return _is_of_configuration(error) or _was_raised_by_us(error)


def _is_of_configuration(error: BaseException) -> bool:
    """Tell an interpolation that cannot be resolved: a mistake in a file, as those that we raise ourselves."""
    return type(error).__module__.partition(".")[0] == "omegaconf"


def _was_raised_by_us(error: BaseException) -> bool:
    """Tell a message of the framework from an exception in the code it called."""
    remote = _remote_traceback(error)
    if remote is not None:
        files = re.findall(_FRAME, remote)
        return bool(files) and files[-1].startswith(PACKAGE_FOLDER)
    frame: TracebackType | None = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is None or frame.tb_frame.f_code.co_filename.startswith(PACKAGE_FOLDER)


def _user_traceback(error: BaseException) -> str:
    """Format a traceback without the frames of the framework and of the machinery below it."""
    remote = _remote_traceback(error)
    if remote is not None:
        # It begins with the first frame of the user's code already; its last line is said by the message.
        return remote.rstrip("\n").rpartition("\n")[0] + "\n"
    # Imported here: only where something failed.
    import concurrent.futures
    import importlib

    import pluggy

    skipped = (
        PACKAGE_FOLDER,
        *(
            str(Path(module.__file__).parent)
            for module in (click, pluggy, concurrent.futures, importlib)
            if module.__file__
        ),
    )
    formatted = traceback.TracebackException(type(error), error, error.__traceback__)
    kept = [frame for frame in formatted.stack if not frame.filename.startswith((*skipped, "<frozen"))]
    if not any(_is_users(frame.filename) for frame in kept):
        return ""
    return "".join(["Traceback (your code, most recent call last):\n", *traceback.format_list(kept)])


def _is_users(filename: str) -> bool:
    """Tell the code of a project, installed or not, from that of the libraries it calls."""
    # Imported here: only where something failed.
    import sysconfig

    from .. import project

    package = sys.modules.get(project.PACKAGE_NAME or "")
    if any(filename.startswith(f"{folder}{os.sep}") for folder in getattr(package, "__path__", ())):
        return True
    installed = {"site-packages", "dist-packages"} & set(Path(filename).parts)
    return not installed and not filename.startswith(sysconfig.get_path("stdlib"))


def _remote_traceback(error: BaseException) -> str | None:
    """Return the traceback that an exception had in the worker it came from."""
    # Imported here: only where something failed.
    from ...engine.executors._remote_errors import RemoteTraceback

    return next((cause.text for cause in _causes(error) if isinstance(cause, RemoteTraceback)), None)


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return causes
