"""Pictures in rows, and tables of right and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import INK, PALE, SMALL, VERMILLION, canvas, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
MOST_NUMBERS = 20  # classes up to which the cells of a confusion matrix hold their numbers


def image_grid(
    images: Any,
    titles: Sequence[Any] | None = None,
    columns: int = 8,
    ax: Axes | None = None,
    wrong: Any = None,
    cmap: str = "gray",
) -> Axes:
    """Grey pictures side by side, all on one scale of grey, row by row.

    Parameters
    ----------
    images : array (N, height, width)
    titles : sequence of str, optional
        One per picture, above it.
    columns : int
        Pictures per row.
    ax : Axes, optional
        Left out: a new figure.
    wrong : array of bool (N,), optional
        Those to be framed in colour.
    cmap : str
        "gray" shows small values dark, "gray_r" shows them light.

    Returns
    -------
    Axes
        One for all pictures; its images are in their order.
    """
    images = np.asarray(images)
    if images.ndim != 3 or not images.size:
        raise ValueError(f"image_grid: images must have the shape (N, height, width), got {images.shape}")
    n, height, width = images.shape
    if not isinstance(columns, Integral) or columns < 1:
        raise ValueError(f"image_grid: columns must be a whole number ≥ 1, got {columns!r}")
    if titles is not None and len(titles) != n:
        raise ValueError(f"image_grid: titles must be one per picture, got {len(titles)} for {n}")
    marked = np.zeros(n, bool) if wrong is None else np.asarray(wrong)
    if marked.shape != (n,) or marked.dtype != bool:
        raise ValueError(f"image_grid: wrong must hold {n} times True or False, got {marked.dtype} of {marked.shape}")
    columns = min(int(columns), n)
    rows = -(-n // columns)
    head = 0.3 if titles is not None else 0.0  # room for a title, as a share of the picture's height
    step = (1.12 * width, (1.12 + head) * height)
    ax = canvas("image_grid", ax, (1.0 * columns, rows * step[1] / step[0] + 0.1), grid=False)
    low, high = images.min(), images.max()
    for i, image in enumerate(images):
        left, top = i % columns * step[0], i // columns * step[1]
        ax.imshow(image, cmap=cmap, vmin=low, vmax=high, extent=(left, left + width, top + height, top))
        if titles is not None:
            colour = VERMILLION if marked[i] else INK
            ax.text(left + width / 2, top - 0.05 * height, str(titles[i]), ha="center", color=colour, fontsize=SMALL)
        _frame(ax, (left, top), (width, height), bool(marked[i]))
    ax.set(xlim=(-0.06 * width, columns * step[0] - 0.06 * width), aspect="equal")
    ax.set_ylim((rows - 1) * step[1] + 1.06 * height, -(0.06 + head) * height)
    ax.set_axis_off()
    return ax


def confusion_matrix(counts: Any, classes: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """How often each true class (rows) was taken for each other (columns).

    The shade is the share of the row, so that rare classes are seen as well.

    Parameters
    ----------
    counts : array (C, C) or (R, C, C)
        Of several replicas the mean is drawn.
    classes : sequence of str, optional
        Left out: 0, 1, …
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
        Its image holds the shares, (C, C).
    """
    table = np.asarray(counts, np.float64)
    if table.ndim not in (2, 3) or table.shape[-1] != table.shape[-2] or not table.size:
        raise ValueError(f"confusion_matrix: counts must have the shape (C, C) or (R, C, C), got {table.shape}")
    replicas = len(table) if table.ndim == 3 else 1
    mean = table.mean(axis=0) if table.ndim == 3 else table
    n = len(mean)
    names = [str(c) for c in (classes if classes is not None else range(n))]
    if len(names) != n:
        raise ValueError(f"confusion_matrix: classes must name {n} classes, got {len(names)} names")
    side = float(np.clip(2.2 + 0.42 * n, 3.6, 9))
    ax = canvas("confusion_matrix", ax, (side, side), grid=False)
    total = mean.sum(axis=1, keepdims=True)
    share = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    if n <= MOST_NUMBERS:
        _numbers(ax, mean, share)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.set_xticks(range(n), names, rotation=90 if max(map(len, names)) * n > 40 else 0)
    ax.set_yticks(range(n), names)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    score = f"Accuracy {100 * mean.trace() / mean.sum():.1f} %" if mean.sum() > 0 else "No samples"
    heading(ax, score + (f", mean of {replicas} replicas" if replicas > 1 else ""), legend=False)
    return ax


def _numbers(ax: Axes, mean: Array, share: Array) -> None:
    whole = np.array_equal(mean, mean.round())
    for (row, column), count in np.ndenumerate(mean):
        text = f"{count:.0f}" if whole or count == 0 else f"{count:.1f}"
        colour = "#c4c4c4" if count == 0 else "white" if share[row, column] > 0.55 else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=SMALL if len(mean) <= 12 else 7, color=colour)


def _frame(ax: Axes, corner: tuple[float, float], size: tuple[float, float], marked: bool) -> None:
    from matplotlib.patches import Rectangle

    colour, width = (VERMILLION, 2.5) if marked else (PALE, 0.8)
    ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=width, zorder=3))
