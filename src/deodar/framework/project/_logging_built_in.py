"""The built-in logging configuration, put in force without ``logging.config``.

That module takes 7 ms to load, sockets and all, and most commands are over in a hundred.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ..._terminal_log import TerminalHandler


def apply_built_in(config: Mapping[str, Any], built_in: Mapping[str, Any]) -> bool:
    """Do what ``dictConfig`` would, and return True; or False where there is anything else to do.

    Args:
        config: what is to be in force.
        built_in: what it may be, with levels for other loggers besides.
    """
    rest = {key: value for key, value in config.items() if key != "loggers"}
    if rest != {key: value for key, value in built_in.items() if key != "loggers"}:
        return False
    loggers = config.get("loggers") or {}
    if any(set(settings) != {"level"} for settings in loggers.values()):
        return False
    if logging.root.handlers or any(logger.handlers for _, logger in _loggers()):
        # Handlers from before have to be closed; those are dictConfig's own business.
        return False
    for name, logger in _loggers():
        # As there: whoever is below a logger that is spoken of starts anew, and the others are on.
        if any(name.startswith(f"{above}.") for above in loggers):
            logger.setLevel(logging.NOTSET)
            logger.propagate = True
        else:
            logger.disabled = False
    for name, settings in loggers.items():
        logging.getLogger(name).setLevel(settings["level"])
    for name in config["root"]["handlers"]:
        handler = TerminalHandler(rich_tracebacks=True)
        handler.set_name(name)
        logging.root.addHandler(handler)
    return True


def _loggers() -> Iterator[tuple[str, logging.Logger]]:
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            yield name, logger
