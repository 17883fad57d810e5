"""Learning curves: what happened, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..training.history import History
from ..training.run import Run
from .intervals import FEWEST, check_level, mean_and_half_width, percent
from .style import GREY, VERMILLION, canvas, colours, heading, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray


def learning_curves(
    history: History | Run,
    columns: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    log: bool = False,
    level: float = 0.95,
    label: str = "",
) -> Axes:
    """The mean over replicas as a line, its confidence interval as a band; up to two replicas as thin lines.

    Replicas that diverged are left out and counted in the legend; if all did, their last finite epochs are shown, and
    a cross stands where each ended. Replicas that stopped early drop out of the mean from then on.

    Parameters
    ----------
    history : History or Run
        Columns of shape (epochs, R). A run also knows who diverged; from a history alone, a loss that ends in ∞, or in
        NaN while another column goes on, has diverged, and one that ends in NaN together with all others has stopped
        early if there are validation columns.
    columns : str or sequence of str, optional
        Left out: loss and val_loss, as far as they are there.
    ax : Axes, optional
        Left out: a new figure.
    log : bool
        A logarithmic axis for the values.
    level : float in (0, 1)
        Of the interval, by Student's t; drawn where three replicas or more are left.
    label : str
        Stands before the names in the legend: to draw several runs into the same axes.

    Returns
    -------
    Axes
    """
    check_level("learning_curves", level)
    past = history.history if isinstance(history, Run) else history
    if not isinstance(past, History):
        raise TypeError(f"learning_curves: history must be a History or a Run, got {type(history).__name__}")
    names = _columns(past, columns)
    ax = canvas("learning_curves", ax)
    ax.set_xlabel("epoch")
    if log:
        ax.set_yscale("log")
    if not names or not past.epochs:
        say(ax, "no epoch is complete yet")
        return ax
    ax.set_ylabel(_metric(names) or "value")
    lost, stopped = _ends(history)
    n, n_lost = len(lost), int(lost.sum())
    table = {name: np.where(np.isfinite(past[name]), past[name], np.nan) for name in names}
    if not any(np.isfinite(values).any() for values in table.values()):
        say(ax, f"{n_lost} of {n} diverged in the first epoch" if n_lost else "there is nothing finite to draw")
        ax.set(xticks=[], yticks=[])
        return ax
    only_lost = not any(np.isfinite(values[:, ~lost]).any() for values in table.values())
    shown = np.ones(n, bool) if only_lost else ~lost
    if only_lost and _span(list(table.values())) > 1e4:
        ax.set_yscale("log")
    used = sum(not str(line.get_label()).startswith("_") for line in ax.get_lines())
    for name, colour in zip(names, colours(used + len(names))[used:], strict=True):
        text = " ".join(filter(None, [label, _spoken(name, names)]))
        _curve(ax, table[name][:, shown], colour, text, level)
        if only_lost:
            _mark_ends(ax, table[name])
    _count(ax, label, "diverged", n_lost, n, "x", VERMILLION)
    _count(ax, label, "stopped early", int(stopped.sum()), n, "|", GREY)
    heading(ax, _title(int(shown.sum()), level))
    ax.locator_params(axis="x", integer=True)
    return ax


def _columns(past: Mapping[str, Array], columns: str | Sequence[str] | None) -> list[str]:
    if columns is None:
        return [name for name in ("loss", "val_loss") if name in past]
    names = [columns] if isinstance(columns, str) else list(columns)
    for name in names:
        past[name]  # a History says what it has instead
    return names


def _curve(ax: Axes, values: Array, colour: str, text: str, level: float) -> None:
    epochs = np.arange(1, len(values) + 1)
    mean, half = mean_and_half_width(values, level)
    if 1 < values.shape[1] < FEWEST:
        ax.plot(epochs, values, color=colour, linewidth=0.8, alpha=0.55)
    if np.isfinite(half).any():
        ax.fill_between(epochs, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)
    dot = "o" if np.isfinite(mean).sum() == 1 else ""
    ax.plot(epochs, mean, dot + "-", color=colour, linewidth=1.8, markersize=4, label=text)


def _mark_ends(ax: Axes, values: Array) -> None:
    """Where each replica was finite for the last time."""
    for r in np.flatnonzero(np.isfinite(values).any(axis=0)):
        last = np.flatnonzero(np.isfinite(values[:, r]))[-1]
        ax.plot(last + 1, values[last, r], "x", color=VERMILLION, markersize=6)


def _count(ax: Axes, label: str, what: str, n: int, of: int, marker: str, colour: str) -> None:
    """An entry of the legend that counts replicas."""
    if n:
        text = " ".join(filter(None, [label, f"{n} of {of} {what}"]))
        ax.plot([], [], marker, color=colour, markersize=7, markeredgewidth=1.6, label=text)


def _ends(history: History | Run) -> tuple[Array, Array]:
    """Which replicas diverged and which others stopped early, (R,), (R,)."""
    if isinstance(history, Run):
        seeds = history.settings.seeds
        lost, stopped = (np.array([seed in ends for seed in seeds]) for ends in (history.diverged, history.stopped))
        return lost, stopped & ~lost
    table = np.stack([history[name] for name in history])  # (columns, E, R)
    ended = ~np.isfinite(table[:, -1])
    stopped = ended.all(axis=0) & any(name.startswith("val_") for name in history)
    lost = np.isinf(table).any(axis=(0, 1)) | (ended.any(axis=0) & ~stopped)
    return lost, stopped & ~lost


def _span(tables: list[Array]) -> float:
    values = np.concatenate([np.abs(t[np.isfinite(t)]) for t in tables])
    values = values[values > 0]
    return float(values.max() / values.min()) if len(values) else 1.0


def _metric(names: Sequence[str]) -> str:
    """The metric that all these columns are of, or nothing."""
    metrics = {name.removeprefix("val_") for name in names}
    return metrics.pop() if len(metrics) == 1 else ""


def _spoken(name: str, names: Sequence[str]) -> str:
    part = "validation" if name.startswith("val_") else "training"
    return part if _metric(names) else f"{name.removeprefix('val_')} ({part})"


def _title(n: int, level: float) -> str:
    if n == 1:
        return "One replica"
    return f"Mean of {n} replicas" + (f" and its {percent(level)} interval" if n >= FEWEST else "")
