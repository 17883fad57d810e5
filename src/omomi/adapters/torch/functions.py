"""Formulas as `torch.autograd.Function`s: what goes forward and what comes back are omomi's, the graph is torch's.

They keep derivatives as tensors and never write over them: a graph that is retained can be gone through again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from ...formulas import activations, losses
from .arrays import array, tensor


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, at which `torch.compile` breaks its graph instead of tracing into arrays and loops."""

    @wraps(function)
    def call(*args: Any) -> Any:
        return torch.compiler.disable(function)(*args) if torch.compiler.is_compiling() else function(*args)

    return call


class Final(torch.autograd.Function):
    """A gradient that has none itself.

    torch's `once_differentiable` says so only where the gradient that came in has a graph, and is silent about a loss.
    """

    @staticmethod
    def forward(ctx: Any, grad: torch.Tensor, sentence: str) -> torch.Tensor:
        ctx.sentence = sentence
        return grad.clone()

    @staticmethod
    def backward(ctx: Any, _: torch.Tensor) -> None:
        raise RuntimeError(ctx.sentence)


def final(grad: torch.Tensor, of: Any, times: str = "once") -> torch.Tensor:
    """The gradient; where it becomes part of a graph (`create_graph`), one through which nobody comes."""
    if not torch.is_grad_enabled():
        return grad
    sentence = f"{type(of).__name__} can be differentiated {times}, not further"
    return Final.apply(grad.detach().requires_grad_(), sentence)


@uncompiled
def activate(z: torch.Tensor, f: activations.Activation) -> torch.Tensor:
    """f(z) of the shape of z; f′ is kept only where somebody will ask for it."""
    if not isinstance(z, torch.Tensor) or not (z.requires_grad and torch.is_grad_enabled()):
        return tensor(_values(array(z), f))
    if not f.elementwise:
        return OfVectors.apply(z, f)
    return Elementwise.apply(z, f) if f.second_derivative is None else Smooth.apply(z, f)


def _values(z: Any, f: activations.Activation) -> Any:
    """f(z) in an array of its own."""
    if f.elementwise:
        return f(z) if f.compiles(z) else _with_slope(z, f)[0]
    if not z.ndim:
        raise ValueError(f"{type(f).__name__} goes along the last axis, got a tensor without axes")
    if not z.size:
        return z.copy()
    return f.forward(z.copy().reshape(1, -1, z.shape[-1]), train=False)[0].reshape(z.shape)


def _with_slope(z: Any, f: activations.Activation) -> tuple[Any, Any]:
    """f(z) and f′(z), each in an array of its own; the loop writes over a copy of z."""
    y, slope = f.forward(z.copy().reshape(1, 1, -1))
    y = y if f.compiles(z) else y.copy()  # a formula may give back what it was given: y = z, or y′ = y
    return y.reshape(z.shape), slope.reshape(z.shape)


class Elementwise(torch.autograd.Function):
    """An activation with a first derivative alone."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, f: activations.Activation) -> torch.Tensor:
        y, slope = _with_slope(array(z), f)
        ctx.f = f
        ctx.save_for_backward(tensor(slope))
        return tensor(y)

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None]:
        (slope,) = ctx.saved_tensors
        return final(dy * slope, ctx.f), None


class Smooth(torch.autograd.Function):
    """An activation with a second derivative: the way back can be differentiated once more."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, f: activations.Activation) -> torch.Tensor:
        y, slope = _with_slope(array(z), f)
        ctx.f = f
        ctx.save_for_backward(z, tensor(slope))
        return tensor(y)

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None]:
        z, slope = ctx.saved_tensors
        return dy * (Slope.apply(z, ctx.f) if torch.is_grad_enabled() else slope), None


class Slope(torch.autograd.Function):
    """f′, whose derivative is f″."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, f: activations.Activation) -> torch.Tensor:
        ctx.f = f
        ctx.save_for_backward(z)
        return tensor(f.slope(array(z)))

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None]:
        (z,) = ctx.saved_tensors
        return final(dy * tensor(ctx.f.curvature(array(z))), ctx.f, "twice"), None


class OfVectors(torch.autograd.Function):
    """An activation along the last axis."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, f: activations.Activation) -> torch.Tensor:
        y = tensor(_values(array(z), f))
        ctx.f = f
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None]:
        (y,) = ctx.saved_tensors
        rows = (1, -1, y.shape[-1])
        if y.numel():
            dy = tensor(ctx.f.backward(array(y).reshape(rows), array(dy).reshape(rows)).reshape(y.shape))
        return final(dy, ctx.f), None


@uncompiled
def cost(y: torch.Tensor, t: torch.Tensor, loss: losses.Loss, reduction: str) -> torch.Tensor:
    """The loss of outputs y (…, O) against targets t (…, O): its mean or sum over samples, or of each (…)."""
    if y.requires_grad and torch.is_grad_enabled():
        return Cost.apply(y, t, loss, reduction)
    return _measure(y, t, loss, reduction)[0]


def _measure(y: torch.Tensor, t: torch.Tensor, loss: losses.Loss, reduction: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss and its derivative in y."""
    n, n_out = math.prod(y.shape[:-1]), y.shape[-1]
    at_once = reduction == "mean" and n
    rows = (1, n, n_out) if at_once else (n, 1, n_out)  # each sample as a replica of its own is not divided by any
    values, dy = loss.measure(array(y).reshape(rows), array(t).reshape(rows))
    if reduction == "none":
        value = tensor(values.astype(dy.dtype).reshape(y.shape[:-1]))
    elif at_once:
        value = tensor(values.astype(dy.dtype).reshape(()))
    else:
        value = (tensor(values).sum() if reduction == "sum" else tensor(values).mean()).to(y.dtype)
    return value, tensor(dy.reshape(y.shape))


class Cost(torch.autograd.Function):
    """A loss; targets get no gradient."""

    @staticmethod
    def forward(ctx: Any, y: torch.Tensor, t: torch.Tensor, loss: losses.Loss, reduction: str) -> torch.Tensor:
        value, dy = _measure(y, t, loss, reduction)
        ctx.f = loss
        ctx.save_for_backward(dy)
        return value

    @staticmethod
    def backward(ctx: Any, dl: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        (dy,) = ctx.saved_tensors
        return final(dy * (dl.unsqueeze(-1) if dl.ndim else dl), ctx.f), None, None, None
