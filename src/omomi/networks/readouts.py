"""Readouts: what a network says in the end, from spikes or membranes in time.   (T, N) → (N,), arrays (R, B, T, N)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas.formula import flag
from .encoders import over_time, sequence
from .layers import Array, Layer, Mode, Shape, Weights


class _Readout(Layer, abstract=True):
    """One number for each unit."""

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        sequence(self, shape_in)
        return {}, shape_in[1:]


class SpikeCount(_Readout):
    """y = Σₜ xₜ: how many spikes a unit had.

    Check: with x of 0 and 1 it lies in 0 … T.
    """

    also = ("count",)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x.sum(axis=2), x.shape[2]

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return over_time(dy, tape)


class MeanRate(_Readout):
    """y = (1/T) Σₜ xₜ: the spikes per step, or the mean membrane."""

    also = ("mean_membrane",)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x.sum(axis=2) / x.shape[2], x.shape[2]

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return over_time(dy / tape, tape)


class LastMembrane(_Readout):
    """y = x at the last step: what is left of all that came before."""

    also = ("last_step",)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x[:, :, -1].copy(), x.shape[2]

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        dx = np.zeros((*dy.shape[:2], tape, dy.shape[2]), dy.dtype, like=dy)
        dx[:, :, -1] = dy
        return dx


class MaxMembrane(_Readout):
    """y = maxₜ xₜ: the highest membrane. Where steps tie, the first of them learns.

    Reference: Cramer, Stradmann, Schemmel, Zenke (2019), The Heidelberg spiking datasets for the systematic
        evaluation of spiking neural networks, arXiv:1910.07407.
    """

    also = ("max_over_time",)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        at = x.argmax(axis=2)[:, :, None]
        return np.take_along_axis(x, at, axis=2)[:, :, 0], (at, x.shape[2])

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        at, steps = tape
        return np.where(np.arange(steps, like=at)[:, None] == at, dy[:, :, None], 0)


class FirstSpike(_Readout):
    """y = Σₜ Πₖ (1 - xₖ) over k ≤ t: the steps before the first spike, from 0 to T where there is none.

    As a polynomial it has a derivative, and that is exact for soft spikes, too: at the first spike it is minus the
    steps until the next one or the end, k steps before it -k, and 0 after it. Early is small; `early_is_large`
    changes the sign, for losses that choose the largest output.

    Check: with two spikes at a < b, y = a, and without the first it would be b.
    """

    early_is_large: bool = flag(default=False)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        silent = 1 - x
        until = np.cumprod(silent, axis=2)
        y = until.sum(axis=2)
        return -y if self.early_is_large else y, (silent, until)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        silent, until = tape
        dx = np.empty((*dy.shape[:2], *silent.shape[2:]), dy.dtype, like=dy)
        after = np.ones_like(silent[:, :, 0])  # Σ over t ≥ k of what is silent from k + 1 to t
        error = dy if self.early_is_large else -dy
        for k in range(silent.shape[2] - 1, -1, -1):
            np.multiply(error, after, out=dx[:, :, k])
            if k:
                dx[:, :, k] *= until[:, :, k - 1]
                after = 1 + silent[:, :, k] * after
        return dx


class PopulationRate(_Readout):
    """y = the mean of x over steps and units, a single output.   (T, N) → (1,).

    The source article of the integrate-and-fire network takes the square of it for a loss.
    """

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        sequence(self, shape_in)
        return {}, (1,)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x.reshape(*x.shape[:2], -1).mean(axis=2, keepdims=True), x.shape[2:]

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        steps, n = tape
        dx = np.empty((*dy.shape[:2], steps, n), dy.dtype, like=dy)
        dx[...] = (dy / (steps * n))[..., None]
        return dx
