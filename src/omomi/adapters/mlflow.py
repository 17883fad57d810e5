"""A run as a run of MLflow, through its client."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..training import checkpoint
from .extras import library
from .tensorboard import scalars

if TYPE_CHECKING:
    from ..training import Run

MOST = 1000  # metrics in one request
EVERY = 1.0  # seconds between requests
TAG = "omomi.settings"


class MLflow:
    """`fit(…, log=MLflow("digits"))`: a run of MLflow in the experiment of that name.

    Its parameters are the settings as text; its metrics, over the epochs, the mean over the replicas of each column of
    the history, `loss/mean`, and every replica, `loss/seed_0`, as far as they are finite; its artifacts, at the end,
    `history.csv` and `weights.safetensors`. A run that goes on after its first epoch goes on in the run of MLflow with
    the same settings that was begun last, and only the epochs are sent that are not there.

    Parameters
    ----------
    experiment : str
        Is made where there is none of that name.
    store : str, optional
        A tracking URI: a server, `sqlite:///mlflow.db`, or a folder. Left out: what MLflow is set to; and where it is
        set to nothing and has no database (mlflow-skinny alone), the folder mlruns.
    name : str, optional
        Of the run; left out: MLflow makes one up.
    seeds : bool
        With False, the means alone.

    Raises
    ------
    ModuleNotFoundError
        Where mlflow is missing: `pip install 'omomi[mlflow]'`.

    Notes
    -----
    MLflow reports its use to its makers; with this logger it does not, unless MLFLOW_DISABLE_TELEMETRY says false.
    Folders as a store, which MLflow 3.13 and later only keeps for those who ask, are asked for.
    """

    def __init__(self, experiment: str, store: str | None = None, name: str | None = None, seeds: bool = True) -> None:
        self.experiment, self.store, self.name, self.seeds = experiment, store, name, seeds
        self._client: Any = None
        self.run_id = ""  # MLflow's, once it has begun
        self._waiting: list[Any] = []
        self._next = 0.0
        self._there: set[int] = set()

    def begin(self, run: Run) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # is read when mlflow is imported
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        mlflow = library("mlflow", "mlflow", "omomi.adapters.mlflow")
        self._client = mlflow.MlflowClient(tracking_uri=self._uri(mlflow))
        known = self._client.get_experiment_by_name(self.experiment)
        home = known.experiment_id if known else self._client.create_experiment(self.experiment)
        said = run.settings.as_text()
        mark = _digest(said)
        self._there, self._waiting = set(), []
        before = self._client.search_runs([home], f"tags.`{TAG}` = '{mark}'", max_results=1) if run.epoch else []
        if before:
            self.run_id = before[0].info.run_id
            self._client.update_run(self.run_id, status="RUNNING")
            self._there = {metric.step for metric in self._client.get_metric_history(self.run_id, "loss/mean")}
        else:
            self.run_id = self._client.create_run(home, run_name=self.name, tags={TAG: mark}).info.run_id
            params = [mlflow.entities.Param(name, str(value)) for name, value in said.items()]
            self._client.log_batch(self.run_id, params=params)
        for epoch in range(1, run.epoch + 1):
            self._add(run, epoch)
        self._send()

    def epoch(self, run: Run) -> None:
        self._add(run, run.epoch)
        if len(self._waiting) >= MOST or time.monotonic() >= self._next:
            self._send()

    def end(self, run: Run) -> None:
        if self._client is None:
            return
        self._send()
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.write_results(run, folder)
            self._client.log_artifacts(self.run_id, folder)
        kind = sys.exc_info()[0]
        status = "FINISHED" if kind is None else "KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED"
        self._client.set_terminated(self.run_id, status)
        self._client = None

    def _uri(self, mlflow: Any) -> str | None:
        if self.store is not None or mlflow.tracking.is_tracking_uri_set() or find_spec("sqlalchemy"):
            return self.store
        return Path("mlruns").absolute().as_uri()

    def _add(self, run: Run, epoch: int) -> None:
        if epoch not in self._there:
            from mlflow.entities import Metric

            now = int(time.time() * 1000)
            self._waiting += [Metric(name, value, now, epoch) for name, value in scalars(run, epoch, self.seeds)]

    def _send(self) -> None:
        for at in range(0, len(self._waiting), MOST):
            self._client.log_batch(self.run_id, metrics=self._waiting[at : at + MOST])
        self._waiting, self._next = [], time.monotonic() + EVERY


def _digest(said: dict[str, Any]) -> str:
    """Of the settings but the number of epochs, which may grow."""
    return hashlib.sha256(json.dumps(said | {"epochs": None}, sort_keys=True).encode()).hexdigest()[:32]
