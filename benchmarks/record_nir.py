"""Write spiking networks as NIR and record what spikes others make of them, into tests/reference/nir_*.

Weights are multiples of 1/64 and inputs 0 or 1, so that sums are exact in any order. snnTorch takes every graph to have
steps of 0.1 ms; Norse is told its step, takes r for 1 and v_reset for 0.

    python benchmarks/record_nir.py        (omomi, nir, nirtorch, torch, snntorch, norse)
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import nir
import norse.torch
import numpy as np
import torch
from snntorch.import_nir import import_from_nir

from omomi.adapters.nir import write
from omomi.networks import Network

OUT = Path(__file__).parent.parent / "tests" / "reference"
STEPS, INPUTS = 60, 6
NETS = {
    "norse": "8, recurrent(lif(strict=True)), 6, if_, dense(4, bias=None), lif(tau=5, strict=True)",
    "snntorch": "8, spiking(lif(tau=2, strict=True), dt=0.1), dense(4, bias=None), "
    "spiking(lif(tau=1, strict=True), dt=0.1)",
}
SCALE = {"norse": 3.0, "snntorch": 4.0}  # of the weights: so that about a fifth of the outputs are spikes


def drawn(who):
    net, rng = Network.parse((STEPS, INPUTS), NETS[who]), np.random.default_rng(0)
    theta = np.round(rng.normal(0.3, 1, (1, net.size)) * SCALE[who] * 64) / 64
    return net, theta.astype(np.float32), rng.integers(0, 2, (3, STEPS, INPUTS))


def step_by_step(module, x_BTN):
    """What comes out at each step; the module takes one step of all samples, and its states."""
    state, out = None, []
    with torch.no_grad():
        for x_BN in torch.from_numpy(x_BTN.astype(np.float32)).unbind(1):
            y, state = module(x_BN) if state is None else module(x_BN, state)
            out.append(y.numpy())
    return np.stack(out, axis=1)


def main():
    warnings.simplefilter("ignore")
    versions = {name: version(name) for name in ("nir", "nirtorch", "norse", "snntorch", "torch")}
    known = {
        "meta": {"made_by": "benchmarks/record_nir.py", "with": versions, "rows": "samples; a step after the other"}
    }
    for who in NETS:
        net, theta, x = drawn(who)
        path = write(net, theta, OUT / f"nir_{who}.nir")
        graph = nir.read(path)
        module = norse.torch.from_nir(graph, dt=1e-3) if who == "norse" else import_from_nir(graph)
        spikes = step_by_step(module, x).astype(int)
        ours = net.forward(net.views(theta), x.astype(np.float32))[0][0]
        print(
            f"{who}: {spikes.mean():.1%} spikes, {(spikes != ours).sum()} other than ours, {path.stat().st_size} bytes"
        )
        as_text = {name: ["".join(map(str, row.ravel())) for row in a] for name, a in (("x", x), ("spikes", spikes))}
        known[who] = {"net": repr(net), **as_text}
    (OUT / "nir_spikes.json").write_text(json.dumps(known, indent=0) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
