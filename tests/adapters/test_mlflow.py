"""A run of MLflow in a folder, read back with MLflow's own client."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file

from omomi import Dense, Network, Run, Tanh
from omomi.adapters.mlflow import MLflow
from samples import classes

X, Y = classes()
NET = Network(13, Dense(4), Tanh(), Dense(3))


class Interrupt:
    """Ctrl-C after some epoch."""

    def __init__(self, epoch):
        self.at = epoch

    def begin(self, run):
        pass

    def end(self, run):
        pass

    def epoch(self, run):
        if run.epoch == self.at:
            raise KeyboardInterrupt


def test_a_run_that_was_interrupted_and_goes_on(tmp_path, monkeypatch):
    """From a checkpoint an epoch behind what was sent: it goes on in the same run, and no step is there twice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("omomi.adapters.mlflow.find_spec", lambda _: None)  # mlflow-skinny alone, without a database
    run = Run(NET, X, Y, epochs=6, seeds=[3, 1], diagnose=True)
    run.train(2, progress=False)
    run.save("there")
    log = MLflow("digits", name="first")
    with pytest.raises(KeyboardInterrupt):
        run.train(progress=False, log=[log, Interrupt(3)])
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"

    import mlflow

    client = mlflow.MlflowClient(Path("mlruns").absolute().as_uri())
    assert client.get_run(log.run_id).info.status == "KILLED"

    again = Run.load("there", X, Y)
    later = MLflow("digits")
    again.train(progress=False, log=later)
    assert later.run_id == log.run_id
    found = client.get_run(log.run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "first")
    assert found.data.params["optimizer"] == "Adam()"
    assert found.data.params["seeds"] == "[3, 1]"
    for name, key in (("loss", "loss"), ("angle[2]", "angle.2")):
        for r, seed in enumerate((3, 1)):
            history = client.get_metric_history(log.run_id, f"{key}/seed_{seed}")
            assert [metric.step for metric in history] == [1, 2, 3, 4, 5, 6]
            assert_array_equal([metric.value for metric in history], again.history[name][:, r])
        mean = [metric.value for metric in client.get_metric_history(log.run_id, f"{key}/mean")]
        np.testing.assert_allclose(mean, again.history[name].mean(axis=1), rtol=1e-12)
    kept = {a.path: client.download_artifacts(log.run_id, a.path) for a in client.list_artifacts(log.run_id)}
    assert sorted(kept) == ["history.csv", "weights.safetensors"]
    assert_array_equal(load_file(kept["weights.safetensors"])["0.dense.W"], again.params[0]["W"])

    other = MLflow("digits", store=client.tracking_uri, seeds=False)  # from the beginning: another run
    Run(NET, X, Y, epochs=1, seeds=[3, 1]).train(progress=False, log=other)
    assert other.run_id != log.run_id
    assert {*client.get_run(other.run_id).data.metrics} == {"loss/mean", "accuracy/mean"}


def test_without_mlflow(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs mlflow: pip install 'omomi\[mlflow\]'$"):
        Run(NET, X, Y, epochs=1, seeds=[0]).train(progress=False, log=MLflow("digits"))
