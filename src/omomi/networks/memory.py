"""Large arrays that serve again: a fresh one costs a page fault for every 4 kB, which can outweigh what it is for."""

from __future__ import annotations

import math
import sys
from threading import Lock
from typing import Any

import numpy as np

LARGE = 2**20  # bytes; below this the allocator keeps pages itself
IDLE = 2**28  # bytes kept at most while nobody uses them
_kept: list[np.ndarray] = []
_lock = Lock()
_alone = [np.empty(0)]
NOBODY = sys.getrefcount(_alone[0])  # of what stands in a list alone


def empty(shape: tuple[int, ...], dtype: Any, like: Any = None) -> np.ndarray:
    """As `np.empty`, but a large array lies in memory that an earlier one has left.

    Memory is free again when no array refers to it any more, which CPython's count of references tells. `like` another
    library's array it is that library's affair.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE or not (like is None or isinstance(like, np.ndarray)):
        return np.empty(shape, dtype, like=like)
    with _lock:
        idle = [at for at in range(len(_kept)) if sys.getrefcount(_kept[at]) == NOBODY]
        fitting = next((at for at in idle if _kept[at].size == size), None)
        if fitting is not None:
            block = _kept[fitting]
        else:
            _forget(idle)
            block = np.empty(size, np.uint8)
            _kept.append(block)
    return block.view(dtype).reshape(shape)


def _forget(idle: list[int]) -> None:
    """Let idle blocks go, the oldest first, until the rest is small enough."""
    total = sum(_kept[at].size for at in idle)
    gone = set()
    for at in idle:
        if total <= IDLE:
            break
        total -= _kept[at].size
        gone.add(at)
    _kept[:] = [block for at, block in enumerate(_kept) if at not in gone]
