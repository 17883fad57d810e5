"""Excitatory and inhibitory weights: who is connected with whom, and how far the connections have grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..networks.signed import SignedDense
from ..training.run import Run
from .style import GREY, INK, SMALL, canvas, colours, heading, scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weight_blocks(run: Run, layer: int | None = None, replica: int = 0, net: int = 0, ax: Axes | None = None) -> Axes:
    """The weights S ∘ A of one SignedDense layer, in the blocks pp, np, pn, nn (from → to): red excites, blue inhibits.

    Parameters
    ----------
    run : Run
    layer : int, optional
        Its place among the network's layers; left out: the first SignedDense.
    replica, net : int
        Of the R replicas and of the K networks side by side.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    at = _places(run, "weight_blocks")[0] if layer is None else layer
    if at not in _places(run, "weight_blocks"):
        raise ValueError(f"weight_blocks: layer must be that of a SignedDense, {_places(run, '')}, got {layer!r}")
    signed, p = run.settings.net.layers[at], run.params[at]
    replicas, nets = p["W"].shape[:2]
    for name, value, n in (("replica", replica, replicas), ("net", net, nets)):
        if not 0 <= value < n:
            raise ValueError(f"weight_blocks: {name} must lie in 0 … {n - 1}, got {value!r}")
    weights = signed.signed_weights(p)[replica, net]  # type: ignore[attr-defined]
    ax = canvas("weight_blocks", ax, (6.4, 4.8), grid=False)
    most = float(np.abs(weights).max()) or 1.0
    drawn = ax.imshow(weights, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    rows, columns = weights.shape[0] // 2, int((signed.signs > 0).sum())  # type: ignore[attr-defined]
    ax.axhline(rows - 0.5, color=INK, linewidth=0.8)
    if columns < weights.shape[1]:
        ax.axvline(columns - 0.5, color=INK, linewidth=0.8)
    ends = [("p", 0, columns), ("n", columns, weights.shape[1])]
    for to, left, right in (end for end in ends if end[1] < end[2]):
        for of, top, bottom in (("p", 0, rows), ("n", rows, 2 * rows)):
            ax.text(
                (left + right - 1) / 2, (top + bottom - 1) / 2, of + to, ha="center", va="center", color=INK,
                fontsize=SMALL, bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 2},
            )  # fmt: skip
    ax.set(
        xticks=[],
        yticks=[],
        xlabel="to: excitatory units, then inhibitory",
        ylabel="from: excitatory units, below them inhibitory",
    )
    if columns == weights.shape[1]:
        ax.set_xlabel("to: excitatory units")
    scale(ax, drawn, "weight")
    heading(ax, f"Layer {at}" + (f", network {net + 1} of {nets}" if nets > 1 else ""), legend=False)
    return ax


def weight_growth(run: Run, ax: Axes | None = None) -> Axes:
    """How the magnitudes of each SignedDense layer are spread, now (lines) and at the start (dotted).

    Parameters
    ----------
    run : Run
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    places, s = _places(run, "weight_growth"), run.settings
    start = s.net.views(s.net.init(s.seeds, s.dtype))
    ax = canvas("weight_growth", ax)
    shares = np.linspace(0, 100, 201)
    for at, colour in zip(places, colours(len(places)), strict=True):
        before, now = (np.percentile(p[at]["W"], shares) for p in (start, run.params))
        ax.plot(before, shares, ":", color=colour, linewidth=1.4)
        times = np.linalg.norm(run.params[at]["W"]) / np.maximum(np.linalg.norm(start[at]["W"]), 1e-300)
        ax.plot(now, shares, color=colour, linewidth=1.8, label=f"layer {at}, {times:.2g} times as long")
    ax.plot([], [], ":", color=GREY, label="at the start")
    ax.set(xlabel="magnitude", ylabel="% of the weights below it")
    heading(ax, f"Magnitudes after {run.epoch} epoch{'' if run.epoch == 1 else 's'}")
    return ax


def _places(run: Run, owner: str) -> list[int]:
    if not isinstance(run, Run):
        raise TypeError(f"{owner}: a Run is needed, got {type(run).__name__}")
    found = [at for at, layer in enumerate(run.settings.net.layers) if isinstance(layer, SignedDense)]
    if not found:
        raise ValueError(f"{owner}: the network must have SignedDense layers, got {run.settings.net}")
    return found
