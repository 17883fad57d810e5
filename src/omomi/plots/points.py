"""Data sets as points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data.dataset import Dataset
from .style import NUMBERS, canvas, colours, heading, marker, scale, to_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
MANY = 5000  # points from which on a vector file holds them as pixels


def scatter(data: Dataset, ax: Axes | None = None) -> Axes:
    """A data set as points: classes by colour, numbers against the input or by a scale of colours.

    Two inputs are the two axes. Of more, the two directions in which the inputs vary most are shown, the first two
    principal components. With one input, a regression is y against x, and classes stand one above the other.

    Parameters
    ----------
    data : Dataset
        x (N, …), y (N,) or (N, O); of several targets the first gives the colour.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes

    Reference: Pearson (1901), On lines and planes of closest fit to systems of points in space.
    """
    if not isinstance(data, Dataset):
        raise ValueError(f"scatter: data must be a Dataset, got {type(data).__name__}")
    x, names = two_columns(data)
    ax = canvas("scatter", ax, (5.4, 4.4))
    if x.shape[1] == 1:
        _line_up(ax, data, names[0])
    else:
        ax.set(xlabel=names[0], ylabel=names[1])
        to_scale(ax, *np.ptp(x, axis=0))
        if data.is_classification:
            dots(ax, x, data.y, data.classes)
        else:
            drawn = ax.scatter(
                x[:, 0], x[:, 1], c=data.y[:, 0], cmap=NUMBERS, s=_size(data.n), rasterized=data.n > MANY
            )
            scale(ax, drawn, target_names(data)[0])
    heading(ax, title_of(data), legend=x.shape[1] == 2 if data.is_classification else data.n_out > 1)
    return ax


def dots(ax: Axes, x: Array, y: Array, classes: tuple[str, ...], edge: str = "none") -> None:
    """Points in the colours of their classes. x (N, 2), y (N,)."""
    for c, colour in enumerate(colours(len(classes))):
        here = x[y == c]
        if len(here):
            ax.scatter(
                here[:, 0], here[:, 1], s=_size(len(x)), color=colour, marker=marker(c), label=classes[c], alpha=0.85,
                edgecolors=edge, linewidths=0.4, rasterized=len(x) > MANY,
            )  # fmt: skip


def two_columns(data: Dataset) -> tuple[Array, list[str]]:
    """The inputs as at most two columns, and what these are called."""
    x = data.x.reshape(data.n, -1)
    if x.shape[1] <= 2:
        return x, input_names(data)
    centred = x - x.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    shares = sizes**2 / max((sizes**2).sum(), np.finfo(float).tiny)
    if len(directions) < 2:  # a single sample
        return np.zeros((data.n, 2)), ["component 1", "component 2"]
    names = [f"principal component {i + 1} ({100 * shares[i]:.1f} % of the variance)" for i in range(2)]
    return centred @ directions[:2].T, names


def input_names(data: Dataset) -> list[str]:
    n = int(np.prod(data.x.shape[1:]))
    return list(data.features) or ([f"x{i + 1}" for i in range(n)] if n > 1 else ["x"])


def target_names(data: Dataset) -> list[str]:
    return list(data.targets) or ([f"y{i + 1}" for i in range(data.n_out)] if data.n_out > 1 else ["y"])


def title_of(data: Dataset) -> str:
    """
    >>> title_of(Dataset([[0.0], [1.0]], [0, 1], "breast_cancer"))
    'Breast cancer'
    """
    name = data.name.replace("_", " ")
    return name[:1].upper() + name[1:]


def _line_up(ax: Axes, data: Dataset, name: str) -> None:
    """One input: against the numbers, or against the classes."""
    x = data.x.reshape(-1)
    ax.set_xlabel(name)
    if data.is_classification:
        dots(ax, np.stack([x, data.y], axis=1), data.y, data.classes)
        ax.set_yticks(range(len(data.classes)), data.classes)
        ax.set_ylabel("class")
        return
    names = target_names(data)
    for o, colour in enumerate(colours(data.n_out)):
        label = names[o] if data.n_out > 1 else ""
        ax.scatter(x, data.y[:, o], s=_size(4 * data.n), color=colour, marker=marker(o), label=label, linewidths=0)
    ax.set_ylabel(names[0] if data.n_out == 1 else "targets")


def _size(n: int) -> float:
    """The area of a point in square points: smaller where there are many."""
    return float(np.clip(5000 / max(n, 1), 9, 50))
