"""What the network should say: labels or numbers, checked against the loss and brought into rows of outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..formulas import kernels
from ..formulas.losses import Loss
from ..networks.layers import Activate
from ..networks.network import Network

Array = np.ndarray


@dataclass(frozen=True)
class Targets:
    """Rows of targets, one per sample: `rows[index]` for values, `rows[labels[index]]` for classes.

    For classes `rows` is the unit matrix (O, O), so that a hundred thousand labels stay a hundred thousand numbers.
    """

    rows: Array
    labels: Array | None
    yes_or_no: bool  # classes, or numbers that are all 0 or 1
    weights: Array | None = None  # of the samples (N,), of mean 1, in double; None: all alike

    def __len__(self) -> int:
        return len(self.rows if self.labels is None else self.labels)

    def take(self, index: Array) -> Array:
        """The rows of the samples in `index`, (…) → (…, O)."""
        return self.rows[index if self.labels is None else self.labels[index]]

    def gather(self, x_N: Array, index: Array, x: Array, t: Array) -> None:
        """x ← the inputs and t ← the rows of the samples in `index` (R, B), in one pass."""
        if kernels.takes(x, kernels.PRECISIONS):
            flat, given = x.reshape(*x.shape[:2], -1), x_N.reshape(len(x_N), -1)
            labels = NO_LABELS if self.labels is None else self.labels
            kernels.GATHERING[x.dtype.char](given, index, flat, self.rows, labels, t, kernels.NO_SCALARS)
        else:
            x[...], t[...] = x_N[index], self.take(index)

    def moved(self, put: Callable[[Array], Any]) -> Targets:
        """The same on another device."""
        labels, weights = (None if a is None else put(a) for a in (self.labels, self.weights))
        return replace(self, rows=put(self.rows), labels=labels, weights=weights)


NO_LABELS = np.empty(0, np.int64)


def weighed(t: Targets, weights: Any, name: str = "sample_weight") -> Targets:
    """The targets with weights (N,) ≥ 0 of the samples, brought to mean 1; equal ones are none."""
    if weights is None:
        return t
    w = np.asarray(weights)
    if w.shape != (len(t),) or w.dtype.kind not in "iubf":
        raise ValueError(f"{name} must hold one number per sample, ({len(t)},), got {w.dtype} of shape {w.shape}")
    w = w.astype(np.float64)
    wrong = ~(np.isfinite(w) & (w >= 0))
    if wrong.any():
        raise ValueError(f"{name} must be finite and ≥ 0, got {w[wrong][0]} of sample {wrong.argmax()}")
    if not w.any():
        raise ValueError(f"{name} must leave at least one sample, got only zeros")
    w /= w.max()
    return replace(t, weights=None if (w == 1).all() else w / w.mean())


def measure(loss: Loss, y: Array, t: Array, weights: Array, tally: Array) -> tuple[Array, Array]:
    """`Loss.measure` of samples that weigh differently, (R, B): Σ w L / B, and its derivative (R, B, O).

    To the tally are added Σ w L and the weights of the right answers.
    """
    # Each sample as a replica of its own, so that the loss says what each costs.
    (n, size, _), rows = y.shape, (-1, 1, y.shape[2])
    each = np.zeros_like(y, np.float64, shape=(n * size, 2))
    _, dy = loss.measure(y.reshape(rows), t.reshape(rows), each)
    total = np.matmul(weights[:, None], each.reshape(n, size, 2))[:, 0]
    tally += total
    return total[:, 0] / size, dy.reshape(y.shape) * (weights[..., None] / size).astype(y.dtype)


def choose_loss(net: Network, y: Any) -> str:
    """The usual loss for these targets and this last layer."""
    y, last, n_out = np.asarray(y), repr(net.layers[-1]), net.shapes[-1][-1]
    if y.dtype.kind not in "iub" or y.ndim > 1:
        return "squared_error"
    if n_out > 1 and last == "Sigmoid()":
        return "squared_error"
    if n_out == 1:
        return "binary_cross_entropy" if last == "Sigmoid()" else "sigmoid_cross_entropy"
    return "categorical_cross_entropy" if last == "Softmax()" else "softmax_cross_entropy"


def check_output(net: Network, loss: Loss) -> None:
    """Refuse a last layer whose output is not what the loss takes."""
    last, name = net.layers[-1], type(loss).__name__
    squashed = isinstance(last, Activate) and repr(last) in ("Sigmoid()", "Softmax()", "LogSoftmax()")
    if loss.takes == "logits" and squashed:
        raise ValueError(f"{name} takes logits, but the network ends in {last}; leave that out, the loss contains it")
    if loss.takes == "probabilities" and not isinstance(last, Activate):
        raise ValueError(
            f"{name} takes probabilities, but the network ends in {last}; end it in Sigmoid() or Softmax()"
        )
    if loss.takes == "margins" and squashed:
        raise ValueError(
            f"{name} takes margins, negative ones for no, but the network ends in {last}; end it in Dense(…) or Tanh()"
        )
    if len(net.shapes[-1]) != 1:
        raise ValueError(
            f"the network must end in a vector of outputs, got samples of shape {net.shapes[-1]}; add Flatten()"
        )
    loss.check_outputs(net.shapes[-1][0])


def targets(y: Any, loss: Loss, n_out: int, dtype: Any) -> Targets:
    """Bring y, labels (N,) or numbers (N,) or (N, O), into the form that the loss needs.

    Where the loss takes several outputs for each target, the targets are repeated as often.
    """
    y, name, of_classes = np.asarray(y), type(loss).__name__, loss.targets in ("binary", "classes")
    n = n_out // loss.outputs_per_target
    if y.dtype.kind not in "iubf":
        raise ValueError(f"targets must be numbers, got {y.dtype.name}; number the classes from 0")
    whole = y.dtype.kind in "iub"
    if y.ndim == 1 and whole and loss.targets != "counts" and (n > 1 or loss.targets == "classes"):
        if len(y) and not 0 <= y.min() <= y.max() < n_out:
            raise ValueError(f"labels must lie in 0 … {n_out - 1} for {n_out} outputs, got {y.min()} … {y.max()}")
        return Targets(np.eye(n_out, dtype=dtype), y.astype(np.int64), True)
    if y.ndim == 1:
        y = y[:, None]
    if y.ndim != 2 or y.shape[1] != n:
        each = "" if n == n_out else f", {loss.outputs_per_target} for each target"
        raise ValueError(f"the network has {n_out} outputs{each}, got targets of shape {y.shape}")
    y = y.astype(np.float64)
    with np.errstate(over="ignore"):
        rows = np.tile(y.astype(dtype), (1, loss.outputs_per_target))
    if not np.isfinite(rows).all():
        at = np.argwhere(~np.isfinite(rows))[0]
        raise ValueError(f"targets must be finite, got {y[tuple(at)]} in row {at[0]}")
    if loss.targets == "counts" and (y < 0).any():
        raise ValueError(f"{name} takes targets ≥ 0, got {y.min():g}")
    if loss.targets == "binary" and not ((y >= 0) & (y <= 1)).all():
        raise ValueError(f"{name} takes targets in [0, 1], got {y.min():g} … {y.max():g}")
    if loss.targets == "classes":
        wrong = (y < 0).any(axis=1) | ~np.isclose(y.sum(axis=1), 1)
        if wrong.any():
            row = np.round(y[wrong][0], 4).tolist()
            raise ValueError(f"{name} takes labels, or rows that are ≥ 0 and sum to 1; got a row {row}")
    yes_or_no = loss.targets == "values" and n == n_out and bool(np.isin(y, (0, 1)).all())
    return Targets(rows, None, of_classes or yes_or_no)
