"""Do the neurons fire? Rates and idle neurons of a spiking layer, and whose weights are lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..formulas.neurons.neuron import taken
from ..networks.layers import Weights
from ..networks.network import Network
from ..networks.spiking import Spiking
from .words import IDLE, called, count, over

Array = np.ndarray

COLUMNS = ("rate", "first", "silent", "always", "dead")  # beside "lost"
FLAT = 0.01  # of the largest slope
REACH = np.linspace(-10, 10, 4001)  # where the largest slope is looked for
RESET = "detach_reset=True keeps errors finite on their way through the reset"


def neurons(layer: Spiking, p: Weights, tape: Any, lost: Array) -> dict[str, Array]:
    """What the neurons did, (R,) each, from the tape of a forward pass; lost (R, N): whose weights are not finite."""
    u, free = _traces(tape, len(lost))
    rows = [_of_replica(layer, {k: a[r] for k, a in p.items()}, u[:, r], free[r], lost[r]) for r in range(len(lost))]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _of_replica(layer: Spiking, own: Weights, u: Array, free: Array, lost: Array) -> dict[str, float]:
    """u (kept, B, T, N), free (B, T, N) or (1, 1, 1)."""
    neuron, surrogate = layer.neuron, layer.smooth
    states = neuron.states if len(u) == len(neuron.states) else layer._plan.kept
    asked = taken(neuron.excess)
    elements = [values for name, values in zip(states, u, strict=True) if name in asked]
    (x,) = neuron.call("excess", *elements, dt=layer.dt, each={name: own[name] for name in neuron.learned})
    sound = ~lost & np.isfinite(u).all(axis=(0, 1, 2))
    if not sound.any():
        return dict.fromkeys(COLUMNS, np.nan) | {"lost": 1.0}
    x, free = x[..., sound], free if free.size == 1 else free[..., sound]
    spikes = neuron.fires(x) & free
    flat = np.abs(surrogate.slope(x)) < FLAT * np.abs(surrogate.slope(REACH)).max()
    shares = {
        "silent": ~spikes.any(axis=(0, 1)), "always": (spikes | ~free).all(axis=(0, 1)),
        "dead": (flat | ~free).all(axis=(0, 1)),
    }  # fmt: skip
    found = {"rate": spikes.mean(), "first": spikes[:, 0].mean(), **{k: a.mean() for k, a in shares.items()}}
    return {name: float(value) for name, value in found.items()} | {"lost": float(1 - sound.mean())}


def _traces(tape: Any, replicas: int) -> tuple[Array, Array]:
    """States before the reset (kept, R, B, T, N), and where neurons are free to spike, (R, B, T, N) or (R, 1, 1, 1)."""
    parts = getattr(tape, "steps", [tape])
    u = parts[0].u if len(parts) == 1 else np.concatenate([part.u for part in parts], axis=2)
    shape = (replicas, -1, *u.shape[2:])
    if not parts[0].pausing:
        return u.reshape(len(u), *shape), np.ones((replicas, 1, 1, 1), bool)
    free = np.concatenate([part.free for part in parts], axis=1) > 0
    return u.reshape(len(u), *shape), free.reshape(shape)


# Weights


def lost_units(params: Sequence[Weights]) -> dict[int, Array]:
    """Of each layer with parameters: which of its units have one that is not finite, (R, N)."""
    found = {at: [~np.isfinite(a).all(axis=-2).reshape(len(a), -1) for a in p.values()] for at, p in enumerate(params)}
    return {at: reduce(np.logical_or, rows) for at, rows in found.items() if rows}


def lost_neurons(net: Network, at: int, lost: Mapping[int, Array], replicas: int) -> Array:
    """Which neurons of layer `at` have weights, of their own or of the layer before, that are not finite, (R, N)."""
    shape = (replicas, net.shapes[at + 1][-1])
    whose = [lost[i] for i in (at - 1, at) if i in lost and lost[i].shape == shape]
    return reduce(np.logical_or, whose, np.zeros(shape, bool))


def lost_in_words(net: Network, params: Sequence[Weights]) -> str:
    """How many units of one replica have weights that are not finite, layer by layer, and what helps."""
    counts = {at: units[0] for at, units in lost_units(params).items() if units[0].any()}
    where = ", ".join(f"{u.sum()} of {len(u)} units of {called(at, net.layers[at])}" for at, u in counts.items())
    return f"{where}; {helps_lost(net.layers)}" if where else ""


def helps_lost(layers: Sequence[Any]) -> str:
    attached = any(isinstance(layer, Spiking) and not layer.detach_reset for layer in layers)
    return RESET if attached else "a lower learning rate, or clip_norm, helps"


# In words


def in_words(found: Mapping[str, Array], layer: Spiking, n: int) -> Iterator[str]:
    lost = found["lost"].mean()
    if lost > 0:
        whose = f"{count(lost, n)} neurons{over(found['lost'])}"
        yield f"{whose} have weights or membranes that are no longer finite; {helps_lost([layer])}"
    if "rate" not in found:
        return
    silent, dead, always, first = (found[name].mean() for name in ("silent", "dead", "always", "first"))
    mean = over(found["rate"])
    if silent >= IDLE:
        helps = "larger weights, a bias drawn from uniform(0, 1), a lower threshold or more steps help"
        yield f"{count(silent, n)} neurons never spike{mean}, {100 * first:.2g} % spike at the first step; {helps}"
    if dead >= IDLE:
        never = "they will never learn" if silent >= IDLE else "they do not learn"
        yield f"the surrogate is 0, or next to it, at {count(dead, n)} neurons{mean}: {never}; a wider one helps"
    if always >= IDLE:
        helps = "smaller weights, a higher threshold or a refractory time help"
        yield f"{count(always, n)} neurons spike at every step at which they can{mean}; {helps}"
