"""Spiking networks as graphs of the Neuromorphic Intermediate Representation.

NIR's neurons are differential equations with times in seconds; how a step is taken stands in the metadata.
"""

from __future__ import annotations

import io
import math
from functools import singledispatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..formulas.formula import snake_case
from ..formulas.neurons import AdaptiveLif, CurrentLif, If, Li, Lif, Neuron, Plif
from ..networks.layers import Dense, Dropout, Flatten, Layer, Weights
from ..networks.network import Network
from ..networks.rates import RateBounds
from ..networks.spiking import Recurrent, Spiking
from ..training.files import write as write_file
from .extras import library
from .weights import chosen

Array = np.ndarray
MS = 1e-3  # in seconds


def _nir() -> Any:
    return library("nir", "nir", "omomi.adapters.nir")


def write(net: Network, run: Any, path: str | Path, *, replica: int = 0) -> Path:
    """Write a spiking network with the weights of one replica as a .nir file, whole or not at all; see `graph`."""
    content = io.BytesIO()
    _nir().write(content, graph(net, run, replica=replica), compression=None)  # weights are noise to it, headers cost
    return write_file(path, content.getvalue())


def graph(net: Network, run: Any, *, replica: int = 0) -> Any:
    """A spiking network as a nir.NIRGraph.

    Dense layers are Affine or Linear nodes with weights (O, I), neurons IF, LI, LIF and CubaLIF, times in seconds; a
    recurrent layer is a cycle of neurons and a Linear. PLIF's are LIF nodes with the τ and thresholds that were
    learned. Encoders before the first dense layer and readouts after the last neurons are not in the graph. The
    metadata of the graph say `dt` in s, `steps`, whether the `input` is a sequence or constant, what stands `before`
    and `after` the graph, and the `net` as text; those of a neuron its `reset` (to v_reset, or by subtraction of
    the threshold, which NIR's equations do not know), at what it `fires` (v > or ≥ v_threshold; NIR says >) and its
    `integration` ("euler" or "exact").

    Parameters
    ----------
    run : Run or array (P,) or (R, P)
        What has the weights.

    Raises ValueError where NIR has no word for a layer or a neuron: adaptive thresholds, refractory times, soft spikes.

    Reference: Pedersen et al. (2024), Neuromorphic intermediate representation, doi:10.1038/s41467-024-52259-9.
    """
    nir, theta = _nir(), chosen(net, run, replica)
    params = net.views(theta)
    first, last, dt = _inside(net)
    flat = isinstance(net.layers[first], Flatten)
    shape = net.shapes[first] if flat else net.shapes[first][-1:]
    nodes: dict[str, Any] = {"input": nir.Input(np.array(shape))}
    edges, before = [], "input"
    for at in range(first, last + 1):
        made = node(net.layers[at], params[at], net.shapes[at], dt)
        if made is None:
            continue
        name = names(net)[at]
        nodes[name] = made
        edges.append((before, name))
        if isinstance(net.layers[at], Recurrent):
            nodes[back := _back(name)] = nir.Linear(np.ascontiguousarray(params[at]["V"][0].T))
            edges += [(name, back), (back, name)]
        before = name
    nodes["output"] = nir.Output(np.array(net.shapes[last + 1][-1:]))
    edges.append((before, "output"))
    said = {
        "omomi": version("omomi"),
        "net": net.text,
        "inputs": np.array(net.shapes[0]),
        "dt": dt * MS,
        "steps": net.longest,
        "precision": theta.dtype.name,
        "input": "sequence" if len(net.shapes[first]) == 2 and not flat else "constant",
        "before": ", ".join(map(repr, net.layers[:first])),
        "after": ", ".join(map(repr, net.layers[last + 1 :])),
    }
    return nir.NIRGraph(nodes, edges, metadata=said)


def names(net: Network) -> list[str]:
    """What the layers are called in a graph."""
    called = [f"{snake_case(type(layer).__name__)}_{at}" for at, layer in enumerate(net.layers)]
    return [
        f"{name}.neurons" if isinstance(layer, Recurrent) else name
        for name, layer in zip(called, net.layers, strict=True)
    ]


def _back(name: str) -> str:
    """The weights between the neurons of a recurrent layer."""
    return name.replace(".neurons", ".weights")


def _inside(net: Network) -> tuple[int, int, float]:
    """The first and the last layer that stand in the graph, and dt in ms."""
    connecting = [at for at, layer in enumerate(net.layers) if isinstance(layer, Dense | Spiking)]
    steps = {layer.dt for layer in net.layers if isinstance(layer, Spiking)}
    if not steps:
        raise ValueError(f"nir: {net} has no neurons; omomi.adapters.onnx takes feed-forward networks")
    if len(steps) > 1:
        raise ValueError(f"nir: the neurons of {net} must all have the same dt, got {sorted(steps)}")
    first, last = connecting[0], connecting[-1]
    if all(isinstance(layer, Flatten | Dropout) for layer in net.layers[:first]):
        first = next((at for at in range(first) if isinstance(net.layers[at], Flatten)), first)
    for at, layer in enumerate(net.layers):
        if connecting[0] < at < last and isinstance(layer, Flatten):
            raise ValueError(f"nir: {layer} may stand before the first dense layer alone, for it mixes steps")
        if not first <= at <= last and layer.shapes(net.shapes[at])[0]:
            raise ValueError(f"nir: {layer} has weights, and NIR has no word for it")
    return first, last, steps.pop()


# What a layer is in NIR


@singledispatch
def node(layer: Layer, p: Weights, shape_in: tuple[int, ...], dt: float) -> Any:
    """The node of a layer, or None where it does nothing but while learning."""
    raise ValueError(f"nir: NIR has no word for {layer}")


@node.register
def _(layer: Dense, p: Weights, shape_in: tuple[int, ...], dt: float) -> Any:
    weight = np.ascontiguousarray(p["W"][0].T)
    return _nir().Linear(weight) if "b" not in p else _nir().Affine(weight, np.ascontiguousarray(p["b"][0, 0]))


@node.register
def _(layer: Flatten, p: Weights, shape_in: tuple[int, ...], dt: float) -> Any:
    return _nir().Flatten({"input": np.array(shape_in)}, start_dim=0, end_dim=-1)


@node.register(Dropout)
@node.register(RateBounds)
def _(layer: Layer, p: Weights, shape_in: tuple[int, ...], dt: float) -> Any:
    return None


@node.register
def _(layer: Spiking, p: Weights, shape_in: tuple[int, ...], dt: float) -> Any:
    neuron, kinds = layer.neuron, {If: _if, Li: _li, Lif: _lif, CurrentLif: _current_lif, Plif: _plif}
    if type(neuron) not in kinds:
        also = "; its threshold adapts" if isinstance(neuron, AdaptiveLif) else ""
        raise ValueError(f"nir: NIR has no word for {neuron}{also}")
    if neuron.tau_ref or layer.soft:
        what = "refractory times" if neuron.tau_ref else "soft spikes"
        raise ValueError(f"nir: NIR has no word for {what}, got {layer}")
    name, fields = kinds[type(neuron)](neuron, p)  # type: ignore[operator]
    made = getattr(_nir(), name)(**{key: np.broadcast_to(v, shape_in[-1:]).astype(float) for key, v in fields.items()})
    made.metadata = {"dt": dt * MS, "integration": "exact" if getattr(neuron, "exact", False) else "euler"}
    if neuron.spiking:
        made.metadata |= {
            "reset": "subtract" if neuron.scalars["subtract"] else "v_reset",
            "fires": ">" if neuron.strict else ">=",
        }
    return made


def _if(neuron: If, p: Weights) -> tuple[str, dict[str, Any]]:
    return "IF", {"r": 1 / MS, "v_threshold": neuron.threshold, "v_reset": neuron.v_reset}


def _li(neuron: Li, p: Weights) -> tuple[str, dict[str, Any]]:
    return "LI", {"tau": neuron.tau * MS, "r": neuron.Rm, "v_leak": neuron.rest}


def _lif(neuron: Lif, p: Weights) -> tuple[str, dict[str, Any]]:
    tau = neuron.Rm * neuron.Cm if neuron.Cm else neuron.tau
    return "LIF", {"tau": tau * MS, **_leaking(neuron), "v_threshold": neuron.threshold}


def _current_lif(neuron: CurrentLif, p: Weights) -> tuple[str, dict[str, Any]]:
    fields = _lif(neuron, p)[1]
    return "CubaLIF", {"tau_syn": neuron.tau_syn * MS, "tau_mem": fields.pop("tau"), **fields, "w_in": 1.0}


def _plif(neuron: Plif, p: Weights) -> tuple[str, dict[str, Any]]:
    a, threshold = (p[name][0, 0].astype(float) for name in ("a", "threshold"))
    return "LIF", {"tau": (1 + np.exp(-a)) * MS, **_leaking(neuron), "v_threshold": threshold}


def _leaking(neuron: Any) -> dict[str, Any]:
    return {"r": neuron.Rm, "v_leak": neuron.rest, "v_reset": neuron.v_reset}


# Back


def read(path: str | Path, *, steps: int | None = None, dt: float | None = None) -> tuple[Network, Array]:
    """The network in a .nir file, and its weights θ (1, P).

    What `write` wrote comes back as it was, with encoders and readouts, and says the same, bit for bit. Other graphs
    must be a chain of Affine, Linear, IF, LI, LIF and CubaLIF, with cycles of neurons and a Linear: they take sequences
    (steps, N), fire at v > v_threshold and take Euler's steps, unless their metadata say otherwise.

    Parameters
    ----------
    steps : int, optional
        The steps of a sequence; else those in the metadata.
    dt : float, optional
        In ms; else that in the metadata, else 1.

    Raises ValueError where it is no NIR file, or a graph for which omomi has no network.

    Numerics: w_in of CubaLIF goes into Rm and r of IF into the weights before it. Neurons that differ in τ or in their
        threshold become Plif, whose τ must be above 1 ms.
    """
    content, nir = Path(path).read_bytes(), _nir()
    try:
        g = nir.read(io.BytesIO(content))
    except (OSError, KeyError, ValueError, TypeError, AssertionError) as error:
        raise ValueError(f"{path} is damaged or no NIR file ({error})") from None
    if not isinstance(g, nir.NIRGraph):
        raise ValueError(f"{path} must hold a graph, got a {type(g).__name__}")
    own = _own(g) if steps is None and dt is None else None
    return own or _from_nodes(g, steps, dt)


def _own(g: Any) -> tuple[Network, Array] | None:
    """The network that the metadata name, if the nodes are still what it would be written as."""
    said = g.metadata
    try:
        net = Network.parse(tuple(map(int, said["inputs"])), said["net"])
        theta = np.empty((1, net.size), said["precision"])
        for name, layer, p in zip(names(net), net.layers, net.views(theta), strict=True):
            if name in g.nodes:
                _fill(p, _weights(g.nodes[name], g.nodes.get(_back(name)) if isinstance(layer, Recurrent) else None))
        return (net, theta) if _same(graph(net, theta), g) else None
    except (KeyError, ValueError, TypeError, AttributeError):  # of another version, or changed
        return None


def _same(a: Any, b: Any) -> bool:
    if set(a.nodes) != set(b.nodes) or sorted(map(tuple, a.edges)) != sorted(map(tuple, b.edges)):
        return False
    return all(_alike(one.to_dict(), b.nodes[name].to_dict()) for name, one in a.nodes.items())


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, str) or a is None:
        return a == b
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-12, atol=0)


def _fill(p: Weights, values: dict[str, Array]) -> None:
    for name, view in p.items():
        view[...] = values[name].reshape(view.shape)


def _weights(of: Any, back: Any = None) -> dict[str, Array]:
    """What a layer of a node would have as weights, by its names."""
    found = {} if back is None else {"V": back.weight.T}
    if hasattr(of, "weight"):
        found |= {"W": of.weight.T} | ({"b": of.bias} if hasattr(of, "bias") else {})
    elif hasattr(of, "tau") and hasattr(of, "v_threshold"):
        with np.errstate(invalid="ignore", divide="ignore"):
            found |= {"a": -np.log(of.tau / MS - 1), "threshold": of.v_threshold}
    return found


def _from_nodes(g: Any, steps: int | None, dt: float | None) -> tuple[Network, Array]:
    steps = g.metadata.get("steps") if steps is None else steps
    dt = _in_ms(g.metadata["dt"]) if dt is None and "dt" in g.metadata else 1.0 if dt is None else dt
    if steps is None:
        raise ValueError("nir.read: the graph does not say for how many steps it runs; give steps=…")
    layers: list[Layer] = []
    weights: list[dict[str, Array]] = []
    inputs, chain = _chain(g)
    for name, of, back in chain:
        if type(of).__name__ == "Flatten" and not layers:
            inputs = (math.prod(inputs),)
            continue
        if type(of).__name__ == "IF":
            _gain(name, of, layers, weights, back)
        layers.append(_layer(name, of, back, dt))
        weights.append(_weights(of, back))
    if len(inputs) != 1:
        raise ValueError(f"nir.read: the graph must take vectors in each step, got shape {inputs}")
    net = Network((int(steps), *inputs), *layers)
    given = [w for each in weights for key, w in each.items() if key in ("W", "V")]
    precision = np.float64 if given and np.result_type(*given) == np.float64 else np.float32
    theta = np.empty((1, net.size), precision)
    for p, values in zip(net.views(theta), weights, strict=True):
        _fill(p, values)
    return net, theta


def _chain(g: Any) -> tuple[tuple[int, ...], list[tuple[str, Any, Any]]]:
    """The shape that goes in, and the nodes from input to output with their cycles: (name, node, Linear or None)."""
    after: dict[str, list[str]] = {name: [] for name in g.nodes}
    for a, b in g.edges:
        after[a].append(b)
    starts = list(g.inputs)
    if len(starts) != 1:
        raise ValueError(f"nir.read: the graph must have one input, got {len(starts)}")
    at, chain = starts[0], []
    while True:
        loops = [b for b in after[at] if after[b] == [at]]
        on = [b for b in after[at] if b not in loops]
        if at != starts[0]:
            if len(loops) > 1 or (loops and type(g.nodes[loops[0]]).__name__ != "Linear"):
                raise ValueError(f"nir.read: the cycle at {at!r} must be one Linear, got {loops}")
            chain.append((at, g.nodes[at], g.nodes[loops[0]] if loops else None))
        if len(on) != 1 or any(on[0] == name for name, *_ in chain):
            raise ValueError(f"nir.read: the graph must be a chain, got {len(on)} ways on from {at!r}")
        at = on[0]
        if type(g.nodes[at]).__name__ == "Output":
            return tuple(map(int, g.nodes[starts[0]].input_type["input"])), chain


def _layer(name: str, of: Any, back: Any, dt: float) -> Layer:
    """A node, and the weights of its cycle, as a layer."""
    kind = type(of).__name__
    if kind in ("Affine", "Linear"):
        if of.weight.ndim != 2 or back is not None:
            raise ValueError(f"nir.read: {name!r} must have a matrix and no cycle, got shape {of.weight.shape}")
        return Dense(of.weight.shape[0]) if kind == "Affine" else Dense(of.weight.shape[0], bias=None)
    if kind not in ("IF", "LI", "LIF", "CubaLIF"):
        raise ValueError(f"nir.read: omomi has no layer for {name!r}, a {kind}")

    def one(field: str) -> float:
        values = getattr(of, field)
        if np.ptp(values):
            raise ValueError(
                f"nir.read: {field} must be the same for all of {name!r}, got {values.min()} … {values.max()}"
            )
        return float(values.flat[0])

    said: dict[str, Any] = {"subtract": of.metadata.get("reset") == "subtract"}
    said["strict"] = of.metadata.get("fires", ">") == ">"
    exact = of.metadata.get("integration") == "exact"
    if kind == "IF":
        neuron: Neuron = If(threshold=one("v_threshold"), v_reset=one("v_reset"), **said)
    elif kind == "LI":
        neuron = Li(tau=_in_ms(one("tau")), rest=one("v_leak"), Rm=one("r"), exact=exact)
    else:
        said |= {"rest": one("v_leak"), "v_reset": one("v_reset"), "Rm": one("r")}
        if kind == "LIF" and (np.ptp(of.tau) or np.ptp(of.v_threshold)):
            if exact or of.tau.min() <= MS:
                raise ValueError(
                    f"nir.read: neurons that differ take Euler's steps, with τ > 1 ms, which {name!r} has not"
                )
            neuron = Plif(**said)
        elif kind == "LIF":
            neuron = Lif(tau=_in_ms(one("tau")), threshold=one("v_threshold"), exact=exact, **said)
        else:
            said |= {"Rm": one("r") * one("w_in"), "tau_syn": _in_ms(one("tau_syn"))}
            neuron = CurrentLif(tau=_in_ms(one("tau_mem")), threshold=one("v_threshold"), exact=exact, **said)
    return Spiking(neuron, dt=dt) if back is None else Recurrent(neuron, dt=dt)


def _gain(name: str, of: Any, layers: list[Layer], weights: list[dict[str, Array]], back: Any) -> None:
    """Put r of an IF, which omomi's has not, into the weights before it."""
    gain = of.r * MS
    if (gain == 1).all():
        return
    if not layers or not isinstance(layers[-1], Dense) or back is not None:
        raise ValueError(
            f"nir.read: r of {name!r} must be 1000 per s, or go into weights before it, got {of.r.flat[0]}"
        )
    weights[-1] = {key: (values * gain).astype(values.dtype) for key, values in weights[-1].items()}


def _in_ms(seconds: float) -> float:
    """In ms, as it was written: 0.01 s are 10 ms, not 10.000000000000002."""
    return float(f"{seconds / MS:.12g}")
