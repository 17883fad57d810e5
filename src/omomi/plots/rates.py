"""How often neurons fire at constant currents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.formula import snake_case
from ..simulation import FICurve
from .style import canvas, colours, heading, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
DASHES = ("-", "--", ":")  # as soon as the palette starts again
DOTS = 40  # currents, up to which each has one


def fi_curves(curves: FICurve | Sequence[FICurve], ax: Axes | None = None) -> Axes:
    """The firing rate over the current: a line for each neuron, whose name says what not all of them have.

    Parameters
    ----------
    curves : FICurve or sequence of FICurve
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    several = [curves] if isinstance(curves, FICurve) else list(curves)
    for curve in several:
        if not isinstance(curve, FICurve):
            raise TypeError(f"fi_curves: what fi_curve gives is needed, got {type(curve).__name__}")
    ax = canvas("fi_curves", ax)
    ax.set(xlabel="current i", ylabel="firing rate in Hz")
    lines = [line for curve in several for line in _lines(curve)]
    if not lines:
        say(ax, "there is no curve")
        return ax
    names = _differing([about for about, _, _ in lines])
    for at, ((_, i, rate), name, colour) in enumerate(zip(lines, names, colours(len(lines)), strict=True)):
        dot = "o" if len(i) <= DOTS else ""
        dash = DASHES[at // 6 % len(DASHES)]
        ax.plot(i, rate, dot + dash, color=colour, linewidth=1.6, markersize=3.5, label=name or None)
    if not any(rate.any() for _, _, rate in lines):
        say(ax, "no neuron spikes at any of the currents")
    ax.set_ylim(bottom=0)
    kinds = dict.fromkeys(type(curve.neuron).__name__ for curve in several)
    heading(ax, f"{', '.join(kinds)}: firing rate at constant currents, {several[0].T:g} ms each")
    return ax


def _lines(curve: FICurve) -> list[tuple[dict[str, Any], Array, Array]]:
    """What each neuron is, its currents and its rates."""
    about = {"neuron": snake_case(type(curve.neuron).__name__)}
    about |= {f.name: getattr(curve.neuron, f.name) for f in fields(curve.neuron)}
    own = {name: np.asarray(values) for name, values in curve.each.items()}
    rates = np.atleast_2d(curve.rates())
    return [(about | {k: float(v[n]) for k, v in own.items()}, curve.currents, rate) for n, rate in enumerate(rates)]


def _differing(neurons: list[dict[str, Any]]) -> list[str]:
    """
    >>> _differing([{"neuron": "lif", "Rm": 1.0, "tau_ref": 2.0}, {"neuron": "lif", "Rm": 5.0, "tau_ref": 2.0}])
    ['Rm 1', 'Rm 5']
    """
    if len({about["neuron"] for about in neurons}) > 1:
        common = set.intersection(*map(set, neurons))
    else:
        common = set(neurons[0])
    differ = [k for k in neurons[0] if k in common and len({repr(about[k]) for about in neurons}) > 1]
    return [", ".join(_written(k, about[k]) for k in differ) for about in neurons]


def _written(name: str, value: Any) -> str:
    if name == "neuron":
        return str(value)
    return f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
