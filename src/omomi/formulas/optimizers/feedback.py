"""Relatives of Adam that also watch something as a whole: the loss, or how much can be known of the variance yet."""

from __future__ import annotations

import numpy as np

from ..formula import between
from ..vocabulary import ratio, where
from .optimizer import Optimizer


class RAdam(Optimizer):
    """Adam that waits with its division until the variance is known well enough, and then weighs it by r.

    ρ = 2 / (1 - β₂) - 1 - 2 t β₂ᵗ / (1 - β₂ᵗ);  where ρ > 5: θ ← θ - η r m̂ √(1 - β₂ᵗ) / (√v + ε), else θ ← θ - η m̂.

    Numerics: ε joins the root of the uncorrected v, as in torch.
    Reference: Liu et al. (2020), On the variance of the adaptive learning rate and beyond, arXiv:1908.03265,
        algorithm 2.
    """

    slots = ("m", "v")
    memory = ("rectifier",)
    lr: float = between(0, np.inf, default=1e-3, closed="()")
    beta1: float = between(0, 1, default=0.9, closed="[)")
    beta2: float = between(0, 1, default=0.999, closed="[)")
    eps: float = between(0, np.inf, default=1e-8, closed="[)")

    @staticmethod
    def remember(t, loss, rectifier, lr, beta1, beta2, eps):
        longest = 2 / (1 - beta2) - 1
        rho = longest - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            return (0 * rectifier,)
        known = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
        return (0 * rectifier + np.sqrt(known * (1 - beta2**t)),)

    @staticmethod
    def update(t, w, g, m, v, rectifier, lr, beta1, beta2, eps):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        share = where(rectifier > 0, ratio(rectifier, np.sqrt(v) + eps), 1.0)
        return w - lr / (1 - beta1**t) * m * share, m, v


class Eve(Optimizer):
    """Adam whose rate is divided by D, a running mean of how fast the loss changes.

    d = |f - f₋| / (min(f, f₋) - f*), kept within 1/c … c;  D ← β₃ D + (1 - β₃) d;  θ ← θ - η / D · m̂ / (√v̂ + ε).

    Where f comes to f*, d is c, or 1/c if f has not changed. D is 1 in the first step, and stays so while no loss is
    told: then it is Adam.

    Differs: the article has |f - f*| for |f - f₋|, which is a mistake.
    Reference: Koushik, Hayashi (2016), Improving stochastic gradient descent with feedback, arXiv:1611.01505,
        algorithm 1.
    """

    slots = ("m", "v")
    memory = ("feedback", "last")
    looks_at_loss = True
    starts = {"feedback": 1.0, "last": np.nan}
    lr: float = between(0, np.inf, default=1e-3, closed="()")
    beta1: float = between(0, 1, default=0.9, closed="[)")
    beta2: float = between(0, 1, default=0.999, closed="[)")
    beta3: float = between(0, 1, default=0.999, closed="[)")
    c: float = between(1, np.inf, default=10.0, closed="()")
    eps: float = between(0, np.inf, default=1e-8, closed="[)")
    f_star: float = between(-np.inf, np.inf, default=0.0, closed="()")

    @staticmethod
    def remember(t, loss, feedback, last, lr, beta1, beta2, beta3, c, eps, f_star):
        if loss is None:
            return feedback, last
        change, above = np.abs(loss - last), np.minimum(loss, last) - f_star
        d = np.where(above <= 0, np.where(change > 0, c, 1 / c), change / np.where(above <= 0, 1, above))
        found = beta3 * feedback + (1 - beta3) * np.clip(d, 1 / c, c)
        return np.where(np.isnan(last), feedback, found), loss

    @staticmethod
    def update(t, w, g, m, v, feedback, last, lr, beta1, beta2, beta3, c, eps, f_star):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        step = lr / (1 - beta1**t) * ratio(m, np.sqrt(v / (1 - beta2**t)) + eps)
        return w - step / feedback, m, v
