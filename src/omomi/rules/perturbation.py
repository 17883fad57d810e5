"""Perturbation: shake weights or units, and see what the loss does. No error travels back."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from ..formulas.formula import between
from ..networks.layers import Weights
from .rule import Array, Pass, Rule


class Perturbation(Rule, abstract=True):
    """A rule that compares two forward passes that go to either side; dropout is the same in both."""

    weighs = False

    @abstractmethod
    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None: ...

    def both(self, loss: Callable[[int], Array], seen: Pass) -> Array:
        """loss(+1) - loss(-1), with the same noise of the layers' in both."""
        states = [rng.bit_generator.state for rng in seen.mode.rngs]
        above = loss(1)
        for rng, state in zip(seen.mode.rngs, states, strict=True):
            rng.bit_generator.state = state
        return above - loss(-1)


class WeightPerturbation(Perturbation):
    """g = (L(θ + cΔ) - L(θ - cΔ)) / 2c · Δ, with every element of Δ ±1 by chance: simultaneous perturbation (SPSA).

    c is `size`. Every parameter learns, of whatever layer; `samples` draws are averaged.

    Numerics: the mean over draws is the gradient but for O(c²); the cosine of one draw with it is about 1/√P, of P
              parameters. In float32 a size far below 10⁻³ drowns the difference in rounding.
    Differs: Spall lets c shrink with time; here it stays.
    Check:   with one weight, and a loss that is quadratic in it, g is the derivative.
    Reference: Spall (1992), Multivariate stochastic approximation using a simultaneous perturbation gradient
        approximation, doi:10.1109/9.119632, eq. 2.2.
    """

    also = ("wp", "spsa")
    size: float = between(0, math.inf, default=1e-3, closed="()")
    samples: int = between(1, math.inf, default=1, closed="[)", whole=True)

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        net = seen.net
        if not net.size:
            return
        theta = np.concatenate([w.reshape(len(w), -1) for p in seen.params for w in p.values()], axis=1)
        total = np.zeros_like(theta)
        for _ in range(self.samples):
            signs = np.asarray(
                np.stack([rng.integers(0, 2, net.size) for rng in seen.rngs]) * 2 - 1, theta.dtype, like=theta
            )
            step = self.size * signs

            def loss(side: int, step: Array = step) -> Array:
                y, _ = net.run(net.views(theta + side * step), seen.x, seen.mode)
                return seen.loss.measure(y, seen.target)[0]

            slope = self.both(loss, seen) / (2 * self.size * self.samples)
            total += slope.astype(theta.dtype)[:, None] * signs
        for g, mine in zip(grads, net.views(total), strict=True):
            for name in g:
                g[name][...] = mine[name]


class NodePerturbation(Perturbation):
    """δ = (L(z + σξ) - L(z - σξ)) / 2σ · ξ: normal noise ξ in all units tells how the loss of a sample hangs on each.

    σ is `size`. The noise comes in at the output of every layer that learns, before its activation; the layer's weights
    then get δ as in backpropagation, with what the layer saw in the pass to the + side.

    Numerics: the mean over draws is the gradient but for O(σ²); in float32 a size far below 10⁻³ drowns the difference
              in rounding.
    Differs: Werfel et al. compare with the pass without noise, one pass less; two sides leave out what is even in ξ.
    Check:   the mean over draws tends to the gradient of the loss, for every layer.
    Reference: Williams (1992), Simple statistical gradient-following algorithms, doi:10.1007/BF00992696; Werfel, Xie,
        Seung (2005), Learning curves for stochastic gradient descent in linear feedforward networks; several layers:
        Dalm, van Gerven, Ahmad (2023), arXiv:2310.00965.
    """

    also = ("np",)
    size: float = between(0, math.inf, default=1e-2, closed="()")

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        net, learning = seen.net, [at for at, g in enumerate(grads) if g]
        samples = seen.target.shape[1]
        xi = {at: self.noise(seen, (samples, *net.shapes[at + 1])) for at in learning}
        tapes: dict[int, list[Array]] = {}

        def loss(side: int) -> Array:
            x, tapes[side] = seen.x, []
            for at, layer in enumerate(net.layers):
                x, tape = layer.forward(seen.params[at], x, seen.mode)
                x = x + (side * self.size) * xi[at] if at in xi else x
                tapes[side].append(tape)
            return seen.loss(x, seen.target)

        slope = self.both(loss, seen) / (2 * self.size * samples)
        for at in learning:
            delta = xi[at] * slope.reshape(*slope.shape, *[1] * (xi[at].ndim - 2))
            net.layers[at].backward_weights(grads[at], tapes[1][at], delta)
