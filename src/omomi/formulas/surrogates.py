"""Smooth stand-ins for the step of a spike: what is differentiated where a neuron fires.

x = v - threshold, in units of the membrane, is how far the membrane is beyond its threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .arrays import array
from .formula import Formula, between
from .vocabulary import erf, exp, indicator, log1p, normal_cdf, where

Array = np.ndarray


class Surrogate(Formula, root=True):
    """`derivative(x)` stands in for that of the step at x = 0; it is the derivative of `value(x)`, the soft spike."""

    value: ClassVar[Callable[..., Any]]
    derivative: ClassVar[Callable[..., Any]]

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the derivative jumps."""
        return ()

    def __call__(self, x: Any) -> Array:
        """The soft spike, for an array of any shape."""
        x = _real(x)
        return array(self.value(x, *self.hyper), x.dtype)

    def slope(self, x: Any) -> Array:
        """What stands in for the derivative of the spike, for an array of any shape."""
        x = _real(x)
        return array(self.derivative(x, *self.hyper), x.dtype)


class SpikeMask(Surrogate):
    """max(x, 0), with the derivative 1 for x > 0, else 0: that of the spike itself.

    Numerics: the derivative at the threshold is 0; a neuron that never fires never learns.
    Differs:  snnTorch calls it heaviside; torch has the same in F.relu.

    >>> SpikeMask().slope([-1.0, 0.0, 2.0])
    array([0., 0., 1.])
    """

    also = ("heaviside",)
    kinks = (0.0,)

    @staticmethod
    def value(x):
        return np.maximum(x, 0)

    @staticmethod
    def derivative(x):
        return indicator(x > 0, x)


class StraightThrough(Surrogate):
    """x, with the derivative 1: errors pass as if there were no threshold.

    Reference: Bengio, Léonard, Courville (2013), Estimating or propagating gradients through stochastic neurons for
               conditional computation, arXiv:1308.3432.

    >>> StraightThrough().slope([-100.0, 0.5])
    array([1., 1.])
    """

    also = ("straight_through_estimator", "ste")

    @staticmethod
    def value(x):
        return x

    @staticmethod
    def derivative(x):
        return where(x == x, 1.0, x)


class Boxcar(Surrogate):
    """x / w + 1/2, cut off at 0 and 1, with the derivative 1 / w for |x| < w / 2, else 0.  w = width.

    Range:    the derivative is 0 or 1 / w; its integral is 1.
    Numerics: the derivative at ±w / 2 is 0.
    Differs:  SpikingJelly's Rect has α = 1 / w.
    Reference: Wu, Deng, Li, Zhu, Shi (2018), Spatio-temporal backpropagation for training high-performance spiking
               neural networks, doi:10.3389/fnins.2018.00331, where w = a₁ = 1.

    >>> Boxcar(2.0).slope([-1.5, 0.0, 0.5])
    array([0. , 0.5, 0.5])
    """

    also = ("rectangle", "rect")
    width: float = between(0, math.inf, default=1.0, closed="()")

    @property
    def kinks(self) -> tuple[float, ...]:
        return -self.width / 2, self.width / 2

    @staticmethod
    def value(x, width):
        return np.minimum(np.maximum(x / width + 0.5, 0), 1)

    @staticmethod
    def derivative(x, width):
        return indicator(np.abs(x) < width / 2, x) * (1 / width)


class FastSigmoid(Surrogate):
    """x / (1 + k |x|), with the derivative 1 / (1 + k |x|)².

    Range:    value (-1/k, 1/k); derivative (0, 1], largest at 0, whatever k is.
    Differs:  k = 25 as in snnTorch; the paper has k = 1 per mV, and so has Norse 1.1, which ignores its α.
              SpikingJelly's SoftSign(α) is α / 2 times this with k = α, its SuperSpike(α) is α times this with k = 1.
    Check:    at |x| = 1/k the derivative is 1/4.
    Reference: Zenke, Ganguli (2018), SuperSpike: supervised learning in multilayer spiking neural networks,
               doi:10.1162/neco_a_01086.

    >>> FastSigmoid(k=1.0).slope([0.0, 1.0])
    array([1.  , 0.25])
    """

    also = ("super_spike", "soft_sign")
    k: float = between(0, math.inf, default=25.0, closed="()")

    @staticmethod
    def value(x, k):
        return x / (1 + k * np.abs(x))

    @staticmethod
    def derivative(x, k):
        return 1 / (1 + k * np.abs(x)) ** 2


class Sigmoid(Surrogate):
    """σ(k x) = 1 / (1 + e^(-k x)), with the derivative k σ(k x) (1 - σ(k x)).

    Range:    derivative (0, k/4], largest at 0; its integral is 1.
    Numerics: computed with e^(-k |x|), which never overflows.
    Differs:  k = 4 as in SpikingJelly, for a peak of 1; snnTorch has k = 25, a peak of 6.25.
    Reference: Zenke, Vogels (2021), The remarkable robustness of surrogate gradient learning for instilling complex
               function in spiking neural networks, doi:10.1162/neco_a_01367.

    >>> Sigmoid().slope([0.0])
    array([1.])
    """

    k: float = between(0, math.inf, default=4.0, closed="()")

    @staticmethod
    def value(x, k):
        e = exp(-k * np.abs(x))
        return where(x < 0, e, 1.0) / (1 + e)

    @staticmethod
    def derivative(x, k):
        e = exp(-k * np.abs(x))
        return k * e / (1 + e) ** 2


class Arctan(Surrogate):
    """1/π arctan(π/2 k x) + 1/2, with the derivative k/2 / (1 + (π/2 k x)²).

    Range:    derivative (0, k/2], largest at 0; its integral is 1.
    Differs:  SpikingJelly and snnTorch compute this; snnTorch's documentation has a factor of 1/π for k/2.
    Check:    at |x| = 2 / (π k) the derivative is half of its peak.
    Reference: Fang et al. (2021), Incorporating learnable membrane time constant to enhance learning of spiking neural
               networks, arXiv:2007.05785, where k = 2.

    >>> Arctan().slope([0.0])
    array([1.])
    """

    also = ("atan",)
    k: float = between(0, math.inf, default=2.0, closed="()")

    @staticmethod
    def value(x, k):
        return np.arctan(np.pi / 2 * k * x) * (1 / np.pi) + 0.5

    @staticmethod
    def derivative(x, k):
        return k / 2 / (1 + (np.pi / 2 * k * x) ** 2)


class Triangle(Surrogate):
    """d (1/2 + t - t |t| / 2) of t = x / w between -1 and 1, with the derivative d/w max(0, 1 - |t|).  w = width.

    Range:    derivative [0, d/w], largest at 0; its integral is the dampening d.
    Differs:  d = 1 as in Esser et al.; Bellec et al. and Norse have d = 0.3, with x in units of the threshold.
              SpikingJelly's PiecewiseQuadratic has α = 1 / w. snnTorch's triangular is no triangle: 1 below the
              threshold and -1 above it.
    Reference: Esser et al. (2016), Convolutional networks for fast, energy-efficient neuromorphic computing,
               doi:10.1073/pnas.1604850113; Bellec et al. (2018), Long short-term memory and learning-to-learn in
               networks of spiking neurons, arXiv:1803.09574.

    >>> Triangle(dampening=0.3).slope([-2.0, 0.0, 0.5])
    array([0.  , 0.3 , 0.15])
    """

    also = ("triangular", "piecewise_quadratic", "piecewise_linear")
    width: float = between(0, math.inf, default=1.0, closed="()")
    dampening: float = between(0, math.inf, default=1.0, closed="()")

    @staticmethod
    def value(x, width, dampening):
        t = np.minimum(np.maximum(x / width, -1), 1)
        return dampening * (0.5 + t - t * np.abs(t) / 2)

    @staticmethod
    def derivative(x, width, dampening):
        return dampening / width * np.maximum(1 - np.abs(x / width), 0)


class Erf(Surrogate):
    """(1 + erf(k x)) / 2, with the derivative k / √π e^(-k² x²).

    Range:    derivative [0, k/√π], largest at 0 (1.13 for k = 2); its integral is 1.
    Differs:  k = 2 as in SpikingJelly. Norse's heavi_erfc has 2/√π e^(-k² x²), 2/k times this.
    Check:    Gaussian(1 / (√2 k)) is the same.
    Reference: Esser et al. (2015), Backpropagation for energy-efficient neuromorphic computing, NIPS.

    >>> Erf(3.0)([0.0])
    array([0.5])
    """

    k: float = between(0, math.inf, default=2.0, closed="()")

    @staticmethod
    def value(x, k):
        return 0.5 + erf(k * x) * 0.5

    @staticmethod
    def derivative(x, k):
        return k / np.pi**0.5 * exp(-((k * x) ** 2))


class Gaussian(Surrogate):
    """Φ(x/σ), with the derivative N(x; 0, σ²) = e^(-x² / 2σ²) / (σ √(2π)).

    Range:    derivative [0, 1/(σ √(2π))], largest at 0 (0.80 for σ = 1/2); its integral is 1.
    Differs:  σ = 1/2 as in MultiGaussian; the paper writes a₄ = σ².
    Check:    at |x| = σ the derivative is e^(-1/2) of its peak.
    Reference: Wu, Deng, Li, Zhu, Shi (2018), Spatio-temporal backpropagation for training high-performance spiking
               neural networks, doi:10.3389/fnins.2018.00331.

    >>> Gaussian()([0.0])
    array([0.5])
    """

    sigma: float = between(0, math.inf, default=0.5, closed="()")

    @staticmethod
    def value(x, sigma):
        return normal_cdf(x / sigma)

    @staticmethod
    def derivative(x, sigma):
        return exp((x / sigma) ** 2 * -0.5) * (1 / (sigma * (2 * np.pi) ** 0.5))


class MultiGaussian(Surrogate):
    """The derivative is d ((1 + h) N(x; 0, σ²) - h N(x; σ, (sσ)²) - h N(x; -σ, (sσ)²)).

    Range:    derivative largest at 0 (0.88 for the defaults), and negative away from the threshold: for the defaults
              beyond |x| = 1.27, least at 1.86, where it is -0.032. Its integral is d (1 - h).
    Differs:  the authors' programs have the dampening d = 0.5.
    Check:    h = 0 is Gaussian(σ).
    Reference: Yin, Corradi, Bohté (2021), Accurate and efficient time-domain classification with adaptive spiking
               recurrent neural networks, doi:10.1038/s42256-021-00397-w, where σ = 0.5, h = 0.15, s = 6.

    >>> bool(MultiGaussian().slope(2.0) < 0)
    True
    """

    sigma: float = between(0, math.inf, default=0.5, closed="()")
    h: float = between(0, math.inf, default=0.15, closed="[)")
    s: float = between(0, math.inf, default=6.0, closed="()")
    dampening: float = between(0, math.inf, default=1.0, closed="()")

    @staticmethod
    def value(x, sigma, h, s, dampening):
        wide = s * sigma
        sides = normal_cdf((x - sigma) / wide) + normal_cdf((x + sigma) / wide)
        return dampening * ((1 + h) * normal_cdf(x / sigma) - h * sides)

    @staticmethod
    def derivative(x, sigma, h, s, dampening):
        wide = s * sigma
        sides = exp(((x - sigma) / wide) ** 2 * -0.5) + exp(((x + sigma) / wide) ** 2 * -0.5)
        middle = exp((x / sigma) ** 2 * -0.5)
        return ((1 + h) * middle - h / s * sides) * (dampening / (sigma * (2 * np.pi) ** 0.5))


class PiecewiseExponential(Surrogate):
    """e^(k x) / 2 for x < 0, else 1 - e^(-k x) / 2, with the derivative k/2 e^(-k |x|).

    Range:    derivative [0, k/2], largest at 0; its integral is 1.
    Differs:  k = 1 as in SpikingJelly. The paper has α e^(-β |x|) with two constants, and its programs
              α / τ e^(-|x| / τ): 2 α times this with k = 1 / τ.
    Reference: Shrestha, Orchard (2018), SLAYER: spike layer error reassignment in time, arXiv:1810.08646.

    >>> PiecewiseExponential(4.0).slope([0.0])
    array([2.])
    """

    also = ("piecewise_exp", "slayer")
    k: float = between(0, math.inf, default=1.0, closed="()")

    @staticmethod
    def value(x, k):
        e = exp(-k * np.abs(x)) * 0.5
        return where(x < 0, e, 1 - e)

    @staticmethod
    def derivative(x, k):
        return k / 2 * exp(-k * np.abs(x))


class PseudoSpike(Surrogate):
    """u^(1 - q) / 2 for x < 0, else 1 - u^(1 - q) / 2, with the derivative u^(-q), of u = 1 + 2 |x| / (q - 1).

    Range:    derivative (0, 1], largest at 0, with tails the fatter the smaller q is; its integral is 1.
    Differs:  the paper calls it q-PseudoSpike; q = 2 as in SpikingJelly, which calls it α.
    Check:    q = 2 is FastSigmoid(2), shifted by 1/2; q → ∞ is PiecewiseExponential(2).
    Reference: Herranz-Celotti, Rouat (2022), Surrogate gradients design, arXiv:2202.00282.

    >>> PseudoSpike(3.0).slope([0.0, 1.0])
    array([1.   , 0.125])
    """

    q: float = between(1, math.inf, default=2.0, closed="()")

    @staticmethod
    def value(x, q):
        tail = exp((1 - q) * log1p(2 / (q - 1) * np.abs(x))) * 0.5
        return where(x < 0, tail, 1 - tail)

    @staticmethod
    def derivative(x, q):
        return exp(-q * log1p(2 / (q - 1) * np.abs(x)))


def _real(x: Any) -> Array:
    """x as an array of floating point."""
    x = array(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)
