"""What a loss is: y is what the network says, t what it should have said."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .. import kernels
from ..arrays import array
from ..formula import Formula

Array = np.ndarray


class Loss(Formula, root=True):
    """L = Σ over outputs of value(y, t) for each sample, dL/dy = derivative(y, t).

    Training takes the mean over the samples of a batch.
    """

    value: ClassVar[Callable[..., Any]]
    derivative: ClassVar[Callable[..., Any]]
    # What t holds: "values", "counts" (≥ 0), "binary" (in [0, 1]) or "classes" (rows of sum 1).
    targets: ClassVar[str] = "values"
    takes: ClassVar[str] = "any"  # what y must be: "any", "probabilities", "logits" or "margins"
    threshold: ClassVar[float] = 0.5  # an output above it says "yes"
    outputs_per_target: ClassVar[int] = 1  # how many numbers the network says about each number of t
    least: ClassVar[float] = 0.0  # no sample costs less
    least_at_target: ClassVar[bool] = True  # whether a y that says t costs least

    def __call__(self, y: Array, t: Array) -> Array:
        """The loss of each sample: (…, O), (…, O) → (…)."""
        return self.value(array(y), array(t), *self.hyper).sum(axis=-1)

    def gradient(self, y: Array, t: Array) -> Array:
        """dL/dy of each sample: (…, O), (…, O) → (…, O)."""
        return self.derivative(array(y), array(t), *self.hyper)

    def total_error(self, y: Array, t: Array) -> float:
        """The sum over all samples and outputs, divided by the number of outputs of all samples."""
        return float(np.sum(self(y, t), dtype=np.float64) / np.size(y))

    def expected(self, y: Array) -> Array:
        """The numbers that y expects t to be: (…, O) → (…, O / outputs_per_target)."""
        return y

    def check_outputs(self, n_out: int) -> None:
        """Refuse a number of outputs that the loss cannot take."""

    def measure(self, y: Array, t: Array, tally: Array | None = None) -> tuple[Array, Array]:
        """The mean over samples (R,), in double, and its derivative (R, B, O). y, t (R, B, O).

        To `tally` (R, 2), in double, are added the sum over samples and the number of right answers: with several
        outputs, where the largest of y stands where the largest of t does; with one, where y lies on the same side of
        the threshold as t of ½.
        """
        tally = np.zeros((len(y), 2), like=y) if tally is None else tally
        if not kernels.takes(y, self._precisions):
            n = y.shape[-1] // self.outputs_per_target
            said, true = y[..., :n], t[..., :n]
            right = said.argmax(-1) == true.argmax(-1) if n > 1 else ((said > self.threshold) == (true > 0.5))[..., 0]
            total = self(y, t).sum(axis=-1, dtype=np.float64)
            tally += np.stack([total, right.sum(axis=-1)], axis=1)
            return total / y.shape[1], self.gradient(y, t) / y.shape[1]
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
        return kernels.precisions(lambda: self._loops["d"], self.value, self.derivative)

    @cached_property
    def _scalars(self) -> Array:
        return np.array(self.hyper, dtype=np.float64)


class VectorLoss(Loss, abstract=True):
    """A loss whose terms need the whole row of outputs: plain NumPy along the last axis."""

    _precisions = ""  # none is compiled
