"""The picture of a neuron: what it does with a current, and how often it fires."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ..formulas.neurons import Neuron
from ..simulation import simulate
from .style import BLUE, GREY, VERMILLION, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
T, LONG, ONSET = 200.0, 500.0, 20.0  # ms: of the response, of each current of the curve, and when a current begins
DT, STEP = 0.05, 1.0  # ms; the latter where decays are those of a step, whatever it is
TRIED = np.geomspace(1e-2, 1e4, 61)  # currents
OFTEN = 4  # spikes in T, for which a current is looked for
SHARES = (0.5, 1.5)  # of that current: what is shown
CURVE = (1.16, 0, 0.5, 1)  # where the panel of rates lies, as shares of the axes
POINTS = 61  # of the curve


def response(f: Neuron, ax: Axes) -> None:
    """The membrane when a weak and a stronger current begin to flow."""
    levels = np.multiply(SHARES, lively(f))
    dt = _step(f)
    i = np.zeros((round(T / dt), len(levels)))
    i[round(ONSET / dt) :] = levels
    with np.errstate(all="ignore"):
        sim = simulate(f, i, T, dt, record=f.states[:1])
    for v, level, colour in zip(sim.voltages.T, levels, (VERMILLION, BLUE), strict=True):
        ax.plot(sim.times, v, color=colour, linewidth=1.4, label=f"v, i = {level:.4g}")
    ax.axvline(ONSET, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    ax.set(xlabel="t in ms", xlim=(0, T))


def rates(f: Neuron, ax: Axes) -> None:
    """A panel at the right: the firing rate over the current."""
    beside = canvas("formula", ax.inset_axes(CURVE))
    i = np.linspace(0, 3 * lively(f), POINTS)
    with np.errstate(all="ignore"):
        beside.plot(i, simulate(f, i, LONG, _step(f), record=()).rates(), color=BLUE, linewidth=1.6)
    beside.set(xlabel="current i", ylabel="firing rate in Hz")
    beside.set_ylim(bottom=0)


@cache
def lively(f: Neuron) -> float:
    """The weakest of many currents at which the neuron fires now and then; 1 if it does at none.

    >>> from omomi.formulas.neurons import Lif
    >>> 1 < lively(Lif(tau=5.0)) < 1.3     # below 1 it never does
    True
    """
    if not f.spiking:
        return 1.0
    with np.errstate(all="ignore"):
        often = simulate(f, TRIED, T, _step(f), record=()).counts() >= OFTEN
    return float(TRIED[often.argmax()]) if often.any() else 1.0


def _step(f: Neuron) -> float:
    return STEP if f.learned else DT
