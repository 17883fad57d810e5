"""Currents as rows of numbers, made piece by piece in the order of time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .currents import Current, Noise

Array = np.ndarray


class Flow:
    """Rows (steps, N), or of width 1 for all neurons, or one row for all steps."""

    def __init__(self, rows: Array) -> None:
        self.rows, self.width = rows, rows.shape[1]

    @property
    def constant(self) -> bool:
        return len(self.rows) == 1

    def take(self, first: int, steps: int) -> Array:
        """The rows of those steps, (steps, width) or (1, width)."""
        return self.rows if self.constant else self.rows[first : first + steps]


class Wave(Flow):
    """A function of time, the same for all neurons."""

    constant = False

    def __init__(self, current: Current, dt: float, real: np.dtype) -> None:
        self.current, self.dt, self.real, self.width = current, dt, real, 1

    def take(self, first: int, steps: int) -> Array:
        return self.current(np.arange(first, first + steps) * self.dt).astype(self.real)[:, None]


class Noises(Flow):
    """Each neuron's own noise, from a generator of (seed, its number)."""

    constant = False

    def __init__(self, current: Noise, n: int, dt: float, seed: int, real: np.dtype) -> None:
        self.real, self.width = real, n
        self.sources = [(current.noise(dt), np.random.default_rng((seed, k))) for k in range(n)]

    def take(self, first: int, steps: int) -> Array:
        rows = np.empty((self.width, steps), self.real)
        for row, (draw, rng) in zip(rows, self.sources, strict=True):
            row[:] = draw(rng, steps)
        return np.ascontiguousarray(rows.T)


def rows_of(current: Any, steps: int) -> Array:
    """Numbers as rows: (N,) flows all the time, (steps,) into all neurons, where these are not as many."""
    i = np.asarray(current)
    if i.dtype.kind not in "biuf" or i.ndim > 2 or not np.isfinite(i).all():
        raise ValueError(
            "simulate: the current must be a finite number, an array (N,), (steps,) or (steps, N), or a Current, "
            f"got {current!r}"
        )
    if i.ndim == 2:
        if len(i) not in (1, steps):
            raise ValueError(f"simulate: a current of shape (steps, N) must have {steps} rows, or 1, got {len(i)}")
        return i
    return i[:, None] if i.shape == (steps,) and steps > 1 else i.reshape(1, -1)
