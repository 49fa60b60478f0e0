import subprocess
import sys

import pytest

from deodar.framework.cli._entry_points import entry_points, group_names, is_for_this_name

LOOK = """
import sys
from deodar.framework.cli._entry_points import entry_points
found = entry_points("global")
print([ep.name for ep in found], "importlib.metadata" in sys.modules)
"""


def look(tmp_path, *folders):
    code = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n{LOOK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    return done.stdout.strip()


def test_without_plugins_the_standard_scan_is_not_even_imported(tmp_path):
    assert look(tmp_path) == "[] False"


@pytest.mark.parametrize("top", ["kedro", "deodar"])
def test_a_plugin_is_found_under_both_spellings_of_a_group(tmp_path, plugin, top):
    site = plugin("seen_plugin", "", f"[{top}.global_commands]\nseen = seen_plugin:x\n")
    assert look(tmp_path, site) == "['seen'] True"


def test_a_plugin_that_declares_both_spellings_is_found_once(tmp_path, plugin):
    declared = "".join(f"[{top}.global_commands]\nseen = seen_plugin:x\n" for top in ("kedro", "deodar"))
    assert look(tmp_path, plugin("seen_plugin", "", declared)) == "['seen'] True"


def test_the_running_name_is_looked_up_first():
    assert group_names("hooks") == ["deodar.hooks", "kedro.hooks"]


@pytest.mark.parametrize(
    ("group", "requires", "works"),
    [
        ("deodar.hooks", "kedro>=1.0", True),
        ("kedro.hooks", "", True),
        ("kedro.hooks", "click", True),
        ("kedro.hooks", "kedro-datasets", True),
        ("kedro.hooks", "kedro>=1.0", False),
        ("kedro.hooks", "kedro[jupyter] (>=1.0)", False),
        ("kedro.hooks", "Kedro ; python_version > '3'", False),
    ],
)
def test_a_plugin_that_requires_kedro_needs_that_name(plugin, group, requires, works):
    plugin("asking_plugin", "", f"[{group}]\nx = asking_plugin:x\n", requires=requires)
    found = [ep for ep in entry_points("hooks") if ep.name == "x"]
    assert [is_for_this_name(ep) for ep in found] == [works]
