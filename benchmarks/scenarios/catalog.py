"""Seconds to make a catalog and resolve names: ``catalog.py PACKAGE ENTRIES PATTERNS``."""

import importlib
import json
import sys
import time

package, entries, patterns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
io = importlib.import_module(f"{package}.io")
config = {f"entry_{n}": {"type": "MemoryDataset", "metadata": {"layer": "raw"}} for n in range(entries)}
config |= {f"family_{n}_{{name}}": {"type": "MemoryDataset", "metadata": {"of": "{name}"}} for n in range(patterns)}

started = time.perf_counter()
catalog = io.DataCatalog.from_config(config)
made = time.perf_counter() - started
names = [f"family_{n % max(patterns, 1)}_x{n}" for n in range(200)]
started = time.perf_counter()
found = sum(name in catalog for name in names)
looked_up = time.perf_counter() - started
print(json.dumps({"made": made, "lookup": looked_up / len(names), "found": found}))
