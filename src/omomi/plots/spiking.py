"""Spikes inside a network: layer by layer, and where the surrogate sees its membranes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.surrogates import Surrogate
from ..networks.layers import EVALUATE
from ..networks.network import Network
from ..networks.spiking import Spiking
from ..training.run import Run
from .rasters import raster
from .style import BLUE, GREY, INK, VERMILLION, canvas, colours, heading, pyplot, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
SEEN = 0.01  # of the largest slope: below it hardly anything comes through
BINS = 80


def network_spikes(net: Run | Network, x: Any, theta: Array | None = None, *, replica: int = 0) -> Array:
    """What one sample sets off: a raster for each spiking layer, and at the bottom what the network answers.

    Parameters
    ----------
    net : Run or Network
    x : array
        One sample.
    theta : array (R, P), optional
        The weights; left out: those of the run.
    replica : int

    Returns
    -------
    array of Axes
        One for each layer of neurons and one for the answer, from the first to the last.
    """
    spikes, y = _through(net, x, theta, replica)
    if not spikes:
        raise ValueError(f"network_spikes: the network must have a layer of neurons, got {net!r}")
    n = len(spikes) + 1
    figure = pyplot().figure(figsize=(7.2, 1.1 + 1.75 * n), layout="constrained")
    axes = np.array([canvas("network_spikes", ax) for ax in figure.subplots(n, 1)])
    for ax, (at, layer, out) in zip(axes, spikes, strict=False):
        if layer.neuron.spiking:
            raster(out, ax, dt=layer.dt, rates=False)
            title = ax.get_title(loc="left")
        else:
            _over_time(ax, out, layer.dt)
            ax.set_ylabel("membrane")
            title = f"membranes of {out.shape[1]} neurons"
        heading(ax, f"layer {at}, {type(layer.neuron).__name__}: {title}")
    _answer(axes[-1], y, spikes[-1][1].dt)
    return axes


def surrogate_over_membrane(
    surrogate: Surrogate | str, v: Array, threshold: float = 1.0, ax: Axes | None = None
) -> Axes:
    """The surrogate's slope over a histogram of membranes: how many lie where an error comes through.

    Parameters
    ----------
    surrogate : Surrogate or str
    v : array
        Membranes before the reset, of any shape. Those of a layer's pass over currents x:
        ``layer.forward({}, x, om.networks.EVALUATE)[1].u[0]``.
    threshold : float
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
        The slope is drawn as high as the histogram; the title says which share of the membranes is where it is 1 % of
        its peak or more.
    """
    surrogate = Surrogate.of(surrogate)
    x = np.asarray(v, np.float64).ravel() - threshold
    x = x[np.isfinite(x)]
    ax = canvas("surrogate_over_membrane", ax)
    ax.set(xlabel="v − threshold", ylabel="share of the membranes")
    if not x.size:
        say(ax, "no membrane is finite")
        return ax
    low, high = _span(surrogate, x)
    near = np.union1d(np.linspace(low, high, 2001), [0.0])
    slope = np.asarray(surrogate.slope(near), np.float64)
    peak = float(max(slope.max(), np.max(surrogate.slope(x))))
    share = float(np.mean(surrogate.slope(x) >= SEEN * peak)) if peak > 0 else 0.0
    found, edges = np.histogram(np.clip(x, low, high), BINS, (low, high))
    ax.stairs(found / x.size, edges, fill=True, color=BLUE, alpha=0.45, label="membranes")
    top = found.max() / x.size
    if peak > 0:
        ax.plot(near, slope / peak * top, color=VERMILLION, linewidth=1.8, label=f"slope, peak {peak:.3g}")
    ax.axvline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=f"threshold {threshold:g}")
    ax.set(xlim=(low, high), ylim=(0, 1.08 * top))
    heading(ax, f"{surrogate!r}: an error comes through at {100 * share:.3g} % of the membranes")
    return ax


def _through(
    net: Run | Network, x: Any, theta: Array | None, replica: int
) -> tuple[list[tuple[int, Spiking, Array]], Array]:
    """What the layers of neurons give, (T, N) each, and what the network gives, for one sample and one replica."""
    if isinstance(net, Run):
        theta = net.theta if theta is None else theta
        net = net.settings.net
    if theta is None:
        raise ValueError("network_spikes: a network needs its weights theta, got none")
    x = np.asarray(x, theta.dtype)
    if x.shape != net.shapes[0]:
        raise ValueError(f"network_spikes: x must be one sample of shape {net.shapes[0]}, got {x.shape}")
    if not 0 <= replica < len(theta):
        raise ValueError(f"network_spikes: replica must lie in 0 … {len(theta) - 1}, got {replica}")
    found = []
    y = x[None, None]
    for at, (layer, p) in enumerate(zip(net.layers, net.views(theta[replica][None]), strict=True)):
        y, _ = layer.forward(p, y, EVALUATE)
        if isinstance(layer, Spiking):
            found.append((at, layer, y[0, 0]))
    return found, y[0, 0]


def _answer(ax: Axes, y: Array, dt: float) -> None:
    """The network's output: a bar for each number, the largest marked, or lines over time."""
    if y.ndim == 2:
        _over_time(ax, y, dt)
        ax.set_ylabel("output")
        heading(ax, "answer")
        return
    best = int(y.argmax())
    tint = [VERMILLION if value == y[best] > y.min() else BLUE for value in y]
    ax.bar(np.arange(len(y)), y, color=tint, width=0.7)
    ax.set(xlabel="output", ylabel="answer")
    ax.locator_params(axis="x", integer=True)
    said = "" if len(y) < 2 else ": all alike" if (y == y[0]).all() else f": {best} is the largest of {len(y)}"
    heading(ax, f"answer{said}")


def _over_time(ax: Axes, y: Array, dt: float) -> None:
    t = dt * np.arange(1, len(y) + 1)
    few = y.shape[1] <= 10
    for values, colour in zip(y.T, colours(y.shape[1]) if few else [INK] * y.shape[1], strict=True):
        ax.plot(t, values, color=colour, linewidth=1.1 if few else 0.5, alpha=1 if few else 0.4)
    ax.set(xlabel="t in ms", xlim=(0, t[-1]))


def _span(surrogate: Surrogate, x: Array) -> tuple[float, float]:
    """The bulk of the membranes, and the threshold with the surroundings that the surrogate sees."""
    bulk = np.quantile(x, [0.001, 0.999])
    reach = max(1.0, float(np.abs(bulk).max()))
    near = np.linspace(-reach, reach, 4001)
    slope = np.asarray(surrogate.slope(near))
    seen = near[slope >= SEEN * slope.max()] if slope.max() > 0 else np.zeros(1)
    low, high = float(min(bulk[0], max(seen.min(), -reach))), float(max(bulk[1], min(seen.max(), reach)))
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room
