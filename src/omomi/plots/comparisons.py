"""Several ways to learn side by side: their curves, how sure their results are, how they were tuned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from .intervals import FEWEST, check_level, mean_and_half_width, percent
from .style import GREY, INK, PALETTE, SMALL, VERMILLION, canvas, colours, heading, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
DASHES = ("-", "--", ":")  # as soon as the palette starts again
LONGEST, WRAPPED = 36, 30  # characters of a name in a legend, and of one line of a longer one beside the axes
FAR = 100  # a span that asks for a logarithmic axis
WIDTH = 7.2  # inches


def comparison_curves(
    histories: Mapping[str, Array],
    metric: str = "validation accuracy",
    ax: Axes | None = None,
    *,
    target: float | None = None,
    splits: int = 1,
    level: float = 0.95,
) -> Axes:
    """One line for each way to learn, the mean over its replicas, and the interval of that mean as a band.

    A column that is not finite at its end has diverged; it is left out and counted in the legend.

    Parameters
    ----------
    histories : mapping of names to arrays (E, C)
        C columns: the replicas, split after split.
    metric : str
        What the values are, in words; an accuracy is shown in percent.
    ax : Axes, optional
        Left out: a new figure.
    target : float, optional
        A dashed line.
    splits : int
        Of the data. With several, the interval is that of the splits, each the mean of its replicas.
    level : float in (0, 1)
        Of the interval, by Student's t; drawn where three values or more are left.

    Returns
    -------
    Axes
    """
    check_level("comparison_curves", level)
    tables = {name: _table(name, values, splits) for name, values in histories.items()}
    ax = canvas("comparison_curves", ax, _size(tables))
    ax.set_xlabel("epoch")
    sound = {name: table[:, np.isfinite(table[-1])] for name, table in tables.items() if len(table)}
    if not any(table.size for table in sound.values()):
        say(ax, "every replica diverged" if sound else "there is nothing to compare yet")
        ax.set(xticks=[], yticks=[])
        return ax
    for i, (name, colour) in enumerate(zip(sound, colours(len(sound)), strict=True)):
        there = np.isfinite(tables[name][-1])
        text = " ".join(filter(None, [_written(name), _lost(int((~there).sum()), len(there))]))
        if not there.any():
            ax.plot([], [], "x", color=colour, markeredgewidth=1.6, label=text)
        else:
            _line(ax, _by_split(tables[name], splits), colour, DASHES[i // len(PALETTE) % len(DASHES)], text, level)
    if target is not None:
        ax.axhline(target, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=f"target, {_number(metric, target)}")
    _values_on(ax, "y", metric, np.concatenate([table.ravel() for table in sound.values()]))
    ax.set_ylabel(metric)
    columns = max(table.shape[1] for table in tables.values())
    heading(ax, _curves_title(columns, splits, level))
    ax.locator_params(axis="x", integer=True)
    return ax


def comparison_intervals(
    values: Mapping[str, Array],
    means: Sequence[float],
    halves: Sequence[float],
    metric: str = "accuracy",
    ax: Axes | None = None,
    *,
    baselines: Mapping[str, float] | None = None,
) -> Axes:
    """A dot and a whisker for each way to learn, and a small dot for each of its replicas.

    Parameters
    ----------
    values : mapping of names to arrays (C,)
        The replicas one by one; what is not finite has diverged, and is counted.
    means, halves : sequences of float
        In the order of the names, with half the width of the interval; NaN: there is none.
    metric : str
        What the values are, in words; an accuracy is shown in percent.
    ax : Axes, optional
        Left out: a new figure.
    baselines : mapping of names to float, optional
        Dashed lines.

    Returns
    -------
    Axes
    """
    n, lines = len(values), dict(baselines or {})
    ax = canvas("comparison_intervals", ax, (WIDTH, 1.5 + 0.42 * max(n, 1) + 0.18 * len(lines)))
    if not n:
        say(ax, "there is nothing to compare yet")
        ax.set(xticks=[], yticks=[])
        return ax
    for at, (name, mean, half, colour) in enumerate(zip(values, means, halves, colours(n), strict=True)):
        each = np.asarray(values[name], np.float64)
        there = each[np.isfinite(each)]
        # Beside each other, not on top: the golden ratio leaves no two of them close.
        beside = 0.44 * ((np.arange(len(there)) * 0.618034) % 1 - 0.5)
        ax.scatter(there, at + beside, s=11, color=colour, alpha=0.4, linewidths=0, zorder=2, gid=f"replicas {at}")
        if np.isfinite(mean):
            whisker = half if np.isfinite(half) else None
            ax.errorbar(
                mean, at, xerr=whisker, fmt="D", color=colour, markersize=6, markeredgecolor="white", elinewidth=1.8,
                capsize=4, capthick=1.8, zorder=3,
            )  # fmt: skip
        if len(there) < len(each):
            _beside(ax, at, _lost(len(each) - len(there), len(each)))
    for i, (name, value) in enumerate(lines.items()):
        dash = (0, (4, 3)) if i == 0 else (0, (1, 1 + i))
        ax.axvline(value, color=INK, linewidth=1.2, linestyle=dash, label=f"{_written(name)}, {_number(metric, value)}")
    ax.set_yticks(range(n), [fill(_written(name, 2 * WRAPPED), WRAPPED) for name in values])
    ax.set_ylim(n - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", labelcolor=INK, length=0)
    everything = np.array([v for each in values.values() for v in each] + [*means, *lines.values()], np.float64)
    _values_on(ax, "x", metric, everything)
    if not np.isfinite(everything).any():
        ax.set_xticks([])
    ax.set_xlabel(metric)
    whose = "Mean (◆) and its 95 % interval" if np.isfinite(np.asarray(halves, np.float64)).any() else "Mean (◆)"
    heading(ax, f"{whose}; each small dot is one replica")
    return ax


def comparison_tuning(
    tried: Mapping[str, Sequence[Mapping[float, float]]],
    chosen: Mapping[str, Sequence[float | None]],
    metric: str = "validation accuracy",
    ax: Axes | None = None,
) -> Axes:
    """What each way to learn reached at the learning rates that were tried; a ring marks the one that was taken.

    Parameters
    ----------
    tried : mapping of names to sequences of mappings
        For each split of the data a search: learning rate → value. What is not finite has diverged: a cross at the
        bottom.
    chosen : mapping of names to sequences of float
        The rate taken, split by split.
    metric : str
        What the values are, in words; an accuracy is shown in percent.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    names = [name for name, searches in tried.items() if any(searches)]
    ax = canvas("comparison_tuning", ax, _size(names))
    if not names:
        say(ax, "no learning rate was searched for")
        ax.set(xticks=[], yticks=[])
        return ax
    ax.set_xscale("log")
    everything, lost = [], 0
    for i, (name, colour) in enumerate(zip(names, colours(len(names)), strict=True)):
        dash, text = DASHES[i // len(PALETTE) % len(DASHES)], _written(name)
        for search, rate in zip(tried[name], chosen[name], strict=True):
            rates = np.array(sorted(search))
            found = np.array([search[r] for r in rates], np.float64)
            there = np.isfinite(found)
            everything.append(found[there])
            ax.plot(
                rates[there], found[there], f"o{dash}", color=colour, linewidth=1.2, markersize=3.5, alpha=0.85,
                label=text,
            )  # fmt: skip
            text = "_"  # one entry in the legend is enough
            if rate is not None and np.isfinite(search.get(rate, np.nan)):
                ax.plot(rate, search[rate], "o", mfc="none", mec=colour, markersize=10, markeredgewidth=1.8, zorder=4)
            lost += int((~there).sum())
            height = 0.02 + 0.96 * i / max(len(names) * 3, 12)  # they would hide each other
            ax.plot(
                rates[~there], np.full((~there).sum(), height), "x", color=colour, markersize=5,
                transform=ax.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
    if lost:
        ax.plot([], [], "x", color=VERMILLION, label=f"diverged ({lost})")
    values = np.concatenate(everything)
    _values_on(ax, "y", metric, values)
    if not len(values):
        say(ax, "every rate that was tried diverged")
        ax.set_yticks([])
    ax.set(xlabel="learning rate", ylabel=metric)
    heading(ax, "Learning rates tried; the ring is the one taken")
    return ax


def _table(name: str, values: Array, splits: int) -> Array:
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or table.shape[1] % splits:
        shape = "(E, C)" if splits == 1 else f"(E, C), C a multiple of the {splits} splits"
        raise ValueError(f"comparison_curves: the values of {name!r} must have the shape {shape}, got {table.shape}")
    return table


def _by_split(table: Array, splits: int) -> Array:
    """The sound columns, or their mean in each split: (E, C) → (E, S)."""
    there = np.isfinite(table[-1])
    if splits == 1:
        return table[:, there]
    of = np.arange(table.shape[1]) // (table.shape[1] // splits)
    kept = [table[:, there & (of == s)] for s in range(splits)]
    return np.stack([part.mean(axis=1) for part in kept if part.size], axis=1)


def _line(ax: Axes, values: Array, colour: str, dash: str, text: str, level: float) -> None:
    epochs = np.arange(1, len(values) + 1)
    mean, half = mean_and_half_width(values, level)
    if np.isfinite(half).any():
        ax.fill_between(epochs, mean - half, mean + half, color=colour, alpha=0.16, linewidth=0)
    elif values.shape[1] > 1:
        ax.plot(epochs, values, color=colour, linewidth=0.7, alpha=0.5)
    dot = "o" if len(epochs) == 1 else ""
    ax.plot(epochs, mean, dot + dash, color=colour, linewidth=1.8, markersize=4, label=text)


def _curves_title(columns: int, splits: int, level: float) -> str:
    n = columns // splits
    if columns == 1:
        return "One replica"
    whose = f"{n} replicas" if splits == 1 else f"{splits} splits" + (f", {n} replicas in each" if n > 1 else "")
    sure = (n if splits == 1 else splits) >= FEWEST
    return f"Mean of {whose}" + (f", and its {percent(level)} interval" if sure else "")


def _values_on(ax: Axes, which: str, metric: str, values: Array) -> None:
    """Percent for an accuracy; a logarithmic axis for positive values that are orders of magnitude apart."""
    from matplotlib.ticker import PercentFormatter

    finite = values[np.isfinite(values)]
    if _is_share(metric):
        getattr(ax, f"{which}axis").set_major_formatter(PercentFormatter(1, symbol=" %"))
        if which == "y":  # an interval by Student's t knows no bounds, an accuracy does
            bottom, top = ax.get_ylim()
            ax.set_ylim(max(bottom, -0.02), min(top, 1.02))
    elif len(finite) and finite.min() > 0 and finite.max() > FAR * finite.min():
        ax.set(**{f"{which}scale": "log"})


def _beside(ax: Axes, at: float, text: str) -> None:
    """Words at the right of a row."""
    ax.text(
        1.01, at, text, transform=ax.get_yaxis_transform(), ha="left", va="center", fontsize=SMALL, color=VERMILLION
    )


def _lost(n: int, of: int) -> str:
    """
    >>> _lost(2, 8), _lost(8, 8), _lost(1, 1), _lost(0, 8)
    ('(2 of 8 diverged)', '(all 8 diverged)', '(diverged)', '')
    """
    if n == of:
        return f"(all {n} diverged)" if n > 1 else "(diverged)"
    return f"({n} of {of} diverged)" if n else ""


def _size(names: Iterable[str]) -> tuple[float, float]:
    """Of a figure whose legend names all these."""
    lengths = [len(_written(name)) for name in names]
    columns = max(1, int(62 / (max(lengths, default=0) + 8)))
    return WIDTH, 3.6 + 0.175 * (len(lengths) // columns)


def _is_share(metric: str) -> bool:
    return "accuracy" in metric


def _number(metric: str, value: float) -> str:
    """
    >>> _number("accuracy", 0.968), _number("mse", 0.0312345)
    ('96.8 %', '0.03123')
    """
    return f"{100 * value:.4g} %" if _is_share(metric) else f"{value:.4g}"


def _written(name: str, longest: int = LONGEST) -> str:
    r"""A name as a figure can show it: no formula of TeX, no hidden entry, and not endless.

    >>> _written("a$b"), _written("_own"), _written("a, b, c, d, e", 7)
    ('a\\$b', ' _own', 'a, … e')
    """
    if len(name) > longest:
        half = longest // 2
        name = f"{name[: half - 1].strip()} … {name[len(name) - half + 2 :].strip()}"
    return (" " if name.startswith("_") else "") + name.replace("$", r"\$")
