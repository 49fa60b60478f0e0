"""Notes on errors, below what they say."""


def add_note(error: BaseException, note: str) -> None:
    """Attach a line that tracebacks show below the error, once."""
    notes: list[str] = getattr(error, "__notes__", [])
    if note not in notes:
        # By attribute, because Python 3.10 has no add_note; the command line shows the notes there.
        error.__notes__ = [*notes, note]  # type: ignore[attr-defined]  # Python 3.11
