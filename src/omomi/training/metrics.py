"""How good the answers are, per replica."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def confusion_matrix(predicted: Array, labels: Array, n_classes: int) -> Array:
    """Counts by true class (rows) and predicted class (columns). predicted (R, N), labels (N,) → (R, C, C)."""
    cells = np.asarray(labels, np.intp) * n_classes + predicted
    return np.stack([np.bincount(row, minlength=n_classes**2).reshape(n_classes, n_classes) for row in cells])


def mean_squared_error(y: Array, t: Array, weights: Array | None = None) -> Array:
    """Mean over samples, by their weights (N,) of mean 1, and outputs of (y - t)². y (R, N, O), t (N, O) → (R,)."""
    missed = np.square(y - t, dtype=np.float64)
    return (missed if weights is None else missed * weights[:, None]).mean(axis=(1, 2))


def r2(y: Array, t: Array, weights: Array | None = None) -> Array:
    """1 - Σ w (y - t)² / Σ w (t - mean)², averaged over the outputs. y (R, N, O), t (N, O), w (N,) or 1 → (R,).

    As scikit-learn's `r2_score`: an output that never varies counts 1 if it is met exactly, else 0.
    """
    t = np.asarray(t, np.float64)
    w = np.ones((1, 1)) if weights is None else weights[:, None]
    missed = (w * np.square(y - t, dtype=np.float64)).sum(axis=1)
    there = (w * np.square(t - (w * t).mean(axis=0))).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(there > 0, 1 - missed / there, np.where(missed == 0, 1.0, 0.0))
    return np.where(np.isfinite(missed), score, np.nan).mean(axis=1)


def mean_and_interval(values: Sequence[float] | Array, level: float = 0.95) -> tuple[float, float]:
    """(mean, half the width of its confidence interval) over replicas, by Student's t; non-finite ones are left out.

    Check: for two values a and b the half-width is 12.706 |a - b| / 2.
    """
    from scipy.special import stdtrit  # a third of a second that importing omomi need not take

    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    if len(kept) == 0:
        return float("nan"), float("nan")
    if len(kept) == 1:
        return float(kept[0]), float("nan")
    return float(kept.mean()), float(stdtrit(len(kept) - 1, (1 + level) / 2) * kept.std(ddof=1) / len(kept) ** 0.5)
