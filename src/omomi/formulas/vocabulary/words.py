"""The words on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import array, foreign

try:
    import numba
except ImportError:  # without Numba the words work on arrays only
    numba = None  # type: ignore[assignment]


def where(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`; both are computed."""
    if isinstance(condition, bool | int | float):  # it knows no element, where CuPy's asks for an array
        return (yes if condition else no) if foreign(yes) or foreign(no) else np.where(condition, yes, no)[()]
    return np.where(condition, yes, no)


def indicator(condition: Any, like: Any) -> Any:
    """1 where the condition holds, else 0, in the precision of `like`."""
    return array(condition).astype(np.result_type(like))


def tiny(like: Any) -> Any:
    """The smallest positive normal number in the precision of `like`."""
    return np.finfo(np.result_type(like)).tiny


def contiguous(a: Any) -> Any:
    """The same array; compiled, one that promises to lie without gaps, as BLAS wants it."""
    return a


def largest(row: Any) -> Any:
    """The largest element of a row; NaN may stand in its place where the row holds one."""
    return np.max(row)


def total(row: Any) -> Any:
    """The sum of a row; compiled, in strands, which depend on nothing but its length."""
    return np.sum(row)


def ratio(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0 (NaN where a is not finite there)."""
    return a / where(b == 0, np.inf, b)


def exp(x: Any) -> Any:
    """eˣ."""
    return np.exp(x)


def expm1(x: Any) -> Any:
    """eˣ - 1, exact for small x."""
    return np.expm1(x)


def log(x: Any) -> Any:
    """The natural logarithm; -∞ at 0."""
    return np.log(x)


def log1p(x: Any) -> Any:
    """log(1 + x), exact for small x."""
    return np.log1p(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def erf(x: Any) -> Any:
    """The error function, 2/√π ∫₀ˣ e^-u² du."""
    return _special("erf", array(x))


def normal_cdf(x: Any) -> Any:
    """Φ(x), the share of a standard normal distribution below x, exact far out, too."""
    x = array(x)
    near = _special("ndtr", x)
    if near.dtype.itemsize < 8:  # SciPy takes these in double
        return near
    # In double the tail of `ndtr` has lost three digits at -30, for x² / 2 is rounded there. Here it is split.
    z = np.clip(x.astype(np.float64), -39, -1)
    top = np.round(z * 2**18) / 2**18
    power = np.exp(-0.5 * top**2) * np.exp(-0.5 * (z - top) * (z + top))
    return np.where(x > -1, near, 0.5 * _special("erfcx", -(0.5**0.5) * z) * power)


def _special(name: str, x: np.ndarray) -> np.ndarray:
    """SciPy's function, which knows nothing wider than double."""
    from scipy import special

    function = getattr(special, name)
    return function(x) if x.dtype.itemsize <= 8 else function(x.astype(np.float64)).astype(x.dtype)


def sin(x: Any) -> Any:
    """The sine; in compiled loops exact up to |x| = 3·10⁶, beyond 2⁵⁰ 0."""
    return np.sin(x)


def cos(x: Any) -> Any:
    """The cosine; in compiled loops exact up to |x| = 3·10⁶, beyond 2⁵⁰ 1."""
    return np.cos(x)
