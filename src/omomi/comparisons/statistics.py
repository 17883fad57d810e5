"""How sure a mean is, and whether two ways to learn differ: Student's t, paired, on units that are independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Array = np.ndarray
LEVEL = 0.95


def interval(values: Array, overlap: float = 0.0, level: float = LEVEL) -> tuple[float, float]:
    """Mean of values (J,) and half the width of its confidence interval, t √(s² (1/J + overlap)).

    Where the units are splits of the same data, their training parts share samples: `overlap` is then the number of
    test samples over that of training samples. NaN as the half-width of a single value.

    Reference: Nadeau, Bengio (2003), Inference for the generalization error, doi:10.1023/A:1024068626366, section 3,
        the corrected resampled t-test.

    >>> mean, half = interval(np.array([1.0, 2.0, 3.0]))
    >>> mean, round(half, 3)     # 4.303 · 1 / √3
    (2.0, 2.484)
    """
    from scipy.special import stdtrit  # a third of a second that importing omomi need not take

    mean, error = _mean_and_error(values, overlap)
    n = len(values)
    return mean, float(stdtrit(n - 1.0, (1 + level) / 2) * error) if n > 1 else math.nan


def paired(a: Array, b: Array, overlap: float = 0.0) -> tuple[float, float, float]:
    """Mean of a - b, half the width of its interval, and p: two-sided, by Student's t. a, b (J,): unit by unit."""
    from scipy.special import stdtr

    with np.errstate(invalid="ignore"):  # inf - inf, where neither has a finite error
        apart = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    mean, half = interval(apart, overlap)
    _, error = _mean_and_error(apart, overlap)
    if len(apart) < 2 or not math.isfinite(mean):
        p = math.nan
    elif error == 0:
        p = 1.0 if mean == 0 else 0.0
    else:
        p = float(2 * stdtr(len(apart) - 1.0, -abs(mean) / error))
    return mean, half, p


def holm(ps: Sequence[float]) -> list[float]:
    """p corrected for there being m of them: the k-th smallest, times m + 1 - k, and none below a smaller one's.

    NaN stays NaN and does not count.

    Reference: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6:65.

    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
    """
    corrected, largest = [math.nan] * len(ps), 0.0
    there = sorted((p, at) for at, p in enumerate(ps) if not math.isnan(p))
    for k, (p, at) in enumerate(there):
        largest = max(largest, min(1.0, p * (len(there) - k)))
        corrected[at] = largest
    return corrected


def _mean_and_error(values: Array, overlap: float) -> tuple[float, float]:
    """The mean and its standard error; not finite where a value is not."""
    values = np.asarray(values, np.float64)
    n = len(values)
    with np.errstate(invalid="ignore"):  # inf - inf, where a replica has no finite error
        mean = float(values.sum() / n)
        if n < 2:
            return mean, math.nan
        # Equal values have no variance, whatever rounding made of their mean.
        variance = 0.0 if (values == values[0]).all() else float(np.square(values - mean).sum() / (n - 1))
    return mean, math.sqrt(variance * (1 / n + overlap)) if math.isfinite(variance) else math.nan
