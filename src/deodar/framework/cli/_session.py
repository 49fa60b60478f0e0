"""A session for commands that look at a project without running it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..context import KedroContext


def load_context(env: str | None = None, conf_source: str | None = None) -> "KedroContext":
    """Return the context of the configured project, from a session that saves nothing."""
    # Imported here: the settings exist once the project is configured.
    from ..project import settings
    from ..session import KedroSession

    session_class: Any = settings.SESSION_CLASS
    arguments: dict[str, Any] = {"env": env, "conf_source": conf_source}
    if not isinstance(session_class, type) or issubclass(session_class, KedroSession):
        arguments["save_on_close"] = False
    context: KedroContext = session_class.create(**arguments).load_context()
    return context
