"""Losses of distributions: how surprised by t one is who believes y."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import contiguous
from ..formula import between
from ..vocabulary import exp, log, tiny
from .loss import Array, Loss, VectorLoss


class KlDivergence(Loss):
    """L = Σ t log(t / y) for probabilities y and targets t, both rows of sum 1.

    CategoricalCrossEntropy less the entropy of t, which no y can change.

    Numerics:  t and y are raised to the smallest normal number, so that L stays finite and 0 · log 0 = 0.
    Differs:   torch's kl_div takes log y, and divides by the number of samples and outputs unless told `batchmean`.
    Reference: Kullback, Leibler (1951), On information and sufficiency, doi:10.1214/aoms/1177729694.

    >>> float(KlDivergence()([0.25, 0.75], [1.0, 0.0]))  # log 4
    1.3862943611198906
    """

    also = ("kl", "kl_div", "kld")
    targets, takes = "classes", "probabilities"

    @staticmethod
    def value(y, t):
        return t * (log(np.maximum(t, tiny(t))) - log(np.maximum(y, tiny(y))))

    @staticmethod
    def derivative(y, t):
        return -t / np.maximum(y, tiny(y))


class PoissonNll(Loss):
    """L = Σ (eʸ - t y): -log of the probability of the counts t at the rates eʸ, without log t!.

    Numerics: eʸ stops at e⁸⁰, so that L stays finite.
    Differs:  torch's also divides by the number of outputs; Keras's Poisson takes the rate itself.
    Check:    least at y = log t.

    >>> float(PoissonNll()([0.0], [3.0]))
    1.0
    """

    also = ("poisson",)
    targets = "counts"
    least = -math.inf

    @staticmethod
    def value(y, t):
        return exp(np.minimum(y, 80)) - t * y

    @staticmethod
    def derivative(y, t):
        return exp(np.minimum(y, 80)) - t

    def expected(self, y: Array) -> Array:
        return np.exp(y)


class GaussianNll(VectorLoss):
    """L = ½ Σ [log v + (t - μ)² / v]: -log of the density at t of a normal distribution, without ½ log 2π.

    The network has two outputs for each target: first all means μ, then all s with the variances v = ε + eˢ.

    Numerics:  log v is log ε + log(1 + eˢ / ε): nothing overflows, and no variance is below ε.
    Differs:   torch takes the variance itself and raises it to ε.
    Check:     SquaredError and a constant, where v = 1.
    Reference: Nix, Weigend (1994), Estimating the mean and variance of the target probability distribution,
               doi:10.1109/ICNN.1994.374138.

    >>> round(float(GaussianNll()([3.0, 0.0], [1.0])), 5)  # ½ (3 - 1)²
    2.0
    """

    also = ("gaussian", "normal_nll")
    outputs_per_target = 2
    least, least_at_target = -math.inf, False

    eps: float = between(0, np.inf, default=1e-6, closed="()")

    @staticmethod
    def value(y, t, eps):
        d, _, log_v = _normal(y, t, eps)
        return 0.5 * (log_v + d**2 * np.exp(-log_v))

    @staticmethod
    def derivative(y, t, eps):
        d, s, log_v = _normal(y, t, eps)
        return np.concatenate([d * np.exp(-log_v), 0.5 * np.exp(s - log_v) * (1 - d**2 * np.exp(-log_v))], axis=-1)

    def expected(self, y: Array) -> Array:
        return y[..., : y.shape[-1] // 2]

    def check_outputs(self, n_out: int) -> None:
        if n_out % 2:
            raise ValueError(f"GaussianNll takes a mean and a log-variance for each target, got {n_out} outputs")


def _normal(y: Array, t: Array, eps: float) -> tuple[Array, Array, Array]:
    """μ - t, s, and log(ε + eˢ)."""
    n, floor = y.shape[-1] // 2, math.log(eps)
    s = contiguous(y[..., n:])
    return y[..., :n] - t[..., :n], s, np.maximum(s, floor) + np.log1p(np.exp(-np.abs(s - floor)))
