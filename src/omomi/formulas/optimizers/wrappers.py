"""Optimizers around another optimizer."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np

from ..formula import between, of_kind
from .adam import Adam
from .descent import Momentum
from .optimizer import NOTHING, Array, Context, Optimizer, State, needed


class Wrapper(Optimizer, abstract=True):
    """Its learning rate is the inner optimizer's."""

    inner: Optimizer

    @property
    def rate(self) -> float:
        return self.inner.rate

    def with_lr(self, lr: float) -> Self:
        return replace(self, inner=self.inner.with_lr(lr))

    def state(self, theta: Array) -> State:
        return self.inner.state(theta)

    def answering(self, theta: Array, state: State) -> Array:
        return self.inner.answering(theta, state)


class Lookahead(Wrapper):
    """Every k steps of the inner optimizer, slow weights φ go a share of the way to θ, which starts again from them.

    φ ← φ + α (θ - φ);  θ ← φ.

    Differs: the inner optimizer keeps its state across the jump, as in optax.
    Check:   with α = 1 it is the inner optimizer.
    Reference: Zhang, Lucas, Hinton, Ba (2019), Lookahead optimizer: k steps forward, 1 step back, arXiv:1907.08610,
        algorithm 1.
    """

    inner: Optimizer = of_kind(Optimizer, default=Adam())
    k: int = between(1, np.inf, default=5, closed="[)", whole=True)
    alpha: float = between(0, 1, default=0.5, closed="(]")

    def state(self, theta: Array) -> State:
        """The inner optimizer's, then the slow weights, and the number of steps in memory."""
        inner = self.inner.state(theta)
        steps = np.zeros((1, len(theta)), like=theta)
        return State(np.concatenate([inner.slots, theta[None]]), np.concatenate([inner.memory, steps]))

    def step(
        self, t: int, theta: Array, grad: Array, state: State, *, scale: float = 1.0, seen: Context = NOTHING
    ) -> None:
        slow = state.slots[-1]
        if t == 1:
            slow[...] = theta
        self.inner.step(t, theta, grad, State(state.slots[:-1], state.memory[:-1]), scale=scale, seen=seen)
        state.memory[-1] = t
        if t % self.k == 0:
            slow += self.alpha * (theta - slow)
            theta[...] = slow

    def answering(self, theta: Array, state: State) -> Array:
        """The slow weights."""
        return state.slots[-1] if state.memory[-1].any() else theta


class Sam(Wrapper):
    """The inner optimizer gets the gradient at θ + ρ g / ‖g‖, the worst place nearby: it seeks flat minima.

    Two gradients per step; ‖g‖ is that of all parameters of a replica.

    Differs: where the network draws noise (dropout), the second gradient meets another draw.
    Check:   with a constant gradient it is the inner optimizer.
    Reference: Foret, Kleiner, Mobahi, Neyshabur (2021), Sharpness-aware minimization for efficiently improving
        generalization, arXiv:2010.01412, algorithm 1.
    """

    inner: Optimizer = of_kind(Optimizer, default=Momentum())
    rho: float = between(0, np.inf, default=0.05, closed="[)")

    def step(
        self, t: int, theta: Array, grad: Array, state: State, *, scale: float = 1.0, seen: Context = NOTHING
    ) -> None:
        gradient, here = needed(self, seen), theta.copy()
        for row, g in zip(theta, grad, strict=True):
            norm = float(np.sqrt(np.sum(np.square(g, dtype=np.float64))))
            if norm > 0:
                row += (self.rho / norm) * g
        gradient()
        theta[...] = here
        self.inner.step(t, theta, grad, state, scale=scale, seen=seen)
