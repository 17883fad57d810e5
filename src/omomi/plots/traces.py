"""Membranes over time, and in the plane of two states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..simulation import PhasePlane, Simulation
from .style import BLUE, GREEN, GREY, INK, VERMILLION, canvas, colours, heading, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
SHOWN = 3  # neurons, unless told otherwise
CURRENT = (0, -0.36, 1, 0.2)  # where the panel below lies, as shares of the axes
ARROWS = 18  # along each side of a phase plane


def voltage_trace(sim: Simulation, neurons: Sequence[int] | int | None = None, ax: Axes | None = None) -> Axes:
    """Membranes over time with the threshold, a dash above for each spike, and below the current, if it changes.

    Parameters
    ----------
    sim : Simulation
    neurons : int or sequence of int, optional
        Which; left out: the first three.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    shown = _chosen(sim, neurons)
    flowing = currents_over_time(sim)
    name = sim.neuron.states[0]
    if name not in sim.states:
        raise ValueError(f"voltage_trace: {name} must have been recorded, got {', '.join(sim.states) or 'nothing'}")
    ax = canvas("voltage_trace", ax, (7.2, 3.8 if flowing is None else 4.6))
    v = sim.states[name]
    fine = len(shown) > 1 or len(sim.spike_steps) > 100
    for row, (n, colour) in enumerate(zip(shown, colours(len(shown)), strict=True)):
        label = f"neuron {n}{_own(sim, n)}" if sim.n_neurons > 1 else None
        ax.plot(
            sim.times, v[:, n], color=colour, linewidth=0.9 if fine else 1.4, label=label, rasterized=len(v) > 20_000
        )
        at = sim.train(n)
        ax.plot(
            at, np.full(len(at), 1 - 0.045 * (row + 0.6)), "|", color=colour, markersize=7, markeredgewidth=1.1,
            transform=ax.get_xaxis_transform(), gid=f"spikes {n}",
        )  # fmt: skip
    _threshold(ax, sim, shown)
    _room_above(ax, 0.045 * (len(shown) + 0.6))
    ax.set(xlim=(0, sim.T), ylabel="membrane v")
    last = ax if flowing is None else _current_below(ax, sim.times[1:], flowing, shown)
    last.set_xlabel("t in ms")
    heading(ax, _title(sim, shown))
    if last is not ax:
        settle(ax)
    return ax


def phase_plane(
    plane: PhasePlane, trajectory: Simulation | None = None, neuron: int = 0, ax: Axes | None = None
) -> Axes:
    """Where two states go: arrows, the lines on which one of them stands still, the points where both do.

    Parameters
    ----------
    plane : PhasePlane
    trajectory : Simulation, optional
        With both states recorded; a reset jumps.
    neuron : int
        Whose trajectory.
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    names = plane.neuron.states[:2]
    ax = canvas("phase_plane", ax, (6.4, 5.0), grid=False)
    _arrows(ax, plane)
    for slope, colour, name, dash in ((plane.dv, BLUE, names[0], "solid"), (plane.dw, VERMILLION, names[1], "dashed")):
        if slope.min() < 0 < slope.max():
            ax.contour(plane.v, plane.w, slope, levels=[0], colors=[colour], linewidths=1.8, linestyles=dash, zorder=2)
        ax.plot([], [], color=colour, linewidth=1.8, linestyle=dash, label=f"d{name}/dt = 0")
    if trajectory is not None:
        v, w = _without_jumps(trajectory, names, neuron)
        ax.plot(v, w, color=GREEN, linewidth=1.3, label="trajectory", zorder=3)
        ax.plot(v[:1], w[:1], "o", color="white", markeredgecolor=GREEN, markersize=6, zorder=4)
    for stays, look, label in ((True, INK, "stable"), (False, "white", "unstable")):
        points = np.asarray(plane.fixed).reshape(-1, 2)[np.asarray(plane.stable, bool) == stays]
        if len(points):
            ax.plot(*points.T, "o", color=look, markeredgecolor=INK, markersize=8, zorder=5, label=label)
    ax.set(xlim=plane.v[[0, -1]], ylim=plane.w[[0, -1]], xlabel=names[0], ylabel=names[1])
    heading(ax, f"{plane.neuron!r}, i = {plane.i:g}")
    return ax


def currents_over_time(sim: Simulation) -> Array | None:
    """What flowed in each step, (steps,) or (steps, N): recorded, or as it was given; None if it does not change."""
    i = sim.current
    if "i" in sim.states:
        values = np.asarray(sim.states["i"])[1:]
        return None if (values == values[0]).all() else values
    if i is None or getattr(i, "noisy", False):
        return None
    values = np.asarray(i(sim.times[:-1]) if callable(i) else i, np.float64)
    if values.ndim == 0 or len(values) != sim.steps or (values.ndim == 1 and not callable(i) and _for_each(sim)):
        return None
    return None if (values == values[0]).all() else values


def _for_each(sim: Simulation) -> bool:
    """Whether an array of the length of the steps could as well be one of the neurons."""
    return sim.n_neurons == sim.steps and not sim.single


def _chosen(sim: Simulation, neurons: Sequence[int] | int | None) -> list[int]:
    if neurons is None:
        return list(range(min(sim.n_neurons, SHOWN)))
    chosen = [int(n) for n in np.atleast_1d(np.asarray(neurons, np.intp))]
    for n in chosen:
        if not 0 <= n < sim.n_neurons:
            raise ValueError(f"voltage_trace: neurons must lie in 0 … {sim.n_neurons - 1}, got {n}")
    return chosen


def _own(sim: Simulation, n: int) -> str:
    """What is a neuron's own."""
    return "".join(f", {name} {float(values[n]):.4g}" for name, values in sim.each.items())


def _title(sim: Simulation, shown: list[int]) -> str:
    some = f", {len(shown)} of {sim.n_neurons} neurons" if len(shown) < sim.n_neurons else ""
    i = sim.current
    flows = f", i = {float(i):g}" if isinstance(i, int | float) else f", i = {i!r}" if callable(i) else ""
    return f"{sim.neuron!r}{flows}{some}"


def _threshold(ax: Axes, sim: Simulation, shown: list[int]) -> None:
    """A line where all that are shown have the same."""
    own = sim.each.get("threshold")
    values = [sim.neuron.scalars.get("threshold")] if own is None else sorted({float(own[n]) for n in shown})
    if len(values) == 1 and values[0] is not None and "threshold" not in sim.neuron.states:
        ax.axhline(values[0], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="threshold", zorder=1)


def _room_above(ax: Axes, share: float) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low, low + (high - low) / (1 - share))


def _current_below(ax: Axes, end: Array, flowing: Array, shown: list[int]) -> Axes:
    """The panel of the current, which flows up to each of the times."""
    below = canvas("voltage_trace", ax.inset_axes(CURRENT))
    lines = flowing[:, shown] if flowing.ndim == 2 else flowing[:, None]
    own = colours(len(shown)) if flowing.ndim == 2 else [INK]
    for values, colour in zip(lines.T, own, strict=True):
        below.step(np.concatenate([[0], end]), np.concatenate([values[:1], values]), color=colour, linewidth=1.1)
    below.set(ylabel="i", xlim=ax.get_xlim())
    below.locator_params(axis="y", nbins=3)
    ax.tick_params(labelbottom=False)
    return below


def _arrows(ax: Axes, plane: PhasePlane) -> None:
    """Directions as they look in the picture, all of one length."""
    rows, columns = (np.linspace(0, len(a) - 1, ARROWS + 2).round().astype(int)[1:-1] for a in (plane.w, plane.v))
    v, w = plane.v[columns], plane.w[rows]
    dv = plane.dv[np.ix_(rows, columns)] / np.ptp(plane.v)
    dw = plane.dw[np.ix_(rows, columns)] / np.ptp(plane.w)
    length = np.hypot(dv, dw)
    length[length == 0] = 1
    ax.quiver(
        v, w, dv / length, dw / length, color="#b8b8b8", pivot="mid", scale=1.6 * ARROWS, width=0.0022, headwidth=4,
        zorder=1,
    )  # fmt: skip


def _without_jumps(sim: Simulation, names: Sequence[Any], neuron: int) -> tuple[Array, Array]:
    for name in names:
        if name not in sim.states:
            had = ", ".join(sim.states) or "nothing"
            raise ValueError(f"phase_plane: the trajectory must have recorded {', '.join(names)}, got {had}")
    v, w = (np.array(sim.states[name][:, neuron], np.float64) for name in names)
    if sim.neuron.crossing:
        return v, w
    after = sim.spike_steps[sim.spike_neurons == neuron] + 1
    v[after - 1] -= sim.neuron.V_spike  # nothing feels that
    return np.insert(v, after, np.nan), np.insert(w, after, np.nan)
