"""Bringing data into the range where networks learn well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Scaler:
    """x ↦ (x - shift) / scale, column by column, with what the training data say; use it on test data as well.

    Attributes
    ----------
    shift, scale : array (...)
        One number per column of x (N, ...). A column that does not vary keeps the scale 1.
    kind : str
        "standardise" or "min_max".

    >>> scaler = Scaler.min_max([[0.0, 5.0], [10.0, 5.0]])
    >>> scaler.apply([[5.0, 6.0]])
    array([[0.5, 1. ]])
    """

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    kind: str

    @classmethod
    def standardise(cls, x: ArrayLike) -> Scaler:
        """To mean 0 and standard deviation 1 (that of the samples: divided by N)."""
        x = _samples(x)
        return cls._varying(x, x.mean(axis=0), x.std(axis=0), "standardise")

    @classmethod
    def min_max(cls, x: ArrayLike) -> Scaler:
        """To the range 0 … 1."""
        x = _samples(x)
        return cls._varying(x, x.min(axis=0), np.ptp(x, axis=0), "min_max")

    @classmethod
    def _varying(
        cls, x: NDArray[np.float64], shift: NDArray[np.float64], scale: NDArray[np.float64], kind: str
    ) -> Scaler:
        # rounding gives a constant column of 0.1 a mean beside 0.1 and a deviation above 0: ask the values
        constant = (x == x[0]).all(axis=0)
        return cls(np.where(constant, x[0], shift), np.where(constant | (scale == 0), 1.0, scale), kind)

    def apply(self, x: ArrayLike) -> NDArray[np.float64]:
        """The scaled samples, (N, ...)."""
        return (self._matching(x) - self.shift) / self.scale

    def undo(self, x: ArrayLike) -> NDArray[np.float64]:
        """The samples before scaling, (N, ...)."""
        return self._matching(x) * self.scale + self.shift

    def _matching(self, x: ArrayLike) -> NDArray[np.float64]:
        x = np.asarray(x, dtype=np.float64)
        if x.shape[1:] != self.shift.shape:
            raise ValueError(
                f"Scaler: x must have the shape (N, {', '.join(map(str, self.shift.shape))}), got {x.shape}"
            )
        return x


def one_hot(labels: ArrayLike, n_classes: int) -> NDArray[np.float64]:
    """Rows of zeros with a one in the place of the class.

    Parameters
    ----------
    labels : array (N,) of whole numbers in 0 … n_classes-1
    n_classes : int

    Returns
    -------
    array (N, n_classes)

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "bui":
        raise ValueError(f"one_hot: labels must be whole numbers of shape (N,), got {labels.dtype} {labels.shape}")
    wrong = labels[(labels < 0) | (labels >= n_classes)]
    if wrong.size:
        raise ValueError(f"one_hot: labels must lie in 0..{n_classes - 1}, got {wrong[0]}")
    return np.eye(n_classes)[labels.astype(np.intp)]


def _samples(x: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"Scaler: x must have the shape (samples, features) and not be empty, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"Scaler: x must be finite, got {x[~np.isfinite(x)][0]}")
    return x
