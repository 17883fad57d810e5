"""Losses, in order of increasing complexity: y is what the network says, t what it should have said."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from . import kernels
from .formula import Formula
from .vocabulary import exp, tiny, where

Array = np.ndarray


class Loss(Formula, root=True):
    """L = Σ over outputs of value(y, t) for each sample, dL/dy = derivative(y, t).

    Training takes the mean over the samples of a batch.
    """

    value: ClassVar[Callable[..., Any]]
    derivative: ClassVar[Callable[..., Any]]
    targets: ClassVar[str] = "values"  # what t holds: "values", "binary" (in [0, 1]) or "classes" (rows of sum 1)
    takes: ClassVar[str] = "any"  # what y must be: "any", "probabilities" or "logits"
    threshold: ClassVar[float] = 0.5  # an output above it says "yes"

    def __call__(self, y: Array, t: Array) -> Array:
        """The loss of each sample: (…, O), (…, O) → (…)."""
        return self.value(np.asarray(y), np.asarray(t), *self.hyper).sum(axis=-1)

    def gradient(self, y: Array, t: Array) -> Array:
        """dL/dy of each sample: (…, O), (…, O) → (…, O)."""
        return self.derivative(np.asarray(y), np.asarray(t), *self.hyper)

    def measure(self, y: Array, t: Array, tally: Array | None = None) -> tuple[Array, Array]:
        """The mean over samples (R,), in double, and its derivative (R, B, O). y, t (R, B, O).

        To `tally` (R, 2), in double, are added the sum over samples and the number of right answers: with several
        outputs, where the largest of y stands where the largest of t does; with one, where y lies on the same side of
        the threshold as t of ½.
        """
        tally = np.zeros((len(y), 2)) if tally is None else tally
        if y.dtype.char not in self._precisions:
            several = y.shape[-1] > 1
            right = y.argmax(-1) == t.argmax(-1) if several else ((y > self.threshold) == (t > 0.5))[..., 0]
            losses = self(y, t)
            tally += np.stack([losses.sum(axis=-1), right.sum(axis=-1)], axis=1)
            return losses.mean(axis=-1), self.gradient(y, t) / y.shape[1]
        if not (t.dtype == y.dtype and t.flags.c_contiguous and y.flags.c_contiguous):
            y, t = np.ascontiguousarray(y), np.ascontiguousarray(t, y.dtype)
        mean, dy = np.empty(len(y)), np.empty_like(y)
        self._loops[y.dtype.char](y, t, dy, mean, tally, self._scalars)
        return mean, dy

    def _kernel(self, char: str) -> kernels.Kernel:
        return kernels.losing(self.value, self.derivative, self.threshold, char)

    @cached_property
    def _loops(self) -> kernels.Loops:
        return kernels.Loops(self._kernel)

    @cached_property
    def _precisions(self) -> str:
        return kernels.precisions(self.value, self.derivative)

    @cached_property
    def _scalars(self) -> Array:
        return np.array(self.hyper, dtype=np.float64)


class SquaredError(Loss):
    """L = ½ Σ (y - t)².

    Differs: torch's and Keras's MSE have no ½ and also divide by the number of outputs.

    >>> float(SquaredError()([3.0, 1.0], [1.0, 1.0]))
    2.0
    """

    also = ("mse", "square")

    @staticmethod
    def value(y, t):
        return 0.5 * (y - t) ** 2

    @staticmethod
    def derivative(y, t):
        return y - t


class BinaryCrossEntropy(Loss):
    """L = -Σ [t log y + (1 - t) log(1 - y)] for probabilities y and targets t in [0, 1].

    Numerics: y and 1 - y are raised to the smallest normal number, so that L stays finite and 0 · log 0 = 0.
    Differs:  torch clamps the logarithms at -100.

    >>> float(BinaryCrossEntropy()([0.5], [1.0]))  # log 2
    0.6931471805599453
    """

    also = ("bce",)
    targets, takes = "binary", "probabilities"

    @staticmethod
    def value(y, t):
        log_not = where(y < 1, np.log1p(-where(y < 1, y, 0 * y)), np.log(tiny(y)))
        return -(t * np.log(np.maximum(y, tiny(y))) + (1 - t) * log_not)

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

    targets, takes = "classes", "probabilities"

    @staticmethod
    def value(y, t):
        return -t * np.log(np.maximum(y, tiny(y)))

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
        return np.maximum(y, 0) - y * t + np.log1p(exp(-np.abs(y)))

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


def _exponentials(y: Array) -> tuple[Array, Array, Array, Array]:
    """The largest of each row, where it stands, e to the distance from it, and the sum of the other exponentials."""
    top = y.max(axis=-1, keepdims=True)
    at_top = np.arange(y.shape[-1]) == y.argmax(axis=-1)[..., None]
    e = np.exp(y - top)
    return top, at_top, e, np.where(at_top, 0, e).sum(axis=-1, keepdims=True)
