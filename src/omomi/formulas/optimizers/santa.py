"""Santa: stochastic annealing with a thermostat, between sampling and optimisation."""

from __future__ import annotations

import numpy as np

from ..formula import between, flag
from ..vocabulary import exp, ratio, where
from .optimizer import NOTHING, Array, Context, Optimizer, State


class _Santa(Optimizer, abstract=True):
    """The noise of both forms: P normal numbers for u at t = 1, then P at each step of the exploration."""

    slots = ("u", "alpha", "v", "last", "noise")
    steady = False
    lr: float
    C: float
    burn_in: float

    def step(
        self, t: int, theta: Array, grad: Array, state: State, *, scale: float = 1.0, seen: Context = NOTHING
    ) -> None:
        if len(seen.rngs) != len(theta):
            name = type(self).__name__
            raise ValueError(f"{name} draws noise: step needs seen=Context(rngs=…), one generator per replica")
        u, alpha, _, _, noise = state.slots
        root = (self.lr * scale) ** 0.5
        if t == 1:
            alpha[...] = root * self.C
            for row, rng in zip(u, seen.rngs, strict=True):
                row[...] = np.asarray(root * rng.standard_normal(row.size), like=row)
        if t < self.burn_in:
            for row, rng in zip(noise, seen.rngs, strict=True):
                row[...] = np.asarray(rng.standard_normal(row.size), like=row)
        super().step(t, theta, grad, state, scale=scale, seen=seen)


class SantaE(_Santa):
    """Explores with noise that cools down as t^-A for `burn_in` steps, then only descends; Euler's scheme.

    v ← σ v + (1 - σ) g² / N²;  G = 1 / √(λ + √v);  β = t^A;
    exploring: α ← α + u² - η / β;  u ← (1 - α) u - η G g + η / β (1 - G₋ / G) / u + √(2 η / β G₋) ζ;
    then: u ← (1 - α) u - η G g;  θ ← θ + G u.

    u starts at √η ζ, α at √η C. Noise ζ comes from each replica's generator.

    Numerics: **with its defaults it diverges** even on a parabola: G grows up to 1 / √λ = 1e4, and 1 / u is unbounded.
              lam=1e-2, N=1 converges. G₋ starts at 0, as in the article, which kicks by η / (β u) at t = 1; `calm`
              starts it at G.
    Differs:  nothing from the article, whose N is the paper's number of samples and anneals by a function of t.
    Reference: Chen, Carlson, Gan, Li, Carin (2016), Bridging the gap between stochastic gradient MCMC and stochastic
        optimization, arXiv:1512.07962, algorithm 1.
    """

    lr: float = between(0, np.inf, default=1e-2, closed="()")
    sigma: float = between(0, 1, default=0.95, closed="[)")
    lam: float = between(0, np.inf, default=1e-8, closed="[)")
    anneal: float = between(0, np.inf, default=0.5, closed="()")
    burn_in: float = between(0, np.inf, default=100.0, closed="[]")
    C: float = between(0, np.inf, default=5.0, closed="()")
    N: float = between(0, np.inf, default=16.0, closed="()")
    calm: bool = flag(default=False)

    @staticmethod
    def update(t, w, g, u, alpha, v, last, noise, lr, sigma, lam, anneal, burn_in, C, N, calm):
        v = sigma * v + (1 - sigma) / N**2 * g * g
        G = ratio(1.0, np.sqrt(lam + np.sqrt(v)))
        last = where((t < 2) * calm > 0, G, last)
        heat = lr / t**anneal
        alpha = where(t < burn_in, alpha + u * u - heat, alpha)
        kick = heat * ratio(1 - ratio(last, G), u) + np.sqrt(2 * heat * last) * noise
        u = where(t < burn_in, kick, 0.0) + (1 - alpha) * u - lr * G * g
        return w + G * u, u, alpha, v, G, noise


class SantaSss(_Santa):
    """SantaE with the symmetric splitting scheme: half a step of θ and α, the whole of u, half a step.

    θ ← θ + ½ G u;  exploring: α ← α + ½ (u² - η / β);  u ← e^(-α/2) u;  u ← u - η G g (+ noise and 1 / u as SantaE);
    u ← e^(-α/2) u;  exploring: α ← α + ½ (u² - η / β);  θ ← θ + ½ G u.

    Differs: the article forgets the first half step of θ.
    Reference: Chen, Carlson, Gan, Li, Carin (2016), Bridging the gap between stochastic gradient MCMC and stochastic
        optimization, arXiv:1512.07962, algorithm 2.
    """

    lr: float = between(0, np.inf, default=1e-2, closed="()")
    sigma: float = between(0, 1, default=0.95, closed="[)")
    lam: float = between(0, np.inf, default=1e-8, closed="[)")
    anneal: float = between(0, np.inf, default=0.5, closed="()")
    burn_in: float = between(0, np.inf, default=100.0, closed="[]")
    C: float = between(0, np.inf, default=5.0, closed="()")
    N: float = between(0, np.inf, default=16.0, closed="()")
    calm: bool = flag(default=False)

    @staticmethod
    def update(t, w, g, u, alpha, v, last, noise, lr, sigma, lam, anneal, burn_in, C, N, calm):
        v = sigma * v + (1 - sigma) / N**2 * g * g
        G = ratio(1.0, np.sqrt(lam + np.sqrt(v)))
        last = where((t < 2) * calm > 0, G, last)
        heat = lr / t**anneal
        alpha = where(t < burn_in, alpha + 0.5 * (u * u - heat), alpha)
        decay = exp(-0.5 * alpha)
        kick = heat * ratio(1 - ratio(last, G), u) + np.sqrt(2 * heat * last) * noise
        after = decay * (decay * u - lr * G * g + where(t < burn_in, kick, 0.0))
        alpha = where(t < burn_in, alpha + 0.5 * (after * after - heat), alpha)
        return w + 0.5 * G * (u + after), after, alpha, v, G, noise
