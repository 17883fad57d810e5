"""A yardstick from elsewhere: what a straight line reaches on the same splits."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from ..data import Scaler
from .outcome import Cell, Outcome
from .splits import Splits


def straight(splits: Splits, n: int) -> Iterator[Outcome]:
    """Logistic regression for classes, linear regression for numbers; nothing if scikit-learn is missing."""
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError:
        return
    for split in range(n):
        parts = splits.scaled(split)
        x = parts["training"][0].reshape(len(parts["training"][0]), -1)
        scale = Scaler.standardise(x)
        y, target = parts["training"][1], parts["test"][1]
        test = scale.apply(parts["test"][0].reshape(len(target), -1))
        found = _classes if splits.data.is_classification else _numbers
        name, metrics, parameters, seconds = found(scale.apply(x), y, test, target)
        yield Outcome(
            cell=Cell("", name, "", ""), split=split, seeds=(0,), lr=None, tried={}, history={}, diverged={},
            metrics={k: np.array([v], np.float64) for k, v in metrics.items()}, seconds=seconds, wired=name,
            parameters=parameters, baseline=True,
        )  # fmt: skip


def _classes(x: np.ndarray, y: np.ndarray, test: np.ndarray, target: np.ndarray) -> tuple:
    from time import perf_counter

    from sklearn.linear_model import LogisticRegression

    name, began = "logistic regression", perf_counter()
    if len(np.unique(y)) == 1:  # nothing to tell apart
        return name, {"accuracy": float((target == y[0]).mean())}, 0, perf_counter() - began
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: a yardstick need not
        model = LogisticRegression(max_iter=1000).fit(x, y)
    seconds = perf_counter() - began
    accuracy = float((model.predict(test) == target).mean())
    return name, {"accuracy": accuracy}, model.coef_.size + model.intercept_.size, seconds


def _numbers(x: np.ndarray, y: np.ndarray, test: np.ndarray, target: np.ndarray) -> tuple:
    from time import perf_counter

    from sklearn.linear_model import LinearRegression

    from ..training.metrics import mean_squared_error, r2

    began = perf_counter()
    model = LinearRegression().fit(x, y)
    seconds, said = perf_counter() - began, model.predict(test)[None]
    metrics = {"mse": float(mean_squared_error(said, target)[0]), "r2": float(r2(said, target)[0])}
    return "linear regression", metrics, model.coef_.size + model.intercept_.size, seconds
