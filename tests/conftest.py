"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import psutil
import pytest
from hypothesis import HealthCheck, settings

# Machines are shared and slow at times; a test that is slow is not wrong.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

ENGINES = {"dask": "distributed", "ray": "ray"}
"""Engines of clusters, and the modules without which there is nothing to test."""
_left_out: dict[str, int] = {}


def pytest_configure() -> None:
    """Let the programs under test be interrupted: a shell has what it runs in the background ignore the signal."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests on one engine run apart from those on the others."""
    parser.addoption("--engine", choices=sorted(ENGINES), help="with -m cluster: run the tests on this one alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of engines that are not installed; ``pytest_terminal_summary`` says so, once."""
    wanted = config.getoption("engine")
    if wanted is not None:
        others = {item for item in items if wanted not in (_engines_of(item) or {wanted})}
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=list(others))
    missing = {engine for engine, module in ENGINES.items() if find_spec(module) is None}
    without = [item for item in items if missing & _engines_of(item)]
    for item in without:
        items.remove(item)
        for engine in missing & _engines_of(item):
            _left_out[engine] = _left_out.get(engine, 0) + 1
    if without:
        config.hook.pytest_deselected(items=without)


def _engines_of(item: pytest.Item) -> set[str]:
    mark = item.get_closest_marker("cluster")
    if mark is None:
        return set()
    name = item.name.partition("[")[2].rstrip("]")
    return set(mark.args) or ENGINES.keys() & set(name.split("-"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which engines are not tested."""
    if config.option.markexpr != "cluster":
        return
    for engine, count in sorted(_left_out.items()):
        terminalreporter.write_line(f"{engine} is not installed: {count} tests on it are not collected.")


@pytest.fixture
def no_idle_pools() -> Iterator[None]:
    """Let no worker outlive a run from before the test, nor one of the test."""
    # Imported here: most tests start no workers.
    from deodar.engine.executors.processes.pool import close_idle_pools

    close_idle_pools()
    yield
    close_idle_pools()


@pytest.fixture
def new_processes() -> Callable[[], list[psutil.Process]]:
    """Return what lists the processes that were started since the test began, and their children.

    Other tests may have left some in this process that stay on purpose, as those of multiprocessing do.
    """
    strangers = set(psutil.Process().children(recursive=True))
    return lambda: [process for process in psutil.Process().children(recursive=True) if process not in strangers]
