"""Activations, in order of increasing complexity."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from . import kernels
from .formula import Formula, between
from .vocabulary import exp, indicator, tanh, where

Array = np.ndarray


class Activation(Formula, root=True):
    """y = value(z), dy/dz = derivative(z, y), element by element.

    An activation stands in a network as it is: `Network(2, Dense(8), Tanh(), Dense(1))`.
    """

    value: ClassVar[Callable[..., Any]]
    derivative: ClassVar[Callable[..., Any]]
    kinks: ClassVar[tuple[float, ...]] = ()  # points where the derivative jumps
    elementwise: ClassVar[bool] = True

    def __call__(self, z: Any) -> Array:
        """f(z) for an array of any shape (vector-valued ones: along its last axis)."""
        z = _real(z)
        if z.dtype.char not in self._precisions:
            return self.value(z, *self.hyper)
        y, rows = np.empty(z.shape, z.dtype), z.reshape(1, 1, -1)
        self._loops[z.dtype.char, "z", False](rows, rows, y.reshape(1, 1, -1), self._scalars)
        return y

    def slope(self, z: Any) -> Array:
        """f′(z) for an array of any shape."""
        z = _real(z)
        return np.asarray(self.derivative(z, self.value(z, *self.hyper), *self.hyper), z.dtype)

    def forward(self, z: Array, bias: Array | None = None, *, train: bool = True) -> tuple[Array, Any]:
        """y = f(z + bias) and what `backward` needs: f′, in the same pass, **written over z**.

        z (R, B, …, N), contiguous; bias (R, 1, N), with z (R, B, N), or None.
        """
        char = z.dtype.char
        if char in self._precisions:
            y = np.empty_like(z)
            rows, out = (z, y) if z.ndim == 3 else (z.reshape(len(z), 1, -1), y.reshape(len(z), 1, -1))
            form, bias = ("z", rows) if bias is None else ("z + b", bias)
            self._loops[char, form, train](rows, bias, out, self._scalars)
            return y, z if train else None
        z = z if bias is None else z + bias
        y = np.asarray(self.value(z, *self.hyper), z.dtype)
        return y, np.asarray(self.derivative(z, y, *self.hyper), z.dtype) if train else None

    def of_affine(self, x: Array, weights: Array, bias: Array, *, train: bool = True) -> tuple[Array, Any]:
        """`forward` of x W + b in one call. x (R, B, I) or (1, B, I), W (R, I, N), b (R, 1, N); where f `compiles`."""
        z = np.empty((len(weights), x.shape[1], weights.shape[2]), x.dtype)
        y = np.empty_like(z)
        self._loops[x.dtype.char, "x W + b", train](x, weights, bias, z, y, self._scalars)
        return y, z if train else None

    def compiles(self, x: Array) -> bool:
        """Whether arrays like x go through compiled loops."""
        return x.dtype.char in self._precisions

    def backward(self, tape: Any, dy: Array) -> Array:
        """dL/dz from dL/dy."""
        return dy * tape

    @cached_property
    def _loops(self) -> kernels.Loops:
        """y ← f and, if asked for, z ← f′, by (precision, form, slope); see `kernels.activating`."""
        return kernels.Loops(
            lambda key: kernels.activating(self.value, self.derivative if key[2] else None, key[1], key[0])
        )

    @cached_property
    def _precisions(self) -> str:
        return kernels.precisions(self.value, self.derivative)

    @cached_property
    def _scalars(self) -> Array:
        return np.array(self.hyper, dtype=np.float64)


class Identity(Activation):
    """y = z.

    >>> float(Identity()(2.0))
    2.0
    """

    also = ("linear",)

    @staticmethod
    def value(z):
        return z

    @staticmethod
    def derivative(z, y):
        return indicator(z == z, z)


class Relu(Activation):
    """y = z for z > 0, else 0.  Range [0, ∞).

    Numerics: the derivative at 0 is 0; NaN passes through.
    Reference: Nair, Hinton (2010), Rectified linear units improve restricted Boltzmann machines, ICML.

    >>> Relu()([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    """

    kinks = (0.0,)

    @staticmethod
    def value(z):
        return np.maximum(z, 0)

    @staticmethod
    def derivative(z, y):
        return indicator(z > 0, z)


class LeakyRelu(Activation):
    """y = z for z ≥ 0, else α z.

    Numerics: the derivative at 0 is 1.
    Differs:  torch has the derivative α at 0.
    Reference: Maas, Hannun, Ng (2013), Rectifier nonlinearities improve neural network acoustic models, ICML.

    >>> LeakyRelu(0.1)([-1.0, 2.0])
    array([-0.1,  2. ])
    """

    kinks = (0.0,)
    alpha: float = between(-np.inf, np.inf, default=0.01, closed="()")

    @staticmethod
    def value(z, alpha):
        return where(z < 0, alpha * z, z)

    @staticmethod
    def derivative(z, y, alpha):
        return where(z < 0, alpha * indicator(z < 0, z), indicator(z >= 0, z))


class Sigmoid(Activation):
    """y = 1 / (1 + e⁻ᶻ).  Range (0, 1), y(-z) = 1 - y(z).

    Numerics: written with e^-|z|, which never overflows; the derivative is σ(z) σ(-z), exact where y (1 - y) is 0.
    Check:    y′ = y (1 - y), largest at 0, where it is 1/4.

    >>> float(Sigmoid()(0.0)), float(Sigmoid().slope(0.0))
    (0.5, 0.25)
    """

    also = ("logistic",)

    @staticmethod
    def value(z):
        e = exp(-np.abs(z))
        return where(z < 0, e, 1.0) / (1 + e)

    @staticmethod
    def derivative(z, y):
        e = exp(-np.abs(z))
        return e / (1 + e) ** 2


class Tanh(Activation):
    """y = tanh z.  Range (-1, 1), odd.

    Numerics: the derivative is 4 e / (1 + e)² with e = e^-2|z|, exact where 1 - y² is 0.
    Check:    y′ = 1 - y².

    >>> float(Tanh().slope(0.0))
    1.0
    """

    @staticmethod
    def value(z):
        return tanh(z)

    @staticmethod
    def derivative(z, y):
        e = exp(-2 * np.abs(z))
        return 4 * e / (1 + e) ** 2


class VectorActivation(Activation, abstract=True):
    """y = value(z) along the last axis; `backward_vector(y, dy)` is the product with the whole Jacobian."""

    elementwise = False

    backward_vector: ClassVar[Callable[..., Any]]

    def __call__(self, z: Any) -> Array:
        return self.value(_real(z), *self.hyper)

    def slope(self, z: Any) -> Array:
        """The diagonal of the Jacobian, ∂yᵢ/∂zᵢ; learning needs the whole of it, see `backward`."""
        z = _real(z)
        return self.derivative(z, self.value(z, *self.hyper), *self.hyper)

    def forward(self, z: Array, bias: Array | None = None, *, train: bool = True) -> tuple[Array, Any]:
        y = self.value(z if bias is None else z + bias, *self.hyper)
        return y, y if train else None

    def backward(self, tape: Any, dy: Array) -> Array:
        return self.backward_vector(tape, dy, *self.hyper)


class Softmax(VectorActivation):
    """yᵢ = eᶻⁱ / Σⱼ eᶻʲ along the last axis: positive, sum 1.

    Numerics: the largest z is subtracted first, so that no exponential overflows.
    Check:    adding a constant to z changes nothing.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    @staticmethod
    def value(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    @staticmethod
    def derivative(z, y):
        return y * (1 - y)

    @staticmethod
    def backward_vector(y, dy):
        return y * (dy - (y * dy).sum(axis=-1, keepdims=True))


class LogSoftmax(VectorActivation):
    """yᵢ = zᵢ - log Σⱼ eᶻʲ along the last axis: the logarithm of softmax, taken directly.

    >>> LogSoftmax()([0.0, 0.0])
    array([-0.69314718, -0.69314718])
    """

    @staticmethod
    def value(z):
        z = z - z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))

    @staticmethod
    def derivative(z, y):
        return -np.expm1(y)

    @staticmethod
    def backward_vector(y, dy):
        return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


def _real(z: Any) -> Array:
    """z as a contiguous, writable array of floating point."""
    z = np.asarray(z)
    return np.require(z, z.dtype if z.dtype.kind == "f" else np.float64, ["C", "W"]).reshape(z.shape)
