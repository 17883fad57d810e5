"""Weights as safetensors under the names that others give them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from ..formulas.arrays import array, on_host
from ..formulas.formula import snake_case
from ..networks.layers import Dense, LayerNorm
from ..networks.network import Network
from ..networks.units import PRelu
from ..training.answering import Answering
from ..training.files import write

Array = np.ndarray
STYLES = ("torch", "keras", "omomi")
_KNOWN: dict[type, dict[str, Any]] = {  # what they call the layer, and our weights
    Dense: {"torch": {"W": "weight", "b": "bias"}, "keras": {"W": "dense/kernel", "b": "dense/bias"}},
    LayerNorm: {
        "torch": {"gain": "weight", "shift": "bias"},
        "keras": {"gain": "layer_normalization/gamma", "shift": "layer_normalization/beta"},
    },
    PRelu: {"torch": {"a": "weight"}, "keras": {"a": "p_re_lu/alpha"}},
}


def save(net: Network, run: Any, path: str | Path, style: str = "torch", *, replica: int = 0) -> Path:
    """Write the weights of one replica as a safetensors file, whole or not at all.

    =======  ==================================================  =======================================
    style    names                                               shapes
    =======  ==================================================  =======================================
    torch    `0.weight`, `0.bias`, numbered as in nn.Sequential  (O, I), (O,)
    keras    `dense/kernel`, `dense/bias`, `dense_1/kernel`, …   (I, O), (O,)
    omomi    `0.dense.W`, `0.dense.b`, as in a run's folder      (1, I, O), (1, 1, O)
    =======  ==================================================  =======================================

    torch's are what `torch.nn.Sequential(…).load_state_dict(safetensors.torch.load_file(path))` takes, for Dense,
    LayerNorm and PRelu; layers without weights count.

    Parameters
    ----------
    run : Run or array (P,) or (R, P)
        What has the weights.

    Raises ValueError where others have no such layer.
    """
    theta, arrays = chosen(net, run, replica), {}
    views = net.views(theta)
    for (at, name), key in _keys(net, style).items():
        view = views[at][name]
        arrays[key] = np.ascontiguousarray(view if style == "omomi" else _theirs(view[0], name, style))
    return write(path, write_tensors(arrays, {"omomi": json.dumps({"net": repr(net)})}))


def load(net: Network, path: str | Path) -> Array:
    """θ (R, P) from a safetensors file in any of the styles of `save`, or from the folder of a run (all replicas).

    Raises ValueError where the names or the shapes are not those of the network.
    """
    path = Path(path)
    path = path / "weights.safetensors" if path.is_dir() else path
    try:
        found = read_tensors(path.read_bytes())
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error})") from None
    wanted = {style: keys for style in STYLES if (keys := _keys(net, style, strict=False))}
    style = next((s for s, keys in wanted.items() if set(keys.values()) == found.keys()), None)
    if style is None:
        raise ValueError(
            f"{path} must name the weights of {net} in one of the styles {', '.join(STYLES)}, got {', '.join(found)}"
        )
    replicas = {len(a) for a in found.values()} if style == "omomi" else {1}
    if len(replicas) > 1:
        raise ValueError(f"{path} must hold equally many replicas of each weight, got {sorted(replicas)}")
    theta = np.empty((max(replicas, default=1), net.size), np.result_type(np.float32, *found.values()))
    for (at, name), key in wanted[style].items():
        view, values = net.views(theta)[at][name], found[key]
        shape = view.shape if style == "omomi" else _theirs(view[0], name, style).shape
        if values.shape != shape:
            raise ValueError(f"{path}: {key} must have shape {shape}, got {values.shape}")
        view[...] = values.T[None] if style == "torch" and name == "W" else values.reshape(view.shape)
    return theta


def _keys(net: Network, style: str, *, strict: bool = True) -> dict[tuple[int, str], str]:
    """What each weight is called: (layer, name) → key. Nothing, or a ValueError, where others have no such layer."""
    if style not in STYLES:
        raise ValueError(f"weights: style must be 'torch', 'keras' or 'omomi', got {style!r}")
    keys: dict[tuple[int, str], str] = {}
    seen: Counter[str] = Counter()
    for at, (layer, p) in enumerate(zip(net.layers, net.views(np.empty((1, net.size), np.float32)), strict=True)):
        if not p:
            continue
        if style == "omomi":
            keys |= {(at, name): f"{at}.{snake_case(type(layer).__name__)}.{name}" for name in p}
        elif type(layer) in _KNOWN:
            called = _KNOWN[type(layer)][style]
            n = seen[type(layer).__name__]
            seen[type(layer).__name__] += 1
            for name in p:
                key = f"{at}.{called[name]}" if style == "torch" else called[name].replace("/", f"_{n}/" if n else "/")
                keys[at, name] = key
        elif strict:
            raise ValueError(f"weights: {style} has no layer like {layer}; use style='omomi'")
        else:
            return {}
    return keys


def _theirs(weights: Array, name: str, style: str) -> Array:
    """(I, O) as torch has it, (1, N) as all have it."""
    if name == "W":
        return weights.T if style == "torch" else weights
    return weights[0]


def chosen(net: Network, run: Any, replica: int = 0) -> np.ndarray:
    """θ (1, P) of one replica, from a run or an array θ (P,) or (R, P)."""
    if isinstance(run, Answering):
        if repr(run.settings.net) != repr(net):
            raise ValueError(f"the run must be one of {net}, got {run.settings.net}")
        run = run.answering
    theta = np.atleast_2d(on_host(array(run)))
    if theta.ndim != 2 or theta.shape[1] != net.size or theta.dtype.char not in "fd":
        raise ValueError(
            f"the weights of {net} must be a Run or floats of shape ({net.size},) or (R, {net.size}), "
            f"got {theta.dtype} of shape {np.shape(run)}"
        )
    if isinstance(replica, bool) or not isinstance(replica, int | np.integer) or not 0 <= replica < len(theta):
        raise ValueError(f"replica must be a whole number from 0 to {len(theta) - 1}, got {replica!r}")
    return theta[replica : replica + 1]
