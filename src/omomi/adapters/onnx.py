"""Feed-forward networks as ONNX models.

Nothing here knows an activation: its formula is called with a symbol, and what it does to that becomes the graph.
"""

from __future__ import annotations

from functools import singledispatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..formulas.formula import snake_case
from ..networks.layers import EVALUATE, Activate, Dense, Layer, Weights
from ..networks.network import Network
from ..networks.signed import Excitatory, SignedDense
from ..networks.spiking import Spiking
from ..networks.units import Glu, Maxout
from ..training.files import write
from .tracing import BATCH, Graph, Symbol, affine
from .weights import chosen

OPSETS = 13, 17, 23  # the oldest whose words are used here, the usual one, the newest that was tried


def export(net: Network, run: Any, path: str | Path | None = None, *, replica: int = 0, opset: int = OPSETS[1]) -> Any:
    """A network with the weights of one replica as an ONNX model: input "x" (batch, …), output "y" (batch, …).

    The batch may have any size. Layers and activations, a user's own as well, are written as what their formulas do;
    dropout is left out. The metadata say the version of omomi and the network's text.

    Parameters
    ----------
    run : Run or array (P,) or (R, P)
        What has the weights: a run answers with those of `predict`.
    path : optional
        Where to write it, whole or not at all.
    opset : int
        The version of ONNX's operators, from 13.

    Returns
    -------
    onnx.ModelProto
        In the weights' precision, checked by onnx.

    Raises ValueError where a layer does what a feed-forward graph cannot say: run through time (see `adapters.nir`),
    draw at random, mix samples.

    Differs: onnxruntime has no erf in double: GELU of a float64 run is valid ONNX, and it takes float32 runs alone.
    Reference: https://onnx.ai/onnx/operators/
    """
    if not OPSETS[0] <= opset <= OPSETS[2]:
        raise ValueError(f"onnx.export: opset must be a whole number from {OPSETS[0]} to {OPSETS[2]}, got {opset!r}")
    theta = chosen(net, run, replica)
    graph = Graph(opset)
    y = x = graph.input("x", net.shapes[0], theta.dtype)
    for at, (layer, p) in enumerate(zip(net.layers, net.views(theta), strict=True)):
        graph.scope = f"{at}.{snake_case(type(layer.activation if isinstance(layer, Activate) else layer).__name__)}"
        try:
            y = _array(x, say(layer, p, y)).astype(theta.dtype)
        except (TypeError, ValueError, AttributeError, IndexError) as error:  # what a Symbol cannot be asked
            raise ValueError(f"{layer} cannot be written in ONNX: {error}") from error
    graph.nodes.append(graph.onnx.helper.make_node("Identity", [y.name], ["y"], "y"))
    model = _model(graph, x, y, net)
    if path is not None:
        write(path, model.SerializeToString())
    return model


@singledispatch
def say(layer: Layer, p: Weights, x: Symbol) -> Any:
    """What a layer makes of x; p are its weights (1, …). By default its own `forward` is followed."""
    return layer.forward(p, x, EVALUATE)[0]  # type: ignore[arg-type]


@say.register
def _(layer: Activate, p: Weights, x: Symbol) -> Any:
    return layer.activation.value(x, *layer.activation.hyper)


@say.register
def _(layer: Dense, p: Weights, x: Symbol) -> Symbol:
    return affine(x, p["W"][0], p["b"][0, 0] if "b" in p else None, x.graph.scope)


@say.register
def _(layer: Maxout, p: Weights, x: Symbol) -> Symbol:
    z = affine(x, p["W"][0], p["b"][0, 0] if "b" in p else None, x.graph.scope)
    return z.reshape(1, BATCH, layer.n_out, layer.pieces).max(axis=-1)


@say.register
def _(layer: Glu, p: Weights, x: Symbol) -> Any:
    half = x.shape[-1] // 2
    return x[..., :half] * layer.gate.value(x[..., half:], *layer.gate.hyper)


@say.register
def _(layer: SignedDense, p: Weights, x: Symbol) -> Any:
    weights, offset = layer.gain * layer.signed_weights(p)[0], layer.offset(p)[0]
    nets, n_in, n_out = weights.shape
    if x.ndim == 3:  # the inputs stand there twice, as units of both types
        folded = weights[:, : n_in // 2] + weights[:, n_in // 2 :]
        z = affine(x, folded.transpose(1, 0, 2).reshape(-1, nets * n_out), offset.reshape(-1), x.graph.scope)
        return z if layer.readout else z.reshape(1, BATCH, nets, n_out)
    name = x.graph.constant(weights, x.dtype, f"{x.graph.scope}.W")
    like = np.empty((1, BATCH, nets, 1, n_out), x.dtype)
    z = x[..., None, :]._unary("MatMul", like, name).reshape(1, BATCH, nets, n_out) + offset[None, None]
    return z.reshape(1, BATCH, -1) if layer.readout else z


@say.register
def _(layer: Excitatory, p: Weights, x: Symbol) -> Symbol:
    return x[..., : x.shape[-1] // 2].reshape(1, BATCH, -1)


@say.register
def _(layer: Spiking, p: Weights, x: Symbol) -> Symbol:
    raise ValueError("it runs through time; omomi.adapters.nir.write takes spiking networks")


def _array(x: Symbol, y: Any) -> Symbol:
    """What a formula returned, as a symbol: it may have been a number."""
    return y if isinstance(y, Symbol) else x * 0 + y


def _model(graph: Graph, x: Symbol, y: Symbol, net: Network) -> Any:
    onnx = graph.onnx
    kind = onnx.helper.np_dtype_to_tensor_dtype(x.dtype)
    ends = [
        onnx.helper.make_tensor_value_info(name, kind, ["batch", *end.shape[2:]]) for name, end in (("x", x), ("y", y))
    ]
    body = onnx.helper.make_graph(graph.nodes, "omomi", ends[:1], ends[1:], list(graph.constants.values()))
    opsets = [onnx.helper.make_opsetid("", graph.opset)]
    model = onnx.helper.make_model(
        body,
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),
        producer_name="omomi",
        producer_version=version("omomi"),
    )
    onnx.helper.set_model_props(model, {"omomi": version("omomi"), "net": repr(net)})
    onnx.checker.check_model(model, full_check=True)
    return model
