"""What a project says of its run memory, and what the journal shall know of a run."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import _environment
from ..project import settings

if TYPE_CHECKING:
    from ...runner._memory import MemoryOptions

logger = logging.getLogger(__name__)

SETTING = "RUN_MEMORY"
HOME = ".deodar"
_OFF = ("0", "off", "no", "false")
_COUNTS = ("env", "runtime_params", "pipeline_names", "tags", "from_nodes", "to_nodes", "node_names", "from_inputs")
_COUNTS_TOO = ("to_outputs", "load_versions", "namespaces", "only_missing_outputs")


def home_of(project_path: Path) -> Path:
    """Return the folder of a project's journal."""
    configured = _environment.read("HOME") or _settings().get("home") or HOME
    # An absolute path stays what it is.
    return project_path / Path(configured).expanduser()


def memory_options(asked: Any, project_path: Path, facts: Mapping[str, Any], env: str | None) -> "MemoryOptions | None":
    """Return how a run of a project shall remember; None for not at all.

    What the caller asked for outweighs the environment (``DEODAR_JOURNAL``, ``DEODAR_HOME``), and that the project's
    setting ``RUN_MEMORY``.

    Raises:
        ValueError: if the setting has a key that there is none of.
    """
    # Imported here: it comes with the runner, which is loaded by now.
    from ...runner._memory import MemoryOptions

    asked = asked if isinstance(asked, Mapping) else {}
    configured = _settings()
    is_on = configured.pop("journal", True) and (_environment.read("JOURNAL") or "on").lower() not in _OFF
    if not project_path.is_dir() or not (is_on or asked):
        return None
    known = set(MemoryOptions.__match_args__)
    for key in configured:
        if key not in known:
            raise ValueError(f"The setting {SETTING} has an unknown key {key!r}. Known: {', '.join(sorted(known))}.")
    given = {"scope": env or "", "facts": facts, **configured, **asked}
    given["home"] = Path(asked["home"]).absolute() if asked.get("home") else home_of(project_path)
    return MemoryOptions(**given)


def learned_costs(options: "MemoryOptions | None") -> tuple[dict[str, float], dict[str, int]]:
    """Return seconds and peak memory that nodes had in earlier runs; nothing where nothing is remembered."""
    # Before the first run there is no journal, and no reason to import what reads it.
    if options is None or options.home is None or not options.home.is_dir():
        return {}, {}
    from ...engine.journal.records import learned_costs as learned

    return learned(options.home, options.scope)


def facts_of(run_params: Mapping[str, Any], store: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal shall know of a run: what was asked for, by which command, at which commit."""
    # Imported here: only runs with a journal need it.
    from ...engine.cache.secrets import hidden, hidden_in_text

    facts = {key: hidden(key, run_params.get(key)) for key in (*_COUNTS, *_COUNTS_TOO) if run_params.get(key)}
    command = store.get("cli")
    if isinstance(command, Mapping):
        facts["command"] = hidden_in_text(str(command.get("command_path")))
    for key in ("git", "username"):
        if key in store:
            facts[key] = store[key]
    return facts


def _settings() -> dict[str, Any]:
    configured = settings.get(SETTING, {})
    if not isinstance(configured, Mapping):
        raise ValueError(f"The setting {SETTING} is {configured!r}, expected a dictionary.")
    return dict(configured)
