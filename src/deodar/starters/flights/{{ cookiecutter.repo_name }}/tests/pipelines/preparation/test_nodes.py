"""The functions of the preparation, on tables small enough to check by eye."""

import pandas as pd
import pytest

from {{ cookiecutter.python_package }}.pipelines.preparation.nodes import (
    add_planned_minutes,
    fill_weather_gaps,
    join_tables,
    keep_completed,
    report_carriers,
)


def hourly(hours: list[int]) -> pd.DatetimeIndex:
    return pd.to_datetime([f"2013-01-01T{hour:02}:00:00Z" for hour in hours])


def weather_report(hours: list[int], temp: list[float]) -> pd.DataFrame:
    others = {"humid": 50.0, "wind_speed": 5.0, "precip": 0.0, "visib": 10.0, "pressure": 1000.0}
    return pd.DataFrame({"origin": "JFK", "time_hour": hourly(hours), "temp": temp, **others})


def test_cancelled_and_diverted_flights_are_dropped():
    flights = pd.DataFrame({"dep_delay": [1.0, None, 3.0], "arr_delay": [2.0, None, None]})

    assert keep_completed(flights)["dep_delay"].tolist() == [1.0]


def test_short_gap_in_the_weather_is_interpolated():
    filled = fill_weather_gaps(weather_report([6, 9], [30.0, 36.0]), gap_hours=3)

    assert filled["temp"].tolist() == [30.0, 32.0, 34.0, 36.0]


def test_long_gap_in_the_weather_stays_open_after_the_limit():
    filled = fill_weather_gaps(weather_report([6, 9], [30.0, 36.0]), gap_hours=1)

    assert filled["temp"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("dest", "departs", "arrives", "minutes"),
    [
        ("BOS", 900, 1015, 75),
        ("LAX", 900, 1200, 6 * 60),
        ("LAX", 2200, 100, 6 * 60),
        ("SJU", 900, 1400, 4 * 60),
    ],
)
def test_planned_minutes_know_time_zones_and_midnight(dest, departs, arrives, minutes):
    airports = pd.DataFrame({"faa": ["JFK", "BOS", "LAX"], "tz": [-5, -5, -8]})
    flights = pd.DataFrame(
        {
            "origin": ["JFK"],
            "dest": [dest],
            "sched_dep_time": [departs],
            "sched_arr_time": [arrives],
        }
    )

    planned = add_planned_minutes(flights, airports, unlisted_time_zone=-4)

    assert planned["planned_minutes"].tolist() == [minutes]


def test_flight_of_an_unknown_plane_keeps_its_row():
    flights = pd.DataFrame(
        {"origin": "JFK", "time_hour": hourly([6]), "tailnum": "N0", "carrier": "UA"}
    )
    planes = pd.DataFrame({"tailnum": ["N1"], "built": [2000], "seats": [100]})
    carriers = pd.DataFrame({"carrier": ["UA"], "name": ["United"]})

    joined = join_tables(flights, weather_report([6], [30.0]), planes, carriers)

    assert joined[["carrier_name", "temp"]].values.tolist() == [["United", 30.0]]


def test_carriers_are_ranked_and_small_ones_left_out():
    flight_table = pd.DataFrame(
        {
            "carrier_name": ["late", "late", "punctual", "punctual", "small"],
            "dep_delay": [10.0, 40.0, 0.0, 0.0, 0.0],
            "arr_delay": [10.0, 50.0, -5.0, 15.0, 0.0],
        }
    )

    report = report_carriers(flight_table, min_flights=2)

    assert report["carrier_name"].tolist() == ["punctual", "late"]
    assert report["share_on_time"].tolist() == [1.0, 0.5]
