"""Runs a Kedro project's pipeline as Dagster's job, with kedro-dagster: prints what came out as JSON."""

import json
import sys
from pathlib import Path

import dagster
from kedro_dagster import KedroProjectTranslator

import kedro

location = KedroProjectTranslator(project_path=Path.cwd(), env="local").to_dagster()
definitions = dagster.Definitions(
    assets=list(location.named_assets.values()),
    jobs=list(location.named_jobs.values()),
    resources={"io_manager": dagster.fs_io_manager, **location.named_resources},
    executor=dagster.in_process_executor,
)
result = definitions.resolve_job_def("local__default").execute_in_process()
found = {
    "success": result.success,
    "assets": sorted(location.named_assets),
    "steps": sorted({event.step_key for event in result.all_events if event.step_key}),
    "total": json.loads(Path("data/08_reporting/total.json").read_text()),
    "kedro": Path(kedro.__file__).parent.name,
}
sys.stdout.write("\n" + json.dumps(found) + "\n")
