"""Where the arrays of a run live: "cpu" is NumPy's memory, "cuda" a GPU's by CuPy.

What is made on the way, `np.zeros(shape, like=x)`, comes to lie beside what it is made for; here is where they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray


@cache
def _cupy() -> Any:
    try:
        import cupy
    except ModuleNotFoundError as error:
        if error.name != "cupy":  # something that it needs itself
            raise
        raise ModuleNotFoundError("device='cuda' needs cupy: pip install 'omomi[cuda]'") from None
    if not cupy.is_available():
        raise OSError("device='cuda' needs an NVIDIA GPU and its driver, and CuPy finds none; leave it out")
    return cupy


# From NumPy's arrays to those of the device.
DEVICES: dict[str, Callable[[Array], Any]] = {"cpu": lambda a: a, "cuda": lambda a: _cupy().asarray(a)}


def known(device: Any) -> str:
    """The name of a device, or one sentence."""
    if device not in DEVICES:
        raise ValueError(f"device must be {' or '.join(map(repr, DEVICES))}, got {device!r}")
    return str(device)


def shown(a: Any) -> Array:
    """The array itself, or a copy from the device, which cannot be written into."""
    if isinstance(a, np.ndarray):
        return a
    copy: Array = a.get()
    copy.flags.writeable = False
    return copy
