"""Seconds to read a catalog's configuration: ``configuration.py PACKAGE ENTRIES``.

Once as written plainly, and twice with three interpolations an entry: for the first time, and again.
"""

import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

# Kedro refuses large files otherwise.
os.environ["OMEGACONF_MAX_YAML_EXPANDED_NODES"] = "none"
package, entries = sys.argv[1], int(sys.argv[2])
Loader = importlib.import_module(f"{package}.config").OmegaConfigLoader

PLAIN = "d{n}:\n  type: pandas.CSVDataset\n  filepath: data/raw/d{n}.csv\n  load_args: {{sep: ',', index: false}}\n"
INTERPOLATED = (
    "d{n}:\n  type: pandas.CSVDataset\n  filepath: ${{_root}}/${{globals:layer}}/d{n}\n  load_args: ${{_args}}\n"
)
TEMPLATES = "_root: data\n_args: {sep: ',', index: false}\n"


def read(text, times):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in (("base/catalog.yml", text), ("base/globals.yml", "layer: raw\n"), ("local/.keep", "")):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(content)
        loader = Loader(folder, base_env="base", default_run_env="local")
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            loader["catalog"]
            seconds.append(time.perf_counter() - started)
        return seconds


read(TEMPLATES + INTERPOLATED.format(n=0), 1)  # What is imported on demand is here now.
plain = read("".join(PLAIN.format(n=n) for n in range(entries)), 1)
first, again = read(TEMPLATES + "".join(INTERPOLATED.format(n=n) for n in range(entries)), 2)
print(json.dumps({"plain": plain[0], "interpolated": first, "again": again}))
