"""The samples to learn from, and those held back to look how it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .targets import Targets

Samples = tuple[np.ndarray, Targets]


def separate(
    pair: Callable[..., Samples], x: Any, y: Any, weights: Any, validation: tuple[Any, ...] | float | None
) -> tuple[Samples, Samples | None]:
    """Both, checked by `pair`: what is held back is given as (x, y), (x, y, weights) or a share of the samples."""
    data = pair(x, y, weights)
    if validation is None:
        return data, None
    if isinstance(validation, float | int):
        n = int(validation * len(data[0])) if 0 < validation < 1 else 0
        if not 0 < n < len(data[0]):
            of = f"{validation} of {len(data[0])} samples"
            raise ValueError(f"validation must be (x, y) or a share in (0, 1) that leaves some on both sides, got {of}")
        mixed = np.random.default_rng(0).permutation(len(data[0]))
        given = [None if a is None else np.asarray(a) for a in (x, y, weights)]
        held, rest = (pair(*[a if a is None else a[at] for a in given]) for at in (mixed[:n], mixed[n:]))
        return rest, held
    if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
        raise ValueError(f"validation must be (x, y) or a share in (0, 1), got {type(validation).__name__}")
    return data, pair(*validation, of="validation ")
