"""What trained networks say, and how good it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas.arrays import on_host
from ..networks.layers import Weights
from . import devices, metrics
from .settings import Settings
from .targets import Targets, measure, targets, weighed

Array = np.ndarray
CHUNK = 512  # samples × steps at a time when nothing is learned: the same for any number of replicas


class Answering:
    """R networks that answer."""

    settings: Settings
    _theta: Array  # (R, P)
    _params: list[Weights]

    @property
    def answering(self) -> Array:
        """The weights (R, P) that `predict` uses."""
        return devices.shown(self._answers_with())

    def _answers_with(self) -> Array:
        return self._theta

    def predict(self, x: Any) -> Array:
        """What the networks answer, as their last layer says it. x (N, …) → (R, N, O)."""
        x = self._inputs("x", x)
        out = np.empty((len(self._theta), len(x), self.settings.net.shapes[-1][0]), x.dtype)
        theta = self._answers_with()
        params = self._params if theta is self._theta else self.settings.net.views(theta)
        with np.errstate(all="ignore"):
            chunk = max(1, CHUNK // self.settings.net.longest)
            for at in range(0, len(x), chunk):
                some = np.asarray(x[at : at + chunk], like=theta)
                out[:, at : at + chunk] = on_host(self.settings.net.forward(params, some)[0])
        return out

    def classify(self, x: Any) -> Array:
        """The number of the class that each network chooses. x (N, …) → (R, N)."""
        y = self.predict(x)
        return y.argmax(axis=-1) if y.shape[-1] > 1 else (y[..., 0] > self.settings.loss.threshold).astype(np.intp)

    def evaluate(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, Array]:
        """Loss and metrics on data, each (R,): accuracy for classes, mse and r2 for numbers.

        With weights (N,) ≥ 0 all of them are weighted means over the samples.
        """
        return self._measure(*self._pair(x, y, sample_weight))

    def confusion(self, x: Any, labels: Any) -> Array:
        """Counts by true class (rows) and chosen class (columns), (R, C, C)."""
        labels = np.asarray(labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iub":
            raise ValueError(
                f"a confusion matrix needs labels of shape (N,), got {labels.dtype} of shape {labels.shape}"
            )
        chosen, n_classes = self.classify(x), max(self.settings.net.shapes[-1][0], 2)
        if len(labels) != chosen.shape[1]:
            raise ValueError(f"x and labels must have the same length, got {chosen.shape[1]} and {len(labels)}")
        if not 0 <= labels.min() <= labels.max() < n_classes:
            raise ValueError(f"labels must lie in 0 … {n_classes - 1}, got {labels.min()} … {labels.max()}")
        return metrics.confusion_matrix(chosen, labels, n_classes)

    def _measure(self, x: Array, t: Targets) -> dict[str, Array]:
        y = self.predict(x)
        rows = np.broadcast_to(t.take(np.arange(len(t))), y.shape)
        with np.errstate(all="ignore"):
            tally = np.zeros((len(y), 2))
            found = {"loss": self._loss(y, rows, t, tally)}
            if t.yes_or_no:
                found["accuracy"] = np.where(
                    np.isfinite(found["loss"]), tally[:, 1] / len(x), np.nan
                )  # NaN chooses no class
            if self.settings.loss.targets in ("values", "counts"):
                said = self.settings.loss.expected(y)
                true = rows[0, :, : said.shape[-1]]
                found["mse"] = metrics.mean_squared_error(said, true, t.weights)
                found["r2"] = metrics.r2(said, true, t.weights)
        return found

    def _loss(self, y: Array, rows: Array, t: Targets, tally: Array) -> Array:
        if t.weights is None:
            return self.settings.loss.measure(y, rows, tally)[0]
        return measure(self.settings.loss, y, rows, np.broadcast_to(t.weights, y.shape[:2]), tally)[0]

    def _pair(self, x: Any, y: Any, weights: Any = None, *, of: str = "") -> tuple[Array, Targets]:
        """Inputs and targets of the same samples, checked."""
        inputs, t = self._inputs(f"{of}x", x), self._targets(f"{of}y", y)
        if len(inputs) != len(t):
            raise ValueError(f"{of}x and y must have the same length, got {len(inputs)} and {len(t)}")
        return inputs, weighed(t, weights, f"{of}sample_weight")

    def _inputs(self, name: str, x: Any) -> Array:
        shape = self.settings.net.shapes[0]
        x = np.asarray(x)
        if x.dtype.kind not in "iubf":
            raise ValueError(f"{name} must hold numbers, got {x.dtype.name}")
        if x.shape[1:] != shape or not len(x):
            per_sample = f"(N, {', '.join(map(str, shape))})"
            raise ValueError(f"{name} must have shape {per_sample} for this network, with N ≥ 1, got {x.shape}")
        with np.errstate(over="ignore"):
            cast = np.ascontiguousarray(x, self.settings.dtype)
        finite = np.isfinite(cast)
        if not finite.all():
            where = np.argwhere(~finite)[0]
            raise ValueError(f"{name} must be finite, got {_found(x[tuple(where)], cast.dtype)} in row {where[0]}")
        return cast

    def _targets(self, name: str, y: Any) -> Targets:
        s = self.settings
        return targets(y, s.loss, s.net.shapes[-1][0], s.dtype)


def _found(value: Any, dtype: Any) -> str:
    """A number that is no finite one in a precision."""
    return f"{value}, too large for {dtype}," if np.isfinite(value) else str(value)
