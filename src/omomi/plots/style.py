"""One look for all figures: a few colours that everybody can tell apart, a light grid, no more lines than needed.

Nothing here is global: what is set is set on the axes given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe, Ito (2008), Color universal design: told apart by everybody; its yellow is too pale for lines.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PALETTE = (BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^")
INK, GREY, PALE = "#222222", "#6b6b6b", "#e8e8e8"
NUMBERS = "viridis"  # the colour map of everything that is a number
SMALL, NORMAL, LARGE = 9, 10, 11  # points


def pyplot() -> Any:
    """matplotlib.pyplot, or a sentence about how to get it."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("figures need matplotlib: pip install 'omomi[plots]'") from error
    return pyplot


def canvas(owner: str, ax: Axes | None, size: tuple[float, float] = (6.4, 4.2), grid: bool = True) -> Axes:
    """The axes given, or those of a new figure of that size (in inches), in omomi's look."""
    plt = pyplot()
    from matplotlib.axes import Axes

    if ax is None:
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    elif not isinstance(ax, Axes):
        raise TypeError(f"{owner}: ax must be one matplotlib Axes, got {type(ax).__name__}")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#a0a0a0")
    ax.tick_params(colors=GREY, labelsize=SMALL, length=3)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(color=INK, fontsize=NORMAL)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(color=PALE, linewidth=0.8)
    else:
        ax.grid(False)
    return ax


def colours(n: int) -> list[str]:
    """n colours: the palette, then the same ones darker, then lighter, and so on.

    >>> colours(2)
    ['#0072B2', '#D55E00']
    """
    from matplotlib.colors import to_hex, to_rgb

    towards = (None, 0.0, 1.0)  # the colour itself, black, white
    found = []
    for i in range(n):
        colour, shade = PALETTE[i % len(PALETTE)], towards[i // len(PALETTE) % len(towards)]
        if shade is not None:
            red, green, blue = (0.55 * part + 0.45 * shade for part in to_rgb(colour))
            colour = to_hex((red, green, blue))
        found.append(colour)
    return found


def marker(i: int) -> str:
    """The marker of class i: another one as soon as the palette starts again."""
    return MARKERS[i // len(PALETTE) % len(MARKERS)]


def heading(ax: Axes, title: str = "", legend: bool = True, size: float = LARGE) -> None:
    """The title, left, and below it the legend in a row: above the data, which it therefore never covers."""
    from matplotlib.collections import PathCollection

    handles, labels = ax.get_legend_handles_labels() if legend else ([], [])
    rows = 0
    if handles:
        columns = _legend_columns(ax, labels)
        rows = math.ceil(len(labels) / columns)
        drawn = ax.legend(
            handles, labels, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=SMALL,
            labelcolor=INK, handlelength=1.4, handletextpad=0.5, columnspacing=1.3, borderpad=0, borderaxespad=0.5,
            labelspacing=0.35, scatterpoints=1,
        )  # fmt: skip
        for handle in drawn.legend_handles:
            if isinstance(handle, PathCollection):  # small points would not show their colour
                handle.set_sizes([30])
    fitting = 1.9 * _width(ax) / max(len(title), 1)
    ax.set_title(title, loc="left", fontsize=float(np.clip(fitting, 7, size)), color=INK, pad=7 + 12.5 * rows)


def _legend_columns(ax: Axes, labels: list[str]) -> int:
    """How many entries stand side by side in the width of the axes, with rows of equal length."""
    entry = SMALL * (0.58 * max(map(len, labels)) + 3.2)
    most = max(1, int(_width(ax) / entry))
    return math.ceil(len(labels) / math.ceil(len(labels) / most))


def _width(ax: Axes) -> float:
    """Of the axes, in points."""
    figure = ax.get_figure(root=True)
    return 72 * ax.get_position().width * figure.get_figwidth() if figure is not None else 300.0


def say(ax: Axes, text: str) -> None:
    """Words where there is nothing to draw."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=NORMAL, color=GREY, wrap=True)


def scale(ax: Axes, mappable: Any, label: str) -> None:
    """The bar that says which colour is which number."""
    figure = ax.get_figure()
    if figure is None:
        return
    bar = figure.colorbar(mappable, cax=ax.inset_axes((1.03, 0, 0.03, 1)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=GREY, labelsize=SMALL, length=3)
    bar.set_label(label, color=INK, fontsize=NORMAL)


def settle(ax: Axes) -> None:
    """Find the layout of axes with panels that hang on them, whose sizes are shares of that of the axes."""
    figure = ax.get_figure(root=True)
    engine = figure.get_layout_engine() if figure is not None else None
    if figure is not None and engine is not None:
        for _ in range(2):  # each halves at least what it is off
            engine.execute(figure)


def to_scale(ax: Axes, x: float, y: float) -> None:
    """One unit as long on both axes, if the ranges x and y are alike."""
    if y > 0 and 0.5 <= x / y <= 2:
        ax.set_aspect("equal")


def close_up(ax: Axes, values: np.ndarray, low: float = -5.0, high: float = 5.0) -> None:
    """Show all values, but what lies beyond low and high leaves the picture."""
    finite = values[np.isfinite(values)]
    bottom, top = max(float(finite.min()), low), min(float(finite.max()), high)
    room = 0.05 * (top - bottom) or 0.5
    ax.set_ylim(bottom - room, top + room)
