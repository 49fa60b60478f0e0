"""Least squares for the delay at arrival, judged on days that it has never seen."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

TARGET = "arr_delay"
CLOSE_MINUTES = 15


def build_features(flight_table: pd.DataFrame) -> pd.DataFrame:
    """Add what the raw columns only imply: the age of the plane, the rush at the airport."""
    same_hour = flight_table.groupby(["origin", "time_hour"])
    return flight_table.assign(
        plane_age=flight_table["year"] - flight_table["built"],
        traffic=same_hour["flight"].transform("size"),
    )


def split_by_date(features: pd.DataFrame, test_from: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split into the days before and the days from ``test_from``.

    Flights of one day share its weather and its jams. Split at random, the model would be
    examined on days that it knows.
    """
    is_test = pd.to_datetime(features[["year", "month", "day"]]) >= pd.Timestamp(test_from)
    return features[~is_test], features[is_test]


def encode(features: pd.DataFrame, columns: dict[str, list[str]]) -> pd.DataFrame:
    """Turn features into numbers, each category into a column of zeros and ones."""
    numbers = features[columns["numbers"]].astype(float)
    categories = pd.get_dummies(features[columns["categories"]], dtype=float)
    return numbers.join(categories)


def fit_delays(train: pd.DataFrame, columns: dict[str, list[str]], ridge: float) -> dict[str, Any]:
    """Fit ridge regression by the normal equations.

    Returns:
        The intercept in minutes and, for each term, what it takes to standardise it and by how many
        minutes one standard deviation of it moves the prediction.
    """
    inputs = encode(train, columns)
    # A term that never varies teaches nothing; a spread of one keeps it at zero.
    mean, spread = inputs.mean(), inputs.std().replace(0.0, 1.0)
    # A missing number counts as an average one.
    standard = ((inputs - mean) / spread).fillna(0.0).to_numpy()

    intercept = train[TARGET].mean()
    gram = standard.T @ standard + ridge * np.eye(standard.shape[1])
    weights, *_ = np.linalg.lstsq(gram, standard.T @ (train[TARGET] - intercept).to_numpy())

    terms = pd.DataFrame({"mean": mean, "spread": spread, "minutes": weights})
    return {"intercept": float(intercept), "terms": terms.to_dict(orient="index")}


def predict_delays(
    test: pd.DataFrame, coefficients: dict[str, Any], columns: dict[str, list[str]]
) -> pd.DataFrame:
    """Predict the delay of each flight, beside what it was and what two simple rules say."""
    terms = pd.DataFrame.from_dict(coefficients["terms"], orient="index")
    # Destinations may turn up that training has not seen, and the other way round.
    inputs = encode(test, columns).reindex(columns=terms.index, fill_value=0.0)
    standard = ((inputs - terms["mean"]) / terms["spread"]).fillna(0.0)

    flight = test[["time_hour", "carrier", "flight", "origin", "dest", "hour"]]
    return flight.assign(
        actual=test[TARGET],
        model=coefficients["intercept"] + standard @ terms["minutes"],
        as_late_as_it_left=test["dep_delay"],
        always_the_average=coefficients["intercept"],
    )


def evaluate(predictions: pd.DataFrame) -> dict[str, Any]:
    """Measure how far off the model is, and the two simple rules that it has to beat."""
    guesses = predictions[["model", "as_late_as_it_left", "always_the_average"]]
    error = guesses.sub(predictions["actual"], axis="index").abs()
    mean_error = error.mean()
    gain = 1 - mean_error["model"] / mean_error["as_late_as_it_left"]
    return {
        "flights": len(predictions),
        "mean_absolute_error_minutes": mean_error.round(2).to_dict(),
        f"share_within_{CLOSE_MINUTES}_minutes": (error <= CLOSE_MINUTES).mean().round(3).to_dict(),
        "better_than_simple_rule_percent": round(100 * float(gain), 1),
    }


def plot_errors(predictions: pd.DataFrame) -> Figure:
    """Draw the predictions against what happened, and the error over the day."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    cloud, by_hour = figure.subplots(1, 2)

    window = (-60, 180)
    cloud.hexbin(
        predictions["model"],
        predictions["actual"],
        gridsize=48,
        extent=(*window, *window),
        bins="log",
        mincnt=1,
        cmap="viridis",
    )
    cloud.plot(window, window, color="black", linewidth=0.8)
    cloud.set(title="Delay at arrival, in minutes", xlabel="predicted", ylabel="actual")

    for rule, label in {"model": "model", "as_late_as_it_left": "as late as it left"}.items():
        error = (predictions[rule] - predictions["actual"]).abs()
        by_hour.plot(error.groupby(predictions["hour"]).mean(), marker="o", label=label)
    by_hour.set(title="Mean error, in minutes", xlabel="hour of departure", xticks=range(6, 24, 3))
    by_hour.set_ylim(bottom=0)
    by_hour.legend()
    return figure
