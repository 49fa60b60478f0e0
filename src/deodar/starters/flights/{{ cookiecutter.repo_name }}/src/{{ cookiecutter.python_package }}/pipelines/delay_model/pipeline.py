"""How late will a flight arrive, once it has left the gate?"""

from {{ cookiecutter.framework }}.pipeline import Node, Pipeline

from .nodes import (
    build_features,
    evaluate,
    fit_delays,
    plot_errors,
    predict_delays,
    split_by_date,
)


def create_pipeline(**kwargs) -> Pipeline:
    """Build the pipeline: features, split, fit, predict, and two ways to look at the result."""
    return Pipeline(
        [
            Node(
                build_features,
                inputs="flight_table",
                outputs="features",
                name="build_features",
            ),
            Node(
                split_by_date,
                inputs=["features", "params:test_from"],
                outputs=["train", "test"],
                name="split_by_date",
            ),
            Node(
                fit_delays,
                inputs=["train", "params:features", "params:ridge"],
                outputs="delay_coefficients",
                name="fit_delays",
            ),
            Node(
                predict_delays,
                inputs=["test", "delay_coefficients", "params:features"],
                outputs="delay_predictions",
                name="predict_delays",
            ),
            Node(
                evaluate,
                inputs="delay_predictions",
                outputs="delay_metrics",
                name="evaluate",
            ),
            Node(
                plot_errors,
                inputs="delay_predictions",
                outputs="delay_errors_plot",
                name="plot_errors",
            ),
        ],
        namespace="delay_model",
        # These names are the project's; all others become delay_model.<name>.
        inputs="flight_table",
        outputs={
            "delay_coefficients",
            "delay_predictions",
            "delay_metrics",
            "delay_errors_plot",
        },
    )
