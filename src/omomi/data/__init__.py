"""Data sets: made from formulas, bundled with scikit-learn, or read from one's own files.

>>> load("XOR")
<Dataset 'xor': 4 × 2 → 2 classes>
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .bundled import breast_cancer, diabetes, digits, iris, wine
from .dataset import Dataset
from .files import read, read_npz
from .idx import read_idx
from .lookup import call, near_miss, squash
from .made import (
    circles,
    gaussians,
    moons,
    parity,
    plane,
    random_bits,
    remember,
    sine,
    spiral,
    sum_product,
    temporal_xor,
    xor,
)
from .prepare import Scaler, one_hot
from .tables import read_csv

__all__ = [
    "Dataset",
    "Scaler",
    "breast_cancer",
    "catalogue",
    "circles",
    "diabetes",
    "digits",
    "gaussians",
    "iris",
    "load",
    "moons",
    "one_hot",
    "parity",
    "plane",
    "random_bits",
    "read",
    "read_csv",
    "read_idx",
    "read_npz",
    "remember",
    "sine",
    "spiral",
    "sum_product",
    "temporal_xor",
    "wine",
    "xor",
]

MADE = (
    xor, parity, spiral, circles, moons, gaussians, plane, sine, sum_product, temporal_xor, remember, random_bits,
)  # fmt: skip
BUNDLED = (digits, iris, wine, breast_cancer, diabetes)


def catalogue() -> dict[str, Callable[..., Dataset]]:
    """The data sets that have a name, with the functions that give them."""
    return {function.__name__: function for function in (*MADE, *BUNDLED)}


def load(name_or_path: str | Path, **options: Any) -> Dataset:
    """A data set by its name, or from a file or folder.

    Parameters
    ----------
    name_or_path : str or Path
        A name of the `catalogue`, in any spelling, or a path for `read`. A name wins over a file of that name: write
        ``./iris`` for the file.
    **options
        What the data set or the reader takes, as ``noise=0.2`` or ``target="price"``.

    >>> load("spiral", classes=3, n=50)
    <Dataset 'spiral': 150 × 2 → 3 classes>
    """
    sets = {squash(name): function for name, function in catalogue().items()}
    if isinstance(name_or_path, str) and squash(name_or_path) in sets:
        return call(sets[squash(name_or_path)], **options)
    path = Path(name_or_path).expanduser()
    if isinstance(name_or_path, Path) or path.exists() or path.suffix or len(path.parts) > 1:
        return read(path, **options)
    known = ", ".join(catalogue())
    raise ValueError(f"no data set is named {name_or_path!r}{near_miss(name_or_path, catalogue())} (known: {known})")
