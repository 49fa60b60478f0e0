"""Runs a project's pipeline from a program with kedro-boot: prints its output for two inputs as JSON."""

import json
import sys
from pathlib import Path

import pandas as pd
from kedro_boot.app.booter import boot_project
from kedro_boot.framework.compiler.specs import CompilationSpec

import kedro

spec = CompilationSpec(inputs=["numbers"], outputs=["total"], parameters=["sums"])
session = boot_project(Path.cwd(), kedro_args={"pipeline": "sums"}, compilation_specs=[spec])
totals = [
    session.run(inputs={"numbers": pd.DataFrame({"number": numbers})}, parameters={"sums": {"factor": factor}})
    for numbers, factor in (([1, 2], 10), ([0, 5], 3))
]
sys.stdout.write("\n" + json.dumps({"totals": totals, "kedro": Path(kedro.__file__).parent.name}) + "\n")
