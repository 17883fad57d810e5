"""Layers of excitatory and inhibitory units: magnitudes learn, signs stay.

A layer of m units has its excitatory half first, then its inhibitory half. Units of the same type excite each other,
units of different type inhibit, so that the weight from i to j is sᵢ sⱼ A with a magnitude A ≥ 0 and stored signs.

Shapes: K networks side by side, one for each output or one for all; samples are (K, m), arrays (R, B, K, m).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..formulas.arrays import contiguous
from ..formulas.formula import between, flag, of_kind, one_of
from ..formulas.initializers import Initializer, PositiveUniform
from .diffusing import forward, grow
from .layers import Array, Layer, Mode, Shape, Weights


class Blocks(NamedTuple):
    """The four kinds of connections as views of the magnitudes, named from → to: `np` comes from inhibitory units.

    Each (R, K, m_in / 2, m_out / 2); of a readout, `pn` and `nn` have no columns.
    """

    pp: Array
    np: Array
    pn: Array
    nn: Array


class SignedDense(Layer):
    """z = (2 / u₀) (x W + β (b₀ - b₁) s), W = S ∘ A, Sᵢⱼ = sᵢ sⱼ.   x (R, B, K, m), A (R, K, m, n), z (R, B, K, n).

    A and b are magnitudes ≥ 0; it is for the learning rule to keep them so. Behind a vector of I inputs the layer
    begins `nets` networks, each of which gets every input twice, as an excitatory and as an inhibitory unit: A has 2 I
    rows. Behind another SignedDense it goes on with the K networks that are there. A readout has excitatory units
    alone, and its outputs (R, B, K n) stand side by side.

    Numerics: the doubled input is folded, x W = x (A₊ - A₋) ∘ s, which halves the first product.
    Differs:  Kaneko's program has bias units of value ± β in every layer (`bias="pair"`), the source article only at
              the input; with `bias="free"` each unit has one of any sign. He writes the gain 2 / u₀ into the sigmoid.
    Check:    it is what Dense makes of the doubled input with the weights (2 / u₀) S ∘ A.
    Reference: Kaneko (1999), Sample programs of error diffusion learning (in Japanese),
        https://web.archive.org/web/20000306212433/http://village.infoweb.ne.jp/~fwhz9346/ed.htm
    """

    between_units: ClassVar[tuple[str, ...]] = ("W",)
    n_out: int = between(1, math.inf, closed="[)", whole=True)
    nets: int = between(1, math.inf, default=1, closed="[)", whole=True)
    readout: bool = flag(default=False)
    u0: float = between(0, math.inf, default=0.4, closed="()")
    beta: float = between(0, math.inf, default=0.8, closed="()")
    bias: str = one_of("pair", "free", "none", default="pair")
    weights: Initializer = of_kind(Initializer, default=PositiveUniform())
    like: float = between(0, 2, default=1.0)  # how much stronger units of one type are connected at the start

    @property
    def gain(self) -> float:
        return 2 / self.u0

    @property
    def signs(self) -> Array:
        """Of the units, (n_out,): +1 and -1."""
        return _signs(self.n_out, self.readout)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if not self.readout and self.n_out % 2:
            raise ValueError(
                f"SignedDense: n_out must be even, half excitatory and half inhibitory, got {self.n_out}; "
                "a readout may have any number"
            )
        if len(shape_in) == 1:
            nets, n_in = self.nets, 2 * shape_in[0]
        elif len(shape_in) == 2 and self.nets in (1, shape_in[0]):
            nets, n_in = shape_in
        elif len(shape_in) == 2:
            raise ValueError(f"{self} stands behind {shape_in[0]} networks, got nets={self.nets}; leave nets out")
        else:
            raise ValueError(f"{self} takes vectors, got samples of shape {shape_in}; put Flatten() before it")
        shapes: dict[str, Shape] = {"W": (nets, n_in, self.n_out)}
        if self.bias != "none":
            shapes["b"] = (nets, 2 if self.bias == "pair" else 1, self.n_out)
        return shapes, (nets * self.n_out,) if self.readout else (nets, self.n_out)

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        fan_in, fan_out = p["W"].shape[-2:]
        p["W"][...] = self.weights.draw(rng, p["W"].shape, fan_in, fan_out)
        if self.like != 1:
            p["W"] *= 1 + (self.like - 1) * np.outer(_signs(fan_in), self.signs)
        if self.bias == "pair":
            p["b"][...] = self.weights.draw(rng, p["b"].shape, fan_in, fan_out)
        elif self.bias == "free":
            p["b"][...] = 0

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        magnitudes = p["W"]
        r, nets, n_in, n = magnitudes.shape
        if x.ndim == 3 and 2 * x.shape[-1] != n_in:
            raise ValueError(f"{self} takes {n_in // 2} inputs, got {x.shape[-1]} (x has shape {x.shape})")
        z = np.empty((r, x.shape[1], nets, n), x.dtype, like=x)
        scale = np.asarray((self.gain * self.signs).astype(x.dtype), like=x)
        signs = np.asarray(_signs(x.shape[-1], dtype=x.dtype), like=x)
        forward(x[:, :, None] if x.ndim == 3 else x, magnitudes, signs, scale, self.offset(p), z)
        return z.reshape(r, -1, nets * n) if self.readout else z, x

    def offset(self, p: Weights) -> Array:
        """What the bias adds to z, (R, K, n)."""
        if self.bias == "none":
            return np.zeros((*p["W"].shape[:2], self.n_out), p["W"].dtype, like=p["W"])
        b = p["b"]
        if self.bias == "free":
            return b[:, :, 0] * self.gain
        return (b[:, :, 0] - b[:, :, 1]) * np.asarray((self.gain * self.beta * self.signs).astype(b.dtype), like=b)

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        magnitudes = p["W"]
        n_in, drive = magnitudes.shape[2], self._drive(dy)
        if tape.ndim == 3:
            half = n_in // 2
            folded = magnitudes[:, :, :half] - magnitudes[:, :, half:]
            return np.matmul(_nets_first(drive), folded.swapaxes(-1, -2)).sum(axis=1)
        dx = np.matmul(_nets_first(drive), magnitudes.swapaxes(-1, -2))
        return contiguous(_nets_first(dx)) * np.asarray(_signs(n_in, dtype=dx.dtype), like=dx)

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        drive = self._drive(dy)
        self.correlate(g, tape, drive, -drive)

    def _drive(self, dy: Array) -> Array:
        """(2 / u₀) s ∘ dy as (R, B, K, n)."""
        return self.by_net(dy) * np.asarray((self.gain * self.signs).astype(dy.dtype), like=dy)

    def by_net(self, y: Array) -> Array:
        """What stands at the output, as (R, B, K, n): a readout's networks lie side by side."""
        return y.reshape(*y.shape[:2], -1, self.n_out)

    def correlate(self, g: Weights, x: Array, up: Array, down: Array) -> None:
        """gW ← x₊ᵀ up in the rows of excitatory inputs, x₋ᵀ down in those of inhibitory ones; the bias likewise.

        x (R, B, I) or (R, B, K, m) as the layer saw it; up, down (R, B, K, n). All that a rule of two errors needs; the
        gradient of a loss has up = -down.
        """
        half = g["W"].shape[2] // 2
        x = _nets_first(x) if x.ndim == 4 else x[:, None]
        excited, inhibited = (x[..., :half], x[..., half:]) if x.shape[-1] > half else (x, x)
        np.matmul(excited.swapaxes(-1, -2), _nets_first(up), out=g["W"][:, :, :half])
        np.matmul(inhibited.swapaxes(-1, -2), _nets_first(down), out=g["W"][:, :, half:])
        if self.bias == "pair":
            np.sum(up, axis=1, out=g["b"][:, :, 0])
            np.sum(down, axis=1, out=g["b"][:, :, 1])
            g["b"] *= self.beta
        elif self.bias == "free":
            np.sum(up, axis=1, out=g["b"][:, :, 0])
            g["b"] *= np.asarray(self.signs.astype(up.dtype), like=up)

    def grow(self, g: Weights, x: Array, d: Array, u: Array, rate: float | None = None) -> None:
        """`correlate` where each sample is the business of one type: up = u where d > 0, down = -u where d < 0.

        With a rate, g are the weights, and this times the rate is taken from them. d (R, B, K), u (R, B, K, n).
        """
        x = x[:, :, None] if x.ndim == 3 else x
        lines = g["b"] if self.bias == "pair" else g["W"][:, :, :0]
        grow(x, np.broadcast_to(d, u.shape[:3]), u, g["W"], lines, self.beta, rate)
        if self.bias == "free":
            moved = u.sum(axis=1) * np.asarray(self.signs.astype(u.dtype), like=u)
            g["b"][:, :, 0] = moved if rate is None else g["b"][:, :, 0] - rate * moved

    def blocks(self, p: Weights) -> Blocks:
        """The magnitudes by the types of the units that they connect."""
        a = p["W"]
        half, excitatory = a.shape[2] // 2, int((self.signs > 0).sum())
        plus, minus = a[:, :, :half], a[:, :, half:]
        return Blocks(plus[..., :excitatory], minus[..., :excitatory], plus[..., excitatory:], minus[..., excitatory:])

    def signed_weights(self, p: Weights) -> Array:
        """S ∘ A, (R, K, m, n)."""
        return p["W"] * np.outer(_signs(p["W"].shape[2]), self.signs).astype(p["W"].dtype)

    def multiply_adds(self, shape_in: Shape) -> int:
        nets, n_in, n_out = self.shapes(shape_in)[0]["W"]
        return nets * n_in * n_out // (2 if len(shape_in) == 1 else 1)


class Excitatory(Layer):
    """The excitatory units of each network alone: (R, B, K, m) → (R, B, K m / 2)."""

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if len(shape_in) != 2 or shape_in[1] % 2:
            raise ValueError(f"{self} takes units of both types, behind a SignedDense, got samples of shape {shape_in}")
        return {}, (shape_in[0] * shape_in[1] // 2,)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return contiguous(x[..., : x.shape[-1] // 2]).reshape(*x.shape[:2], -1), x.shape

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        dx = np.zeros((*dy.shape[:2], *tape[2:]), dy.dtype, like=dy)
        dx[..., : tape[-1] // 2] = dy.reshape(*dy.shape[:2], tape[2], -1)
        return dx


class OnOff(Layer):
    """y = [max(x, 0), max(-x, 0)]: numbers of any sign as two that are ≥ 0, for units that take no others.

    Check: the first half less the second is x.
    """

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, (*shape_in[:-1], 2 * shape_in[-1])

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1), x

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        half = tape.shape[-1]
        return np.where(tape > 0, dy[..., :half], 0) - np.where(tape < 0, dy[..., half:], 0)


@cache
def _signs(n: int, excitatory: bool = False, dtype: Any = np.float64) -> Array:
    """+1 for the excitatory half, then -1; or all +1."""
    signs = np.ones(n, dtype)
    if not excitatory:
        signs[n // 2 :] = -1
    signs.flags.writeable = False
    return signs


def _nets_first(x: Array) -> Array:
    """(R, B, K, m) → (R, K, B, m), a view."""
    return x.swapaxes(1, 2)
