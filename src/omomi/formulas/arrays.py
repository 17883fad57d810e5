"""NumPy's arrays, and those of libraries that answer NumPy's functions with their own: CuPy on a GPU.

NumPy's functions pass such arrays on to their library, and `np.zeros(shape, like=x)` makes one of the kind of x; what
converts silently, `np.asarray(x)` or `np.ascontiguousarray(x)`, they refuse. The functions here let them through.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def foreign(x: Any) -> bool:
    """Whether x is another library's array."""
    return not isinstance(x, np.ndarray) and hasattr(x, "__array_function__")


def array(x: Any, dtype: Any = None) -> Any:
    """x as an array, of its own library if it is one; else NumPy's."""
    if not foreign(x):
        return np.asarray(x, dtype)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def contiguous(x: Any, dtype: Any = None) -> Any:
    """`array`, where NumPy's lie without gaps, as compiled loops want them."""
    return np.ascontiguousarray(x, dtype) if isinstance(x, np.ndarray) else array(x, dtype)


def on_host(x: Any) -> np.ndarray:
    """The numbers of any array in one of NumPy's: itself, or a copy."""
    return x if isinstance(x, np.ndarray) else x.get()
