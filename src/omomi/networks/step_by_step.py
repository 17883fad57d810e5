"""Neurons through time and back in plain NumPy: for formulas that cannot be compiled, and to check the loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .spiking import Spiking, Traces

Array = np.ndarray


def forward(layer: Spiking, current: Array, tape: Traces) -> Array:
    """Spikes, or membranes, (M, T, N) from currents (M, T | 1, N); fills the tape."""
    neuron, f = layer.neuron, layer.smooth
    *states, held = [*tape.state, *([] if tape.pausing else [np.zeros_like(tape.state[0])])]
    out = np.empty_like(tape.free)
    for t in range(out.shape[1]):
        i = current[:, min(t, current.shape[1] - 1)]
        free = held <= 0
        charged = list(neuron.call("charge", *states, i, dt=layer.dt, each=tape.own))
        charged[0] = np.where(free, charged[0], states[0])
        for k, values in enumerate(charged):
            tape.u[k][:, t] = values
        tape.free[:, t], states = free, charged
        if not neuron.spiking:
            out[:, t] = charged[0]
            continue
        (x,) = neuron.call("excess", *charged, dt=layer.dt, each=tape.own)
        spike = f(x) if layer.soft else (neuron.fires(x) & free).astype(x.dtype)
        after = neuron.call("reset", *charged, dt=layer.dt, each=tape.own)
        states = [
            _blend(layer.soft, spike, a, b) if name in neuron.jumping else b
            for name, a, b in zip(neuron.states, after, charged, strict=True)
        ]
        held = np.where(spike, neuron.pause(layer.dt), held - 1) if tape.pausing else held
        out[:, t] = spike
    tape.state = np.stack([*states, held] if tape.pausing else states)
    return out


def backward(
    layer: Spiking, current: Array, tape: Traces, d: Array, gstate: Array | None = None
) -> tuple[Array, dict[str, Array]]:
    """dL/d(current) (M, T, N) and dL/d(parameter) (M, N) of those learned, from dL/ds.

    gstate (states, M, N), dL/d(states at the end), becomes in place that at the beginning.
    """
    neuron, f, dt, own = layer.neuron, layer.smooth, layer.dt, tape.own
    n = len(neuron.states)
    g: list[Array] = [np.zeros_like(d[:, 0]) for _ in range(n)] if gstate is None else list(gstate)
    learned = {name: np.zeros_like(d[:, 0]) for name in neuron.learned}
    out = np.empty_like(d)
    for t in range(d.shape[1] - 1, -1, -1):
        if layer.truncate and d.shape[1] > 1 and (t + 1) % layer.truncate == 0:
            g = [np.zeros_like(each) for each in g]
        states, free, gs = [u[:, t] for u in tape.u], tape.free[:, t] > 0, d[:, t]
        if neuron.spiking:
            (x,) = neuron.call("excess", *states, dt=dt, each=own)
            spike = f(x) if layer.soft else (neuron.fires(x) & free).astype(d.dtype)
            after = neuron.call("reset", *states, dt=dt, each=own)
            for k, name in enumerate(neuron.states):
                if name in neuron.jumping and (k or not layer.detach_reset or layer.soft):
                    gs = gs + g[k] * (after[k] - states[k])
            gx = np.where(free, gs * f.slope(x), 0)
            reset = neuron.call("reset_back", *g, dt=dt, each=own)
            over = neuron.call("excess_back", gx, dt=dt, each=own)
            for k, name in enumerate(neuron.learned):
                learned[name] += spike * reset[n + k] + over[n + k]
            g = [_blend(layer.soft, spike, reset[k], g[k]) + over[k] for k in range(n)]
        else:
            g[0] = g[0] + gs
        waiting = np.where(free, 0, g[0])
        before, i = _before(layer, tape, t), current[:, min(t, current.shape[1] - 1)]
        back = neuron.call("charge_back", g[0] - waiting, *g[1:], *before, i, dt=dt, each=own)
        g = [back[0] + waiting, *back[1:n]]
        out[:, t] = np.where(free, back[n], 0) if n == 1 else back[n]
        for k, name in enumerate(neuron.learned):
            learned[name] += back[n + 1 + k]
    if gstate is not None:
        gstate[...] = np.stack(g)
    return out, learned


def _before(layer: Spiking, tape: Traces, t: int) -> list[Array]:
    """The states before step t."""
    if t == 0:
        return list(tape.begin[: len(tape.u)])
    neuron, states = layer.neuron, [u[:, t - 1] for u in tape.u]
    if not neuron.spiking:
        return states
    (x,) = neuron.call("excess", *states, dt=layer.dt, each=tape.own)
    spike = layer.smooth(x) if layer.soft else (neuron.fires(x) & (tape.free[:, t - 1] > 0)).astype(x.dtype)
    after = neuron.call("reset", *states, dt=layer.dt, each=tape.own)
    return [_blend(layer.soft, spike, a, b) for a, b in zip(after, states, strict=True)]


def _blend(soft: bool, spike: Array, yes: Array, no: Array) -> Array:
    return no + spike * (yes - no) if soft else np.where(spike > 0, yes, no)
