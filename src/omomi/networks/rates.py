"""Keeping firing rates within bounds while a network learns."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..formulas import kernels
from ..formulas.arrays import contiguous
from ..formulas.formula import between
from .layers import Array, Layer, Mode, Shape, Weights


class RateBounds(Layer):
    """y = x; while learning, the errors get the derivative of strength · Σₙ (max(0, r̄ₙ - high)² + max(0, low - r̄ₙ)²).

    r̄ₙ is the mean of unit n over the samples of the batch and their steps, for each replica by itself. With low = high
    it is a target. The loss that is reported does not contain the sum, as it does not contain weight decay. A rule
    that sends errors past this layer passes it by.

    Units:     low, high and r̄ in spikes per step.
    Differs:   stork counts the spikes of a trial and takes the mean over units; Cramer et al. bound each unit from
               below and the mean of all units from above.
    Check:     within the bounds nothing is added.
    Reference: Zenke, Vogels (2021), The remarkable robustness of surrogate gradient learning for instilling complex
        function in spiking neural networks, doi:10.1162/neco_a_01367; Cramer, Stradmann, Schemmel, Zenke (2019),
        arXiv:1910.07407.
    """

    also = ("target_rates",)
    exact: ClassVar[bool] = False
    low: float = between(-math.inf, math.inf, closed="()")
    high: float = between(-math.inf, math.inf, closed="()")
    strength: float = between(0, math.inf, default=1.0, closed="[)")

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if self.low > self.high:
            raise ValueError(f"RateBounds: low must not be above high, got {self.low} and {self.high}")
        return {}, shape_in

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x, _rates(x) if mode.train else None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        rates, count = tape
        beyond = np.maximum(rates - self.high, 0) - np.maximum(self.low - rates, 0)
        pull: Array = 2 * self.strength / count * beyond
        return dy + pull.reshape(len(pull), *[1] * (dy.ndim - 2), -1)


def _rates(x: Array) -> tuple[Array, int]:
    """The mean of each unit, (R, 1, N), and of how many numbers: x (R, B, …, N)."""
    rows = contiguous(x).reshape(len(x), -1, x.shape[-1])
    rates = np.empty((len(x), 1, x.shape[-1]), x.dtype, like=x)
    kernels.sum_columns(rows, rates)
    rates /= rows.shape[1]
    return rates, rows.shape[1]
