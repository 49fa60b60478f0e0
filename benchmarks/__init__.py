"""Measurements against real Kedro in environments of its own, in one run on one machine. ``python -m benchmarks``."""
