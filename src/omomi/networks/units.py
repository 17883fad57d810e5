"""Units that are more than one activation of one number: with a slope of their own, of several pieces, or gated."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from ..formulas.activations import Activation, Gelu, Sigmoid, Swish
from ..formulas.formula import between, flag, of_kind
from ..formulas.initializers import Initializer, TorchLinear
from .layers import Array, Dense, Layer, Mode, Shape, Weights


class PRelu(Layer):
    """y = z for z ≥ 0, else a z, with a learned slope a: one for all units, or one for each.

    Differs: nothing from torch's PReLU(); torch counts `num_parameters` instead of `shared`, Keras has one for each.
    Check:   with a = 0 it is relu, with a = 1 the identity.
    Reference: He, Zhang, Ren, Sun (2015), Delving deep into rectifiers, arXiv:1502.01852, eq. 1 (which advises against
        weight decay of a).
    """

    start: float = between(-math.inf, math.inf, default=0.25, closed="()")
    shared: bool = flag(default=True)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {"a": (1, 1 if self.shared else shape_in[-1])}, shape_in

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        p["a"][...] = self.start

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return np.where(x < 0, _slopes(p, x) * x, x), x

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return np.where(tape < 0, _slopes(p, tape) * dy, dy)

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        lost = dy * np.minimum(tape, 0)
        over = tuple(range(1, dy.ndim if self.shared else dy.ndim - 1))
        g["a"][...] = lost.sum(axis=over).reshape(g["a"].shape)


def _slopes(p: Weights, x: Array) -> Array:
    """(R, 1, N) → (R, 1, …, 1, N), to go with x (R, B, …, N)."""
    return p["a"].reshape(len(p["a"]), *[1] * (x.ndim - 2), -1)


class Maxout(Layer):
    """yᵤ = maxⱼ (x W + b)ᵤⱼ over `pieces` affine pieces of each unit u.   x (R, B, I), W (R, I, O·k), y (R, B, O).

    Piece j of unit u stands in column u k + j. Where pieces tie, the lowest of them learns.

    Check:   one piece is Dense; the pieces z and 0 are relu; any convex function is within reach.
    Reference: Goodfellow, Warde-Farley, Mirza, Courville, Bengio (2013), Maxout networks, arXiv:1302.4389.
    """

    between_units = ("W",)
    n_out: int = between(1, math.inf, closed="[)", whole=True)
    pieces: int = between(1, math.inf, default=2, closed="[)", whole=True)
    weights: Initializer = of_kind(Initializer, default=TorchLinear())
    bias: Initializer | None = of_kind(Initializer, default=TorchLinear(), optional=True)

    @cached_property
    def _affine(self) -> Dense:
        return Dense(self.n_out * self.pieces, self.weights, self.bias)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if len(shape_in) != 1:
            raise ValueError(f"{self} takes vectors, got samples of shape {shape_in}; put Flatten() before it")
        return self._affine.shapes(shape_in)[0], (self.n_out,)

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        self._affine.init(p, rng)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        z, _ = self._affine.forward(p, x, mode)
        pieces = z.reshape(*z.shape[:-1], self.n_out, self.pieces)
        highest = pieces.argmax(axis=-1)[..., None]
        return np.take_along_axis(pieces, highest, axis=-1)[..., 0], (x, highest)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return self._affine.backward_input(p, tape[0], self._to_pieces(tape[1], dy))

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        self._affine.backward_weights(g, tape[0], self._to_pieces(tape[1], dy))

    def _to_pieces(self, highest: Array, dy: Array) -> Array:
        """dL/dz: the error of each unit goes to the piece that spoke."""
        spoke = np.arange(self.pieces, like=highest) == highest
        return np.where(spoke, dy[..., None], 0).reshape(*dy.shape[:-1], -1)

    def multiply_adds(self, shape_in: Shape) -> int:
        return self._affine.multiply_adds(shape_in)


class Glu(Layer):
    """y = a · f(b), where a and b are the halves of the input's last axis: b opens the gate for a.

    It stands behind a dense layer of twice the width: `Network(8, Dense(64), Glu(), Dense(4))` has 32 gated units.

    Differs: nothing from torch's GLU(); papers write the dense layer as part of it.
    Reference: Dauphin, Fan, Auli, Grangier (2017), Language modeling with gated convolutional networks,
        arXiv:1612.08083, eq. 1.
    """

    gate: Activation = of_kind(Activation, default=Sigmoid())

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if shape_in[-1] % 2:
            raise ValueError(f"{self} halves its input, which must have an even width, got {shape_in[-1]}")
        return {}, (*shape_in[:-1], shape_in[-1] // 2)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        half = x.shape[-1] // 2
        passed = x[..., :half]
        opened, tape = self.gate.forward(x[..., half:].copy(), train=mode.train)
        return passed * opened, (passed, opened, tape)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        passed, opened, inner = tape
        return np.concatenate([dy * opened, self.gate.backward(inner, dy * passed)], axis=-1)


class SwiGlu(Glu):
    """y = a · swish(b), with the halves a, b of the input.

    Reference: Shazeer (2020), GLU variants improve transformer, arXiv:2002.05202, eq. 5.
    """

    gate: Activation = of_kind(Activation, default=Swish())


class GeGlu(Glu):
    """y = a · gelu(b), with the halves a, b of the input.

    Reference: Shazeer (2020), GLU variants improve transformer, arXiv:2002.05202, eq. 5.
    """

    gate: Activation = of_kind(Activation, default=Gelu())
