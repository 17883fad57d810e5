"""Initializers: where weights start. `fan_in` and `fan_out` count the connections of a unit."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from .formula import Formula, between

Array = np.ndarray


class Initializer(Formula, root=True):
    """`draw(rng, shape, fan_in, fan_out)` gives the starting weights, in double."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array: ...


class Constant(Initializer):
    """Every weight the same."""

    also = ("zeros",)
    value: float = between(-np.inf, np.inf, default=0.0, closed="()")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
        return np.full(shape, self.value)


class Uniform(Initializer):
    """U(low, high)."""

    low: float = between(-np.inf, np.inf, default=0.0, closed="()")
    high: float = between(-np.inf, np.inf, default=1.0, closed="()")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise ValueError(f"Uniform: low must be ≤ high, got {self.low} and {self.high}")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
        return rng.uniform(self.low, self.high, shape)


class PositiveUniform(Initializer):
    """U(0, gain / √fan_in): magnitudes, for units that excite or inhibit."""

    gain: float = between(0, np.inf, default=1.0, closed="()")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
        return rng.uniform(0, self.gain / fan_in**0.5, shape)


class Normal(Initializer):
    """N(mean, std²)."""

    mean: float = between(-np.inf, np.inf, default=0.0, closed="()")
    std: float = between(0, np.inf, default=1.0, closed="[)")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
        return rng.normal(self.mean, self.std, shape)


class Scaled(Initializer, abstract=True):
    """Zero mean and a variance of gain / (mean fan), to keep signals of one size from layer to layer."""

    gain: ClassVar[float]
    both_ways: ClassVar[bool] = False  # forward signals and backward errors alike: the mean of both fans
    uniform: ClassVar[bool]

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
        std = (self.gain / ((fan_in + fan_out) / 2 if self.both_ways else fan_in)) ** 0.5
        return rng.uniform(-(3**0.5) * std, 3**0.5 * std, shape) if self.uniform else rng.normal(0, std, shape)


class GlorotUniform(Scaled):
    """U with variance 2 / (fan_in + fan_out), for tanh-like units.

    Reference: Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, eq. 16.
    """

    also = ("xavier_uniform",)
    gain, both_ways, uniform = 1.0, True, True


class GlorotNormal(Scaled):
    """N with variance 2 / (fan_in + fan_out).   Differs: Keras cuts the tails at two standard deviations.

    Reference: Glorot, Bengio (2010), eq. 12.
    """

    also = ("xavier_normal",)
    gain, both_ways, uniform = 1.0, True, False


class HeUniform(Scaled):
    """U with variance 2 / fan_in, for rectified units.   Reference: He et al. (2015), arXiv:1502.01852, eq. 10."""

    also = ("kaiming_uniform",)
    gain, uniform = 2.0, True


class HeNormal(Scaled):
    """N with variance 2 / fan_in, for rectified units.   Reference: He et al. (2015), arXiv:1502.01852, eq. 10."""

    also = ("kaiming_normal",)
    gain, uniform = 2.0, False


class LecunUniform(Scaled):
    """U with variance 1 / fan_in.   Reference: LeCun et al. (1998), Efficient BackProp, §4.6."""

    gain, uniform = 1.0, True


class LecunNormal(Scaled):
    """N with variance 1 / fan_in.   Reference: LeCun et al. (1998), Efficient BackProp, §4.6."""

    gain, uniform = 1.0, False


class TorchLinear(Scaled):
    """U(-1/√fan_in, 1/√fan_in), for weights and biases: what torch's Linear starts from; variance 1 / (3 fan_in)."""

    gain, uniform = 1 / 3, True
