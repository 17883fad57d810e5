"""Optimizers, in order of increasing complexity: θ ← update(t, θ, g, state)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from . import kernels
from .formula import Formula, between

Array = np.ndarray


class Optimizer(Formula, root=True):
    """An elementwise update; `slots` names the numbers that each parameter carries from step to step.

    The first field is the learning rate, which a schedule scales.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    update: ClassVar[Callable[..., Any]]  # (t, w, g, *slots, *hyper) → w, *slots
    lr: float

    def state(self, theta: Array) -> Array:
        """The slots at rest: zeros of shape (S, R, P) for θ (R, P)."""
        return np.zeros((len(self.slots), *theta.shape), theta.dtype)

    def step(self, t: int, theta: Array, grad: Array, state: Array, *, scale: float = 1.0) -> None:
        """Advance θ (R, P) and the state (S, R, P) in place. t counts from 1; `scale` multiplies the learning rate."""
        if theta.dtype.char not in self._precisions:
            new = self.update(t, theta, grad, *state, self.lr * scale, *self.hyper[1:])
            theta[...], state[...] = (new[0], new[1:]) if self.slots else (new, state)
            return
        scalars = np.array((t, self.lr * scale, *self.hyper[1:]), dtype=np.float64)
        self._loops[theta.dtype.char](theta, grad, state, scalars)

    @cached_property
    def _loops(self) -> kernels.Loops:
        return kernels.Loops(lambda char: kernels.updating(self.update, self.slots, char))

    @cached_property
    def _precisions(self) -> str:
        return kernels.precisions(self.update)


class Sgd(Optimizer):
    """θ ← θ - η g.

    Reference: Robbins, Monro (1951), A stochastic approximation method, doi:10.1214/aoms/1177729586.
    """

    lr: float = between(0, np.inf, default=1e-2, closed="()")

    @staticmethod
    def update(t, w, g, lr):
        return w - lr * g


class Momentum(Optimizer):
    """v ← μ v + g;  θ ← θ - η v.

    Differs: a damped form has (1 - μ) g in place of g: the same with η (1 - μ) for η.
    Check:   under a constant gradient the step grows to η g / (1 - μ).
    Reference: Polyak (1964), Some methods of speeding up the convergence of iteration methods,
        doi:10.1016/0041-5553(64)90137-5; in this form Sutskever et al. (2013), and torch's SGD(momentum=μ).
    """

    slots = ("v",)
    lr: float = between(0, np.inf, default=1e-2, closed="()")
    momentum: float = between(0, 1, default=0.9, closed="[)")

    @staticmethod
    def update(t, w, g, v, lr, momentum):
        v = momentum * v + g
        return w - lr * v, v


class Adam(Optimizer):
    """Momentum divided by the root of the mean square, both without their bias.

    m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  m̂ = m / (1 - β₁ᵗ);  v̂ = v / (1 - β₂ᵗ);  θ ← θ - η m̂ / (√v̂ + ε).

    Numerics: ε stands outside the root of the corrected v̂ (algorithm 1), as in torch and optax.
    Check:    the first step is η g / (|g| + ε).
    Reference: Kingma, Ba (2015), Adam: a method for stochastic optimization, arXiv:1412.6980, algorithm 1.
    """

    slots = ("m", "v")
    lr: float = between(0, np.inf, default=1e-3, closed="()")
    beta1: float = between(0, 1, default=0.9, closed="[)")
    beta2: float = between(0, 1, default=0.999, closed="[)")
    eps: float = between(0, np.inf, default=1e-8, closed="()")

    @staticmethod
    def update(t, w, g, m, v, lr, beta1, beta2, eps):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v
