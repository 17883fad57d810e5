"""phase_plane: where the two states of a neuron go."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas.neurons import Neuron
from ..formulas.neurons.neuron import Dynamics
from .simulation import PhasePlane

Array = np.ndarray


def phase_plane(
    neuron: Neuron | str,
    i: float = 0.0,
    v: tuple[float, float] | None = None,
    w: tuple[float, float] | None = None,
    n: int = 201,
) -> PhasePlane:
    """The slopes of a neuron of two states on a grid of n × n points between the ends of v and of w, at a current i.

    Ends that are left out are those of the neuron's `plane`; all are in the units of its states.

    >>> phase_plane("fitz_hugh_nagumo", 0.5).stable.tolist()
    [False]
    """
    neuron = Neuron.of(neuron)
    if not isinstance(neuron, Dynamics) or len(neuron.states) != 2:
        raise ValueError(f"phase_plane: a neuron with slopes of two states is needed, got {neuron!r}")
    v, w = v or neuron.plane[0], w or neuron.plane[1]
    for name, ends in zip("vw", (v, w), strict=True):
        if not -np.inf < ends[0] < ends[1] < np.inf:
            raise ValueError(f"phase_plane: {name} must be (low, high), got {ends!r}")
    at_v, at_w = np.linspace(*v, n), np.linspace(*w, n)
    dv, dw = neuron.call("slopes", *np.meshgrid(at_v, at_w), float(i))
    fixed = _fixed(neuron, float(i), at_v, at_w, dv, dw)
    stable = [bool((np.linalg.eigvals(_jacobian(neuron, i, p)).real < 0).all()) for p in fixed]
    return PhasePlane(neuron, float(i), at_v, at_w, dv, dw, fixed, np.array(stable, bool))


def _fixed(neuron: Dynamics, i: float, v: Array, w: Array, dv: Array, dw: Array) -> Array:
    """Where both slopes are 0: found by Newton from the cells in which both change their signs."""

    def mixed(d: Array) -> Array:
        corners = np.stack([d[:-1, :-1], d[:-1, 1:], d[1:, :-1], d[1:, 1:]])
        return (corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)

    found: list[Array] = []
    cell = np.array([v[1] - v[0], w[1] - w[0]])
    for row, column in np.argwhere(mixed(dv) & mixed(dw)):
        at = np.array([v[column], w[row]]) + cell / 2
        for _ in range(50):
            step = np.linalg.lstsq(_jacobian(neuron, i, at), _slopes(neuron, i, at), rcond=None)[0]
            at = at - step
            if (np.abs(step) <= 1e-14 * np.maximum(np.abs(at), cell)).all():
                break
        inside = v[0] <= at[0] <= v[-1] and w[0] <= at[1] <= w[-1]
        new = all((np.abs(at - p) > 1e-6 * cell).any() for p in found)
        if inside and new and (np.abs(step) < 1e-9 * cell).all():
            found.append(at)
    return np.array(sorted(found, key=tuple)).reshape(-1, 2)


def _slopes(neuron: Dynamics, i: float, at: Array) -> Array:
    return np.array(neuron.call("slopes", *map(np.asarray, at), i))


def _jacobian(neuron: Dynamics, i: float, at: Array) -> Array:
    """By central differences."""
    columns: list[Any] = []
    for k in range(2):
        h = np.zeros(2)
        h[k] = 1e-5 * max(1.0, abs(at[k]))
        columns.append((_slopes(neuron, i, at + h) - _slopes(neuron, i, at - h)) / (2 * h[k]))
    return np.stack(columns, axis=1)
