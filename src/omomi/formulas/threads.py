"""Loops that release the interpreter's lock, in two threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from . import kernels


def in_halves(loop: Callable[[int, int], object], n: int, at: int | None = None) -> None:
    """loop(0, n), as loop(0, at) and loop(at, n) at the same time where there are two cores."""
    at = n // 2 if at is None else at
    if kernels.cores() < 2 or not 0 < at < n:
        loop(0, n)
        return
    other = _thread().submit(loop, 0, at)
    try:
        loop(at, n)
    finally:
        other.result()


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


if hasattr(os, "register_at_fork"):  # threads do not survive a fork
    os.register_at_fork(after_in_child=_thread.cache_clear)
