"""Make a project from the default starter in build/, run it, and say what was made and where to look."""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / "build"
PROJECT = "flights-demo"

TABLES = {
    "every completed flight, its weather, its plane": "data/03_primary/flight_table.parquet",
    "how punctual each carrier is": "data/08_reporting/carrier_report.csv",
    "predictions for the last week of January": "data/07_model_output/delay_predictions.parquet",
}
METRICS = "data/08_reporting/delay_metrics.json"
COEFFICIENTS = "data/06_models/delay_coefficients.json"
PLOT = "data/08_reporting/delay_errors.png"


def main() -> int:
    """Run the demo; return 0 when everything it promises is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where to make the project (default: build)")
    folder: Path = parser.parse_args().folder.resolve()
    project = folder / PROJECT

    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(project, ignore_errors=True)
    for place, arguments in (
        (folder, ["new", "--starter", "flights", "--name", "Flights Demo"]),
        (project, ["run"]),
    ):
        command = shlex.join(["deodar", *arguments])
        say(f"\n$ {command}")
        code = subprocess.call([sys.executable, "-m", "deodar", *arguments], cwd=place)
        if code:
            say(f"\nThe demo failed: '{command}' in {place} ended with exit code {code}.")
            return code

    missing = [name for name in (*TABLES.values(), METRICS, COEFFICIENTS, PLOT) if not (project / name).is_file()]
    if missing:
        say(f"\nThe demo failed: the run succeeded, but did not make {', '.join(missing)}.")
        return 1
    report(project)
    return 0


def report(project: Path) -> None:
    """Say what the run has made."""
    import pandas as pd  # Here, so that a failure before it is reported without the wait.

    say("\nTables")
    for what, name in TABLES.items():
        path = project / name
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        say(f"  {len(table):>6,} rows  {what}\n               {shown(path)}")

    metrics = json.loads((project / METRICS).read_text(encoding="utf-8"))
    errors = metrics["mean_absolute_error_minutes"]
    say(f"\nHow far off predicted arrivals are, on {metrics['flights']:,} flights that the model has never seen")
    for rule, minutes in errors.items():
        say(f"  {minutes:>6.2f} minutes  {rule.replace('_', ' ')}")
    say(f"  {metrics['better_than_simple_rule_percent']:>6} %        better than the simple rule")
    say(f"               {shown(project / METRICS)}\n               {shown(project / COEFFICIENTS)}")

    say(f"\nThe plot       {shown(project / PLOT)}")
    say(f"\nGo on          cd {shown(project)}")
    command = Path(sys.executable).with_name("deodar")
    say(f"               {command} run --params delay_model.ridge=100\n               {command} --help")


def shown(path: Path) -> str:
    """Name a path as it can be opened from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def say(line: str) -> None:
    """Print at once, so that the lines stay in order with those of the commands."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
