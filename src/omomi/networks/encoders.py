"""Encoders: from numbers to currents and spikes in time. Vectors (N,) become sequences (T, N); arrays are (R, B, T, N).

Spikes are drawn from each replica's own generator where something is learned. Where nothing is, all replicas and all
calls see the same draws, those of a fixed generator: predictions can be repeated.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from ..formulas.arrays import on_host
from ..formulas.formula import between, flag, one_of
from .layers import Array, Layer, Mode, Shape, Weights

SEED = 0  # of the draws where nothing is learned
MOST = 1e9  # spikes in a step


class Repeat(Layer):
    """The same numbers at each of `steps` steps: a constant current.   x (R, B, N), y (R, B, T, N).

    Before a dense layer it makes that work T times. `Spiking(neuron, steps=T)` behind the dense layer is the same
    with one matrix product.
    """

    also = ("constant_current",)
    steps: int = between(1, math.inf, closed="[)", whole=True)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, _in_time(self, self.steps, shape_in)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return over_time(x, self.steps), None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return dy.sum(axis=2)


class _Drawn(Layer, abstract=True):
    """Spikes whose mean in a step is min(max(0, scale · x), most), independent of each other."""

    exact: ClassVar[bool] = False
    most: ClassVar[float] = MOST
    steps: int

    @property
    @abstractmethod
    def scale(self) -> float: ...

    @abstractmethod
    def draw(self, rng: np.random.Generator, mean: Array, out: Array) -> None:
        """Write spikes into out (B, T, N); mean (B, 1, N)."""

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, _in_time(self, self.steps, shape_in)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        rngs = mode.rngs or [np.random.default_rng(SEED) for _ in x]
        if len(x) not in (1, len(rngs)):
            raise ValueError(f"{self} needs a generator for each of the {len(x)} replicas, got {len(rngs)}")
        mean = np.clip(self.scale * x, 0, self.most)
        y = np.empty((len(rngs), x.shape[1], self.steps, x.shape[2]), x.dtype, like=x)
        for rng, row, out in zip(rngs, np.broadcast_to(mean, (len(rngs), *x.shape[1:])), y, strict=True):
            self.draw(rng, row[:, None], out)
        return _with_nan(y, x[:, :, None]), (mean > 0) & (mean < self.most) if mode.train else None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        dx: Array = dy.sum(axis=2)
        dx *= self.scale
        return dx * tape


class Bernoulli(_Drawn):
    """A spike with probability min(max(0, gain · x), 1) in each step.   x (R, B, N), y (R, B, T, N), of 0 and 1.

    What goes back is the derivative of the expected spikes: gain where the probability is not cut off, else 0.

    Check:     the mean of T steps has the expectation p and the variance p (1 - p) / T.
    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning,
        arXiv:2109.12894, rate coding; gain and cut-off as in snnTorch's spikegen.rate.
    """

    also = ("rate_code",)
    steps: int = between(1, math.inf, closed="[)", whole=True)
    gain: float = between(0, math.inf, default=1.0, closed="()")
    most: ClassVar[float] = 1.0

    @property
    def scale(self) -> float:
        return self.gain

    def draw(self, rng: np.random.Generator, mean: Array, out: Array) -> None:
        np.less(np.asarray(rng.random(out.shape, np.float32), like=out), mean, out=out, casting="unsafe")


class Poisson(_Drawn):
    """The spikes of a Poisson process in each step: k with probability λᵏ e^(-λ) / k!, λ = rate · max(0, x) · dt.

    x (R, B, N), y (R, B, T, N), whole numbers: more than one spike may fall into a step.
    What goes back is the derivative of the expected spikes: rate · dt where x > 0, else 0.

    Units:     rate in Hz at x = 1, dt in ms.
    Numerics:  λ is cut off at 10⁹.
    Differs:   libraries call it Poisson when they draw at most one spike in a step, which is Bernoulli here; with
               λ ≪ 1 the two are alike.
    Check:     mean and variance of a step are both λ.
    """

    steps: int = between(1, math.inf, closed="[)", whole=True)
    rate: float = between(0, math.inf, default=100.0, closed="()")
    dt: float = between(0, math.inf, default=1.0, closed="()")

    @property
    def scale(self) -> float:
        return self.rate * self.dt / 1000

    def draw(self, rng: np.random.Generator, mean: Array, out: Array) -> None:
        out[...] = np.asarray(rng.poisson(on_host(np.nan_to_num(mean)), out.shape), like=out)


class Latency(Layer):
    """One spike, the earlier the larger x: in the step nearest to t = τ ln(x / (x - threshold)).

    x (R, B, N), y (R, B, T, N), of 0 and 1. That is when a membrane that follows τ dv/dt = x - v from 0 is at the
    threshold. With `code="linear"` t falls from the last step at x = 0 to the first at x = 1, and τ has no say.
    There is no spike where x ≤ threshold or t is beyond the last step. Nothing goes back: the derivative is 0.

    Units:     τ and dt in ms; the threshold in those of x.
    Differs:   snnTorch's spikegen.latency counts τ in steps, has τ = 1 and threshold = 0.01, where nearly all x fire
               in the first step, and lets what is below the threshold fire in the last unless told clip=True; its
               linear code is this one with normalize=True. It can stretch the times of a whole batch; here a sample
               is by itself.
    Check:     the membrane x (1 - e^(-t/τ)) is at the threshold at t.
    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning,
        arXiv:2109.12894, latency coding.
    """

    also = ("time_to_first_spike",)
    steps: int = between(1, math.inf, closed="[)", whole=True)
    tau: float = between(0, math.inf, default=10.0, closed="()")
    threshold: float = between(0, math.inf, default=0.2, closed="[)")
    dt: float = between(0, math.inf, default=1.0, closed="()")
    code: str = one_of("rc", "linear", default="rc")

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        return {}, _in_time(self, self.steps, shape_in)

    def times(self, x: Array) -> Array:
        """When the spike comes, in steps, before rounding: infinite where there is none."""
        fires = x > self.threshold
        if self.code == "linear":
            early = (self.steps - 1) * (1 - np.minimum(x, 1))
        else:
            early = -self.tau / self.dt * np.log1p(-self.threshold / np.where(fires, x, np.inf))
        return np.where(fires, early, np.inf)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        at = np.rint(self.times(x))[:, :, None]
        y = (at == np.arange(self.steps, like=at)[:, None]).astype(x.dtype)
        return _with_nan(y, x[:, :, None]), None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return np.zeros((*dy.shape[:2], dy.shape[3]), dy.dtype, like=dy)


class Delta(Layer):
    """A spike where a sequence has risen by at least `threshold` since the step before.   (T, N) → (T, N), 0 and 1.

    With `off` there is a -1 where it has fallen by as much. Before the first step it was 0. Nothing goes back: the
    derivative is 0.

    Differs:   nothing from snnTorch's spikegen.delta with padding=False. Cameras compare with the value at the last
               spike, not at the last step.
    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning,
        arXiv:2109.12894, delta modulation.
    """

    threshold: float = between(0, math.inf, default=0.1, closed="()")
    off: bool = flag(default=False)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        sequence(self, shape_in)
        return {}, shape_in

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        risen = x.copy()
        risen[:, :, 1:] -= x[:, :, :-1]
        y = (risen >= self.threshold).astype(x.dtype)
        if self.off:
            y -= risen <= -self.threshold
        return _with_nan(y, risen), None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        return np.zeros_like(dy)


class Population(Layer):
    """yⱼ = e^(-(x - μⱼ)² / 2σ²), j = 1 … n, for each input: how near it is to the centres of n receptive fields.

    μⱼ = low + (2j - 3) / 2 · w, σ = w / beta, w = (high - low) / (n - 2): the first and the last centre lie half a
    spacing outside. (…, N) → (…, N·n), field j of input i in column i n + j - 1. The responses in [0, 1] are for
    another encoder, or currents: "population(8), latency(25, code='linear'), 10, lif".

    Check:     one width away from its centre a field answers e^(-1/2).
    Reference: Bohte, Kok, La Poutré (2002), Error-backpropagation in temporally encoded networks of spiking neurons,
        doi:10.1016/S0925-2312(01)00658-0, with beta = 1.5.
    """

    also = ("receptive_fields",)
    n: int = between(3, math.inf, closed="[)", whole=True)
    low: float = between(-math.inf, math.inf, default=0.0, closed="()")
    high: float = between(-math.inf, math.inf, default=1.0, closed="()")
    beta: float = between(0, math.inf, default=1.5, closed="()")

    @property
    def width(self) -> float:
        """σ of the fields."""
        return (self.high - self.low) / (self.n - 2) / self.beta

    @property
    def centres(self) -> Array:
        """μ, (n,)."""
        return self.low + (np.arange(self.n) - 0.5) * (self.high - self.low) / (self.n - 2)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if not self.low < self.high:
            raise ValueError(f"Population: low must be below high, got {self.low} and {self.high}")
        return {}, (*shape_in[:-1], shape_in[-1] * self.n)

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        away = (x[..., None] - np.asarray(self.centres.astype(x.dtype), like=x)) / self.width
        y = np.exp(-(away**2) / 2)
        return y.reshape(*x.shape[:-1], -1), (away, y) if mode.train else None

    def backward_input(self, p: Weights, tape: Any, dy: Array) -> Array:
        away, y = tape
        dx: Array = (dy.reshape(*dy.shape[:-1], -1, self.n) * y * away).sum(axis=-1)
        return dx / -self.width


def over_time(x: Array, steps: int) -> Array:
    """(R, B, N) → (R, B, T, N), the same at each step."""
    y = np.empty((*x.shape[:2], steps, *x.shape[2:]), x.dtype, like=x)
    y[...] = x[:, :, None]
    return y


def sequence(layer: Layer, shape_in: Shape) -> None:
    """Refuse samples that are no sequences."""
    if len(shape_in) != 2:
        raise ValueError(f"{layer} takes sequences (steps, units), got samples of shape {shape_in}")


def _in_time(layer: Layer, steps: int, shape_in: Shape) -> Shape:
    if len(shape_in) != 1:
        raise ValueError(f"{layer} takes vectors, got samples of shape {shape_in}; put Flatten() before it")
    return (steps, *shape_in)


def _with_nan(y: Array, x: Array) -> Array:
    """y, with NaN where x has it: no comparison of a NaN shall make it a spike or a silence."""
    lost = np.isnan(x)
    if lost.any():
        np.copyto(y, np.nan, where=lost)
    return y
