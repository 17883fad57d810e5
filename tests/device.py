"""A stand-in for CuPy's arrays, where there is no GPU: as strict as they are, and it computes with NumPy.

What CuPy does is in its source, cupy/_core/core.pyx: `ndarray.__array_ufunc__` takes calls of ufuncs alone (no
`reduce`), looks their name up in cupy and cupyx.scipy.special, and takes its own arrays and scalars;
`__array_function__` looks the name up likewise; `__array__` raises; reductions give arrays without axes. Here a NumPy
array never joins in, not even as an index.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

# What each takes in CuPy 14, if it is less than in NumPy.
FUNCTIONS = {
    "any": "a axis out keepdims", "argmax": "a axis dtype out keepdims", "broadcast_to": "array shape",
    "clip": "a a_min a_max out", "concatenate": "arrays axis out dtype casting", "copyto": "dst src casting where",
    "cumprod": "a axis dtype out", "dot": "a b out", "full_like": "a fill_value dtype order shape",
    "max": "a axis out keepdims", "mean": "a axis dtype out keepdims", "min": "a axis out keepdims",
    "nan_to_num": "x copy nan posinf neginf", "ones_like": "a dtype order shape",
    "repeat": "a repeats axis", "result_type": "", "roll": "a shift axis", "round": "a decimals out", "shape": "a",
    "sort": "a axis kind", "stack": "arrays axis out dtype casting", "sum": "a axis dtype out keepdims",
    "take_along_axis": "arr indices axis", "where": "condition x y", "zeros_like": "a dtype order shape",
    "empty_like": "prototype dtype order shape",
}  # fmt: skip
MAKERS = ("arange", "array", "asarray", "empty", "eye", "ones", "zeros")  # by `like=`: NumPy's arrays become ours
UFUNCS = {
    "absolute", "add", "arctan", "bitwise_and", "bitwise_or", "cos", "divide", "equal", "erf", "erfcx", "exp", "expm1",
    "floor", "floor_divide", "greater", "greater_equal", "hypot", "invert", "isfinite", "isinf", "isnan", "less",
    "less_equal", "log", "log1p", "logical_and", "logical_not", "logical_or", "matmul", "maximum", "minimum",
    "multiply", "ndtr", "negative", "not_equal", "power", "remainder", "rint", "sign", "sin", "sqrt", "square",
    "subtract", "tanh",
}  # fmt: skip
SCALARS = (bool, int, float, np.generic)


class Device(np.lib.mixins.NDArrayOperatorsMixin):
    """Numbers that only CuPy's ways lead to; `get` brings them home."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or ufunc.__name__ not in UFUNCS or kwargs.keys() - {"out", "dtype", "casting"}:
            return NotImplemented
        out = kwargs.pop("out", (None,))[0]
        given = [_inside(x) for x in inputs]
        if out is None:
            return Device(ufunc(*given, **kwargs))
        if not isinstance(out, Device):
            raise TypeError(f"out must be a device's array, got {type(out).__name__}")
        ufunc(*given, out=out._values, **kwargs)
        return out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = function.__name__
        if name in MAKERS and function.__module__ == "numpy":
            return Device(np.array(function(*(a._values if isinstance(a, Device) else a for a in args), **kwargs)))
        if name not in FUNCTIONS or function.__module__ != "numpy":
            return NotImplemented
        if name == "result_type":
            return np.result_type(*(a.dtype if isinstance(a, Device) else a for a in args))
        given = inspect.signature(function).bind(*args, **kwargs).arguments
        if excess := given.keys() - set(FUNCTIONS[name].split()) - {"args"}:
            raise TypeError(f"CuPy's {name} knows no {', '.join(sorted(excess))}")
        if name == "where" and not isinstance(args[0], Device):
            raise AttributeError("the condition of CuPy's where must be an array")
        found = function(*map(_inside, args), **{key: _inside(value) for key, value in kwargs.items()})
        return found if name in ("shape", "copyto") else Device(found)

    # Elements

    def __getitem__(self, key: Any) -> Device:
        return Device(self._values[_index(key)])

    def __setitem__(self, key: Any, values: Any) -> None:
        if not isinstance(values, (Device, *SCALARS)):
            raise TypeError(f"a device's array takes its own kind and scalars, got {type(values).__name__}")
        self._values[_index(key)] = _inside(values)

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._values)

    def __float__(self) -> float:
        return float(self._values)

    def __int__(self) -> int:
        return int(self._values)

    def __repr__(self) -> str:
        return repr(self._values)

    __hash__ = None  # type: ignore[assignment]

    def get(self) -> np.ndarray:
        return self._values.copy()

    def item(self) -> Any:
        return self._values.item()

    def fill(self, value: Any) -> None:
        self._values.fill(_inside(value))

    def __deepcopy__(self, memo: Any) -> Device:
        return self.copy()

    @property
    def T(self) -> Device:
        return Device(self._values.T)


def _inside(x: Any) -> Any:
    """The values of arguments, where NumPy's arrays are refused."""
    if isinstance(x, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(x, tuple | list):
        return type(x)(map(_inside, x))
    return x._values if isinstance(x, Device) else x


def _index(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(_index, key))
    if not (key is None or key is Ellipsis or isinstance(key, int | np.integer | slice | Device)):
        raise TypeError(f"a device's array is indexed by its own kind, got {type(key).__name__}")
    return key._values if isinstance(key, Device) else key


def _method(name: str) -> Any:
    def call(self: Device, *args: Any, **kwargs: Any) -> Device:
        if kwargs.keys() & {"where", "initial"}:
            raise TypeError(f"CuPy's {name} knows no where and no initial")
        return Device(getattr(self._values, name)(*map(_inside, args), **{k: _inside(v) for k, v in kwargs.items()}))

    return call


for _name in (
    "all", "any", "argmax", "argmin", "astype", "clip", "copy", "cumsum", "max", "mean", "min", "ravel", "repeat",
    "reshape", "sum", "swapaxes", "transpose",
):  # fmt: skip
    setattr(Device, _name, _method(_name))
for _name in ("dtype", "flags", "itemsize", "nbytes", "ndim", "shape", "size", "strides"):
    setattr(Device, _name, property(lambda self, name=_name: getattr(self._values, name)))
