"""Layers: values without state. Weights come in as views, what the backward pass needs goes out as a tape.

Shapes: R replicas, B samples; a parameter of shape (I, O) comes as the view (R, I, O).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..formulas import kernels
from ..formulas.activations import Activation
from ..formulas.formula import Formula, between, of_kind
from ..formulas.initializers import Initializer, TorchLinear
from . import memory

Array = np.ndarray
Shape = tuple[int, ...]
Weights = dict[str, Array]


@dataclass(frozen=True)
class Mode:
    """How a forward pass is meant: to learn from or not, and each replica's source of randomness."""

    train: bool = False
    rngs: Sequence[np.random.Generator] = ()


EVALUATE = Mode()


class Layer(Formula, root=True):
    """A map with both directions: `forward`, and `backward` in two halves."""

    between_units: ClassVar[tuple[str, ...]] = ()  # parameters that weight decay pulls: no biases, no gains
    exact: ClassVar[bool] = True  # whether what goes back is the derivative of what went forward

    @abstractmethod
    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        """The parameters' shapes and the output's, for one sample of one replica."""

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        """Draw the weights of one replica into the views p (1, …)."""

    @abstractmethod
    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        """(y, tape) of x (R, B, …); the tape is None where nothing is to be learned."""

    @abstractmethod
    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        """dL/dx from dL/dy. It may write over the tape: a forward pass allows one way back, the weights' half first."""

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        """dL/dw from dL/dy, written into the views g."""

    def multiply_adds(self, shape_in: Shape) -> int:
        """Multiplications that are followed by an addition, in a forward pass of one sample."""
        return 0


class Dense(Layer):
    """y = x W + b.   x (R, B, I), W (R, I, O), b (R, 1, O), y (R, B, O); sequences (R, B, T, I) step by step.

    Weights and bias start as torch's Linear does, U(±1/√I), unless told otherwise; `bias=None` leaves it out.
    """

    also = ("linear", "affine")
    between_units = ("W",)
    n_out: int = between(1, math.inf, closed="[)", whole=True)
    weights: Initializer = of_kind(Initializer, default=TorchLinear())
    bias: Initializer | None = of_kind(Initializer, default=TorchLinear(), optional=True)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if len(shape_in) > 2:
            raise ValueError(
                f"{self} takes vectors or sequences, got samples of shape {shape_in}; put Flatten() before it"
            )
        shapes: dict[str, Shape] = {"W": (shape_in[-1], self.n_out)}
        return shapes if self.bias is None else shapes | {"b": (1, self.n_out)}, (*shape_in[:-1], self.n_out)

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        fan_in, fan_out = p["W"].shape[-2:]
        p["W"][...] = self.weights.draw(rng, p["W"].shape, fan_in, fan_out)
        if self.bias is not None:
            p["b"][...] = self.bias.draw(rng, p["b"].shape, fan_in, fan_out)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        weights = p["W"]
        if self._in_one_call(x, weights):
            y = np.empty((len(weights), x.shape[1], self.n_out), x.dtype)
            kernels.AFFINE[x.dtype.char](x, weights, p["b"], y, kernels.NO_SCALARS)
            return y, x
        y = self._product(weights, x)
        if self.bias is not None:
            kernels.add_row(_rows(y), p["b"])
        return y, x

    def forward_through(self, after: Any, p: Weights, q: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        """What the layer after it makes of x W + b, and that layer's tape: the bias is added in the same pass.

        p and q are the weights of this layer and of that one, an `Activate` or a `Spiking`.
        """
        if not isinstance(after, Activate):
            return after.of_product(q, self._product(p["W"], x), p["b"], mode)
        f = after.activation
        if self._in_one_call(x, p["W"]) and f.compiles(x):
            return f.of_affine(x, p["W"], p["b"], train=mode.train)
        z = self._product(p["W"], x)
        if z.ndim == 3:
            return f.forward(z, p["b"], train=mode.train)
        kernels.add_row(_rows(z), p["b"])
        return f.forward(z, train=mode.train)

    def _product(self, weights: Array, x: Array) -> Array:
        if x.shape[-1] != weights.shape[-2]:
            raise ValueError(f"{self} takes {weights.shape[-2]} inputs, got {x.shape[-1]} (x has shape {x.shape})")
        return _times(x, weights)

    def _in_one_call(self, x: Array, weights: Array) -> bool:
        """Whether product and bias go through one compiled call: while the product is small, calls are what costs."""
        shape, (r, n_in, n_out), size = x.shape, weights.shape, weights.itemsize
        return (
            len(shape) == 3
            and (shape[0] == r or shape[0] == 1)
            and shape[2] == n_in
            and weights.strides[1:] == (n_out * size, size)
            and shape[1] * n_in * n_out <= kernels.SMALL
            and self.bias is not None
            and x.dtype is weights.dtype
            and kernels.takes(x, kernels.PRECISIONS)
            and x.flags.c_contiguous
        )

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return _times(dy, p["W"].swapaxes(-1, -2))

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        tape, dy = _rows(tape), _rows(dy)
        if self._in_one_call(tape, g["W"]) and dy.flags.c_contiguous:
            kernels.AFFINE_GRADIENTS[dy.dtype.char](tape, dy, g["W"], g["b"], kernels.NO_SCALARS)
            return
        np.matmul(tape.swapaxes(-1, -2), dy, out=g["W"])
        if self.bias is not None:
            kernels.sum_columns(dy, g["b"])

    def multiply_adds(self, shape_in: Shape) -> int:
        return math.prod(shape_in) * self.n_out


def _times(x: Array, weights: Array) -> Array:
    """x W, of all steps at once. x (R, B, …, I), W (R, I, O)."""
    if x.ndim == 3:
        return np.matmul(x, weights)
    y = memory.empty((max(len(x), len(weights)), *x.shape[1:-1], weights.shape[-1]), x.dtype, x)
    np.matmul(_rows(x), weights, out=_rows(y))
    return y


def _rows(x: Array) -> Array:
    """(R, B, T, N) → (R, B · T, N): the steps of sequences are samples like others."""
    return x if x.ndim == 3 else x.reshape(len(x), -1, x.shape[-1])


class Activate(Layer):
    """y = f(z) for an activation f; a Network makes one of each activation that stands between its layers."""

    activation: Activation = of_kind(Activation)

    def __repr__(self) -> str:
        return repr(self.activation)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, shape_in

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        # The activation writes over its argument, which may be another layer's tape.
        return self.activation.forward(x.copy(), train=mode.train)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return self.activation.backward(tape, dy)


class Flatten(Layer):
    """(R, B, h, w, …) → (R, B, h·w·…)."""

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, (math.prod(shape_in),)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return x.reshape(*x.shape[:2], -1), x.shape[2:]

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return dy.reshape(*dy.shape[:2], *tape)


class Dropout(Layer):
    """Each unit is silent with probability `rate` while learning; the others are scaled by 1 / (1 - rate).

    Reference: Srivastava et al. (2014), Dropout, JMLR 15:1929; scaled at training ("inverted"), as everybody does now.
    """

    rate: float = between(0, 1, default=0.5, closed="[)")

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, shape_in

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        if not mode.train or self.rate == 0:
            return x, None
        if not mode.rngs or len(x) not in (1, len(mode.rngs)):
            raise ValueError(f"{self} needs a generator for each of the {len(x)} replicas, got {len(mode.rngs)}")
        mask = np.empty((len(mode.rngs), *x.shape[1:]), x.dtype)
        for row, rng in zip(mask, mode.rngs, strict=True):
            np.greater_equal(rng.random(row.shape, np.float32), self.rate, out=row, casting="unsafe")
        mask *= 1 / (1 - self.rate)
        mask = np.asarray(mask, like=x)
        return x * mask, mask

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return dy if tape is None else dy * tape


class LayerNorm(Layer):
    """y = gain · (x - mean) / √(variance + ε) + shift, over the last axis of each sample.

    Reference: Ba, Kiros, Hinton (2016), arXiv:1607.06450, eq. 4; ε as in torch's LayerNorm.
    """

    eps: float = between(0, math.inf, default=1e-5, closed="()")

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        n = shape_in[-1]
        return {"gain": (1, n), "shift": (1, n)}, shape_in

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        p["gain"][...], p["shift"][...] = 1, 0

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = 1 / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + self.eps)
        normal = centred * scale
        return _across(p["gain"], x) * normal + _across(p["shift"], x), (normal, scale)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        normal, scale = tape
        d = dy * _across(p["gain"], dy)
        return scale * (d - d.mean(axis=-1, keepdims=True) - normal * (d * normal).mean(axis=-1, keepdims=True))

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        samples = tuple(range(1, dy.ndim - 1))
        g["gain"][...] = (dy * tape[0]).sum(axis=samples)[:, None]
        g["shift"][...] = dy.sum(axis=samples)[:, None]

    def multiply_adds(self, shape_in: Shape) -> int:
        return math.prod(shape_in)


class RmsNorm(Layer):
    """y = x / √(mean of x² + ε), over the last axis of each sample: its direction is kept, its length is not.

    Differs: torch's RMSNorm has a gain as well.
    Check:   the mean of y² is 1 - ε / (mean of x² + ε).
    Reference: Zhang, Sennrich (2019), Root mean square layer normalization, arXiv:1910.07467, eq. 4, without its gain.
    """

    eps: float = between(0, math.inf, default=1e-5, closed="()")

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, shape_in

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        scale = 1 / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + self.eps)
        y = x * scale
        return y, (y, scale)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        y, scale = tape
        return scale * (dy - y * (dy * y).mean(axis=-1, keepdims=True))

    def slope(self, tape: Any) -> Array:
        """∂yᵢ/∂xᵢ, the diagonal of the Jacobian."""
        y, scale = tape
        return scale * (1 - y * y / y.shape[-1])


def _across(weights: Array, x: Array) -> Array:
    """(R, 1, N) → (R, 1, …, 1, N), to go with x (R, B, …, N)."""
    return weights.reshape(len(weights), *[1] * (x.ndim - 2), -1)
