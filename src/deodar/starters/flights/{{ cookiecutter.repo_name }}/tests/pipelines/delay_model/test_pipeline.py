"""The model on made-up flights whose delays follow a rule that it has to find."""

import numpy as np
import pandas as pd
import pytest
from {{ cookiecutter.framework }}.io import DataCatalog
from {{ cookiecutter.framework }}.runner import SequentialRunner

from {{ cookiecutter.python_package }}.pipelines.delay_model import create_pipeline
from {{ cookiecutter.python_package }}.pipelines.delay_model.nodes import (
    evaluate,
    fit_delays,
    predict_delays,
    split_by_date,
)

COLUMNS = {"numbers": ["dep_delay", "distance"], "categories": ["dest"]}


@pytest.fixture
def flight_table() -> pd.DataFrame:
    rng = np.random.default_rng(seed=1)
    size = 400
    flights = pd.DataFrame(
        {
            "year": 2013,
            "month": 1,
            "day": rng.integers(1, 32, size),
            "hour": rng.integers(6, 22, size),
            "flight": np.arange(size),
            "carrier": "UA",
            "origin": rng.choice(["EWR", "JFK"], size),
            "dest": rng.choice(["BOS", "LAX"], size),
            "distance": rng.integers(200, 2500, size),
            "dep_delay": rng.normal(10, 30, size),
            "built": 2000,
        }
    )
    far = np.where(flights["dest"] == "LAX", -12.0, 3.0)
    flights["arr_delay"] = flights["dep_delay"] + far + rng.normal(0, 1, size)
    flights["time_hour"] = pd.to_datetime(flights[["year", "month", "day", "hour"]], utc=True)
    return flights


def test_split_puts_no_day_on_both_sides(flight_table):
    train, test = split_by_date(flight_table, "2013-01-25")

    assert train["day"].max() == 24
    assert test["day"].min() == 25
    assert len(train) + len(test) == len(flight_table)


def test_fit_finds_the_rule_behind_the_delays(flight_table):
    train, test = split_by_date(flight_table, "2013-01-25")

    coefficients = fit_delays(train, COLUMNS, ridge=0.0)
    metrics = evaluate(predict_delays(test, coefficients, COLUMNS))

    assert metrics["mean_absolute_error_minutes"]["model"] < 1.5
    assert metrics["mean_absolute_error_minutes"]["as_late_as_it_left"] > 5


def test_missing_number_counts_as_an_average_one(flight_table):
    coefficients = fit_delays(flight_table, COLUMNS, ridge=1.0)
    average = flight_table["distance"].mean()

    unknown, known = (
        predict_delays(flight_table.assign(distance=distance), coefficients, COLUMNS)
        for distance in (None, average)
    )

    pd.testing.assert_series_equal(unknown["model"], known["model"])


def test_unseen_destination_is_predicted_all_the_same(flight_table):
    coefficients = fit_delays(flight_table, COLUMNS, ridge=1.0)

    predictions = predict_delays(flight_table.assign(dest="ANC"), coefficients, COLUMNS)

    assert predictions["model"].notna().all()


def test_pipeline_turns_a_flight_table_into_metrics_and_a_plot(flight_table):
    catalog = DataCatalog()
    catalog["flight_table"] = flight_table
    catalog["params:delay_model.test_from"] = "2013-01-25"
    catalog["params:delay_model.ridge"] = 1.0
    catalog["params:delay_model.features"] = COLUMNS

    outputs = SequentialRunner().run(create_pipeline(), catalog)

    metrics = outputs["delay_metrics"].load()
    assert metrics["better_than_simple_rule_percent"] > 0
    assert len(outputs["delay_errors_plot"].load().axes) == 2
