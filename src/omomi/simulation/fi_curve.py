"""fi_curve: how often neurons fire at constant currents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..formulas.neurons import Neuron
from .engine import Engine
from .simulate import per_neuron, step_of, steps_of
from .simulation import FICurve

Array = np.ndarray
DOUBLE, NO_TRACE = np.dtype(np.float64), np.empty((0, 0, 0))


def fi_curve(
    neuron: Neuron | str,
    currents: Any,
    T: float = 1000.0,
    dt: float | None = None,
    *,
    each: Mapping[str, Any] | None = None,
) -> FICurve:
    """Spikes within T ms, in steps of dt ms, at each of the currents (M,), all at once; dt is 1 if the neuron bears it.

    each: fields by which K neurons differ: {"Rm": [1, 10], "tau_ref": 1}; counts are then (K, M).

    >>> fi_curve("lif(Cm=10, tau_ref=1)", np.linspace(0, 2, 10)).counts.tolist()
    [0, 0, 0, 0, 0, 43, 66, 91, 111, 125]
    """
    neuron, i = Neuron.of(neuron), np.asarray(currents)
    dt = step_of(neuron, dt, 1.0)
    steps = steps_of(T, dt)
    if i.dtype.kind not in "biuf" or i.ndim != 1 or not i.size or not np.isfinite(i).all():
        raise ValueError(f"fi_curve: currents must be finite numbers (M,), got {currents!r}")
    own = per_neuron(neuron, each) if each else {}
    sizes = {name: len(values) for name, values in own.items() if len(values) > 1}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"fi_curve: fields in `each` must have as many values each, or one, got {said}")
    k = max(sizes.values(), default=1)
    engine = Engine(neuron, dt, k * i.size, {name: _spread(v, k, i.size) for name, v in own.items()}, {}, DOUBLE)
    rows = np.full(len(neuron.states) + 1, -1.0)
    flow = np.ascontiguousarray(i, np.float64) if k == 1 else np.tile(i, k).astype(np.float64)
    counts = np.zeros(k * i.size, np.int64)
    for listed in engine.advance(flow[None], steps, NO_TRACE, rows, 0):
        counts += np.bincount(listed & 0xFFFFFFFF, minlength=counts.size)
    each_K = {name: np.broadcast_to(v, k) for name, v in own.items()}
    return FICurve(neuron, i, counts.reshape(k, -1) if each else counts, steps * dt, dt, each_K)


def _spread(values: Array, k: int, m: int) -> Array:
    return np.repeat(np.broadcast_to(values, k), m)
