"""More edits that change what a node does: the fingerprint changes with them, or says that it cannot."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from .conftest import Project, write

# A function of an extension: of what is built in, some may be told where they are from.
COMPILED = {
    "imported in the body": "def node(x):\n    from .fast import f\n    return f(x)\n",
    "at hand": "f = [1].count\nf.__module__ = 'shop.fast'\ndef node(x):\n    return f(x)\n",
}

# The modules of a project, each after its name, and what is replaced by what.
SEEN = {
    'class attribute via instance': (
        """
# nodes.py
from .conf import K
def node(x):
    return K().a
# conf.py
class Base:
    a = 1
class K(Base):
    pass
""",
        'a = 1',
        'a = 2',
    ),
    'class attribute set after': (
        """
# nodes.py
from .conf import K
def node(x):
    return K.a
# conf.py
class K:
    pass
K.a = 1
""",
        'K.a = 1',
        'K.a = 2',
    ),
    'property setter': (
        """
# nodes.py
from .conf import K
def node(x):
    k = K()
    k.a = 3
    return k.v
# conf.py
class K:
    v = 0
    @property
    def a(self): return 0
    @a.setter
    def a(self, v): self.v = v * 1
""",
        'v * 1',
        'v * 2',
    ),
    'closure over list': (
        """
# nodes.py
def make():
    found = [1, 2]
    def node(x):
        return found
    return node
node = make()
""",
        '[1, 2]',
        '[1, 3]',
    ),
    'mutable module constant appended elsewhere': (
        """
# nodes.py
from .conf import REG
from . import more
def node(x):
    return [f(x) for f in REG]
# conf.py
REG = []
# more.py
from .conf import REG
def f(x): return x + 1
REG.append(f)
""",
        'x + 1',
        'x + 2',
    ),
    'dict dispatch subclass registry': (
        """
# nodes.py
from . import plug
from .conf import Base
def node(x):
    return Base.registry['a']().go(x)
# conf.py
class Base:
    registry = {}
    def __init_subclass__(cls, key, **kw):
        Base.registry[key] = cls
# plug.py
from .conf import Base
class A(Base, key='a'):
    def go(self, x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'two lambdas a line': (
        """
# nodes.py
f, g = (lambda x: x + 1), (lambda x: x + 5)
def node(x): return f(x)
""",
        'x + 1',
        'x + 2',
    ),
    'partial kwarg': (
        """
# nodes.py
import functools
def f(x, by=0): return x + by
node = functools.partial(f, by=1)
""",
        'by=1',
        'by=2',
    ),
    'partialmethod': (
        """
# nodes.py
import functools
class K:
    def f(self, x, by=0): return x + by
    g = functools.partialmethod(f, by=1)
def node(x): return K().g(x)
""",
        'by=1',
        'by=2',
    ),
    'decorator with args class-based': (
        """
# nodes.py
class deco:
    def __init__(self, n): self.n = n
    def __call__(self, f):
        def inner(x): return f(x) * self.n
        return inner
@deco(1)
def node(x): return x
""",
        'deco(1)',
        'deco(2)',
    ),
    'star import __all__ shadows': (
        """
# nodes.py
from .a import *
from .b import *
def node(x): return helper(x)
# a.py
def helper(x): return 1
# b.py
__all__ = ["other"]
def helper(x): return 2
other = 3
""",
        '["other"]',
        '["other", "helper"]',
    ),
    'reexport via init': (
        """
# nodes.py
from .sub import helper
def node(x): return helper(x)
# sub/__init__.py
from .one import helper
# sub/one.py
def helper(x): return 1
# sub/two.py
def helper(x): return 2
""",
        'from .one',
        'from .two',
    ),
    'conditional import': (
        """
# nodes.py
try:
    import not_there_at_all as m
except ImportError:
    from . import fallback as m
def node(x): return m.f(x)
# fallback.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'dataclass default': (
        """
# nodes.py
from dataclasses import dataclass
@dataclass
class P:
    a: int = 1
def node(x): return P().a
""",
        'a: int = 1',
        'a: int = 2',
    ),
    'dataclass default_factory': (
        """
# nodes.py
from dataclasses import dataclass, field
@dataclass
class P:
    a: list = field(default_factory=lambda: [1])
def node(x): return P().a
""",
        '[1]',
        '[2]',
    ),
    'dataclass field order': (
        """
# nodes.py
from dataclasses import dataclass
@dataclass
class P:
    a: int = 1
    b: int = 2
def node(x): return P(7).a
""",
        '    a: int = 1\n    b: int = 2',
        '    b: int = 2\n    a: int = 1',
    ),
    'dataclass field metadata': (
        """
# nodes.py
import dataclasses
from dataclasses import dataclass, field
@dataclass
class P:
    a: int = field(default=1, metadata={"u": 1})
def node(x): return dataclasses.fields(P)[0].metadata["u"]
""",
        '"u": 1',
        '"u": 2',
    ),
    'enum value': (
        """
# nodes.py
import enum
class E(enum.Enum):
    A = 1
def node(x): return E.A.value
""",
        'A = 1',
        'A = 2',
    ),
    'enum auto order': (
        """
# nodes.py
import enum
class E(enum.Enum):
    A = enum.auto()
    B = enum.auto()
def node(x): return E.A.value
""",
        '    A = enum.auto()\n    B = enum.auto()',
        '    B = enum.auto()\n    A = enum.auto()',
    ),
    'enum _missing_': (
        """
# nodes.py
import enum
class E(enum.Enum):
    A = 1
    B = 2
    @classmethod
    def _missing_(cls, v): return cls.A
def node(x): return E(9).value
""",
        'return cls.A',
        'return cls.B',
    ),
    'enum _ignore_ or class private const': (
        """
# nodes.py
import enum
class E(enum.Enum):
    __k = 5
    A = 1
    def go(self): return self.__k
def node(x): return str(E.A.go())
""",
        '__k = 5',
        '__k = 6',
    ),
    'enum member attribute set after': (
        """
# nodes.py
import enum
class E(enum.Enum):
    A = 1
E.A.note = 1
def node(x): return E.A.note
""",
        'note = 1',
        'note = 2',
    ),
    'generator': (
        """
# nodes.py
def gen(x):
    yield x + 1
def node(x): return list(gen(x))
""",
        'x + 1',
        'x + 2',
    ),
    'async helper': (
        """
# nodes.py
import asyncio
async def h(x): return x + 1
def node(x): return asyncio.run(h(x))
""",
        'x + 1',
        'x + 2',
    ),
    'type alias isinstance': (
        """
# nodes.py
from .conf import T
def node(x): return isinstance(x, T)
# conf.py
T = int
""",
        'T = int',
        'T = str',
    ),
    'fstring constant': (
        """
# nodes.py
NAME = 'a'
def node(x): return f"{NAME!r:>5}"
""",
        "NAME = 'a'",
        "NAME = 'b'",
    ),
    'walrus': (
        """
# nodes.py
def node(x):
    if (y := x + 1) > 0:
        return y
""",
        'x + 1',
        'x + 2',
    ),
    'match class pattern': (
        """
# nodes.py
from . import conf
def node(x):
    match conf.make():
        case conf.P(a=1): return 'a'
        case _: return 'b'
# conf.py
class P:
    def __init__(self): self.a = 1
def make(): return P()
""",
        'self.a = 1',
        'self.a = 2',
    ),
    'match value pattern': (
        """
# nodes.py
from . import conf
def node(x):
    match x:
        case conf.ONE: return 'a'
        case _: return 'b'
# conf.py
ONE = 1
""",
        'ONE = 1',
        'ONE = 2',
    ),
    'global from config file at import': (
        """
# nodes.py
import pathlib
CONF = pathlib.Path(__file__).with_name("conf.txt.py").read_text()
def node(x): return CONF
# conf.txt.py
a
""",
        'a\n',
        'b\n',
    ),
    'class decorator': (
        """
# nodes.py
def deco(n):
    def wrap(cls):
        cls.n = n
        return cls
    return wrap
@deco(1)
class K: pass
def node(x): return K.n
""",
        'deco(1)',
        'deco(2)',
    ),
    'metaclass kw': (
        """
# nodes.py
class M(type):
    def __new__(m, name, bases, ns, n=0):
        c = super().__new__(m, name, bases, ns)
        c.n = n
        return c
    def __init__(c, name, bases, ns, n=0): pass
class K(metaclass=M, n=1): pass
def node(x): return K.n
""",
        'n=1',
        'n=2',
    ),
    'descriptor': (
        """
# nodes.py
class D:
    def __init__(self, v): self.v = v
    def __get__(self, o, t=None): return self.v
class K:
    a = D(1)
def node(x): return K().a
""",
        'D(1)',
        'D(2)',
    ),
    'namedtuple fields order': (
        """
# nodes.py
from collections import namedtuple
P = namedtuple("P", "a b")
def node(x): return P(1, 2).a
""",
        '"a b"',
        '"b a"',
    ),
    'operator.attrgetter': (
        """
# nodes.py
import operator
G = operator.itemgetter(0)
def node(x): return G([1, 2])
""",
        'itemgetter(0)',
        'itemgetter(1)',
    ),
    'bound method of a list': (
        """
# nodes.py
L = [1, 2]
f = L.index
def node(x): return f(2)
""",
        '[1, 2]',
        '[2, 1]',
    ),
    'singledispatch registered elsewhere': (
        """
# nodes.py
from .conf import f
from . import more
def node(x): return f(x)
# conf.py
import functools
@functools.singledispatch
def f(x): return 0
# more.py
from .conf import f
@f.register(int)
def _(x): return 1
""",
        'return 1',
        'return 2',
    ),
    'monkeypatched method': (
        """
# nodes.py
from .conf import K
from . import patch
def node(x): return K().f(x)
# conf.py
class K:
    def f(self, x): return x
# patch.py
from .conf import K
K.f = lambda self, x: x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'super chain mixin order': (
        """
# nodes.py
class A:
    def f(self): return 1
class B:
    def f(self): return 2
class K(A, B): pass
def node(x): return K().f()
""",
        'K(A, B)',
        'K(B, A)',
    ),
    'import in body absolute': (
        """
# nodes.py
def node(x):
    import shop.sub.impl
    return shop.sub.impl.f(x)
# sub/__init__.py
# sub/impl.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'module __dict__': (
        """
# nodes.py
from . import conf
def node(x): return conf.__dict__["f"](x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'method __doc__': (
        """
# nodes.py
class K:
    def f(self):
        'a'
def node(x): return K.f.__doc__
""",
        "'a'",
        "'b'",
    ),
    'dict subclass with __missing__': (
        """
# nodes.py
class D(dict):
    def __missing__(self, k): return 1
d = D()
def node(x): return d["z"]
""",
        'return 1',
        'return 2',
    ),
    'dict subclass attribute': (
        """
# nodes.py
class D(dict):
    pass
d = D()
d.extra = 1
def node(x): return d.extra
""",
        'extra = 1',
        'extra = 2',
    ),
    'list subclass const': (
        """
# nodes.py
class D(list):
    pass
d = D([1])
def node(x): return d[0]
""",
        'D([1])',
        'D([2])',
    ),
    'dunder attribute of class non-plain': (
        """
# nodes.py
class H:
    def __init__(self, v): self.v = v
class K:
    __custom__ = H(1)
def node(x): return K.__custom__.v
""",
        'H(1)',
        'H(2)',
    ),
    'dunder attribute of class: list of functions': (
        """
# nodes.py
def h(): return 1
class K:
    __steps__ = [h]
def node(x): return K.__steps__[0]()
""",
        'return 1',
        'return 2',
    ),
    'dunder attribute of instance': (
        """
# nodes.py
class K: pass
k = K()
k.__steps__ = 1
def node(x): return k.__steps__
""",
        '__steps__ = 1',
        '__steps__ = 2',
    ),
    'dunder attribute of function': (
        """
# nodes.py
def h(): return 0
h.__steps__ = 1
def node(x): return h.__steps__
""",
        '__steps__ = 1',
        '__steps__ = 2',
    ),
    'NewType': (
        """
# nodes.py
import typing
T = typing.NewType("T", int)
def node(x): return T.__supertype__
""",
        'int)',
        'str)',
    ),
    'ParamSpec/TypeVar bound': (
        """
# nodes.py
import typing
T = typing.TypeVar("T", bound=int)
def node(x): return T.__bound__
""",
        'bound=int',
        'bound=str',
    ),
    'pydantic default': (
        """
# nodes.py
from pydantic import BaseModel
class P(BaseModel):
    a: int = 1
def node(x): return P().a
""",
        'a: int = 1',
        'a: int = 2',
    ),
    'pydantic Field': (
        """
# nodes.py
from pydantic import BaseModel, Field
class P(BaseModel):
    a: int = Field(default=1, alias="q")
def node(x): return P(q=5).a
""",
        'alias="q"',
        'alias="r"',
    ),
    'pydantic validator': (
        """
# nodes.py
from pydantic import BaseModel, field_validator
class P(BaseModel):
    a: int
    @field_validator("a")
    @classmethod
    def v(cls, a): return a + 1
def node(x): return P(a=1).a
""",
        'a + 1',
        'a + 2',
    ),
    'pydantic constraint annotated': (
        """
# nodes.py
from typing import Annotated
from pydantic import BaseModel, Field
class P(BaseModel):
    a: Annotated[int, Field(ge=1)]
def node(x):
    try: P(a=1); return 'ok'
    except ValueError: return 'bad'
""",
        'ge=1',
        'ge=2',
    ),
    'pydantic nested by alias': (
        """
# nodes.py
from pydantic import BaseModel
class Q(BaseModel):
    b: int = 1
class P(BaseModel):
    q: Q = Q()
def node(x): return P().q.b
""",
        'b: int = 1',
        'b: int = 2',
    ),
    'attrs field converter': (
        """
# nodes.py
import attrs
@attrs.define
class P:
    a: int = attrs.field(converter=lambda v: v + 1)
def node(x): return P(1).a
""",
        'v + 1',
        'v + 2',
    ),
    'global changed by call at import': (
        """
# nodes.py
from . import setup
from .conf import STATE
def node(x): return STATE["k"]
# conf.py
STATE = {}
# setup.py
from .conf import STATE
STATE["k"] = 1
""",
        '["k"] = 1',
        '["k"] = 2',
    ),
    'import alias swap': (
        """
# nodes.py
from .conf import a as f
def node(x): return f(x)
# conf.py
def a(x): return 1
def b(x): return 2
""",
        'import a as f',
        'import b as f',
    ),
    'stdlib function swap': (
        """
# nodes.py
from math import floor as f
def node(x): return f(1.5)
""",
        'floor as f',
        'ceil as f',
    ),
    'third-party dispatch function swap': (
        """
# nodes.py
import numpy as np
F = {"a": np.sum}
def node(x): return int(F["a"]([1, 2]))
""",
        'np.sum',
        'np.max',
    ),
    'conditional def': (
        """
# nodes.py
FLAG = True
if FLAG:
    def h(x): return 1
else:
    def h(x): return 2
def node(x): return h(x)
""",
        'FLAG = True',
        'FLAG = False',
    ),
    'numpy array const': (
        """
# nodes.py
import numpy as np
A = np.array([1, 2])
def node(x): return A.tolist()
""",
        '[1, 2]',
        '[1, 3]',
    ),
    'float -0.0': (
        """
# nodes.py
V = 0.0
def node(x): return str(V)
""",
        'V = 0.0',
        'V = -0.0',
    ),
    'True vs 1': (
        """
# nodes.py
V = 1
def node(x): return str(V)
""",
        'V = 1',
        'V = True',
    ),
    'keyword order in call': (
        """
# nodes.py
def h(**k): return list(k)
def node(x): return h(a=1, b=2)
""",
        'a=1, b=2',
        'b=2, a=1',
    ),
}  # fmt: skip

# What is found by a name made at run time, or in what shows nothing of itself.
SAID = {
    'globals()': (
        """
# nodes.py
def a(x): return x + 1
def node(x): return globals()["a"](x)
""",
        'x + 1',
        'x + 2',
    ),
    'importlib import_module': (
        """
# nodes.py
import importlib
def node(x): return importlib.import_module("shop.conf").f(x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'from importlib import import_module as': (
        """
# nodes.py
from importlib import import_module as im
def node(x): return im("shop.conf").f(x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'load_obj': (
        """
# nodes.py
from deodar.utils import load_obj
def node(x): return load_obj("shop.conf.f")(x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'pkgutil.resolve_name': (
        """
# nodes.py
import pkgutil
def node(x): return pkgutil.resolve_name("shop.conf:f")(x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'sys.modules lookup': (
        """
# nodes.py
import sys
from . import conf
def node(x): return sys.modules["shop.conf"].f(x)
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'function globals': (
        """
# nodes.py
from . import conf
def node(x): return conf.g.__globals__["f"](x)
# conf.py
def f(x): return x + 1
def g(x): return 0
""",
        'x + 1',
        'x + 2',
    ),
    'eval': (
        """
# nodes.py
from .conf import f
def node(x): return eval("f(x)")
# conf.py
def f(x): return x + 1
""",
        'x + 1',
        'x + 2',
    ),
    'inspect.getsource': (
        """
# nodes.py
import inspect
from .conf import f
def node(x): return inspect.getsource(f)
# conf.py
def f(x): return x # a
""",
        '# a',
        '# b',
    ),
    'instance __doc__': (
        """
# nodes.py
class K:
    'a'
def node(x): return K().__doc__
""",
        "'a'",
        "'b'",
    ),
    'weakref': (
        """
# nodes.py
import weakref
class K:
    a = 1
    def __init__(self, v): self.v = v
k = K(1)
W = weakref.ref(k)
def node(x): return W().v
""",
        'K(1)',
        'K(2)',
    ),
    'generator object const': (
        """
# nodes.py
I = (v for v in [1, 2])
def node(x): return next(I)
""",
        '[1, 2]',
        '[2, 2]',
    ),
    'contextvar default': (
        """
# nodes.py
import contextvars
V = contextvars.ContextVar("v", default=1)
def node(x): return V.get()
""",
        'default=1',
        'default=2',
    ),
    'subclass registry through __subclasses__ alias': (
        """
# nodes.py
from .conf import Base
from . import more
def node(x):
    subs = type.__subclasses__(Base)
    return subs[0].v
# conf.py
class Base: pass
# more.py
from .conf import Base
class A(Base):
    v = 1
""",
        'v = 1',
        'v = 2',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SEEN)
def test_an_edit_is_noticed(project: Project, case: str) -> None:
    text, old, new = SEEN[case]
    assert old in text
    write(project, text)
    before = project.look("node").root
    assert project.look("node").root == before
    write(project, text.replace(old, new))
    assert project.look("node").root != before


@pytest.mark.parametrize("case", SAID)
def test_an_edit_that_cannot_be_noticed_is_of_what_is_said_to_be_untracked(project: Project, case: str) -> None:
    text, old, new = SAID[case]
    write(project, text)
    before = project.look("node")
    write(project, text.replace(old, new))
    assert any("tracked" in note for note in before.notes)
    assert project.look("node").root == before.root


def test_a_class_with_what_its_metaclass_leaves_behind_is_the_same_each_time(project: Project) -> None:
    """Pydantic keeps validators and namespaces on its models, which differ from process to process."""
    write(project, SEEN["pydantic validator"][0])
    found = project.look("node")
    assert project.look("node").root == found.root
    assert found.notes == ()


@pytest.mark.parametrize("case", COMPILED)
def test_an_extension_of_the_project_is_told_by_its_bytes(project: Project, case: str) -> None:
    project.write("nodes", COMPILED[case])
    extension = project.folder / f"fast{EXTENSION_SUFFIXES[0]}"
    extension.write_bytes(b"one")
    before = project.look("node")
    assert project.look("node").root == before.root
    assert before.notes == ()
    extension.write_bytes(b"two")
    assert project.look("node").root != before.root
