"""What an activation is: value and derivative, one element at a time or along a whole vector."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .. import kernels
from ..arrays import array
from ..formula import Formula

Array = np.ndarray


class Activation(Formula, root=True):
    """y = value(z), dy/dz = derivative(z, y), element by element.

    An activation stands in a network as it is: `Network(2, Dense(8), Tanh(), Dense(1))`.
    NaN gives NaN; at ±∞ stands the limit, or NaN where the formula meets ∞ - ∞, ∞ / ∞ or 0 · ∞.
    """

    value: ClassVar[Callable[..., Any]]
    derivative: ClassVar[Callable[..., Any]]
    second_derivative: ClassVar[Callable[..., Any] | None] = None  # (z, y, *hyper), of the smooth ones
    elementwise: ClassVar[bool] = True
    torch: ClassVar[str] = ""  # the same in torch's words, of z and the hyper-parameters; F is torch.nn.functional
    torch_differs_at: ClassVar[tuple[float, ...]] = ()  # kinks at which torch has another derivative

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points where the derivative jumps, or the value."""
        return ()

    def __call__(self, z: Any) -> Array:
        """f(z) for an array of any shape (vector-valued ones: along its last axis)."""
        z = _real(z)
        if not kernels.takes(z, self._precisions):
            return self.value(z, *self.hyper)
        y, rows = np.empty(z.shape, z.dtype), z.reshape(1, 1, -1)
        none = kernels.NOTHING[z.dtype.char]
        self._loops[z.dtype.char, False](none, none, none, rows, y.reshape(1, 1, -1), self._scalars)
        return y

    def slope(self, z: Any) -> Array:
        """f′(z) for an array of any shape."""
        z = _real(z)
        return array(self.derivative(z, self.value(z, *self.hyper), *self.hyper), z.dtype)

    def curvature(self, z: Any) -> Array:
        """f″(z) for an array of any shape, where the formula has a `second_derivative`."""
        if self.second_derivative is None:
            raise ValueError(f"{type(self).__name__} has no second derivative")
        z = _real(z)
        return array(self.second_derivative(z, self.value(z, *self.hyper), *self.hyper), z.dtype)

    def forward(self, z: Array, bias: Array | None = None, *, train: bool = True) -> tuple[Array, Any]:
        """y = f(z + bias) and what `backward` needs: f′, in the same pass, **written over z**.

        z (R, B, …, N), contiguous; bias (R, 1, N), with z (R, B, N), or None.
        """
        if kernels.takes(z, self._precisions):
            char, y = z.dtype.char, np.empty_like(z)
            rows, out = (z, y) if z.ndim == 3 else (z.reshape(len(z), 1, -1), y.reshape(len(z), 1, -1))
            none = kernels.NOTHING[char]
            self._loops[char, train](none, none, none if bias is None else bias, rows, out, self._scalars)
            return y, z if train else None
        z = z if bias is None else z + bias
        y = array(self.value(z, *self.hyper), z.dtype)
        return y, array(self.derivative(z, y, *self.hyper), z.dtype) if train else None

    def of_affine(self, x: Array, weights: Array, bias: Array, *, train: bool = True) -> tuple[Array, Any]:
        """`forward` of x W + b in one call. x (R, B, I) or (1, B, I), W (R, I, N), b (R, 1, N); where f `compiles`."""
        z = np.empty((len(weights), x.shape[1], weights.shape[2]), x.dtype)
        y = np.empty_like(z)
        self._loops[x.dtype.char, train](x, weights, bias, z, y, self._scalars)
        return y, z if train else None

    def compiles(self, x: Array) -> bool:
        """Whether arrays like x go through compiled loops."""
        return kernels.takes(x, self._precisions)

    def backward(self, tape: Any, dy: Array) -> Array:
        """dL/dz from dL/dy, **written over the tape**: a forward pass allows one way back."""
        return np.multiply(dy, tape, out=tape)

    @cached_property
    def _loops(self) -> kernels.Loops:
        """y ← f and, if asked for, z ← f′, by (precision, slope); see `kernels.activating`."""
        return kernels.Loops(lambda key: kernels.activating(self.value, self.derivative if key[1] else None, key[0]))

    @cached_property
    def _precisions(self) -> str:
        return kernels.precisions(lambda: self._loops["d", True], self.value, self.derivative)

    @cached_property
    def _scalars(self) -> Array:
        return np.array(self.hyper, dtype=np.float64)


class VectorActivation(Activation, abstract=True):
    """y = value(z) along the last axis; `backward_vector(y, dy)` is the product with the whole Jacobian.

    One that has compiled loops names them beside its formulas; any other, and one that inherits, runs as NumPy.
    """

    elementwise = False

    backward_vector: ClassVar[Callable[..., Any]]
    loops: ClassVar[tuple[Callable[..., kernels.Kernel], ...]] = ()  # (form, char) forward, (char) backward; see `rows`

    def __call__(self, z: Any) -> Array:
        z = _real(z)
        return self.forward(z[None].copy(), train=False)[0][0] if z.ndim else self.value(z, *self.hyper)

    def slope(self, z: Any) -> Array:
        """The diagonal of the Jacobian, ∂yᵢ/∂zᵢ; learning needs the whole of it, see `backward`."""
        z = _real(z)
        return self.derivative(z, self.value(z, *self.hyper), *self.hyper)

    def forward(self, z: Array, bias: Array | None = None, *, train: bool = True) -> tuple[Array, Any]:
        """y = f(z + bias), where it can be **written over z**, and what `backward` needs: y itself.

        Shapes as in `Activation.forward`.
        """
        if kernels.takes(z, self._precisions) and z.flags.c_contiguous and z.size:
            rows = z.reshape(len(z), -1, z.shape[-1])
            form, b = ("z", rows) if bias is None else ("z + b", bias)
            self._loops[z.dtype.char, form](rows, b, rows, self._scalars)
            return z, z if train else None
        y = self.value(z if bias is None else z + bias, *self.hyper)
        return y, y if train else None

    def compiles(self, x: Array) -> bool:
        return False  # not in one call with a product before it

    def backward(self, tape: Any, dy: Array) -> Array:
        """dL/dz from dL/dy."""
        like = tape.shape == dy.shape and tape.dtype == dy.dtype and dy.flags.c_contiguous and dy.size
        if not (like and kernels.takes(tape, self._precisions) and tape.flags.c_contiguous):
            return self.backward_vector(tape, dy, *self.hyper)
        dz, rows = np.empty_like(dy), (1, -1, dy.shape[-1])
        self._loops[dy.dtype.char, "back"](tape.reshape(rows), dy.reshape(rows), dz.reshape(rows), self._scalars)
        return dz

    @cached_property
    def _loops(self) -> kernels.Loops:
        """y ← f of "z" or "z + b", and dz ← of y, dy, by (precision, form or "back")."""
        forward, backward = self.loops
        return kernels.Loops(lambda key: backward(key[0]) if key[1] == "back" else forward(key[1], key[0]))

    @cached_property
    def _precisions(self) -> str:
        return kernels.PRECISIONS if {"value", "loops"} <= vars(type(self)).keys() else ""


def _real(z: Any) -> Array:
    """z as a contiguous, writable array of floating point."""
    z = array(z)
    if not isinstance(z, np.ndarray):
        return array(z, z.dtype if z.dtype.kind == "f" else np.float64)
    return np.require(z, z.dtype if z.dtype.kind == "f" else np.float64, ["C", "W"]).reshape(z.shape)
