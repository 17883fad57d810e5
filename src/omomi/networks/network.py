"""A network: a sequence of layers over one flat parameter vector per replica."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from ..formulas.activations import Activation
from ..formulas.formula import near_miss, snake_case, split, squash
from ..formulas.neurons import Neuron
from ..shown import Shown
from . import summary
from .layers import EVALUATE, Activate, Array, Dense, Layer, Mode, Shape, Weights
from .spiking import Spiking


class Network(Shown):
    """`Network(n_in, Dense(128), Relu(), Dense(4))`: activations and neurons stand between the layers as they are.

    The network has no weights of its own: it says where those of R replicas lie in an array θ (R, P), and
    computes with views of it.

    Parameters
    ----------
    n_in : int or tuple of int
        The number of inputs, or the shape of one sample.
    *layers : Layer, Activation or Neuron

    Attributes
    ----------
    size : int
        P, the number of parameters of one replica.
    shapes : list of tuple
        The shape of a sample before the first layer and after each.
    """

    def __init__(self, n_in: int | Shape, *layers: Layer | Activation | Neuron) -> None:
        shape = tuple(n_in) if isinstance(n_in, tuple | list) else (n_in,)
        if not shape or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in shape):
            raise ValueError(f"Network: n_in must be a positive number or a shape of such, got {n_in!r}")
        if not layers:
            raise ValueError("Network: at least one layer is needed, got none")
        for layer in layers:
            if not isinstance(layer, Layer | Activation | Neuron):
                raise ValueError(f"Network: a layer, an activation or a neuron is needed, got {layer!r}")
        self.layers = tuple(map(_as_layer, layers))
        self.shapes: list[Shape] = [tuple(int(n) for n in shape)]
        self._layout: list[dict[str, tuple[slice, Shape]]] = []
        at = 0
        for layer in self.layers:
            parameters, shape = layer.shapes(self.shapes[-1])
            spans = {}
            for name, s in parameters.items():
                spans[name] = (slice(at, at := at + math.prod(s)), s)
            self._layout.append(spans)
            self.shapes.append(shape)
        self.size = at
        self._stages = _stages(self.layers)

    @classmethod
    def parse(cls, n_in: int | Shape, text: str) -> Self:
        """Build a network from text: `Network.parse(64, "128, relu, dropout(0.2), 10")`. Nothing is evaluated.

        A number n stands for Dense(n); every other part is a layer, an activation or a neuron, with its values.
        """
        return cls(n_in, *map(layer_of, parts(text)))

    @property
    def text(self) -> str:
        """What `parse` rebuilds the layers from."""
        return ", ".join(map(repr, self.layers))

    def __repr__(self) -> str:
        n_in = self.shapes[0][0] if len(self.shapes[0]) == 1 else self.shapes[0]
        return f"Network({n_in}, {self.text})"

    def views(self, theta: Array) -> list[Weights]:
        """One dict of weights per layer, views of θ (R, P): W as (R, I, O), b as (R, 1, O). Bind once, not per step."""
        return [{k: theta[:, cut].reshape(-1, *s) for k, (cut, s) in spans.items()} for spans in self._layout]

    def init(self, seeds: Iterable[int], dtype: Any = np.float64) -> Array:
        """θ (R, P): replica r is drawn from seeds[r] alone, in double."""
        seeds = list(seeds)
        theta = np.empty((len(seeds), self.size))
        for row, seed in zip(theta, seeds, strict=True):
            rng = np.random.default_rng((0, seed))
            for layer, p in zip(self.layers, self.views(row[None]), strict=True):
                layer.init(p, rng)
        return theta.astype(dtype)

    def forward(self, params: Sequence[Weights], x: Array, mode: Mode = EVALUATE) -> tuple[Array, list[Any]]:
        """(y, tapes) of x (R, B, …) or (B, …), with one tape per layer."""
        if x.ndim == len(self.shapes[0]) + 1:
            x = x[None]
        if x.shape[2:] != self.shapes[0]:
            raise ValueError(
                f"{self.layers[0]} takes {_inputs(self.shapes[0])}, got {_bare(x.shape[2:])} (x has shape {x.shape})"
            )
        return self.run(params, x, mode)

    def run(self, params: Sequence[Weights], x: Array, mode: Mode) -> tuple[Array, list[Any]]:
        """`forward` of x (R, B, …), unchecked."""
        tapes: list[Any] = []
        for at, dense, layer in self._stages:
            if dense is None:
                x, tape = layer.forward(params[at], x, mode)
            else:
                tapes.append(x)
                x, tape = dense.forward_through(layer, params[at], params[at + 1], x, mode)
            tapes.append(tape)
        return x, tapes

    @cached_property
    def first_learning(self) -> int:
        """Where the first layer with weights stands: no error goes back beyond it."""
        return next((i for i, spans in enumerate(self._layout) if spans), len(self.layers))

    @cached_property
    def longest(self) -> int:
        """The most steps of a sequence on its way through the layers; 1 where there are none."""
        return max((shape[0] for shape in self.shapes if len(shape) == 2), default=1)

    @cached_property
    def connecting(self) -> tuple[int, ...]:
        """Where the layers with weights between units stand."""
        return tuple(i for i, layer in enumerate(self.layers) if layer.between_units)

    def multiply_adds(self) -> list[int]:
        """Per layer, for one sample."""
        return [layer.multiply_adds(s) for layer, s in zip(self.layers, self.shapes[:-1], strict=True)]

    def parameters(self) -> list[int]:
        """Per layer."""
        return [sum(math.prod(s) for _, s in spans.values()) for spans in self._layout]

    def weights_between_units(self) -> list[tuple[slice, Shape]]:
        """Where the weights between units lie among the P parameters, and their shapes: no biases, no gains."""
        pairs = zip(self.layers, self._layout, strict=True)
        return [spans[name] for layer, spans in pairs for name in layer.between_units if name in spans]

    def matrices(self) -> Array:
        """Which of the P parameters are weights between units (bool, (P,)), as opposed to biases and gains."""
        mask = np.zeros(self.size, bool)
        for cut, _ in self.weights_between_units():
            mask[cut] = True
        return mask

    def summary(self, batch_size: int = 1, style: str = "omomi") -> None:
        """Print layers, output shapes, parameters and the multiply-adds of a forward pass of one batch.

        `style="keras"` prints it as `model.summary()` of Keras does, "torch" as torchinfo.
        """
        summary.show(self, batch_size, style)


def _as_layer(part: Layer | Activation | Neuron) -> Layer:
    if isinstance(part, Activation):
        return Activate(part)
    return Spiking(part) if isinstance(part, Neuron) else part


def _stages(layers: Sequence[Layer]) -> list[tuple[int, Dense | None, Any]]:
    """How the layers run: (place, None, layer), or (place, dense, layer after it) for two in one.

    The bias of a dense layer is added in the same pass as an activation or neurons after it.
    """
    stages: list[tuple[int, Dense | None, Any]] = []
    for at, layer in enumerate(layers):
        before = layers[at - 1] if at else None
        with_bias = isinstance(before, Dense) and before.bias is not None
        if with_bias and isinstance(layer, Activate | Spiking):
            stages[-1] = (at - 1, before, layer)  # type: ignore[assignment]
        else:
            stages.append((at, None, layer))
    return stages


def _inputs(shape: Shape) -> str:
    return f"{shape[0]} inputs" if len(shape) == 1 else f"samples of shape {shape}"


def _bare(shape: Shape) -> str:
    return str(shape[0] if len(shape) == 1 else shape)


def parts(text: str) -> list[str]:
    """A network's text, layer by layer."""
    parts = split(text)
    if not all(parts):
        raise ValueError(f"a network is written as layers with commas between, like '128, relu, 10', got {text!r}")
    return parts


def layer_of(part: str) -> Layer | Activation | Neuron:
    """What one part of a network's text stands for."""
    if re.fullmatch(r"\d+", part):
        return Dense(int(part))
    name = part.split("(")[0].strip()
    kinds: tuple[Any, ...] = (Layer, Activation, Neuron)
    for kind in kinds:
        if squash(name) in kind.catalogue:
            return kind.parse(part)
    known = [n for kind in kinds for e in kind.entries().values() for n in (snake_case(e.__name__), *e.also)]
    names = ", ".join(name for kind in kinds for name in kind.entries())
    raise ValueError(f"no layer, activation or neuron is named {name!r}{near_miss(name, known)} (known: {names})")
