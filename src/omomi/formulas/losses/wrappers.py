"""Losses around a loss of classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import contiguous
from ..formula import between, numbers, of_kind
from .loss import Array, Loss


def _has_classes(loss: Loss) -> bool:
    return loss.targets in ("binary", "classes")


class Wrapper(Loss, abstract=True):
    """Takes what the loss inside takes."""

    loss: Loss

    @property
    def targets(self) -> str:  # type: ignore[override]
        return self.loss.targets

    @property
    def takes(self) -> str:  # type: ignore[override]
        return self.loss.takes

    @property
    def threshold(self) -> float:  # type: ignore[override]
        return self.loss.threshold

    @property
    def least(self) -> float:  # type: ignore[override]
        return self.loss.least

    @property
    def least_at_target(self) -> bool:  # type: ignore[override]
        return self.loss.least_at_target

    def check_outputs(self, n_out: int) -> None:
        self.loss.check_outputs(n_out)


class Smoothed(Wrapper):
    """Another loss with softer targets, (1 - s) t + s / O for O classes: nobody is to be that sure.

    Outputs that each say yes or no have two classes: (1 - s) t + s / 2.

    Check:     of SoftmaxCrossEntropy, torch's cross_entropy with label_smoothing = s.
    Reference: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), Rethinking the Inception architecture for computer
               vision, arXiv:1512.00567, section 7.

    >>> float(Smoothed("hinge", by=0.5)([1.0], [1.0]))  # t = ¾, s = ½
    0.5
    """

    also = ("label_smoothing",)
    least_at_target = False  # but at the softer one

    loss: Loss = of_kind(Loss, only=_has_classes, which="of classes")
    by: float = between(0, 1, default=0.1, closed="[)")

    @staticmethod
    def value(y, t, loss, by):
        return loss.value(y, _soften(t, loss, by), *loss.hyper)

    @staticmethod
    def derivative(y, t, loss, by):
        return loss.derivative(y, _soften(t, loss, by), *loss.hyper)

    def measure(self, y: Array, t: Array, tally: Array | None = None) -> tuple[Array, Array]:
        return self.loss.measure(y, _soften(t, self.loss, self.by), tally)


def _soften(t: Array, loss: Loss, by: float) -> Array:
    return (1 - by) * t + by / (2 if loss.targets == "binary" else t.shape[-1])


class Weighted(Wrapper):
    """Another loss, each sample times the weight of its class, Σ t_c w_c; one output has the classes 0 and 1.

    Differs: torch's mean divides by the sum of the weights, ours by the number of samples; and where t is between the
             classes torch weighs each term -t_c log p_c by w_c.
    Check:   the loss itself for equal weights of 1.

    >>> float(Weighted("hinge", (1, 5))([0.5], [1.0]))
    2.5
    """

    loss: Loss = of_kind(Loss, only=_has_classes, which="of classes")
    weights: tuple[float, ...] = numbers(0, np.inf, closed="[)")

    @staticmethod
    def value(y, t, loss, weights):
        return loss.value(y, t, *loss.hyper) * _weights_of_samples(t, weights)

    @staticmethod
    def derivative(y, t, loss, weights):
        return loss.derivative(y, t, *loss.hyper) * _weights_of_samples(t, weights)

    def measure(self, y: Array, t: Array, tally: Array | None = None) -> tuple[Array, Array]:
        # Each sample as a replica of its own, so that the loss inside says what each costs.
        n, samples, rows = len(y), y.shape[1], (-1, 1, y.shape[2])
        each = np.zeros((n * samples, 2), like=y)
        losses, dy = self.loss.measure(y.reshape(rows), contiguous(t, y.dtype).reshape(rows), each)
        weights = _weights_of_samples(t, self.weights)
        total = (losses.reshape(n, samples) * weights[..., 0]).sum(axis=1)
        if tally is not None:
            tally += np.stack([total, each[:, 1].reshape(n, samples).sum(axis=1)], axis=1)
        return total / samples, dy.reshape(y.shape) * (weights / samples).astype(y.dtype, copy=False)

    def check_outputs(self, n_out: int) -> None:
        wanted, given = max(n_out, 2), len(self.weights)
        if given != wanted:
            of = "1 output, which is 2 classes" if n_out == 1 else f"{n_out} outputs"
            raise ValueError(f"Weighted needs {wanted} weights for {of}, got {given}")
        self.loss.check_outputs(n_out)


def _weights_of_samples(t: Array, weights: Any) -> Array:
    """(…, O) → (…, 1)."""
    if t.shape[-1] == 1:
        return weights[0] * (1 - t) + weights[1] * t
    return (t * np.array(weights, t.dtype, like=t)).sum(axis=-1, keepdims=True)
