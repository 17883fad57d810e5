"""How the layers did, epoch by epoch: beside the gradient of the loss, and how many of their units are idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..training.history import History
from ..training.run import Run
from .intervals import FEWEST, check_level, mean_and_half_width, percent
from .style import GREY, canvas, colours, heading, pyplot, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray

BESIDE = {
    "angle": "angle to the gradient in degrees",
    "norm_ratio": "length over that of the gradient",
    "growth": "length of the weights over that at the start",
}
NOTHING = "there is nothing finite to draw"
IDLE = {"dead": "-", "silent": ":", "saturated": "--", "always": "-.", "lost": (0, (6, 2, 1, 2, 1, 2))}
SPIKING = {"rate": "spikes per neuron and step", "gradient": "length of the gradient, as the rule has it"}


def diagnosis(history: History | Run, level: float = 0.95) -> Array:
    """Angle and length beside the gradient, growth of the weights, shares of idle units; a line per layer.

    With spiking layers there are two more panels: firing rates, and lengths of the gradients.
    Lines are means over the replicas, bands their confidence intervals; who diverged or stopped drops out.

    Parameters
    ----------
    history : History or Run
        Recorded with `diagnose=True`.
    level : float in (0, 1)
        Of the interval, by Student's t; drawn where three replicas or more are left.

    Returns
    -------
    array (4,) or (6,) of Axes
    """
    check_level("diagnosis", level)
    past = history.history if isinstance(history, Run) else history
    if not isinstance(past, History):
        raise TypeError(f"diagnosis: history must be a History or a Run, got {type(history).__name__}")
    if past.epochs and not any(_layers(past, name) for name in (*BESIDE, *IDLE)):
        raise ValueError("diagnosis: the history must be one of a run with diagnose=True, got none of its columns")
    spiking = bool(_layers(past, "rate"))
    figure = pyplot().figure(figsize=(16.4 if spiking else 11.2, 8.4), layout="constrained")
    axes = np.array([canvas("diagnosis", ax) for ax in figure.subplots(2, 3 if spiking else 2).flat])
    learning = sorted({at for name in BESIDE for at in _layers(past, name)})
    panels = BESIDE | SPIKING if spiking else BESIDE
    for ax, name in zip(np.delete(axes, 3), panels, strict=True):
        layers = learning if name in BESIDE else _layers(past, name)
        table = {f"layer {at}": past[f"{name}[{at}]"] for at in layers}
        colour = dict(zip(table, colours(len(table)), strict=True))
        _panel(ax, table, colour, level, log=name in ("norm_ratio", "gradient"))
        ax.set_ylabel(panels[name])
    _aim(axes[0])
    _idle(axes[3], past, level)
    n = len(past.seeds)
    replicas = "one replica" if n == 1 else f"mean of {n} replicas"
    interval = f" and its {percent(level)} interval" if n >= FEWEST else ""
    for ax, what in zip(axes, ("Direction", "Length", "Weights", "Units", "Rates", "Gradients"), strict=False):
        heading(ax, f"{what}: {replicas}{interval}" if ax is axes[0] else what)
    return axes


def _layers(past: History, name: str) -> list[int]:
    """The layers that have such a column."""
    return [int(key[len(name) + 1 : -1]) for key in past if key.startswith(f"{name}[")]


def _panel(
    ax: Axes, table: dict[str, Array], colour: dict[str, str], level: float, style: Any = "-", log: bool = False
) -> None:
    ax.set_xlabel("epoch")
    if not any(np.isfinite(values).any() for values in table.values()):
        say(ax, NOTHING)
        ax.set(xticks=[], yticks=[])
        return
    # Lines that lie on each other show all: the later the thinner.
    for (name, values), width in zip(table.items(), np.linspace(3.4, 1.6, len(table)), strict=True):
        values = np.where(values > 0, values, np.nan) if log else values
        epochs = np.arange(1, len(values) + 1)
        mean, half = mean_and_half_width(values, level)
        if np.isfinite(half).any():
            low = mean - half
            low = np.maximum(low, np.nanmin(values)) if log else low  # a logarithm has no room below 0
            ax.fill_between(epochs, low, mean + half, color=colour[name], alpha=0.18, linewidth=0)
        dot = "o" if len(values) == 1 else None
        look = {"linestyle": style, "marker": dot, "markersize": 4}
        ax.plot(epochs, mean, color=colour[name], linewidth=width, label=name, **look)
    if log:
        ax.set_yscale("log")
    ax.locator_params(axis="x", integer=True)


def _aim(ax: Axes) -> None:
    """From 0°, the gradient itself, to 90°, from where on the loss no longer falls."""
    if not ax.get_lines():
        return
    top = ax.get_ylim()[1]
    ax.axhline(90, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(0, 181, 30))
    ax.set_ylim(-4, min(max(top, 100), 184))


def _idle(ax: Axes, past: History, level: float) -> None:
    ats = sorted({at for name in IDLE for at in _layers(past, name)})
    colour = dict(zip(ats, colours(len(ats)), strict=True))
    for name, style in IDLE.items():
        found = {at: past[f"{name}[{at}]"] for at in _layers(past, name)}
        if name == "silent":  # dead relus are silent, too; a neuron out of the surrogate's reach need not be
            found = {
                at: values
                for at, values in found.items()
                if ((values > (dead := past[f"dead[{at}]"])) | ((values < dead) & (f"always[{at}]" in past))).any()
            }
        table = {f"layer {at} {name}": values for at, values in found.items() if (values > 0).any()}
        if table:
            _panel(ax, table, {f"layer {at} {name}": c for at, c in colour.items()}, level, style)
    ax.set(xlabel="epoch", ylabel="share of the units")
    ax.set_ylim(-0.04, 1.04)
    if not ax.get_lines():
        seen = any(np.isfinite(past[f"dead[{at}]"]).any() for at in ats)
        what = ", ".join(name for name in IDLE if _layers(past, name))
        say(ax, f"no unit is {' or '.join(what.rsplit(', ', 1))}" if seen else NOTHING)
        ax.set(xticks=[], yticks=[])
