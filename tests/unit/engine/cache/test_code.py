"""Edits that must change a fingerprint, and edits that must not."""

from __future__ import annotations

import functools

import pytest

from deodar.engine.cache.code import CodeTracker
from deodar.engine.cache.packages import Packages

from .conftest import Project, change

SEMANTIC = {
    "body": ("clean", "nodes", "* RATE", "+ RATE", "function `clean` changed"),
    "helper": ("clean", "utils", "deep(x) / 2", "deep(x) / 3", "helper `utils.norm` changed"),
    "helper of a helper": ("clean", "utils", "x - 1", "x - 2", "helper `utils.deep` changed"),
    "constant": ("clean", "nodes", "RATE = 0.1", "RATE = 0.2", "constant `nodes.RATE`: 0.1 → 0.2"),
    "constant of a module": ("by_module", "conf", '"low": 1', '"low": 2', "constant `conf.LIMITS`: "),
    "function of a module": ("by_module", "utils", "x * 10", "x * 11", "helper `utils.scale` changed"),
    "decorated body": ("decorated", "nodes", "return x + 1", "return x + 2", "function `decorated` changed"),
    "decorator": ("decorated", "deco", "+ level", "- level", "helper `deco."),
    "decorator argument": ("decorated", "nodes", "level=3", "level=4", "function `decorated` changed"),
    "method": ("area", "shapes", "self.edge**2", "self.edge**3", "helper `shapes.Square.area` changed"),
    "property": ("area", "shapes", "self.edge * 2", "self.edge * 3", "helper `shapes.Square.double` changed"),
    "method of a base": (
        "area",
        "shapes",
        "return self.sides",
        "return -self.sides",
        "helper `shapes.Shape.describe` changed",
    ),
    "attribute of a class": ("area", "shapes", "sides = 4", "sides = 5", "constant `shapes.Shape.sides`: 4 → 5"),
    "field of a dataclass": ("area", "shapes", "edge: float", "edge: int", ""),
    "closure": ("closed", "nodes", "make(2)", "make(3)", "constant `nodes.make.inner.factor`: 2 → 3"),
    "body of a closure": ("closed", "nodes", "x * factor", "x + factor", "function `make.inner` changed"),
    "argument of a partial": ("partial", "nodes", "partial(clean, 5)", "partial(clean, 6)", ""),
    "function of a partial": ("partial", "nodes", "* RATE", "+ RATE", "helper `nodes.clean` changed"),
    "default": ("with_default", "conf", "STEP = 7", "STEP = 8", ""),
    "import in the body": ("late", "lazy", "return x", "return x + 1", ""),
    "entry of a registry": ("table", "conf", "return x", "return x + 1", "helper `conf.first` changed"),
}


@pytest.mark.parametrize("case", SEMANTIC)
def test_an_edit_that_matters_changes_the_fingerprint_and_is_named(project: Project, case: str) -> None:
    function, module, old, new, expected = SEMANTIC[case]
    before = project.look(function)
    project.edit(module, old, new)
    found = change(before, project.look(function))
    assert found is not None
    assert found.startswith(expected)


COSMETIC = {
    "comment": ("clean", "nodes", "    logger.info", "    # Why not.\n    logger.info"),
    "docstring": ("clean", "nodes", '"""Clean."""', '"""Clean it."""'),
    "docstring dropped": ("clean", "nodes", '    """Clean."""\n', ""),
    "layout": (
        "clean",
        "nodes",
        "return norm(x) * RATE",
        "return (\n        norm(\n            x\n        )\n        * RATE\n    )",
    ),
    "quotes": ("clean", "nodes", '"cleaning"', "'cleaning'"),
    "lines above": ("clean", "nodes", "import functools", "\n\n\nimport functools"),
    "other function": ("clean", "nodes", "def untouched(x):\n    return x", "def untouched(x):\n    return -x"),
    "other constant": ("by_module", "conf", "OTHER = 3", "OTHER = 4"),
    "other helper": ("clean", "utils", "def unused(x):\n    return x", "def unused(x):\n    return -x"),
    "docstring of a class": ("area", "shapes", "class Shape:\n", 'class Shape:\n    """A shape."""\n\n'),
    "comment in a module that is imported in the body": ("late", "lazy", "    return x", "    # Same.\n    return x"),
    "lines above a closure": ("closed", "nodes", "def make", "\n\ndef make"),
    "lines above a class": ("area", "shapes", "class Shape", "\n\nclass Shape"),
}


@pytest.mark.parametrize("case", COSMETIC)
def test_an_edit_that_does_not_matter_changes_nothing(project: Project, case: str) -> None:
    function, module, old, new = COSMETIC[case]
    before = project.look(function)
    project.edit(module, old, new)
    assert change(before, project.look(function)) is None


@pytest.mark.parametrize("function", sorted({case[0] for case in SEMANTIC.values()}))
def test_loading_the_project_again_changes_nothing(project: Project, function: str) -> None:
    assert change(project.look(function), project.look(function)) is None


def test_a_helper_may_move_to_another_module(project: Project) -> None:
    before = project.look("clean")
    project.write("elsewhere", "X = 1\n\n\ndef norm(x):\n    return deep(x) / 2\n\n\ndef deep(x):\n    return x - 1\n")
    project.edit("nodes", "from .utils import norm", "from .elsewhere import norm")
    assert change(before, project.look("clean")) is None


def test_two_helpers_that_change_places_are_noticed(project: Project) -> None:
    project.edit(
        "nodes", "from .utils import norm", "from .utils import scale as other\nfrom .utils import deep as norm"
    )
    project.edit("nodes", "return norm(x) * RATE", "return norm(x) * other(x)")
    before = project.look("clean")
    project.edit(
        "nodes", "scale as other\nfrom .utils import deep as norm", "deep as other\nfrom .utils import scale as norm"
    )
    assert change(before, project.look("clean")) == "what its names stand for changed"


def test_an_upgraded_package_changes_only_who_uses_it(project: Project) -> None:
    uses, does_not = project.look("vectors"), project.look("clean")
    project.versions["numpy"] = "2.0"
    assert change(uses, project.look("vectors")) == "package numpy 1.0 → 2.0"
    assert change(does_not, project.look("clean")) is None


def test_what_cannot_be_seen_is_said(project: Project) -> None:
    assert any("calls getattr" in note for note in project.look("dynamic").notes)
    assert project.look("clean").notes == ()


def test_source_edited_after_the_import_is_not_believed(project: Project) -> None:
    function = project.load("clean")
    tracker = project.tracker()
    project.edit("nodes", "* RATE", "+ RATE")
    stale = tracker.fingerprint(function)
    assert change(stale, project.look("clean")) is not None


def test_recursion_and_mutual_calls_end() -> None:
    space: dict[str, object] = {"__name__": "shop.made"}
    exec("def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)", space)
    tracker = CodeTracker(lambda name: name.startswith("shop"))
    assert tracker.fingerprint(space["even"]).root != tracker.fingerprint(space["odd"]).root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lambda x: x + 1", "lambda x: x + 2"),
        ("lambda x: [y for y in x if y > 1]", "lambda x: [y for y in x if y > 2]"),
        ("lambda x: x in {1, 2}", "lambda x: x in {1, 3}"),
    ],
)
def test_code_without_source_is_told_by_its_bytecode(one: str, other: str) -> None:
    tracker = CodeTracker(lambda name: True)
    made = [eval(text, {"__name__": "shop.made"}) for text in (one, one, other)]
    first, again, different = (tracker.fingerprint(function).root for function in made)
    assert first == again
    assert first != different


def test_code_without_source_reaches_its_helpers() -> None:
    roots = []
    for body in ("x + 1", "x + 2"):
        space: dict[str, object] = {"__name__": "shop.made"}
        exec(f"def helper(x): return {body}\ndef node(x): return helper(x)", space)
        roots.append(CodeTracker(lambda name: True).fingerprint(space["node"]).root)
    assert roots[0] != roots[1]


def test_a_cached_function_is_followed() -> None:
    def make(by: int) -> object:
        @functools.lru_cache
        def node(x: int) -> int:
            return x + by

        return node

    tracker = CodeTracker(lambda name: name == __name__)
    assert tracker.fingerprint(make(1)).root == tracker.fingerprint(make(1)).root
    assert tracker.fingerprint(make(1)).root != tracker.fingerprint(make(2)).root


class _Table:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.hits = 0

    def get(self, key: str) -> str | None:
        self.hits += key in self.texts
        return self.texts.get(key)

    def put(self, key: str, text: str) -> None:
        self.texts[key] = text


def test_what_is_remembered_of_code_gives_the_same_fingerprint(project: Project) -> None:
    memo = _Table()

    def look() -> str:
        tracker = CodeTracker(lambda name: name.startswith("shop"), memo=memo, packages=Packages(project.versions.get))
        return tracker.fingerprint(project.load("clean")).root

    first, second = look(), look()
    assert (first == second, memo.hits > 0) == (True, True)
    assert first == project.look("clean").root
