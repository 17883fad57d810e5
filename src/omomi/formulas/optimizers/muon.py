"""Muon: the momentum of each weight matrix, made orthogonal."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np

from ..formula import between, of_kind
from .adam import AdamW
from .optimizer import NOTHING, Array, Context, Optimizer, State

QUINTIC = (3.4445, -4.7750, 2.0315)


class Muon(Optimizer):
    """m ← μ m + (1 - μ) g;  W ← (1 - η λ) W - η √max(1, O / I) · orthogonal((1 - μ) g + μ m), for each weight matrix.

    orthogonal(G) is about U Vᵀ of G = U S Vᵀ: all singular values become nearly 1 (between 0.7 and 1.2), by Newton
    and Schulz' iteration with a fifth-order polynomial. Everything else, biases and gains, goes by `others`.

    Numerics: in θ's precision; torch's Muon iterates in bfloat16 and agrees to two digits.
    Differs:  torch's W is (O, I), ours (I, O). The authors leave the first and the last layer to AdamW, here every
              matrix between units takes part.
    Check:    steps · stepsᵀ is close to the unit matrix; a matrix without gradient only decays.
    Reference: Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks,
        kellerjordan.github.io/posts/muon.
    """

    lr: float = between(0, np.inf, default=1e-3, closed="()")
    momentum: float = between(0, 1, default=0.95, closed="[)")
    weight_decay: float = between(0, np.inf, default=0.1, closed="[)")
    eps: float = between(0, np.inf, default=1e-7, closed="()")
    iterations: int = between(1, 99, default=5, whole=True)
    others: Optimizer = of_kind(Optimizer, default=AdamW())

    def state(self, theta: Array) -> State:
        inner = self.others.state(theta)
        return State(np.concatenate([np.zeros((1, *theta.shape), theta.dtype, like=theta), inner.slots]), inner.memory)

    def step(
        self, t: int, theta: Array, grad: Array, state: State, *, scale: float = 1.0, seen: Context = NOTHING
    ) -> None:
        before, m, lr = theta.copy(), state.slots[0], self.lr * scale
        self.others.step(t, theta, grad, State(state.slots[1:], state.memory), scale=scale, seen=seen)
        m += (1 - self.momentum) * (grad - m)
        for cut, (n_in, n_out) in seen.matrices:
            ahead = grad[:, cut] + self.momentum * (m[:, cut] - grad[:, cut])
            rate = lr * max(1.0, n_out / n_in) ** 0.5
            for row, old, G in zip(theta[:, cut], before[:, cut], ahead, strict=True):
                step = orthogonal(G.reshape(n_in, n_out), self.iterations, self.eps)
                row[...] = (1 - lr * self.weight_decay) * old - rate * step.ravel()

    def with_lr(self, lr: float) -> Self:
        """The same with another learning rate, and that of the others in proportion."""
        return replace(self, lr=lr, others=self.others.with_lr(self.others.rate * lr / self.lr))

    def answering(self, theta: Array, state: State) -> Array:
        return self.others.answering(theta, State(state.slots[1:], state.memory))


def orthogonal(G: Array, iterations: int = 5, eps: float = 1e-7) -> Array:
    """About U Vᵀ of G = U S Vᵀ, (I, O) → (I, O): X ← a X + (b A + c A²) X with A = X Xᵀ."""
    a, b, c = QUINTIC
    wide = G.shape[0] <= G.shape[1]
    X = G if wide else G.T
    X = X / max(float(np.sqrt((X * X).sum())), eps)
    for _ in range(iterations):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X if wide else X.T
