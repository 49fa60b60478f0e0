"""Print what an mlflow store holds, and what its model predicts: read_mlflow.py URI."""

import json
import sys

import mlflow
import pandas as pd

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
experiments = [experiment.experiment_id for experiment in client.search_experiments()]
runs = [
    {
        "name": run.info.run_name,
        "status": run.info.status,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": run.data.tags,
        "artifacts": [artifact.path for artifact in client.list_artifacts(run.info.run_id)],
    }
    for run in client.search_runs(experiments)
]
models = client.search_logged_models(experiments)
model = mlflow.pyfunc.load_model(f"models:/{models[0].model_id}")
predicted = model.predict(pd.DataFrame({"number": [5, 6]}))
print(json.dumps({"runs": runs, "predictions": [float(value) for value in predicted["prediction"]]}))
