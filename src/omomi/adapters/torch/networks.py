"""Networks to torch and from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from ... import networks
from ...formulas import activations as f
from ...networks import Network
from ...training import Run
from .activations import Activation
from .arrays import array
from .layers import Layer, precision, seed_from_torch

Array = np.ndarray
Shape = tuple[int, ...]
Arrays = dict[str, Array]  # a layer's weights of one replica

# To torch


def to_torch(
    net: Network | Run,
    run: Run | Array | None = None,
    replica: int = 0,
    *,
    seed: int | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Sequential:
    """The network as a module that gives the same: `to_torch(run)`, `to_torch(net, run, replica=3)`, `to_torch(net)`.

    Samples come first, x (B, …) → y (B, O); a sample alone, or several axes of samples, will do. Dense, Dropout,
    Flatten, LayerNorm and RmsNorm become torch's own modules, which are the same; activations stay omomi's (at kinks
    torch's have other derivatives), as does every other layer: see `Layer`. What a network predicts is what the module
    gives in eval() mode.

    Parameters
    ----------
    net : Network, or the Run that has its weights
    run : Run or array (R, P), optional
        Whose weights: a run's are those that it answers with. Left out, they are drawn.
    replica : int
        Which of the R.
    seed : int, optional
        The replica of a run that has this seed; or the seed to draw from, else torch's generator decides.
    dtype : torch.float32 or torch.float64, optional
        Left out, that of the run; of drawn weights torch's default.
    """
    given = net if isinstance(net, Run) else run
    net = net.settings.net if isinstance(net, Run) else net
    theta = _weights(net, given, replica, seed, dtype)
    made = [_module(*each) for each in zip(net.layers, net.shapes[:-1], net.views(theta), strict=True)]
    return nn.Sequential(*made)


def _weights(net: Network, run: Run | Array | None, replica: int, seed: int | None, dtype: torch.dtype | None) -> Array:
    """θ (1, P) of the replica that is meant."""
    if run is None:
        return net.init([seed_from_torch() if seed is None else seed], precision(dtype))
    theta = run.answering if isinstance(run, Run) else np.asarray(run)
    if isinstance(run, Run) and repr(run.settings.net) != repr(net):
        raise ValueError(f"to_torch: the run must be of {net}, got one of {run.settings.net}")
    if theta.ndim != 2 or theta.shape[1] != net.size or not 0 <= replica < len(theta):
        raise ValueError(
            f"to_torch: weights must be (R, {net.size}) and replica one of the R, got {theta.shape} and {replica}"
        )
    if seed is not None:
        seeds = run.settings.seeds if isinstance(run, Run) else ()
        if seed not in seeds:
            raise ValueError(f"to_torch: seed must be one of the run's, {seeds}, got {seed}")
        replica = seeds.index(seed)
    return theta[replica : replica + 1].astype(precision(dtype) if dtype else theta.dtype)


def _module(layer: networks.Layer, n_in: Shape, weights: Arrays) -> nn.Module:
    twin = TWINS.get(type(layer))
    made = twin(layer, n_in) if twin else Layer(layer, n_in, seed=0)
    values = _as_torch(layer, weights) if twin else weights
    for name, w in made.named_parameters():
        w.data = torch.from_numpy(values[name].reshape(w.shape).copy())
    return made


def _as_torch(layer: networks.Layer, weights: Arrays) -> Arrays:
    """The weights of a layer that has a twin, by torch's names and in its layout."""
    if isinstance(layer, networks.Dense):
        return {"weight": weights["W"][0].T, "bias": weights.get("b", NONE)}
    return {"weight": weights.get("gain", NONE), "bias": weights.get("shift", NONE)}


def _linear(layer: Any, n_in: Shape) -> nn.Module:
    return nn.utils.skip_init(nn.Linear, n_in[-1], layer.n_out, bias=layer.bias is not None)


NONE = np.empty(0)
TWINS: dict[type, Callable[[Any, Shape], nn.Module]] = {
    networks.Dense: _linear,
    networks.Activate: lambda layer, _: Activation(layer.activation),
    networks.Dropout: lambda layer, _: nn.Dropout(layer.rate),
    networks.Flatten: lambda _, n_in: nn.Flatten(-len(n_in)),
    networks.LayerNorm: lambda layer, n_in: nn.LayerNorm(n_in[-1], layer.eps),
    networks.RmsNorm: lambda layer, n_in: nn.RMSNorm(n_in[-1], layer.eps, elementwise_affine=False),
}


# From torch


def from_torch(module: nn.Module, n_in: int | Shape | None = None) -> tuple[Network, Array]:
    """The network of a stack of modules, and its weights (1, P): `run.theta[...] = theta`, `net.init` left alone.

    A stack is an `nn.Sequential`, nested or not, of Linear, activations, Dropout, LayerNorm, RMSNorm without a gain,
    Flatten, Identity, and what `to_torch` makes. A BatchNorm1d behind a Linear, in eval() mode, is folded into it.
    Other modules are refused by name, and so are values of theirs that omomi has no formula for.

    Parameters
    ----------
    module : nn.Module
    n_in : int or tuple of int, optional
        The shape of one sample. Left out, it is a vector as wide as the first module with weights takes it.

    Numerics: equal to rounding; torch's Softplus is cut off at 20, where it is off by 2e-9.
    Differs: at kinks the derivatives are omomi's. Several Linears that share a weight are refused.
    """
    stack = list(_stack(module))
    shape = _first_shape(stack) if n_in is None else (n_in,) if isinstance(n_in, int) else tuple(n_in)
    begin, dtype = shape, next((p.dtype for p in module.parameters()), torch.float32)
    parts: list[networks.Layer | f.Activation] = []
    weights: list[Arrays] = []
    for name, m in stack:
        if type(m) is nn.BatchNorm1d:
            _fold(name, m, parts, weights, shape)
            continue
        part, own = _part(name, m, shape, dtype)
        if part is None:
            continue
        parts.append(part)
        weights.append({key: array(w.detach().cpu()) for key, w in own.items()})
        shape = part.shapes(shape)[1] if isinstance(part, networks.Layer) else shape
    net = Network(begin, *parts)
    theta = np.empty((1, net.size), np.float64 if dtype == torch.float64 else np.float32)
    for views, own_arrays in zip(net.views(theta), weights, strict=True):
        for key, view in views.items():
            view[...] = own_arrays[key].reshape(view.shape)
    return net, theta


def _stack(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules in the order in which they run, with their names."""
    seen: set[int] = set()
    for path, m in _leaves(module, name):
        learns = any(True for _ in m.parameters())
        if learns and id(m) in seen:
            raise ValueError(f"from_torch: {path} stands twice in the stack; omomi's layers do not share weights")
        seen.add(id(m))
        yield path, m


def _leaves(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    if type(module).forward is nn.Sequential.forward:
        for key, child in module._modules.items():  # named_children leaves out what stands twice
            yield from _leaves(child, f"{name}.{key}" if name else key)
    else:
        yield name or "the module", module


def _first_shape(stack: list[tuple[str, nn.Module]]) -> Shape:
    for _, m in stack:
        if isinstance(m, Layer):
            return m.n_in
        if isinstance(m, nn.Linear):
            return (m.in_features,)
        if isinstance(m, nn.LayerNorm | nn.RMSNorm):
            return tuple(m.normalized_shape)
    raise ValueError("from_torch: nothing in the module says how wide its input is; give n_in")


def _part(name: str, m: Any, shape: Shape, dtype: torch.dtype) -> tuple[Any, dict[str, torch.Tensor]]:
    """The layer or activation that a module is, if it does anything, and its weights."""
    kind = type(m)
    if kind is Layer:
        _need(tuple(m.n_in) == shape, name, m, f"behind samples of shape {shape}; n_in says where the stack begins")
        return m.layer, dict(m.named_parameters())
    if kind is Activation:
        return m.formula, {}
    if kind in ACTIVATIONS:
        fits, make = ACTIVATIONS[kind]
        _need(fits(m), name, m)
        return make(m), {}
    if kind in ALONG:
        _need(m.dim in (-1, len(shape)), name, m, "along another axis than the last")
        return ALONG[kind](), {}
    if kind in LAYERS:
        return LAYERS[kind](name, m, shape, dtype)
    raise ValueError(f"from_torch knows no layer of omomi's for {name}, {_said(m)}")


def _need(holds: bool, name: str, m: nn.Module, where: str = "with these values") -> None:
    if not holds:
        raise ValueError(f"from_torch knows no layer of omomi's for {name}, {_said(m)}, {where}")


def _said(m: nn.Module) -> str:
    return f"{type(m).__name__}({m.extra_repr()})"


def _dense(name: str, m: nn.Linear, shape: Shape, _: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    _need(shape[-1] == m.in_features, name, m, f"behind samples of shape {shape}")
    weights = {"W": m.weight.T}
    if m.bias is None:
        return networks.Dense(m.out_features, bias=None), weights
    return networks.Dense(m.out_features), weights | {"b": m.bias}


def _layer_norm(name: str, m: nn.LayerNorm, shape: Shape, dtype: torch.dtype) -> tuple[Any, dict[str, torch.Tensor]]:
    _need(tuple(m.normalized_shape) == shape[-1:], name, m, f"behind samples of shape {shape}")
    gain = torch.ones(shape[-1], dtype=dtype) if m.weight is None else m.weight
    shift = torch.zeros(shape[-1], dtype=dtype) if m.bias is None else m.bias
    return networks.LayerNorm(m.eps), {"gain": gain, "shift": shift}


def _rms_norm(name: str, m: nn.RMSNorm, shape: Shape, dtype: torch.dtype) -> tuple[Any, dict[str, torch.Tensor]]:
    _need(tuple(m.normalized_shape) == shape[-1:], name, m, f"behind samples of shape {shape}")
    _need(m.weight is None, name, m, "with a gain; elementwise_affine=False leaves it out")
    return networks.RmsNorm(torch.finfo(dtype).eps if m.eps is None else m.eps), {}


def _p_relu(name: str, m: nn.PReLU, shape: Shape, _: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    _need(m.num_parameters == 1 or (m.num_parameters,) == shape, name, m, f"behind samples of shape {shape}")
    return networks.PRelu(shared=m.num_parameters == 1), {"a": m.weight}


def _flatten(name: str, m: nn.Flatten, shape: Shape, _: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    n = len(shape)
    _need(m.start_dim in (1, -n) and m.end_dim in (-1, n), name, m, "which leaves axes of a sample")
    return networks.Flatten(), {}


def _glu(name: str, m: nn.GLU, shape: Shape, _: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    _need(m.dim in (-1, len(shape)), name, m, "along another axis than the last")
    return networks.Glu(), {}


def _fold(name: str, m: nn.BatchNorm1d, parts: list[Any], weights: list[Arrays], shape: Shape) -> None:
    """The mean and variance that a BatchNorm1d has seen, and its gain, go into the Linear before it."""
    _need(bool(parts) and isinstance(parts[-1], networks.Dense) and len(shape) == 1, name, m, "but behind a Linear")
    _need(not m.training, name, m, "in train() mode; say module.eval() first")
    if m.running_mean is None or m.running_var is None:
        raise ValueError(f"from_torch: {name}, {_said(m)}, has no running statistics to fold into the Linear before it")
    one = torch.ones_like(m.running_var)
    gain, shift = (one, 0 * one) if m.weight is None else (m.weight.detach(), m.bias.detach())
    scale = (gain.double() / (m.running_var.double() + m.eps).sqrt()).cpu().numpy()
    own, mean, dtype = weights[-1], m.running_mean.double().cpu().numpy(), weights[-1]["W"].dtype
    bias = (own.get("b", 0) - mean) * scale + shift.double().cpu().numpy()
    parts[-1] = networks.Dense(parts[-1].n_out)
    weights[-1] = {"W": (own["W"] * scale).astype(dtype), "b": bias.astype(dtype)}


def _always(_: Any) -> bool:
    return True


# Of torch's values those that omomi has a formula for, and that.
ACTIVATIONS: dict[type, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    nn.ReLU: (_always, lambda m: f.Relu()),
    nn.ReLU6: (_always, lambda m: f.Relu6()),
    nn.LeakyReLU: (_always, lambda m: f.LeakyRelu(m.negative_slope)),
    nn.ELU: (lambda m: m.alpha >= 0, lambda m: f.Elu(m.alpha)),
    nn.SELU: (_always, lambda m: f.Selu()),
    nn.CELU: (lambda m: m.alpha > 0, lambda m: f.Celu(m.alpha)),
    nn.GELU: (_always, lambda m: f.GeluTanh() if m.approximate == "tanh" else f.Gelu()),
    nn.SiLU: (_always, lambda m: f.Swish()),
    nn.Mish: (_always, lambda m: f.Mish()),
    nn.Softplus: (lambda m: m.beta == 1 and m.threshold >= 20, lambda m: f.Softplus()),
    nn.Softsign: (_always, lambda m: f.Softsign()),
    nn.Sigmoid: (_always, lambda m: f.Sigmoid()),
    nn.LogSigmoid: (_always, lambda m: f.LogSigmoid()),
    nn.Tanh: (_always, lambda m: f.Tanh()),
    nn.Tanhshrink: (_always, lambda m: f.TanhShrink()),
    nn.Hardtanh: (
        lambda m: (m.min_val, m.max_val) in ((-1, 1), (0, 6)),
        lambda m: f.Relu6() if m.max_val == 6 else f.HardTanh(),
    ),
    nn.Hardswish: (_always, lambda m: f.HardSwish()),
    nn.Hardshrink: (lambda m: m.lambd >= 0, lambda m: f.HardShrink(m.lambd)),
    nn.Softshrink: (lambda m: m.lambd >= 0, lambda m: f.SoftShrink(m.lambd)),
    nn.Threshold: (_always, lambda m: f.Threshold(m.threshold, m.value)),
}
ALONG: dict[type, Callable[[], Any]] = {nn.Softmax: f.Softmax, nn.Softmin: f.Softmin, nn.LogSoftmax: f.LogSoftmax}
LAYERS: dict[type, Callable[..., tuple[Any, dict[str, torch.Tensor]]]] = {
    nn.Identity: lambda name, m, shape, dtype: (None, {}),
    nn.Dropout: lambda name, m, shape, dtype: (networks.Dropout(m.p), {}),
    nn.Linear: _dense,
    nn.LayerNorm: _layer_norm,
    nn.RMSNorm: _rms_norm,
    nn.PReLU: _p_relu,
    nn.Flatten: _flatten,
    nn.GLU: _glu,
}
