"""Any of omomi's layers as a module; what goes forward and back is the layer's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ... import networks
from ...formulas.activations import Activation
from ...formulas.neurons import Neuron
from ...networks.network import layer_of
from .arrays import PRECISIONS, array, tensor
from .functions import final, uncompiled

Shape = tuple[int, ...]


class Draws(Sequence[np.random.Generator]):
    """A generator for one replica. It is seeded from torch's where somebody draws; rewound, it draws the same again."""

    def __init__(self) -> None:
        self._seed: int | None = None
        self._rng: np.random.Generator | None = None

    def __len__(self) -> int:
        return 1

    def __getitem__(self, at: Any) -> Any:
        if at:
            raise IndexError(at)
        if self._rng is None:
            self._seed = seed_from_torch() if self._seed is None else self._seed
            self._rng = np.random.default_rng(self._seed)
        return self._rng

    def rewind(self) -> None:
        self._rng = None


def seed_from_torch() -> int:
    """A seed that `torch.manual_seed` decides."""
    return int(torch.randint(2**62, ()))


def precision(dtype: torch.dtype | None) -> Any:
    """NumPy's name for a precision; None is torch's default."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if dtype not in PRECISIONS:
        raise TypeError(f"omomi computes in float32 and float64, got {dtype}")
    return np.float64 if dtype == torch.float64 else np.float32


class Way(Protocol):
    """A way forward, and the way back that its tape allows once."""

    def forth(self, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Any]: ...

    def back(self, tape: Any, dy: Tensor, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        """What x and each of the weights get."""


class Through(torch.autograd.Function):
    """A way forth and back in torch's graph. A second way back, of a graph that is retained, goes forth again first."""

    @staticmethod
    def forward(ctx: Any, way: Way, x: Tensor, *weights: Tensor) -> Tensor:
        y, tape = way.forth(x, weights)
        ctx.way, ctx.tape = way, (tape,)
        ctx.save_for_backward(x, y, *weights)  # torch then refuses to go back where one of them was written over
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, _, *weights = ctx.saved_tensors
        with torch.no_grad():
            (tape,), ctx.tape = ctx.tape or (ctx.way.forth(x, weights)[1],), None
            grads = ctx.way.back(tape, dy, x, weights)
        return None, *(None if g is None else final(g, ctx.way.source) for g in grads)


def apart(values: Any, other: Tensor) -> Tensor:
    """The values as a tensor in memory of its own, not in that of the other: layers may give back what they got."""
    found = tensor(values)
    inside = 0 <= found.data_ptr() - other.data_ptr() < other.nbytes
    return found.clone() if inside else found


class ThroughLayer:
    """The way through one layer. x (…, *n_in), weights without an axis of replicas."""

    def __init__(self, layer: networks.Layer, names: Sequence[str], n_in: Shape, mode: networks.Mode) -> None:
        self.layer, self.names, self.n_in, self.mode = layer, names, n_in, mode
        self.source = layer

    def _params(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        return {name: array(w.contiguous())[None] for name, w in zip(self.names, weights, strict=True)}

    def forth(self, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Any]:
        if isinstance(self.mode.rngs, Draws):
            self.mode.rngs.rewind()
        lead = x.shape[: x.ndim - len(self.n_in)]
        rows = array(x.contiguous()).reshape(1, -1, *self.n_in)
        y, tape = self.layer.forward(self._params(weights), rows, self.mode)
        return apart(y.reshape(*lead, *y.shape[2:]), x), tape

    def back(self, tape: Any, dy: Tensor, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        n_out = dy.shape[x.ndim - len(self.n_in) :]
        d = array(dy.contiguous()).reshape(1, -1, *n_out)
        got = [torch.zeros_like(w, memory_format=torch.contiguous_format) for w in weights]
        if got:
            self.layer.backward_weights(self._params(got), tape, d)
        dx = self.layer.backward_input(self._params(weights), tape, d) if x.requires_grad else None
        return None if dx is None else apart(dx.reshape(x.shape), dy), *got


class Layer(torch.nn.Module):
    """One of omomi's layers as a module: `Layer("maxout(10, 3)", 64)`.   x (…, n_in) → y (…, n_out), of any shapes.

    Its weights are parameters under omomi's names, in omomi's layout: W is (I, O). What a layer draws in train() mode
    (spikes of encoders) comes from torch's generator; in eval() mode it is always the same. The derivative of the whole
    can be taken once; a graph that is retained goes forward again. `torch.compile` breaks its graph here.

    Parameters
    ----------
    layer : omomi's Layer, Activation or Neuron, or its text
    n_in : int or tuple of int
        The shape of one sample: (T, N) for sequences.
    seed : int, optional
        Weights as a Network of this seed begins with; left out, it comes from torch's generator.
    dtype : torch.float32 or torch.float64, optional
        Left out, torch's default.
    """

    def __init__(
        self,
        layer: networks.Layer | Activation | Neuron | str,
        n_in: int | Shape,
        *,
        seed: int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        net = networks.Network(n_in, layer_of(layer) if isinstance(layer, str) else layer)
        theta = net.init([seed_from_torch() if seed is None else seed], precision(dtype))
        self.layer, (self.n_in, self.n_out) = net.layers[0], net.shapes
        self.names = tuple(net.views(theta)[0])
        for name, values in net.views(theta)[0].items():
            self.register_parameter(name, torch.nn.Parameter(tensor(values[0]).clone()))

    @uncompiled
    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.layer, networks.RateBounds) and not self.training:  # it pulls while something is learned
            return x
        weights = [getattr(self, name) for name in self.names]
        check_input(self.layer, x, self.n_in, weights)
        learning = torch.is_grad_enabled() and any(each.requires_grad for each in (x, *weights))
        mode = networks.Mode(self.training or learning, Draws() if self.training else ())
        way = ThroughLayer(self.layer, self.names, self.n_in, mode)
        return Through.apply(way, x, *weights) if learning else way.forth(x, weights)[0]

    def extra_repr(self) -> str:
        return f"{self.layer}, {self.n_in[0] if len(self.n_in) == 1 else self.n_in}"


def check_input(who: Any, x: Tensor, n_in: Shape, weights: Sequence[Tensor]) -> None:
    """Refuse what has another shape or precision than is needed."""
    if tuple(x.shape[x.ndim - len(n_in) :]) != n_in:
        raise ValueError(f"{who} takes samples of shape {n_in}, got a tensor of shape {tuple(x.shape)}")
    for w in weights:
        if w.dtype != x.dtype:
            raise TypeError(f"{who} has weights of {w.dtype}, got a tensor of {x.dtype}")
