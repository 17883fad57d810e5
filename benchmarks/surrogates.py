"""Record what spiking libraries send back through a spike: python benchmarks/surrogates.py FILE

Needs snntorch, spikingjelly and norse. `factor` times omomi's derivative is theirs.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import snntorch.surrogate as snn
import torch
from norse.torch.functional import threshold as norse
from norse.torch.functional.superspike import super_fn
from spikingjelly.activation_based import surrogate as jelly

X = [-20.0, -3.0, -1.1, -0.7, -0.26, -0.1, -0.01, 0.0, 0.01, 0.1, 0.26, 0.45, 0.7, 1.1, 3.0, 20.0]
# omomi's text, factor, the peer's library, its call in words, its function of x
CALLS: list[tuple[str, float, str, str, Any]] = [
    ("spike_mask", 1, "snntorch", "heaviside()", snn.heaviside()),
    ("straight_through", 1, "snntorch", "straight_through_estimator()", snn.straight_through_estimator()),
    ("fast_sigmoid", 1, "snntorch", "fast_sigmoid()", snn.fast_sigmoid()),
    ("fast_sigmoid(3)", 1, "snntorch", "fast_sigmoid(3)", snn.fast_sigmoid(3)),
    ("sigmoid(25)", 1, "snntorch", "sigmoid()", snn.sigmoid()),
    ("arctan", 1, "snntorch", "atan()", snn.atan()),
    ("arctan(5)", 1, "snntorch", "atan(5)", snn.atan(5)),
    ("boxcar", 1, "spikingjelly", "Rect()", jelly.Rect()),
    ("boxcar(0.5)", 1, "spikingjelly", "Rect(2)", jelly.Rect(2.0)),
    ("fast_sigmoid(2)", 1, "spikingjelly", "SoftSign()", jelly.SoftSign()),
    ("fast_sigmoid(5)", 2.5, "spikingjelly", "SoftSign(5)", jelly.SoftSign(5.0)),
    ("fast_sigmoid(1)", 3, "spikingjelly", "SuperSpike(3)", jelly.SuperSpike(3.0)),
    ("sigmoid", 1, "spikingjelly", "Sigmoid()", jelly.Sigmoid()),
    ("arctan", 1, "spikingjelly", "ATan()", jelly.ATan()),
    ("triangle", 1, "spikingjelly", "PiecewiseQuadratic()", jelly.PiecewiseQuadratic()),
    ("triangle(0.5)", 1, "spikingjelly", "PiecewiseQuadratic(2)", jelly.PiecewiseQuadratic(2.0)),
    ("erf", 1, "spikingjelly", "Erf()", jelly.Erf()),
    ("gaussian(0.5)", 1, "spikingjelly", "Erf(sqrt(2))", jelly.Erf(2**0.5)),
    ("piecewise_exponential", 1, "spikingjelly", "PiecewiseExp()", jelly.PiecewiseExp()),
    ("piecewise_exponential(4)", 1, "spikingjelly", "PiecewiseExp(4)", jelly.PiecewiseExp(4.0)),
    ("pseudo_spike", 1, "spikingjelly", "QPseudoSpike()", jelly.QPseudoSpike()),
    ("pseudo_spike(1.5)", 1, "spikingjelly", "QPseudoSpike(1.5)", jelly.QPseudoSpike(1.5)),
    ("fast_sigmoid(1)", 1, "norse", "superspike_fn(x, 100)", super_fn),
    ("triangle(dampening=0.3)", 1, "norse", "triangle_fn(x)", norse.triangle_fn),
    ("erf(2)", 1, "norse", "heavi_erfc_fn(x, 2)", lambda x: norse.heavi_erfc_fn(x, 2.0)),
    ("erf(4)", 0.5, "norse", "heavi_erfc_fn(x, 4)", lambda x: norse.heavi_erfc_fn(x, 4.0)),
    ("sigmoid(6)", 2 / 3, "norse", "heavi_tanh_fn(x, 3)", lambda x: norse.heavi_tanh_fn(x, 3.0)),
]


def slopes(function: Any) -> list[float]:
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    spikes = function(x)
    spikes.backward(torch.ones_like(spikes))
    assert x.grad is not None
    return x.grad.tolist()


def main() -> None:
    found = {
        "versions": {name: version(name) for name in ("snntorch", "spikingjelly", "norse", "torch")},
        "x": X,
        "peers": [
            {"ours": ours, "factor": factor, "library": library, "call": call, "slopes": slopes(function)}
            for ours, factor, library, call, function in CALLS
        ],
    }
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
