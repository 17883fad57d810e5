"""Learning curves in a notebook, while a run learns and when it is shown."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..training import progress
from ..training.history import History
from ..training.run import Run
from ..training.words import duration
from . import svg
from .intervals import FEWEST, mean_and_half_width
from .style import BLUE, GREY, PALE, VERMILLION

Array = np.ndarray
POINTS = 100  # of a curve, at most
EVERY = 1.0  # seconds between two pictures
SHARE = 0.02  # of the time that drawing may take
WIDE, HIGH, LEFT, TOP = 300.0, 140.0, 62.0, 34.0  # of a panel, and where the first one begins
STEEP = 100.0  # from the largest loss to the smallest: then its axis is logarithmic


class Live:
    """What `Bar` is elsewhere, as a picture that is replaced; the last one stays."""

    def __init__(self, run: Run, last: float, show: Callable[[str], None]) -> None:
        self._run, self._last, self._show = run, last, show
        self._first = self._done = run.done
        self._began = time.monotonic()
        self._next = self._began + EVERY / 2

    def __enter__(self) -> Self:
        self._draw()
        return self

    def due(self) -> bool:
        return time.monotonic() >= self._next

    def to(self, done: float, note: str = "") -> None:
        self._done = done
        before = time.monotonic()
        self._draw()
        now = time.monotonic()
        self._next = now + max(EVERY, (now - before) / SHARE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done = self._run.done
        self._draw(over=True)

    def _draw(self, over: bool = False) -> None:
        seconds = time.monotonic() - self._began
        moved, left = self._done - self._first, self._last - self._done
        said = duration(seconds)
        if not over and moved > 0:
            said += f", about {duration(seconds * left / moved)} left"
        try:
            self._show(picture(self._run.history, self._done, self._last, said))
        except Exception as error:  # hours of training weigh more than a picture
            warnings.warn(f"no learning curves: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)
            self._show = lambda drawn: None


def watch(run: Run, last: float) -> Live | None:
    """Curves where this is a cell of a notebook, in Jupyter's kernel or in marimo."""
    show = _jupyter() or _marimo()
    return show and Live(run, last, show)


def _jupyter() -> Callable[[str], None] | None:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is None:  # a terminal
        return None
    from IPython.display import display

    handle: list[Any] = []

    def show(drawn: str) -> None:
        content = {"text/html": drawn, "text/plain": "learning curves"}
        if handle:
            handle[0].update(content, raw=True)
        else:
            handle.append(display(content, raw=True, display_id=True))

    return show


def _marimo() -> Callable[[str], None] | None:
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook():
        return None
    return lambda drawn: marimo.output.replace(marimo.Html(drawn))


progress.in_notebook = watch


def picture(history: History, done: float, last: float, said: str = "") -> str:
    """How far a run is, and the curves of its loss and of one more measure."""
    panels = _panels(history)
    width = _width(panels)
    parts = [svg.text(16, 22, f"epoch {math.floor(done)} of {last:g}", 12, bold=True)]
    n = len(history.seeds)
    parts.append(svg.text(width - 16, 22, f"{n} replica{'s' * (n > 1)}, {said}" if said else "", 11, GREY, "end"))
    share = min(max(done / last, 0), 1) if last else 1.0
    parts.append(f"<rect x='16' y='{TOP - 4:g}' width='{width - 32:g}' height='3' rx='1.5' fill='{PALE}'/>")
    parts.append(f"<rect x='16' y='{TOP - 4:g}' width='{share * (width - 32):.1f}' height='3' rx='1.5' fill='{BLUE}'/>")
    parts += _drawn(history, panels, TOP)
    return svg.card(width, TOP + HIGH + 62, parts, f"learning curves, epoch {math.floor(done)} of {last:g}")


def curves(history: History) -> str:
    """The curves alone."""
    panels = _panels(history)
    return svg.card(_width(panels), HIGH + 62, _drawn(history, panels, 0.0), "learning curves", frame=False)


def _width(panels: list[str]) -> float:
    return len(panels) * (LEFT + WIDE) + 24


def _panels(history: History) -> list[str]:
    """The loss, and accuracy or what else was measured after the epochs."""
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history if "[" not in name))
    others = [name for name in names if name != "loss"]
    return ["loss", *sorted(others, key=lambda name: name != "accuracy")[:1]]


def _drawn(history: History, panels: list[str], top: float) -> list[str]:
    n = history.epochs
    at = np.unique(np.linspace(1, n, min(n, POINTS)).round().astype(int)) if n else np.empty(0, int)
    rows = [history.row(epoch) for epoch in at.tolist()]
    parts = []
    for k, name in enumerate(panels):
        found = {which: np.array([row[which] for row in rows]) for which in (name, f"val_{name}") if which in history}
        parts += _panel(LEFT + k * (WIDE + LEFT), top + 30, name, at, found)
    return parts


def _panel(left: float, top: float, name: str, at: Array, found: dict[str, Array]) -> list[str]:
    bottom = top + HIGH
    parts = [svg.text(left, top - 10, name, 11, bold=True)]
    table = {which: (np.where(np.isfinite(v), v, np.nan), *mean_and_half_width(v, 0.95)) for which, v in found.items()}
    seen = np.concatenate([mean[np.isfinite(mean)] for _, mean, _ in table.values()]) if table else np.empty(0)
    if not len(seen):
        return [*parts, svg.text(left + WIDE / 2, (top + bottom) / 2, "no epoch is complete yet", 11, GREY, "middle")]
    steep = name == "loss" and seen.min() > 0 and seen.max() > STEEP * seen.min()
    low, high = _limits(table, steep)
    to_y = (lambda v: np.log10(np.maximum(v, low))) if steep else (lambda v: np.clip(v, low, high))
    ends = to_y(np.array([low, high]))

    def y(values: Any) -> Array:
        return bottom - (to_y(np.asarray(values, float)) - ends[0]) / (ends[1] - ends[0]) * HIGH

    x = left + (at - 1) / max(at[-1] - 1, 1) * WIDE
    marks = 10.0 ** np.arange(math.ceil(ends[0]), math.floor(ends[1]) + 1) if steep else svg.ticks(low, high)
    for mark in marks:
        height = float(y(mark))
        parts.append(svg.line(left, height, left + WIDE, height, PALE))
        parts.append(svg.text(left - 6, height + 3.5, f"{mark:.4g}", 9.5, GREY, "end"))
    for mark in svg.ticks(1, int(at[-1]), whole=True):
        where = left + (mark - 1) / max(at[-1] - 1, 1) * WIDE
        parts.append(svg.text(where, bottom + 15, f"{mark:g}", 9.5, GREY, "middle"))
    parts.append(svg.line(left, bottom, left + WIDE, bottom, "#a0a0a0"))
    parts.append(_legend(left + WIDE, top - 10, table))
    for which, (values, mean, half) in table.items():
        colour = _colour(which)
        if np.isfinite(half).any():
            parts.append(svg.band(x, y(mean - half), y(mean + half), colour))
        elif 1 < values.shape[1] < FEWEST:
            parts += [svg.curve(x, y(row), colour, 0.8, 0.55) for row in values.T]
        parts.append(svg.curve(x, y(mean), colour))
    return parts


def _legend(x: float, y: float, table: dict[str, Any]) -> str:
    """Which colour is what, and where it is now."""
    said: list[str] = []
    for which, (_, mean, _) in table.items():
        part = "validation" if which.startswith("val_") else "training"
        now = f" {mean[-1]:.4g}" if np.isfinite(mean[-1]) else ""
        gap = " dx='8'" if said else ""
        said.append(f"<tspan fill='{_colour(which)}'{gap}>{part}{now}</tspan>")
    return f"<text x='{x:g}' y='{y:g}' font-size='10' text-anchor='end'>{''.join(said)}</text>"


def _colour(which: str) -> str:
    return VERMILLION if which.startswith("val_") else BLUE


def _limits(table: dict[str, Any], steep: bool) -> tuple[float, float]:
    """Of the means and their bands, with some room; a band that is far wider than its line is cut off."""
    means = np.concatenate([mean[np.isfinite(mean)] for _, mean, _ in table.values()])
    low, high = float(means.min()), float(means.max())
    if steep:
        return low / 1.5, high * 1.5
    edges = np.concatenate([mean + sign * half for _, mean, half in table.values() for sign in (-1, 1)])
    edges = edges[np.isfinite(edges)]
    reach = 0.5 * (high - low)
    if len(edges):
        low, high = max(float(edges.min()), low - reach), min(float(edges.max()), high + reach)
    room = 0.05 * (high - low) or 0.1 * abs(high) or 0.5
    return low - room, high + room
