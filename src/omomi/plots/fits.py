"""Regressions: the curve, the terms it is made of, and how far the answers are from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset
from ..training.metrics import r2
from ..training.run import Run
from .intervals import FEWEST, check_level, mean_and_half_width, percent
from .points import input_names, target_names
from .style import BLUE, GREY, VERMILLION, canvas, colours, heading, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
GRID = 400  # places at which a network is asked


def fit_1d(run: Run, data: Dataset | tuple[Any, Any], ax: Axes | None = None, level: float = 0.95) -> Axes:
    """The data and the mean answer of the replicas, with its confidence interval as a band.

    Parameters
    ----------
    run : Run
        Of a network with one input.
    data : Dataset or (x, y)
        x (N, 1), y (N, O).
    ax : Axes, optional
        Left out: a new figure.
    level : float in (0, 1)
        Of the interval, by Student's t; up to two replicas are drawn as thin lines instead.

    Returns
    -------
    Axes
    """
    check_level("fit_1d", level)
    points = data if isinstance(data, Dataset) else Dataset(*data)
    if points.is_classification or points.x.shape[1:] != (1,):
        raise ValueError(f"fit_1d draws regressions with 1 input, got {points}")
    low, high = points.x.min(), points.x.max()
    x = np.linspace(low - 0.05 * (high - low), high + 0.05 * (high - low), GRID)
    y = run.predict(x[:, None]).astype(np.float64)
    y = y[np.isfinite(y).all(axis=(1, 2))]
    ax = canvas("fit_1d", ax)
    names = target_names(points)
    for o, colour in enumerate(colours(points.n_out)):
        several = f" ({names[o]})" if points.n_out > 1 else ""
        size = float(np.clip(3000 / points.n, 8, 28))
        tone = "#8a8a8a" if points.n_out == 1 else colour
        ax.scatter(points.x[:, 0], points.y[:, o], s=size, color=tone, alpha=0.7, linewidths=0, label="data" + several)
        if len(y):
            _answer(ax, x, y[..., o].T, colour, ("mean" if len(y) > 1 else "answer") + several, level)
    if not len(y):
        say(ax, f"{len(run.theta)} of {len(run.theta)} diverged")
    elif len(y) < len(run.theta):
        gone = f"{len(run.theta) - len(y)} of {len(run.theta)} diverged"
        ax.plot([], [], "x", color=VERMILLION, markersize=6, label=gone)
    ax.set(xlabel=input_names(points)[0], ylabel=names[0] if points.n_out == 1 else "targets")
    heading(ax, _title(len(y), level))
    return ax


def predicted_against_true(y: Any, t: Any, ax: Axes | None = None) -> Axes:
    """Each answer over the number it should have been; on the diagonal they agree.

    Parameters
    ----------
    y : array (N,), (N, O) or (R, N, O)
        Answers; the mean over finite replicas is drawn.
    t : array (N,) or (N, O)
        The truth.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
        r² of what is drawn stands in the title.
    """
    t = np.asarray(t, np.float64)
    t = t[:, None] if t.ndim == 1 else t
    y = np.asarray(y, np.float64)
    y = y[None, :, None] if y.ndim == 1 else y[None] if y.ndim == 2 else y
    if t.ndim != 2 or y.shape[1:] != t.shape or not t.size:
        raise ValueError(f"predicted_against_true: y must be (N, O) or (R, N, O) for t of {t.shape}, got {y.shape}")
    ax = canvas("predicted_against_true", ax, (4.8, 4.8))
    ax.set(xlabel="true", ylabel="predicted")
    kept = y[np.isfinite(y).all(axis=(1, 2))]
    if not len(kept):
        say(ax, f"{len(y)} of {len(y)} diverged")
        return ax
    mean = kept.mean(axis=0)
    low, high = min(t.min(), mean.min()), max(t.max(), mean.max())
    room = 0.05 * (high - low) or 0.5
    ax.plot([low - room, high + room], [low - room, high + room], color=GREY, linewidth=1, dashes=(4, 3))
    size = float(np.clip(4000 / len(t), 6, 28))
    for o, colour in enumerate(colours(t.shape[1])):
        name = f"output {o + 1}" if t.shape[1] > 1 else ""
        ax.scatter(t[:, o], mean[:, o], s=size, color=colour, alpha=0.6, linewidths=0, label=name)
    ax.set(xlim=(low - room, high + room), ylim=(low - room, high + room), aspect="equal")
    whose = f"Mean of {len(kept)} replicas, " if len(kept) > 1 else ""
    heading(ax, f"{whose}r² = {r2(mean[None], t)[0]:.3f}", legend=t.shape[1] > 1)
    return ax


def function_approximation(
    x: Any, y_hat: Any, basis: Any, points: tuple[Any, Any] | None = None, ax: Axes | None = None
) -> Axes:
    """A sum and its terms: what every hidden unit contributes to the curve.

    Parameters
    ----------
    x, y_hat : array (N,)
        The curve.
    basis : array (K, N)
        The terms, already weighted: with the bias they add up to the curve.
    points : (xs, ys), optional
        What was to be met.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    x, y_hat, basis = (np.asarray(a, np.float64) for a in (x, y_hat, basis))
    if x.ndim != 1 or y_hat.shape != x.shape or basis.ndim != 2 or basis.shape[1:] != x.shape:
        raise ValueError(
            "function_approximation: x and y_hat must be (N,) and basis (K, N), "
            f"got {x.shape}, {y_hat.shape} and {basis.shape}"
        )
    order = np.argsort(x, kind="stable")
    x, y_hat, basis = x[order], y_hat[order], basis[:, order]
    ax = canvas("function_approximation", ax)
    for k, term in enumerate(basis):
        ax.plot(x, term, color="#7f9fb5", linewidth=0.9, alpha=0.8, label="" if k else f"{len(basis)} terms")
    ax.plot(x, y_hat, color=BLUE, linewidth=2.4, label="their sum")
    if points is not None:
        ax.plot(
            *points, "o", color=VERMILLION, markersize=5, markeredgecolor="white", markeredgewidth=0.6, label="data"
        )
    ax.set(xlabel="x", ylabel="y")
    heading(ax)
    return ax


def _answer(ax: Axes, x: Array, y: Array, colour: str, label: str, level: float) -> None:
    """x (N,), y (N, R)."""
    mean, half = mean_and_half_width(y, level)
    if y.shape[1] >= FEWEST:
        ax.fill_between(x, mean - half, mean + half, color=colour, alpha=0.22, linewidth=0)
    elif y.shape[1] > 1:
        ax.plot(x, y, color=colour, linewidth=0.8, alpha=0.55)
    ax.plot(x, mean, color=colour, linewidth=2, label=label)


def _title(n: int, level: float) -> str:
    if n < 2:
        return ""
    return f"Mean of {n} replicas" + (f" and its {percent(level)} interval" if n >= FEWEST else "")
