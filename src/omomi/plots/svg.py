"""Pictures written by hand, as text: they need no other library, cost next to nothing and carry no ids."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

import numpy as np

from .style import GREY, INK

Array = np.ndarray
FONT = "font-family='system-ui, sans-serif'"


def card(width: float, height: float, parts: Iterable[str], said: str, frame: bool = True) -> str:
    """A picture on white, which can be read on light and dark pages alike; `said` is for who cannot see it."""
    rim = "#dddddd" if frame else "none"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' "
        f"height='{height:g}' role='img' aria-label='{escape(said)}' style='max-width:100%;height:auto' {FONT}>"
        f"<rect x='0.5' y='0.5' width='{width - 1:g}' height='{height - 1:g}' rx='8' fill='#ffffff' "
        f"stroke='{rim}'/>{''.join(parts)}</svg>"
    )


def text(
    x: float, y: float, said: str, size: float = 11, fill: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    weight = " font-weight='600'" if bold else ""
    look = f"font-size='{size:g}' fill='{fill}' text-anchor='{anchor}'{weight}"
    return f"<text x='{x:g}' y='{y:g}' {look}>{escape(said)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = GREY, width: float = 1) -> str:
    return f"<path d='M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}' stroke='{stroke}' stroke-width='{width:g}'/>"


def curve(x: Array, y: Array, stroke: str, width: float = 1.8, opacity: float = 1.0) -> str:
    """A line through the points, broken where they are not finite; a dot where one stands alone."""
    parts, dots = [], []
    for xs, ys in stretches(x, y):
        if len(xs) == 1:
            dots.append(f"<circle cx='{xs[0]:.1f}' cy='{ys[0]:.1f}' r='2.5' fill='{stroke}'/>")
        else:
            parts.append("M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(xs, ys, strict=True)))
    faint = f" stroke-opacity='{opacity:g}'" if opacity < 1 else ""
    path = (
        f"<path d='{''.join(parts)}' fill='none' stroke='{stroke}' stroke-width='{width:g}' stroke-linejoin='round'"
        f"{faint}/>"
    )
    return (path if parts else "") + "".join(dots)


def band(x: Array, low: Array, high: Array, fill: str) -> str:
    """The area between two lines."""
    parts = []
    for (xs, lows), (_, highs) in zip(stretches(x, low + 0 * high), stretches(x, high + 0 * low), strict=True):
        there = [f"{a:.1f} {b:.1f}" for a, b in zip(xs, highs, strict=True)]
        back = [f"{a:.1f} {b:.1f}" for a, b in zip(reversed(xs), reversed(lows), strict=True)]
        parts.append(f"M{'L'.join(there + back)}Z")
    return f"<path d='{''.join(parts)}' fill='{fill}' fill-opacity='0.18'/>" if parts else ""


def stretches(x: Array, y: Array) -> list[tuple[list[float], list[float]]]:
    """The pieces of a line between gaps, where y is not finite.

    >>> stretches(np.arange(4), np.array([1.0, np.nan, 2.0, 3.0]))
    [([0], [1.0]), ([2, 3], [2.0, 3.0])]
    """
    whole = np.flatnonzero(np.isfinite(y))
    pieces = np.split(whole, np.flatnonzero(np.diff(whole) > 1) + 1) if len(whole) else []
    return [(x[piece].tolist(), y[piece].tolist()) for piece in pieces]


def ticks(low: float, high: float, most: int = 5, whole: bool = False) -> list[float]:
    """Round numbers from low to high, at most so many.

    >>> ticks(0, 0.93)
    [0.0, 0.2, 0.4, 0.6, 0.8]
    >>> ticks(1, 12, whole=True)
    [3, 6, 9, 12]
    """
    if not high > low:
        return [low]
    least = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = [least * 10**k * s for k in (0, 1) for s in (1, 2, 2.5, 3, 5)]
    for step in steps:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most and not (whole and step % 1):
            return [round(step) * k if whole else round(step * k, 12) for k in range(first, last + 1)]
    return [low]
