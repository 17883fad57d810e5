"""What is measured, and the sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..formulas.formula import Formula

Array = np.ndarray

# f'(x) = Σ weight · f(x + shift h) / h + O(h⁴)
SHIFTS = np.array([-2.0, -1.0, 1.0, 2.0])
WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12
FAR = (-1000.0, -750.0, -104.0, -40.0, -1e-30, 0.0, 1e-30, 40.0, 104.0, 750.0, 1000.0)
RTOL, ATOL = 1e-7, 1e-9


def derivative(f: Callable[[Array], Array], x: Array, h: float = 1e-3) -> Array:
    """df/dx of an elementwise f at every element of x, by a difference quotient of fourth order."""
    return sum(w * f(x + s * h) for w, s in zip(WEIGHTS, SHIFTS, strict=True)) / h


def gradient(f: Callable[[Array], float], x: Array, h: float = 1e-3) -> Array:
    """df/dx of a scalar f of the whole array x, by difference quotients, element by element."""
    x = np.array(x, np.float64)
    found = np.empty_like(x)
    for at in np.ndindex(x.shape):
        here, values = x[at], []
        for s in SHIFTS:
            x[at] = here + s * h
            values.append(f(x))
        x[at] = here
        found[at] = WEIGHTS @ values / h
    return found


def right(f: Formula, holds: Any, what: str) -> None:
    if not np.all(holds):
        raise AssertionError(f"{f}: {what}")


def close(f: Formula, got: Any, wanted: Any, what: str, rtol: float = RTOL, atol: float = ATOL) -> None:
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    off = np.abs(got - wanted) > atol + rtol * np.abs(wanted)
    if off.any():
        at = np.unravel_index(off.argmax(), off.shape)
        raise AssertionError(f"{f}: {what}: {got[at]:.9g}, not {wanted[at]:.9g}")


def ends(f: Formula, compute: Callable[[Array], list[Array]]) -> None:
    for dtype in (np.float32, np.float64):
        try:
            found = compute(np.array(FAR, dtype))
        except (FloatingPointError, RuntimeWarning) as error:
            raise AssertionError(f"{f}: {error}, somewhere in ±1000 ({dtype.__name__})") from None
        right(f, all(np.isfinite(a).all() for a in found), f"not finite somewhere in ±1000 ({dtype.__name__})")
        right(f, all(a.dtype == dtype for a in found), f"{dtype.__name__} becomes another precision")
