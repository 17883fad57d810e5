"""Losses of classes, from probabilities, logits and margins."""

from __future__ import annotations

import numpy as np

from .. import kernels
from ..formula import between
from ..vocabulary import exp, log, log1p, tiny, where
from .loss import Array, Loss, VectorLoss


class BinaryCrossEntropy(Loss):
    """L = -Σ [t log y + (1 - t) log(1 - y)] for probabilities y and targets t in [0, 1].

    Numerics: y and 1 - y are raised to the smallest normal number, so that L stays finite and 0 · log 0 = 0.
    Differs:  torch clamps the logarithms at -100.

    >>> float(BinaryCrossEntropy()([0.5], [1.0]))  # log 2
    0.6931471805599453
    """

    also = ("bce", "binary")
    targets, takes = "binary", "probabilities"

    @staticmethod
    def value(y, t):
        log_not = where(y < 1, log1p(-where(y < 1, y, 0 * y)), log(tiny(y)))
        return -(t * log(np.maximum(y, tiny(y))) + (1 - t) * log_not)

    @staticmethod
    def derivative(y, t):
        yes = np.maximum(y, tiny(y))
        no = np.maximum(1 - y, tiny(y))
        # What was raised by is taken along: 1 / (1 - y) is left at y = t = 0, and -1 / y at y = t = 1.
        return (y - t + (yes - y) - (no - (1 - y))) / (yes * no)


class CategoricalCrossEntropy(Loss):
    """L = -Σ t log y for probabilities y and targets t, both rows of sum 1.

    Numerics: y is raised to the smallest normal number, so that L stays finite and 0 · log 0 = 0.

    >>> float(CategoricalCrossEntropy()([0.25, 0.75], [1.0, 0.0]))  # log 4
    1.3862943611198906
    """

    also = ("cross",)
    targets, takes = "classes", "probabilities"

    @staticmethod
    def value(y, t):
        return -t * log(np.maximum(y, tiny(y)))

    @staticmethod
    def derivative(y, t):
        return -t / np.maximum(y, tiny(y))


class SigmoidCrossEntropy(Loss):
    """Binary cross-entropy of y = σ(z), from the logits z:  L = Σ [max(z, 0) - z t + log(1 + e^-|z|)].

    Numerics: nothing overflows, and dL/dz = σ(z) - t is computed as (1 - t) σ(z) - t σ(-z), without cancellation.
    Check:    BinaryCrossEntropy of Sigmoid, where that is finite.

    >>> float(SigmoidCrossEntropy()([1000.0], [0.0]))
    1000.0
    """

    also = ("bce_with_logits", "binary_cross_entropy_with_logits")
    targets, takes = "binary", "logits"
    threshold = 0.0

    @staticmethod
    def value(y, t):
        return np.maximum(y, 0) - y * t + log1p(exp(-np.abs(y)))

    @staticmethod
    def derivative(y, t):
        e = exp(-np.abs(y))
        return ((1 - t) * where(y < 0, e, 1.0) - t * where(y < 0, 1.0, e)) / (1 + e)


class SoftmaxCrossEntropy(Loss):
    """Categorical cross-entropy of y = softmax(z), from the logits z:  L = Σᵢ tᵢ (log Σⱼ eᶻʲ - zᵢ).

    Numerics: the largest z is taken out before any exponential, log Σ is log1p of the rest, and
              dL/dzᵢ = pᵢ Σt - tᵢ is computed as pᵢ Σⱼ≠ᵢ tⱼ - tᵢ Σⱼ≠ᵢ pⱼ, without cancellation.
    Check:    CategoricalCrossEntropy of Softmax, where that is finite; log O for equal logits.

    >>> float(SoftmaxCrossEntropy()([1000.0, 0.0], [0.0, 1.0]))
    1000.0
    """

    also = ("cross_entropy", "categorical_cross_entropy_with_logits")
    targets, takes = "classes", "logits"

    @staticmethod
    def value(y, t):
        top, _, _, rest = _exponentials(y)
        return t * (np.log1p(rest) + (top - y))

    @staticmethod
    def derivative(y, t):
        _, at_top, e, rest = _exponentials(y)
        others = np.where(at_top, rest, 1 + rest - e)
        return (e * (t.sum(axis=-1, keepdims=True) - t) - t * others) / (1 + rest)

    def _kernel(self, char: str) -> kernels.Kernel:
        return kernels.softmax_cross_entropy(char)


class Hinge(Loss):
    """L = Σ max(0, 1 - s y) with s = 2 t - 1: no cost once y is on the right side by a margin of 1.

    With several outputs each stands against the rest, and the costs are summed.

    Numerics:  dL/dy = 0 at the margin.
    Differs:   Keras's also divides by the number of outputs; its CategoricalHinge, as torch's MultiMarginLoss, compares
               the right output with the largest wrong ones instead.
    Reference: Cortes, Vapnik (1995), Support-vector networks, doi:10.1007/BF00994018.

    >>> float(Hinge()([0.25, -3.0], [1.0, 0.0]))
    0.75
    """

    targets, takes = "binary", "margins"
    threshold = 0.0

    @staticmethod
    def value(y, t):
        return np.maximum(1 - (2 * t - 1) * y, 0)

    @staticmethod
    def derivative(y, t):
        s = 2 * t - 1
        return -s * np.sign(np.maximum(1 - s * y, 0))


class SquaredHinge(Loss):
    """L = Σ max(0, 1 - s y)² with s = 2 t - 1: Hinge without its kink, harder on what is far off.

    Differs: Keras's also divides by the number of outputs.
    Check:   the square of Hinge for one output.

    >>> float(SquaredHinge()([0.5, -3.0], [1.0, 0.0]))
    0.25
    """

    targets, takes = "binary", "margins"
    threshold = 0.0

    @staticmethod
    def value(y, t):
        return np.maximum(1 - (2 * t - 1) * y, 0) ** 2

    @staticmethod
    def derivative(y, t):
        s = 2 * t - 1
        return -2 * s * np.maximum(1 - s * y, 0)


class SigmoidFocal(Loss):
    """L = -Σ [α t (1 - p)^γ log p + (1 - α)(1 - t) p^γ log(1 - p)], p = σ(z): what is right already weighs little.

    Numerics:  from the logits z by log(1 + e^-|z|); p^γ is e^(γ log p).
    Differs:   Keras's BinaryFocalCrossentropy takes probabilities and uses α only if asked to.
    Check:     half of SigmoidCrossEntropy for γ = 0, α = ½.
    Reference: Lin, Goyal, Girshick, He, Dollár (2017), Focal loss for dense object detection, arXiv:1708.02002,
               equation 5.

    >>> float(SigmoidFocal(gamma=2.0, alpha=0.5)([0.0], [1.0]))  # log(2) / 8
    0.08664339756999316
    """

    also = ("focal", "binary_focal_crossentropy")
    targets, takes = "binary", "logits"
    threshold = 0.0
    least_at_target = False  # for t between 0 and 1

    gamma: float = between(0, np.inf, default=2.0, closed="[)")
    alpha: float = between(0, 1, default=0.25, closed="[]")

    @staticmethod
    def value(y, t, gamma, alpha):
        l = log1p(exp(-np.abs(y)))
        yes, no = np.maximum(-y, 0) + l, np.maximum(y, 0) + l  # -log p, -log(1 - p)
        return alpha * t * exp(-gamma * no) * yes + (1 - alpha) * (1 - t) * exp(-gamma * yes) * no

    @staticmethod
    def derivative(y, t, gamma, alpha):
        e = exp(-np.abs(y))
        l = log1p(e)
        yes, no = np.maximum(-y, 0) + l, np.maximum(y, 0) + l
        p, q = where(y < 0, e, 1.0) / (1 + e), where(y < 0, 1.0, e) / (1 + e)
        up = (1 - alpha) * (1 - t) * exp(-gamma * yes) * (gamma * q * no + p)
        return up - alpha * t * exp(-gamma * no) * (gamma * p * yes + q)


class SoftmaxFocal(VectorLoss):
    """L = -α Σᵢ tᵢ (1 - pᵢ)^γ log pᵢ with p = softmax(z): SigmoidFocal for classes.

    Numerics:  from the logits z as SoftmaxCrossEntropy; 1 - p is the sum of the others.
    Differs:   Keras's CategoricalFocalCrossentropy takes probabilities unless told that they are logits.
    Check:     SoftmaxCrossEntropy for γ = 0, α = 1.
    Reference: Lin, Goyal, Girshick, He, Dollár (2017), Focal loss for dense object detection, arXiv:1708.02002.

    >>> float(SoftmaxFocal(gamma=2.0, alpha=1.0)([0.0, 0.0], [1.0, 0.0]))  # log(2) / 4
    0.17328679513998632
    """

    also = ("categorical_focal_crossentropy",)
    targets, takes = "classes", "logits"
    least_at_target = False  # for t between 0 and 1

    gamma: float = between(0, np.inf, default=2.0, closed="[)")
    alpha: float = between(0, 1, default=0.25, closed="(]")

    @staticmethod
    def value(y, t, gamma, alpha):
        _, others, minus_log = _softmax(y)
        return alpha * t * others**gamma * minus_log

    @staticmethod
    def derivative(y, t, gamma, alpha):
        p, others, minus_log = _softmax(y)
        # -dF/dlog p of F = -(1 - p)^γ log p; -log p / (1 - p) is 1 at p = 1.
        steep = np.where(others > 0, minus_log / np.where(others > 0, others, 1), 1)
        h = alpha * t * others**gamma * (1 + gamma * p * steep)
        return p * (h.sum(axis=-1, keepdims=True) - h) - h * others


def _softmax(y: Array) -> tuple[Array, Array, Array]:
    """p, 1 - p and -log p, each without cancellation."""
    top, at_top, e, rest = _exponentials(y)
    total = 1 + rest
    return e / total, np.where(at_top, rest, total - e) / total, np.log1p(rest) + (top - y)


def _exponentials(y: Array) -> tuple[Array, Array, Array, Array]:
    """The largest of each row, where it stands, e to the distance from it, and the sum of the other exponentials."""
    top = y.max(axis=-1, keepdims=True)
    at_top = np.arange(y.shape[-1], like=y) == y.argmax(axis=-1)[..., None]
    e = np.exp(y - top)
    return top, at_top, e, np.where(at_top, 0, e).sum(axis=-1, keepdims=True)
