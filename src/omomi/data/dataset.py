"""Samples and what is to be learnt about them, checked once, where they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..shown import Shown

MOST_UNNAMED_CLASSES = 1000


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Shown):
    """Samples ``x`` with their class labels or target values ``y``.

    Parameters
    ----------
    x : array (N, ...)
        One sample per row; kept as float64.
    y : array (N,) or (N, O)
        Whole numbers of shape (N,) are class labels, kept as int64. Anything else is a regression: targets of shape
        (N, O), kept as float64, where a single column may come as (N,).
    name : str
        What messages and figures call it.
    features, targets : sequences of str
        Names of the columns of ``x`` and of ``y``; may be empty.
    classes : sequence of str
        Names of the classes 0, 1, …; empty for a regression. Labels that come without names are named by their numbers.
    image_shape : (height, width), optional
        How to lay out a row of ``x`` as a picture.

    >>> Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], "mine", classes=("cat", "dog"))
    <Dataset 'mine': 2 × 2 → 2 classes>
    """

    x: NDArray[np.float64]
    y: NDArray[Any]
    name: str = "data"
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for field in ("features", "classes", "targets"):
            object.__setattr__(self, field, tuple(map(str, getattr(self, field))))
        object.__setattr__(self, "x", self._samples(self.x))
        y = self._numbers("y", self.y)
        if len(y) != self.n:
            self._refuse(f"x and y must be equally long, got {self.n} and {len(y)} samples")
        if self.classes or (y.ndim == 1 and y.dtype.kind in "bui"):
            self._set_labels(y)
        else:
            self._set_targets(y)

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.x)

    @property
    def is_classification(self) -> bool:
        """Whether ``y`` holds class labels."""
        return bool(self.classes)

    @property
    def n_out(self) -> int:
        """Number of classes, or of target columns."""
        return len(self.classes) or self.y.shape[1]

    def take(self, indices: NDArray[Any] | Sequence[int] | slice) -> Dataset:
        """The samples at these places: a list, a mask or a slice.

        >>> Dataset(np.eye(3), [0, 1, 2]).take([2, 0]).y
        array([2, 0])
        """
        rows = np.atleast_1d(np.arange(self.n)[indices])
        return replace(self, x=self.x[rows], y=self.y[rows])

    def split(self, test: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Shuffle, then set the first ⌊test·N⌋ samples aside.

        Parameters
        ----------
        test : float in (0, 1)
            Share of the samples to set aside.
        seed : int
            The same seed gives the same split.

        Returns
        -------
        train, test : Dataset

        >>> train, test = Dataset(np.eye(10), range(10)).split(test=0.3)
        >>> train.n, test.n
        (7, 3)
        """
        if not 0 < test < 1:
            self._refuse(f"test must lie in (0, 1), got {test}")
        n_test = int(test * self.n)
        if n_test == 0:
            self._refuse(f"test must set aside at least one of the {self.n} samples, got {test}")
        order = np.random.default_rng(seed).permutation(self.n)
        return self.take(order[n_test:]), self.take(order[:n_test])

    def __repr__(self) -> str:
        size = "×".join(map(str, self.image_shape or self.x.shape[1:]))
        noun = "class" if self.is_classification else "target"
        plural = "" if self.n_out == 1 else "es" if self.is_classification else "s"
        return f"<Dataset {self.name!r}: {self.n} × {size} → {self.n_out} {noun}{plural}>"

    def _samples(self, values: ArrayLike) -> NDArray[np.float64]:
        x = self._numbers("x", values)
        if x.ndim < 2:
            self._refuse(f"x must have the shape (samples, features), got {x.shape}")
        if x.size == 0:
            self._refuse(f"x must not be empty, got the shape {x.shape}")
        if self.features and (x.ndim != 2 or len(self.features) != x.shape[1]):
            self._refuse(f"features must name every column of x, got {len(self.features)} names for {x.shape[1:]}")
        shape = self.image_shape
        if shape is not None and (len(shape) != 2 or prod(shape) != prod(x.shape[1:])):
            self._refuse(f"image_shape must be the (height, width) of a row of x, got {shape} for {x.shape[1:]}")
        x = x.astype(np.float64, copy=False)
        self._check_finite("x", x, self.features)
        return x

    def _set_labels(self, y: NDArray[Any]) -> None:
        if y.ndim != 1:
            self._refuse(f"class labels must have the shape (samples,), got {y.shape}")
        if self.targets:
            self._refuse(f"class labels have no target columns, got targets={self.targets}")
        if not self.classes:
            if y.max() >= MOST_UNNAMED_CLASSES:
                self._refuse(
                    f"whole numbers in y are class labels and must be named from {MOST_UNNAMED_CLASSES} on, "
                    f"got {y.max()} (targets of a regression are floats)"
                )
            object.__setattr__(self, "classes", tuple(map(str, range(max(int(y.max()), 0) + 1))))
        wrong = np.flatnonzero(~np.isin(y, np.arange(len(self.classes))))
        if wrong.size:
            self._refuse(
                f"labels must be whole numbers in 0..{len(self.classes) - 1}, got {y[wrong[0]]} in row {wrong[0]}"
            )
        object.__setattr__(self, "y", y.astype(np.int64, copy=False))

    def _set_targets(self, y: NDArray[Any]) -> None:
        y = (y[:, None] if y.ndim == 1 else y).astype(np.float64, copy=False)
        if y.ndim != 2 or y.shape[1] == 0:
            self._refuse(f"y must have the shape (samples,) or (samples, targets), got {y.shape}")
        if self.targets and len(self.targets) != y.shape[1]:
            self._refuse(f"targets must name every column of y, got {len(self.targets)} names for {y.shape[1]}")
        self._check_finite("y", y, self.targets)
        object.__setattr__(self, "y", y)

    def _numbers(self, field: str, values: ArrayLike) -> NDArray[Any]:
        try:
            array = np.asarray(values)
        except ValueError:  # rows of different lengths
            self._refuse(f"{field} must be an array, got rows of different lengths")
        if array.dtype.kind not in "buif":
            self._refuse(f"{field} must hold real numbers, got {array.dtype}")
        if array.ndim == 0:
            self._refuse(f"{field} must hold one entry per sample, got the number {array}")
        return array

    def _check_finite(self, field: str, array: NDArray[np.float64], names: tuple[str, ...]) -> None:
        if np.isfinite(array).all():
            return
        row, *rest = map(int, np.argwhere(~np.isfinite(array))[0])
        column = repr(names[rest[0]]) if names else ", ".join(map(str, rest))
        self._refuse(f"{field} holds {array[row, *rest]} in row {row}, column {column}")

    def _refuse(self, what: str) -> NoReturn:
        raise ValueError(f"Dataset {self.name!r}: {what}")
