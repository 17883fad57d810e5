"""Formulas followed symbol by symbol: what they do to arrays becomes nodes of an ONNX graph.

A formula is called with a `Symbol` in place of an array. NumPy hands its functions over to it, so that whatever is
written with arithmetic, comparisons and NumPy's functions is followed, a user's own formula as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .extras import library

BATCH = 0  # the size of the batch axis, which nobody knows: in ONNX's Reshape 0 stands for "as it was"


class Untraceable(TypeError):
    """A formula does what no graph can say."""


class Graph:
    """Nodes and constants, in the order in which they are needed."""

    def __init__(self, opset: int) -> None:
        self.onnx = library("onnx", "onnx", "omomi.adapters.onnx")
        self.opset = opset
        self.scope = ""  # the layer at work
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Append a node; the name of its first output."""
        name = f"{self.scope}/{op}_{len(self.nodes)}"
        names = [name, *(f"{name}.{k}" for k in range(1, outputs))]
        self.nodes.append(self.onnx.helper.make_node(op, inputs, names, name, **attributes))
        return name

    def constant(self, values: Any, dtype: Any, name: str | None = None) -> str:
        """The name of an initializer; equal scalars share one."""
        array = np.ascontiguousarray(values, dtype).reshape(np.shape(values))
        scalar = f"{array.dtype}({array.item()!r})" if array.ndim == 0 else None
        name = name or scalar or f"{self.scope}/{len(self.constants)}"
        if name not in self.constants:
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def input(self, name: str, shape: tuple[int, ...], dtype: Any) -> Symbol:
        """What comes in: samples of a shape."""
        return Symbol(self, name, np.empty((1, BATCH, *shape), dtype))


class Symbol(NDArrayOperatorsMixin):
    """A tensor of the graph, (B, …), that looks to a formula like an array (1, B, …) of one replica.

    An empty array goes the same way and tells shape and precision.
    """

    def __init__(self, graph: Graph, name: str, like: Any) -> None:
        self.graph, self.name, self.like = graph, name, like

    dtype = property(lambda self: self.like.dtype)
    shape = property(lambda self: self.like.shape)
    ndim = property(lambda self: self.like.ndim)

    def __len__(self) -> int:
        return len(self.like)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"it uses .{name} of an array")

    def __iter__(self) -> Any:
        raise Untraceable("it goes through samples one by one")

    def __bool__(self) -> bool:
        raise Untraceable("which way it goes depends on values")

    __float__ = __int__ = __index__ = __bool__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise Untraceable("it asks for the numbers of an array, by np.asarray or out=")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or kwargs or not (name in _OPS or name in _MADE):
            raise Untraceable(f"it uses {name}{'' if method == '__call__' else f'.{method}'}{_said(kwargs)}")
        return _MADE[name](*inputs) if name in _MADE else self._apply(_OPS[name], ufunc, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function.__name__ not in _FUNCTIONS:
            raise Untraceable(f"it uses numpy.{function.__name__}")
        return _FUNCTIONS[function.__name__](*args, **kwargs)

    def _apply(self, op: str, function: Any, inputs: Any, *first: str) -> Symbol:
        """A node whose inputs broadcast, after those in `first`; they come in the precision that NumPy would choose."""
        likes = [x.like if isinstance(x, Symbol) else x for x in inputs]
        like = function(*likes)
        dtype = np.result_type(*likes) if like.dtype == bool else like.dtype
        names = [self._operand(x, dtype, like.ndim) for x in inputs]
        return Symbol(self.graph, self.graph.node(op, *first, *names), like)

    def _operand(self, x: Any, dtype: Any, ndim: int) -> str:
        if isinstance(x, Symbol):
            return x.astype(dtype).name
        x = np.asarray(x)
        if not x.size:
            raise Untraceable("it makes an array with a row for each sample")
        return self.graph.constant(x.reshape(x.shape[1:]) if x.ndim == ndim > 1 else x, dtype)

    def _unary(self, op: str, like: Any, *more: str, outputs: int = 1, **attributes: Any) -> Symbol:
        return Symbol(self.graph, self.graph.node(op, self.name, *more, outputs=outputs, **attributes), like)

    def _numbers(self, *values: int) -> str:
        return self.graph.constant(np.array(values), np.int64)

    def _axes(self, axis: Any) -> tuple[int, ...]:
        """Axes of the array as those of the tensor, which has none for replicas."""
        axes = tuple(a % self.ndim for a in (axis if isinstance(axis, tuple) else (axis,)) if a is not None)
        if not axes or min(axes) < 2:
            raise Untraceable("it mixes samples")
        return tuple(a - 1 for a in axes)

    # What arrays can do

    def astype(self, dtype: Any, **_: Any) -> Symbol:
        if self.dtype == dtype:
            return self
        like = self.like.astype(dtype)
        return self._unary("Cast", like, to=self.graph.onnx.helper.np_dtype_to_tensor_dtype(like.dtype))

    def copy(self) -> Symbol:
        return self

    def reshape(self, *shape: Any) -> Symbol:
        new = [int(n) for n in (shape[0] if isinstance(shape[0], tuple | list) else shape)]
        if new[:2] != [1, BATCH]:
            raise Untraceable("it mixes samples")
        missing = math.prod(self.shape[2:]) // math.prod(n for n in new[2:] if n != -1)
        like = np.empty([missing if n == -1 else n for n in new], self.dtype)
        return self._unary("Reshape", like, self._numbers(*like.shape[1:]))

    def _reduce(self, op: str, name: str, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Symbol:
        axes, with_dtype = list(self._axes(axis)), {} if dtype is None else {"dtype": dtype}
        like = getattr(self.like, name)(axis=axis, keepdims=keepdims, **with_dtype)
        x = self.astype(like.dtype)
        if self.graph.opset < 18 and op != "ReduceSum":  # since 13 of sums, since 18 of all, axes are an input
            return x._unary(op, like, axes=axes, keepdims=int(keepdims))
        return x._unary(op, like, self._numbers(*axes), keepdims=int(keepdims))

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceSum", "sum", axis, keepdims, dtype)

    def mean(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMean", "mean", axis, keepdims, dtype)

    def max(self, axis: Any = None, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMax", "max", axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMin", "min", axis, keepdims)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Symbol:
        like = self.like.argmax(axis=axis, keepdims=keepdims)
        return self._unary("ArgMax", like, axis=self._axes(axis)[0], keepdims=int(keepdims))

    def cumsum(self, axis: Any = None) -> Symbol:
        like = self.like.cumsum(axis=axis)
        return self.astype(like.dtype)._unary("CumSum", like, self.graph.constant(self._axes(axis)[0], np.int64))

    def __getitem__(self, key: Any) -> Symbol:
        key = key if isinstance(key, tuple) else (key,)
        if not all(k is None or k is ... or isinstance(k, slice | int) for k in key):
            raise Untraceable("it takes elements out of an array by others")
        rest = self.ndim - sum(k is not None and k is not ... for k in key)
        at = key.index(...) if ... in key else len(key)
        full = (*key[:at], *[slice(None)] * rest, *key[at + 1 :])
        axis, x, gone, new = -1, self, [], []
        for place, k in enumerate(full):
            if k is None:
                new.append(place - 1)
                continue
            axis += 1
            if k == slice(None):
                continue
            if axis < 2:
                raise Untraceable("it takes samples apart")
            start, stop, step = (k, k + 1 or None, 1) if isinstance(k, int) else (k.start, k.stop, k.step)
            start, stop, step = slice(start, stop, step).indices(self.shape[axis])
            if step < 0:
                raise Untraceable("it turns an array around")
            ends = [self._numbers(n) for n in (start, stop, axis - 1, step)]
            x = x._unary("Slice", x.like, *ends)
            if isinstance(k, int):
                gone.append(axis - 1)
        like = self.like[full]
        if gone:
            x = x._unary("Squeeze", like, self._numbers(*gone))
        if new:
            x = x._unary(
                "Unsqueeze", like, self._numbers(*(n - sum(isinstance(k, int) for k in full[:n]) for n in new))
            )
        return Symbol(self.graph, x.name, like)


def affine(x: Symbol, weights: Any, bias: Any, name: str) -> Symbol:
    """x W + b.   x (B, …, I), W (I, O), b (O,) or None."""
    graph = x.graph
    names = [graph.constant(weights, x.dtype, f"{name}.W")]
    names += [] if bias is None else [graph.constant(bias, x.dtype, f"{name}.b")]
    like = np.empty((*x.shape[:-1], np.shape(weights)[1]), x.dtype)
    if x.ndim == 3:
        return x._unary("Gemm", like, *names)
    product = x._unary("MatMul", like, names[0])
    return product if bias is None else product._unary("Add", like, names[1])


def _said(kwargs: dict[str, Any]) -> str:
    return f" with {', '.join(kwargs)}" if kwargs else ""


def _where(condition: Any, yes: Any, no: Any) -> Any:
    x = next(a for a in (condition, yes, no) if isinstance(a, Symbol))
    like = np.where(*(a.like if isinstance(a, Symbol) else a for a in (condition, yes, no)))
    names = [x._operand(condition, bool, like.ndim), *(x._operand(a, like.dtype, like.ndim) for a in (yes, no))]
    return Symbol(x.graph, x.graph.node("Where", *names), like)


def _expm1(x: Any) -> Any:
    t = np.tanh(x / 2)
    return np.where(x < 1, 2 * t / (1 - t), np.exp(x) - 1)  # each where it loses no digits


def _log1p(x: Any) -> Any:
    u = 1 + x
    return np.where((np.abs(x) < 0.5) & (u != 1), np.log(u) * (x / (u - 1)), np.where(u == 1, x, np.log(u)))  # Kahan


def _hypot(a: Any, b: Any) -> Any:
    large, small = np.maximum(np.abs(a), np.abs(b)), np.minimum(np.abs(a), np.abs(b))
    t = small / np.where(large == 0, 1, large)
    return large * np.sqrt(1 + t * t)


def _sort(x: Symbol, axis: int = -1, **_: Any) -> Symbol:
    at = x._axes(axis)[0]
    return x._unary("TopK", x.like, x._numbers(x.shape[at + 1]), outputs=2, axis=at, largest=0)


def _take_along_axis(x: Symbol, indices: Symbol, axis: int) -> Symbol:
    like = np.take_along_axis(x.like, indices.like, axis)
    return x._unary("GatherElements", like, indices.name, axis=x._axes(axis)[0])


def _concatenate(parts: Any, axis: int = 0) -> Symbol:
    x = next(part for part in parts if isinstance(part, Symbol))
    like = np.concatenate([part.like for part in parts], axis)
    names = [part.astype(like.dtype).name for part in parts]
    return Symbol(x.graph, x.graph.node("Concat", *names, axis=x._axes(axis)[0]), like)


def _round(x: Symbol, decimals: int = 0) -> Any:
    return np.rint(x) if not decimals else np.rint(x * 10.0**decimals) / 10.0**decimals


_OPS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow", "negative": "Neg",
    "absolute": "Abs", "fabs": "Abs", "sign": "Sign", "reciprocal": "Reciprocal", "maximum": "Max", "minimum": "Min",
    "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "floor": "Floor", "ceil": "Ceil", "rint": "Round", "isnan": "IsNaN",
    "isinf": "IsInf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan",
    "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh",
    "greater": "Greater", "greater_equal": "GreaterOrEqual", "less": "Less", "less_equal": "LessOrEqual",
    "equal": "Equal", "logical_and": "And", "bitwise_and": "And", "logical_or": "Or", "bitwise_or": "Or",
    "logical_xor": "Xor", "logical_not": "Not", "invert": "Not", "erf": "Erf", "expit": "Sigmoid",
}  # fmt: skip

_MADE: dict[str, Callable[..., Any]] = {
    "positive": lambda x: x,
    "square": lambda x: x * x,
    "not_equal": lambda a, b: ~(a == b),
    "expm1": _expm1,
    "log1p": _log1p,
    "exp2": lambda x: np.exp(x * math.log(2)),
    "log2": lambda x: np.log(x) / math.log(2),
    "hypot": _hypot,
    "logaddexp": lambda a, b: np.maximum(a, b) + np.log1p(np.exp(-np.abs(a - b))),
    "ndtr": lambda x: 0.5 + 0.5 * _erf(x * 0.5**0.5),
    "erfc": lambda x: 1 - _erf(x),
    "erfcx": lambda x: np.exp(np.minimum(x * x, 700)) * (1 - _erf(x)),
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where": _where,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "round": _round,
    "sum": lambda x, **how: x.sum(**how),
    "mean": lambda x, **how: x.mean(**how),
    "max": lambda x, **how: x.max(**how),
    "amax": lambda x, **how: x.max(**how),
    "min": lambda x, **how: x.min(**how),
    "amin": lambda x, **how: x.min(**how),
    "argmax": lambda x, **how: x.argmax(**how),
    "cumsum": lambda x, **how: x.cumsum(**how),
    "reshape": lambda x, shape: x.reshape(shape),
    "sort": _sort,
    "take_along_axis": _take_along_axis,
    "concatenate": _concatenate,
    "asarray": np.asarray,  # these of numbers, with like=
    "arange": np.arange,
    "result_type": lambda *args: np.result_type(*(a.like if isinstance(a, Symbol) else a for a in args)),
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
}


def _erf(x: Symbol) -> Symbol:
    return x._unary("Erf", x.like)
