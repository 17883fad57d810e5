"""Currents that flow into neurons: constant, in steps, waves, and noise of each neuron's own."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ..formulas.formula import Formula, between, numbers

Array = np.ndarray


class Current(Formula, root=True):
    """A current over time, constant within a step.

    value(t, …)
        What flows during the step that begins at t ms. A noise has `noise` in its place, and each neuron its own.
    """

    noisy: ClassVar[bool] = False
    value: ClassVar[Callable[..., Any]]

    def __call__(self, t: Any) -> Any:
        return type(self).value(np.asarray(t, np.float64), *self.hyper)


class Noise(Current, abstract=True):
    """A current that is drawn.

    noise(dt) gives a function of a generator and a number of steps; called again and again it goes on.
    """

    noisy = True

    def __call__(self, t: Any) -> Any:
        raise ValueError(f"{type(self).__name__} is drawn step by step, not a function of t; simulate does that")

    @abstractmethod
    def noise(self, dt: float) -> Callable[[np.random.Generator, int], Array]: ...


class Dc(Current):
    """i = amplitude, throughout.

    >>> float(Dc(1.5)(20.0))
    1.5
    """

    also = ("constant",)
    amplitude: float = between(-math.inf, math.inf, default=1.0, closed="()")

    @staticmethod
    def value(t, amplitude):
        return np.full(np.shape(t), amplitude)


class Steps(Current):
    """One of the levels after the other, each from its time on (ms); 0 before the first.

    >>> Steps((10, 30), (1.5, 0))([0, 10, 29.9, 30]).tolist()
    [0.0, 1.5, 1.5, 0.0]
    """

    also = ("pulse",)
    times: tuple[float, ...] = numbers(0, math.inf, default=(10.0, 40.0), closed="[)")
    levels: tuple[float, ...] = numbers(-math.inf, math.inf, default=(1.0, 0.0), closed="()")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.times) != len(self.levels) or list(self.times) != sorted(self.times):
            raise ValueError(
                f"Steps: times must rise and be as many as levels, got times={self.times}, levels={self.levels}"
            )

    @staticmethod
    def value(t, times, levels):
        # A step that should begin at a time may begin a rounding before it.
        return np.array((0.0, *levels))[np.searchsorted(np.array(times) * (1 - 1e-12), t, side="right")]


class Ramp(Current):
    """From low to high in a straight line between two times (ms); level before and after.

    >>> Ramp(0, 2, 10, 20)([0, 15, 30]).tolist()
    [0.0, 1.0, 2.0]
    """

    low: float = between(-math.inf, math.inf, default=0.0, closed="()")
    high: float = between(-math.inf, math.inf, default=2.0, closed="()")
    begin: float = between(0, math.inf, default=0.0, closed="[)")
    end: float = between(0, math.inf, default=100.0, closed="()")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.begin < self.end:
            raise ValueError(f"Ramp: begin must lie before end, got {self.begin} and {self.end}")

    @staticmethod
    def value(t, low, high, begin, end):
        return low + (high - low) * np.clip((t - begin) / (end - begin), 0, 1)


class Sine(Current):
    """i = offset + amplitude sin(2π frequency t + phase).

    Units: frequency in Hz, t in ms, phase in radians.

    >>> Sine(2, frequency=10)([0, 25, 75]).round(9).tolist()
    [0.0, 2.0, -2.0]
    """

    amplitude: float = between(-math.inf, math.inf, default=1.0, closed="()")
    frequency: float = between(0, math.inf, default=10.0, closed="[)")
    offset: float = between(-math.inf, math.inf, default=0.0, closed="()")
    phase: float = between(-math.inf, math.inf, default=0.0, closed="()")

    @staticmethod
    def value(t, amplitude, frequency, offset, phase):
        return offset + amplitude * np.sin(2e-3 * np.pi * frequency * t + phase)


class GaussianNoise(Noise):
    """i = mean + σ z / √dt, z standard normal in each step: white noise, ∫i dt has the variance σ² t.

    Units: mean in those of the current, σ in those · √ms; so it does not depend on dt what σ means.
    Check:   it makes v of a LIF neuron that does not spike vary by Rm σ / √(2τ).
    """

    also = ("white_noise",)
    mean: float = between(-math.inf, math.inf, default=0.0, closed="()")
    sigma: float = between(0, math.inf, default=1.0, closed="[)")

    def noise(self, dt: float) -> Callable[[np.random.Generator, int], Array]:
        return lambda rng, steps: self.mean + self.sigma / math.sqrt(dt) * rng.standard_normal(steps)


class OrnsteinUhlenbeck(Noise):
    """τ di = (mean - i) dt + σ √(2τ) dW: noise that remembers, N(mean, σ²) at any time, correlated e^(-|Δt|/τ).

    Units: mean and σ in those of the current, τ in ms.
    Numerics: exact steps, i ← mean + e^(-dt/τ) (i - mean) + σ √(1 - e^(-2dt/τ)) z; the first one is drawn from N too.
    Reference: Gillespie (1996), Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral,
        doi:10.1103/PhysRevE.54.2084, equation 1.9.
    """

    also = ("ou",)
    mean: float = between(-math.inf, math.inf, default=0.0, closed="()")
    sigma: float = between(0, math.inf, default=1.0, closed="[)")
    tau: float = between(0, math.inf, default=5.0, closed="()")

    def noise(self, dt: float) -> Callable[[np.random.Generator, int], Array]:
        keeps, kick = math.exp(-dt / self.tau), math.sqrt(-math.expm1(-2 * dt / self.tau))
        filtered = _Decay(keeps)
        first = [kick]  # what makes the first value as wide as all others

        def draw(rng: np.random.Generator, steps: int) -> Array:
            z = kick * rng.standard_normal(steps)
            if first:
                z[:1] /= first.pop()
            return self.mean + self.sigma * filtered(z)

        return draw


class PoissonInput(Noise):
    """i = Σ over random events of weight e^(-(t - event)/τ) / τ: each brings the charge `weight`.

    Units: rate in Hz, that of all sources together; weight in those of the current · ms, τ in ms.
    Numerics: events of a step act from its beginning; a share 1 - e^(-dt/τ) of what is left flows in each step, so that
              the charge is exact, also for τ = 0: all of it in one step.
    Check:   the mean is weight rate / 1000.
    """

    also = ("poisson",)
    rate: float = between(0, math.inf, default=1000.0, closed="[)")
    weight: float = between(-math.inf, math.inf, default=1.0, closed="()")
    tau: float = between(0, math.inf, default=0.0, closed="[)")

    def noise(self, dt: float) -> Callable[[np.random.Generator, int], Array]:
        keeps = math.exp(-dt / self.tau) if self.tau else 0.0
        filtered, scale = _Decay(keeps), self.weight * (1 - keeps) / dt
        return lambda rng, steps: scale * filtered(rng.poisson(self.rate * dt / 1000, steps).astype(np.float64))


class _Decay:
    """y ← keeps · y + x, step by step; called again it goes on."""

    def __init__(self, keeps: float) -> None:
        self.keeps, self.rest = keeps, np.zeros(1)

    def __call__(self, x: Array) -> Array:
        from scipy.signal import lfilter

        y, self.rest = lfilter([1.0], [1.0, -self.keeps], x, zi=self.rest)
        return y
