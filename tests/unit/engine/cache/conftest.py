"""A small project on disk that tests edit and look at again."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deodar.engine.cache.code import CodeTracker
from deodar.engine.cache.fingerprint import Fingerprint, first_change
from deodar.engine.cache.packages import Packages

NODES = '''
"""Nodes of the project."""
import functools
import logging

import numpy as np

from . import conf, utils
from .deco import traced
from .shapes import Square
from .utils import norm

logger = logging.getLogger(__name__)
RATE = 0.1


def clean(x):
    """Clean."""
    logger.info("cleaning")
    return norm(x) * RATE


def by_module(x):
    return utils.scale(x) + conf.LIMITS["low"]


@traced(level=3)
def decorated(x):
    return x + 1


def area(x):
    return Square(x).area()


def vectors(x):
    return np.asarray(x)


def make(factor):
    def inner(x):
        return x * factor
    return inner


closed = make(2)
partial = functools.partial(clean, 5)


def with_default(x, by=conf.STEP):
    return x + by


def late(x):
    from .lazy import helper
    return helper(x)


def table(x):
    return conf.REGISTRY["a"](x)


def dynamic(x, name):
    return getattr(utils, name)(x)


def untouched(x):
    return x
'''
UTILS = """
def norm(x):
    return deep(x) / 2


def deep(x):
    return x - 1


def scale(x):
    return x * 10


def unused(x):
    return x
"""
CONF = """
STEP = 7
LIMITS = {"low": 1, "high": 9}
OTHER = 3


def first(x):
    return x


REGISTRY = {"a": first}
"""
DECO = """
import functools


def traced(level):
    def wrap(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args) + level
        return wrapper
    return wrap
"""
SHAPES = """
from dataclasses import dataclass


class Shape:
    sides = 4

    def describe(self):
        return self.sides


@dataclass
class Square(Shape):
    edge: float

    @property
    def double(self):
        return self.edge * 2

    def area(self):
        return self.edge**2
"""
LAZY = """
def helper(x):
    return x
"""


class Project:
    """The project, and what its functions are made of now."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.versions = {"numpy": "1.0"}
        self.write("__init__", "")
        for module, text in [
            ("nodes", NODES),
            ("utils", UTILS),
            ("conf", CONF),
            ("deco", DECO),
            ("shapes", SHAPES),
            ("lazy", LAZY),
        ]:
            self.write(module, text)

    def write(self, module: str, text: str) -> None:
        (self.folder / f"{module}.py").write_text(text)

    def edit(self, module: str, old: str, new: str) -> None:
        path = self.folder / f"{module}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == self.name]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def load(self, function: str) -> Callable[..., object]:
        self.forget()
        return getattr(importlib.import_module(f"{self.name}.nodes"), function)

    def tracker(self) -> CodeTracker:
        return CodeTracker(lambda name: name.partition(".")[0] == self.name, packages=Packages(self.versions.get))

    def look(self, function: str) -> Fingerprint:
        return self.tracker().fingerprint(self.load(function))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    # Edits within one second and of one size would otherwise meet a stale .pyc.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = Project(tmp_path, "shop")
    yield found
    found.forget()


def write(project: Project, text: str) -> None:
    """Write modules, each after a line with its name."""
    for name, source in re.findall(r"^# ([\w/.]+)\.py\n(.*?)(?=^# [\w/.]+\.py$|\Z)", text, re.DOTALL | re.MULTILINE):
        (project.folder / name).parent.mkdir(exist_ok=True)
        project.write(name, source)


def change(before: Fingerprint, after: Fingerprint) -> str | None:
    """Say what changed; None also stands for equal roots."""
    if before.root == after.root:
        return None
    return first_change(before.leaves, after.leaves) or "something"
