"""Derivatives without a formula: difference quotients of fourth order, in double."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray

# f'(x) = Σ weight · f(x + shift h) / h + O(h⁴)
SHIFTS = np.array([-2.0, -1.0, 1.0, 2.0])
WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12


def derivative(f: Callable[[Array], Array], x: Array, h: float = 1e-3) -> Array:
    """df/dx of an elementwise f, at every element of x."""
    return sum(w * f(x + s * h) for w, s in zip(WEIGHTS, SHIFTS, strict=True)) / h


def gradient(f: Callable[[Array], float], x: Array, h: float = 1e-3) -> Array:
    """df/dx of a scalar f of the whole array x, element by element."""
    x = np.array(x, np.float64)
    found = np.empty_like(x)
    for at in np.ndindex(x.shape):
        here = x[at]
        values = []
        for s in SHIFTS:
            x[at] = here + s * h
            values.append(f(x))
        x[at] = here
        found[at] = WEIGHTS @ values / h
    return found


def along(f: Callable[[Array], Array], x: Array, v: Array, h: float = 1e-3) -> Array:
    """J v: the derivative of f at x in the direction v."""
    return sum(w * f(x + s * h * v) for w, s in zip(WEIGHTS, SHIFTS, strict=True)) / h


def gradients_of_a_crowd(f: Callable[[Array], Array], theta_P: Array, h: float = 1e-3) -> Array:
    """df/dθ of an f that takes many vectors at once: (R, P) → (R,)."""
    size = theta_P.size
    crowd_SPP = theta_P + h * SHIFTS[:, None, None] * np.eye(size)
    return WEIGHTS @ f(crowd_SPP.reshape(-1, size)).reshape(len(SHIFTS), size) / h


def away_from(points: Any, x: Array, gap: float) -> Array:
    """The elements of x that lie farther than `gap` from every one of the points."""
    return x[np.all(np.abs(x[:, None] - np.array(points, np.float64)) > gap, axis=1)] if len(points) else x
