import re
import subprocess
import sys

from deodar._expressions import expression


def test_an_expression_answers_like_the_compiled_one():
    lazy, compiled = expression(r"(a)(b)?", re.IGNORECASE), re.compile(r"(a)(b)?", re.IGNORECASE)
    for text in ("AB", "xa", "", "abab"):
        assert lazy.findall(text) == compiled.findall(text)
        assert bool(lazy.match(text)) is bool(compiled.match(text))
    assert (lazy.pattern, lazy.flags, lazy.groups) == (compiled.pattern, compiled.flags, compiled.groups)


def test_what_was_asked_of_an_expression_once_costs_no_more_than_with_a_compiled_one():
    lazy = expression("a")
    assert lazy.search("ba") and vars(lazy)["search"] == lazy.search


def test_nothing_is_compiled_before_it_is_used():
    code = (
        "import re\n"
        "from deodar._expressions import expression\n"
        "made = []\n"
        "re.compile = lambda text, flags=0: made.append(text)\n"
        "expression('[a-z]*')\n"
        "print(made)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
