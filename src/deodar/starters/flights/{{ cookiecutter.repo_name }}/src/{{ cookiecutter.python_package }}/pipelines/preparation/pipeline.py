"""From five raw tables to one table of flights."""

from {{ cookiecutter.framework }}.pipeline import Node, Pipeline

from .nodes import (
    add_planned_minutes,
    describe_planes,
    fill_weather_gaps,
    join_tables,
    keep_completed,
    report_carriers,
)


def create_pipeline(**kwargs) -> Pipeline:
    """Build the pipeline; the first three nodes need nothing of each other and can run at once."""
    return Pipeline(
        [
            Node(
                keep_completed,
                inputs="flights",
                outputs="completed_flights",
                name="keep_completed",
            ),
            Node(
                fill_weather_gaps,
                inputs=["weather", "params:weather_gap_hours"],
                outputs="hourly_weather",
                name="fill_weather_gaps",
            ),
            Node(
                describe_planes,
                inputs="planes",
                outputs="described_planes",
                name="describe_planes",
            ),
            Node(
                add_planned_minutes,
                inputs=["completed_flights", "airports", "params:unlisted_time_zone"],
                outputs="planned_flights",
                name="add_planned_minutes",
            ),
            Node(
                join_tables,
                inputs=["planned_flights", "hourly_weather", "described_planes", "carriers"],
                outputs="flight_table",
                name="join_tables",
            ),
            Node(
                report_carriers,
                inputs=["flight_table", "params:report_min_flights"],
                outputs="carrier_report",
                name="report_carriers",
            ),
        ],
        namespace="preparation",
        # These names are the project's; all others become preparation.<name>.
        inputs={"flights", "weather", "planes", "airports", "carriers"},
        outputs={"flight_table", "carrier_report"},
    )
