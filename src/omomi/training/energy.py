"""What a spiking network would save: operations of a forward pass, and joules by the usual estimate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..networks.encoders import Poisson
from ..networks.layers import EVALUATE, Layer, Shape, Weights
from ..networks.network import Network
from ..networks.spiking import Recurrent, Spiking
from .run import Run
from .words import called

Array = np.ndarray

ADD, MULTIPLY_ADD = 0.9e-12, 4.6e-12  # J, of 32-bit floating point at 45 nm and 0.9 V
CHUNK = 64  # samples at a time


@dataclass(frozen=True)
class LayerEnergy:
    """Of one layer and one sample, the mean over samples; (R,) where replicas differ."""

    name: str
    additions: Array  # of weights, one for each synapse that a spike meets, (R,)
    multiply_adds: int  # of weights and numbers
    updates: int  # of states of neurons
    weights: int  # between units: the multiply-adds of a network without time

    @property
    def joules(self) -> Array:
        """(R,)."""
        return ADD * self.additions + MULTIPLY_ADD * (self.multiply_adds + self.updates)


@dataclass(frozen=True, repr=False)
class Energy:
    """What `energy` found; as text it is a table of the means over the replicas."""

    layers: tuple[LayerEnergy, ...]

    @property
    def additions(self) -> Array:
        """Synaptic operations of a sample, (R,)."""
        return np.sum([layer.additions for layer in self.layers], axis=0)

    @property
    def joules(self) -> Array:
        """Of a sample, (R,)."""
        return np.sum([layer.joules for layer in self.layers], axis=0)

    @property
    def joules_without_time(self) -> float:
        """Of a network of the same widths with activations: each weight is used once, in a multiply-add."""
        return MULTIPLY_ADD * sum(layer.weights for layer in self.layers)

    def __repr__(self) -> str:
        rows: list[tuple[str, ...]] = [("layer", "additions", "multiply-adds", "updates", "nJ", "nJ without time")]
        counts = [(r.additions.mean(), r.multiply_adds, r.updates) for r in self.layers]
        joules = [(r.joules.mean(), MULTIPLY_ADD * r.weights) for r in self.layers]
        for layer, *cells in zip(self.layers, counts, joules, strict=True):
            rows.append((layer.name, *_cells(*cells)))
        rows.append(("total", *_cells(np.sum(counts, axis=0), np.sum(joules, axis=0))))
        wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join([row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:])]) for row in rows]
        rule = "─" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _cells(counts: Iterable[float], joules: Iterable[float]) -> list[str]:
    return [*(f"{n:,.0f}" if n else "-" for n in counts), *(f"{1e9 * j:.3g}" if j else "-" for j in joules)]


def energy(of: Run | Network, x: Any, theta: Any = None) -> Energy:
    """Count the operations of a forward pass of one sample, and estimate their energy.

    Where spikes come into a layer, each is an addition of a weight for every unit it goes to. Where numbers come in, it
    is a multiply-add for every weight and step; a constant current is multiplied once. Each state of each neuron costs
    a multiply-add per step. Spikes are numbers that are 0, 1 or -1, and what `Poisson` draws: k spikes are k additions.

    The estimate is one of arithmetic alone: an addition 0.9 pJ, a multiply-add 4.6 pJ, 32-bit floating point at 45 nm.
    Memory is left out, and fetching a weight costs more than adding it; so are biases, activations, encoders, readouts
    and what moves spikes. On processors that do not skip zeros nothing is saved.

    Differs: papers leave the neurons' updates out; where the input is constant, some count its product at each step.
    Reference: Horowitz (2014), Computing's energy problem (and what we can do about it),
    doi:10.1109/ISSCC.2014.6757323.

    Parameters
    ----------
    of : Run or Network
        A network needs weights.
    x : array (N, …)
        Samples; counts are means over them.
    theta : array (R, P), optional
        The weights, with a network.

    Returns
    -------
    Energy
        Of each layer: `additions`, `multiply_adds`, `updates`, `joules`; printed, it is a table.
    """
    net, theta = (of.settings.net, of.answering) if isinstance(of, Run) else (of, theta)
    if not isinstance(net, Network) or theta is None:
        raise ValueError(f"energy: a run is needed, or a network and its weights theta, got {of!r}")
    theta = np.atleast_2d(theta)
    if theta.shape[1] != net.size:
        raise ValueError(f"energy: theta must have shape (R, {net.size}) for this network, got {theta.shape}")
    x = np.asarray(x, theta.dtype)
    if x.shape[1:] != net.shapes[0] or not len(x):
        raise ValueError(f"energy: x must have shape (N, {', '.join(map(str, net.shapes[0]))}), got {x.shape}")
    params, added = net.views(theta), np.zeros((len(net.layers), len(theta)))
    numbers = [False] * len(net.layers)
    with np.errstate(all="ignore"):
        for at in range(0, len(x), CHUNK):
            _pass(net, params, x[at : at + CHUNK], added, numbers)
    layers = zip(net.layers, net.shapes[:-1], params, added / len(x), numbers, strict=True)
    return Energy(tuple(_of_layer(at, *row) for at, row in enumerate(layers)))


def _pass(net: Network, params: Sequence[Weights], x: Array, added: Array, numbers: list[bool]) -> None:
    """Add the spikes times where they go of a batch x (B, …) to added (layers, R), and note who meets numbers."""
    x, before = np.broadcast_to(x[None], (added.shape[1], *x.shape)), None
    for at, (layer, p) in enumerate(zip(net.layers, params, strict=True)):
        y, _ = layer.forward(p, x, EVALUATE)
        if layer.between_units:
            recurrent, shape = isinstance(layer, Recurrent), net.shapes[at]
            heard = np.abs(y[:, :, :-1] if recurrent else x)  # nobody hears the last step
            fan_out = y.shape[-1] if recurrent else layer.multiply_adds(shape) // math.prod(shape)
            added[at] += fan_out * heard.reshape(len(heard), -1).sum(axis=1, dtype=np.float64)
            numbers[at] |= not (isinstance(before, Poisson) or ((heard == 0) | (heard == 1)).all())
        x, before = y, layer


def _of_layer(at: int, layer: Layer, shape: Shape, p: Weights, added: Array, numbers: bool) -> LayerEnergy:
    numbers |= not layer.between_units
    updates = math.prod(layer.shapes(shape)[1]) * len(layer.neuron.states) if isinstance(layer, Spiking) else 0
    weights = sum(p[name][0].size for name in layer.between_units if name in p)
    multiplied = layer.multiply_adds(shape) if numbers else 0
    return LayerEnergy(called(at, layer), np.zeros(len(added)) if numbers else added, multiplied, updates, weights)
