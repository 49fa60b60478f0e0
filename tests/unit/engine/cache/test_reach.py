"""What else code can hang on: each of these edits changes what the node does, so it must change the fingerprint."""

from __future__ import annotations

import pytest

from .conftest import Project, write

# The modules of a project, each after its name, and what is replaced by what.
CASES = {
    "module passed on, one further": (
        """
# nodes.py
from . import utils
def g(m, x):
    return m.f(x)
def node(x):
    return g(utils, x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "module alias var": (
        """
# nodes.py
from . import utils
def node(x):
    m = utils
    return m.f(x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "module in dict": (
        """
# nodes.py
from . import utils
R = {'a': utils}
def node(x):
    return R['a'].f(x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "__match_args__": (
        """
# nodes.py
from .conf import K
def node(x):
    match x:
        case K(a=1):
            return 1
    return 2
# conf.py
class K:
    __match_args__ = ('a',)
""",
        "('a',)",
        "('b',)",
    ),
    "private slots": (
        """
# nodes.py
class K:
    __slots__ = ('__a',)
    def __init__(self, a):
        self.__a = a
    def __call__(self, x):
        return self.__a
node = K(1)
""",
        "K(1)",
        "K(2)",
    ),
    "deque subclass": (
        """
# nodes.py
import collections
class L(collections.deque):
    def __call__(self, x):
        return self[0]
node = L([1])
""",
        "L([1])",
        "L([2])",
    ),
    "defaultdict of function": (
        """
# nodes.py
import collections
def f(): return 1
D = collections.defaultdict(f)
def node(x):
    return D['a']
""",
        "return 1",
        "return 2",
    ),
    "defaultdict lambda": (
        """
# nodes.py
import collections
D = collections.defaultdict(lambda: 1)
def node(x):
    return D['a']
""",
        "lambda: 1",
        "lambda: 2",
    ),
    "deque of functions": (
        """
# nodes.py
import collections
def f(): return 1
D = collections.deque([f])
def node(x):
    return D[0]()
""",
        "return 1",
        "return 2",
    ),
    "MappingProxy": (
        """
# nodes.py
import types
D = types.MappingProxyType({'a': 1})
def node(x):
    return D['a']
""",
        "1}",
        "2}",
    ),
    "MappingProxy functions": (
        """
# nodes.py
import types
def f(): return 1
D = types.MappingProxyType({'a': f})
def node(x):
    return D['a']()
""",
        "return 1",
        "return 2",
    ),
    "SimpleNamespace": (
        """
# nodes.py
import types
def f(): return 1
D = types.SimpleNamespace(a=f)
def node(x):
    return D.a()
""",
        "return 1",
        "return 2",
    ),
    "ChainMap": (
        """
# nodes.py
import collections
def f(): return 1
D = collections.ChainMap({'a': f})
def node(x):
    return D['a']()
""",
        "return 1",
        "return 2",
    ),
    "numpy object array of functions": (
        """
# nodes.py
import numpy as np
def f(): return 1
A = np.array([f, None], dtype=object)
def node(x):
    return A[0]()
""",
        "return 1",
        "return 2",
    ),
    "numpy vectorize": (
        """
# nodes.py
import numpy as np
def f(x): return 1
g = np.vectorize(f)
def node(x):
    return g(x)
""",
        "return 1",
        "return 2",
    ),
    "module __getattr__": (
        """
# nodes.py
from . import lazy
def node(x):
    return lazy.f(x)
# lazy.py
def __getattr__(name):
    from . import utils
    return getattr(utils, name)
# utils.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "module __getattr__ value": (
        """
# nodes.py
from . import lazy
def node(x):
    return lazy.V
# lazy.py
def __getattr__(name):
    return 1
""",
        "return 1",
        "return 2",
    ),
    "dotted import in the body": (
        """
# nodes.py
def node(x):
    import shop.utils
    return shop.utils.f(x)
# utils.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "module imported in the body imports another": (
        """
# nodes.py
def node(x):
    from .utils import f
    return f(x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "submodule imported in the body": (
        """
# nodes.py
def node(x):
    from .sub import impl
    return impl.f(x)
# sub/__init__.py
# sub/impl.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "__version__ of a class": (
        """
# nodes.py
class K:
    __version__ = 1
def node(x):
    return K.__version__
""",
        "= 1",
        "= 2",
    ),
    "class __doc__ used": (
        """
# nodes.py
class K:
    'one'
def node(x):
    return K.__doc__
""",
        "'one'",
        "'two'",
    ),
    "function __doc__ used": (
        """
# nodes.py
def f():
    'one'
def node(x):
    return f.__doc__
""",
        "'one'",
        "'two'",
    ),
    "builtin as a special method": (
        """
# nodes.py
class K(dict):
    __getattr__ = dict.get
def node(x):
    return K().a
""",
        "dict.get",
        "dict.__getitem__",
    ),
    "assigned builtin": (
        """
# nodes.py
class K(dict):
    look = dict.get
def node(x):
    return K().look('a')
""",
        "dict.get",
        "dict.pop",
    ),
    "builtin in a class body": (
        """
# nodes.py
class K:
    __test__ = True
    f = len
def node(x):
    return K.f(x)
""",
        "f = len",
        "f = sum",
    ),
    "alias of another module": (
        """
# nodes.py
import json as j
def node(x):
    return j.dumps(x)
""",
        "import json",
        "import pickle",
    ),
    "alias of another submodule": (
        """
# nodes.py
import numpy.linalg as m
def node(x):
    return m.norm(x)
""",
        "numpy.linalg as",
        "numpy.fft as",
    ),
    "update_wrapper instance with other state": (
        """
# nodes.py
import functools
class D:
    def __init__(self, f, a):
        functools.update_wrapper(self, f)
        self.f = f; self.a = a
    def __call__(self, x): return self.f(x) + self.a
def g(x):
    return x
node = D(g, 1)
""",
        "D(g, 1)",
        "D(g, 2)",
    ),
    "update_wrapper instance class code": (
        """
# nodes.py
import functools
class D:
    def __init__(self, f, a):
        functools.update_wrapper(self, f)
        self.f = f; self.a = a
    def __call__(self, x): return self.f(x) + self.a
def g(x):
    return x
node = D(g, 1)
""",
        "+ self.a",
        "- self.a",
    ),
    "cached instance": (
        """
# nodes.py
import functools
class K:
    def __init__(self, a): self.a = a
    def __call__(self, x): return self.a
f = functools.lru_cache(K(1))
def node(x):
    return f(x)
""",
        "K(1)",
        "K(2)",
    ),
    "cached partial": (
        """
# nodes.py
import functools
def g(a, x): return a
f = functools.lru_cache(functools.partial(g, 1))
def node(x):
    return f(x)
""",
        "g, 1",
        "g, 2",
    ),
    "decorator class of others": (
        """
# nodes.py
import numpy as np
@np.vectorize
def node(x):
    return x
""",
        "return x",
        "return -x",
    ),
    "function in an iterator": (
        """
# nodes.py
import concurrent.futures, weakref
def f(): return 1
class C(concurrent.futures.Future): pass
F = map(f, [])
def node(x):
    return F
""",
        "return 1",
        "return 2",
    ),
    "function in an object of others": (
        """
# nodes.py
import argparse
def f(v): return 1
N = argparse.Namespace(f=f)
def node(x):
    return N.f(x)
""",
        "return 1",
        "return 2",
    ),
    "instance in an object of others": (
        """
# nodes.py
import argparse
class K:
    def m(self): return 1
N = argparse.Namespace(k=K())
def node(x):
    return N.k.m()
""",
        "return 1",
        "return 2",
    ),
    "generic alias const": (
        """
# nodes.py
from typing import Generic, TypeVar
T = TypeVar('T')
class K(Generic[T]):
    def m(self): return 1
A = K[int]
def node(x):
    return A().m()
""",
        "return 1",
        "return 2",
    ),
    "list alias of project class": (
        """
# nodes.py
class K:
    def m(self): return 1
A = list[K]
def node(x):
    return A.__args__[0]().m()
""",
        "return 1",
        "return 2",
    ),
    "optional of project class": (
        """
# nodes.py
from typing import Optional
class K:
    def m(self): return 1
A = Optional[K]
def node(x):
    return A.__args__[0]().m()
""",
        "return 1",
        "return 2",
    ),
    "class named in an annotation": (
        """
# nodes.py
from dataclasses import dataclass, fields
class V:
    def m(self): return 1
@dataclass
class K:
    a: V
def node(x):
    return [f.type().m() for f in fields(K)]
""",
        "return 1",
        "return 2",
    ),
    "TypedDict": (
        """
# nodes.py
from typing import TypedDict
class T(TypedDict, total=True):
    a: int
def node(x):
    return T.__required_keys__
""",
        "total=True",
        "total=False",
    ),
    "module handed to a getter": (
        """
# nodes.py
import operator
from . import utils
F = operator.attrgetter('f')
def node(x):
    return F(utils)(x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "getattr of a module": (
        """
# nodes.py
from . import utils
def node(x):
    return getattr(utils, 'f')(x)
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "function without a module": (
        """
# nodes.py
ns = {'A': 1}
exec('def f(x): return A', ns)
f = ns['f']
def node(x):
    return f(x)
""",
        "'A': 1",
        "'A': 2",
    ),
    "complex subclass const": (
        """
# nodes.py
class I(complex):
    pass
K = I(1)
def node(x):
    return K
""",
        "I(1)",
        "I(2)",
    ),
    "date subclass const": (
        """
# nodes.py
import datetime
class I(datetime.date):
    pass
K = I(2020, 1, 1)
def node(x):
    return K
""",
        "1, 1)",
        "1, 2)",
    ),
    "ndarray subclass const": (
        """
# nodes.py
import numpy as np
class I(np.ndarray):
    pass
K = np.array([1]).view(I)
def node(x):
    return K
""",
        "[1]",
        "[2]",
    ),
    "Exception subclass const": (
        """
# nodes.py
class X(Exception): pass
K = X('a')
def node(x):
    return K.args
""",
        "X('a')",
        "X('b')",
    ),
    "mapping proxy of class": (
        """
# nodes.py
class K:
    a = 1
V = vars(K)
def node(x):
    return V['a']
""",
        "a = 1",
        "a = 2",
    ),
    "module in a class": (
        """
# nodes.py
from . import conf
def node(x):
    return conf.S.m.f(x)
# conf.py
from . import utils
import types
class S:
    m = utils
# utils.py
from .more import f
# more.py
def f(x):
    return x + 1
""",
        "x + 1",
        "x + 2",
    ),
    "class named in a quoted annotation": (
        """
# nodes.py
from __future__ import annotations
import typing
class V:
    a = 1
class K:
    v: V
def node(x):
    return typing.get_type_hints(K)['v'].a
""",
        "a = 1",
        "a = 2",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_edit_is_seen_wherever_it_is(project: Project, case: str) -> None:
    text, old, new = CASES[case]
    write(project, text)
    before = project.look("node")
    assert project.look("node").root == before.root
    assert old in text
    write(project, text.replace(old, new))
    assert project.look("node").root != before.root


def test_a_module_that_is_passed_on_may_be_commented(project: Project) -> None:
    text, _, _ = CASES["module passed on, one further"]
    write(project, text)
    before = project.look("node")
    project.edit("more", "def f", "# Adds.\ndef f")
    assert project.look("node").root == before.root


def test_an_object_whose_content_cannot_be_seen_is_said(project: Project) -> None:
    project.write("nodes", "import contextvars\nV = contextvars.ContextVar('v')\ndef node(x):\n    return V.get()\n")
    assert any("cannot be tracked" in note for note in project.look("node").notes)
