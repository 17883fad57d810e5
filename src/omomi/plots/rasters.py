"""Spikes: who fires when, how often, and how regularly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..simulation import Simulation
from .style import BLUE, INK, VERMILLION, canvas, heading, say, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
FEWEST, BINS = 10, 100  # of the population's rate
DENSE = 2000  # spikes, from which on a file has them as pixels
BELOW, BESIDE = (0, -0.4, 1, 0.24), (1.03, 0, 0.17, 1)  # where the rates lie, as shares of the axes
SIZE = (7.2, 4.8)
SPIKES = "spikes"  # the artist that a film draws in time


@dataclass(frozen=True)
class Events:
    """Spikes of n neurons in T ms."""

    times: Array  # (E,), ms
    neurons: Array  # (E,)
    n: int
    T: float
    dt: float


def raster(
    spikes: Simulation | Array | tuple[Array, Array], ax: Axes | None = None, *, dt: float = 1.0, rates: bool = True
) -> Axes:
    """A dash for each spike; below, the rate of all neurons over time, and at the right that of each.

    Parameters
    ----------
    spikes : Simulation, array (T, N) or pair of arrays (E,)
        An array has a number above 0 where there is a spike; a pair are the times (ms) and the neurons of events.
    ax : Axes, optional
        Left out: a new figure.
    dt : float
        ms, of a step of an array.
    rates : bool
        With False, the dashes alone.

    Returns
    -------
    Axes
        Its `child_axes` are the two panels of rates; of one neuron, the first alone.
    """
    seen = events("raster", spikes, dt)
    ax = canvas("raster", ax, SIZE if rates else (7.2, 3.8), grid=False)
    figure = ax.get_figure(root=True)
    height = 72 * ax.get_position().height * (figure.get_figheight() if figure is not None else 4.0)
    row, dense = height / max(seen.n, 1), len(seen.times) > DENSE
    size = float(np.clip(0.8 * row, 1.2 if dense else 4, 12))
    ax.plot(
        seen.times, seen.neurons, "|", color=INK, markersize=size, gid=SPIKES,
        markeredgewidth=0.5 if dense and row < 2 else 1, rasterized=dense,
    )  # fmt: skip
    ax.set(xlim=(0, seen.T), ylim=(-0.5, max(seen.n, 1) - 0.5), ylabel="neuron")
    if seen.n <= 8:
        ax.set_yticks(range(seen.n))
    if not len(seen.times):
        say(ax, "no neuron spikes")
    last = _rates(ax, seen) if rates else ax
    last.set_xlabel("t in ms")
    heading(ax, _in_words(seen))
    if rates:
        settle(ax)
    return ax


def isi_histogram(
    sim: Simulation | Array | tuple[Array, Array], ax: Axes | None = None, *, dt: float = 1.0, bins: int = 50
) -> Axes:
    """How long it is from spike to spike, of all neurons, with the mean; in the title, how irregular they are.

    CV, the standard deviation over the mean of a neuron's intervals, is 0 for a clock and 1 for a Poisson process.

    Parameters
    ----------
    sim : Simulation, array (T, N) or pair of arrays (E,)
        As in `raster`.
    ax : Axes, optional
        Left out: a new figure.
    dt : float
        ms, of a step of an array.
    bins : int
        At most; none is narrower than a step.

    Returns
    -------
    Axes
    """
    seen = events("isi_histogram", sim, dt)
    ax = canvas("isi_histogram", ax)
    ax.set(xlabel="interval between spikes in ms", ylabel="intervals")
    isi, whose = intervals(seen)
    if not len(isi):
        say(ax, "no neuron spikes twice")
        ax.set(xticks=[], yticks=[])
        heading(ax, _in_words(seen))
        return ax
    edges = _edges(isi, seen.dt, bins)
    ax.stairs(np.histogram(isi, edges)[0], edges, fill=True, color=BLUE, alpha=0.55)
    ax.axvline(isi.mean(), color=VERMILLION, linewidth=1.4, label=f"mean {isi.mean():.4g} ms")
    ax.set_xlim(min(edges[0], 0.9 * isi.mean()), max(edges[-1], 1.1 * isi.mean()))
    ax.locator_params(axis="y", integer=True)
    cvs = variation(isi, whose, seen.n)
    cvs = cvs[np.isfinite(cvs)]
    mean = f"CV {cvs.mean():.2f}" if len(cvs) else "one interval each"
    over = f", mean of {len(cvs)} neurons" if len(cvs) > 1 else ""
    heading(ax, f"{len(isi):,} {'interval' if len(isi) == 1 else 'intervals'}, {mean}{over}")
    return ax


def events(owner: str, spikes: Any, dt: float = 1.0) -> Events:
    """Whatever holds spikes, as events."""
    if isinstance(spikes, Simulation):
        return Events(spikes.spike_times, spikes.spike_neurons, spikes.n_neurons, spikes.T, spikes.dt)
    if isinstance(spikes, tuple | list) and len(spikes) == 2:
        times, neurons = np.asarray(spikes[0], np.float64), np.asarray(spikes[1])
        if times.ndim == 1 and times.shape == neurons.shape and (not neurons.size or neurons.dtype.kind in "iu"):
            n = int(neurons.max(initial=0)) + 1
            order = np.lexsort((neurons, times))
            return Events(times[order], neurons[order], n, float(times.max(initial=0)) + dt, dt)
    array = np.asarray(spikes) if isinstance(spikes, np.ndarray) else None
    if array is None or array.ndim != 2:
        got = f"shape {array.shape}" if array is not None else type(spikes).__name__
        raise ValueError(
            f"{owner}: spikes must be a Simulation, an array (T, N), or times and whole neurons (E,), got {got}"
        )
    steps, neurons = np.nonzero(array > 0)
    return Events((steps + 1) * dt, neurons, array.shape[1], len(array) * dt, dt)


def intervals(seen: Events) -> tuple[Array, Array]:
    """From spike to spike of the same neuron, ms, and whose they are."""
    order = np.lexsort((seen.times, seen.neurons))
    at, whose = seen.times[order], seen.neurons[order]
    same = whose[1:] == whose[:-1]
    return np.diff(at)[same], whose[1:][same]


def variation(isi: Array, whose: Array, n: int) -> Array:
    """CV of each of n neurons, NaN where there are fewer than two intervals."""
    count = np.bincount(whose, minlength=n)
    some = np.maximum(count, 1)
    mean = np.bincount(whose, isi, n) / some
    spread = np.sqrt(np.bincount(whose, (isi - mean[whose]) ** 2, n) / some)
    return np.where(count > 1, spread / np.where(mean > 0, mean, 1), np.nan)


def _rates(ax: Axes, seen: Events) -> Axes:
    """Panels below and at the right, in Hz."""
    below = canvas("raster", ax.inset_axes(BELOW))
    steps = max(round(seen.T / seen.dt), 1)
    bins = int(np.clip(len(seen.times) // 5, FEWEST, BINS))
    width = -(-steps // bins) * seen.dt  # whole steps, else some bins would have more of them than others
    edges = np.append(np.arange(0, seen.T - 1e-9 * width, width), seen.T)
    found = np.histogram(seen.times - 0.5 * seen.dt, edges)[0]  # a spike belongs to the step that ends with it
    below.stairs(found / (np.diff(edges) / 1000 * max(seen.n, 1)), edges, fill=True, color=BLUE, alpha=0.55)
    below.set(xlim=(0, seen.T), ylabel="Hz")
    below.set_ylim(0, None if found.any() else 1)
    below.locator_params(axis="y", nbins=3)
    ax.tick_params(labelbottom=False)
    if seen.n > 1:
        beside = canvas("raster", ax.inset_axes(BESIDE))
        rate = np.bincount(seen.neurons, minlength=seen.n) / (seen.T / 1000)
        beside.stairs(rate, np.arange(seen.n + 1) - 0.5, orientation="horizontal", fill=True, color=BLUE, alpha=0.55)
        beside.set(ylim=ax.get_ylim(), xlabel="Hz")
        beside.set_xlim(0, None if rate.any() else 1)
        beside.locator_params(axis="x", nbins=2)
        beside.grid(False, axis="y")
        beside.tick_params(left=False, labelleft=False)
    return below


def _in_words(seen: Events) -> str:
    """
    >>> _in_words(Events(np.array([1.0]), np.array([0]), 4, 500.0, 1.0))
    '1 spike of 4 neurons, 0.5 Hz each; 3 are silent'
    """
    many = len(seen.times)
    who = "1 neuron" if seen.n == 1 else f"{seen.n} neurons"
    said = f"{many:,} {'spike' if many == 1 else 'spikes'} of {who}"
    if seen.n and seen.T > 0:
        said += f", {many / seen.n / (seen.T / 1000):.3g} Hz" + (" each" if seen.n > 1 else "")
    silent = seen.n - len(np.unique(seen.neurons))
    return said + (f"; {silent} {'is' if silent == 1 else 'are'} silent" if silent and many else "")


def _edges(isi: Array, dt: float, bins: int) -> Array:
    """Between whole steps, so that no bin has more of them than another."""
    low, high = round(isi.min() / dt), round(isi.max() / dt)
    width = -(-(high - low + 1) // bins)
    count = -(-(high - low + 1) // width)
    return (low - 0.5 + width * np.arange(count + 1)) * dt
