"""Neurons step by step: the order of what happens, written out."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np


def run(neuron, i, steps, dt, start=None, each=None):
    """States after each charge, and spikes, (steps, N)."""
    i = np.atleast_1d(np.asarray(i, np.float64))
    states = [np.broadcast_to(np.float64(s), i.shape) for s in (start or neuron.call("start"))]
    held, seen = np.zeros(i.shape, int), []
    for _ in range(steps):
        charged = list(neuron.call("charge", *states, i, dt=dt, each=each))
        charged[0] = np.where(held > 0, states[0], charged[0])
        (x,) = neuron.call("excess", *charged, dt=dt, each=each) if neuron.spiking else (np.full(i.shape, -1.0),)
        spike = neuron.fires(x) & (held == 0)
        seen.append((*charged, spike))
        after = neuron.call("reset", *charged, dt=dt, each=each) if neuron.spiking else charged
        states = [np.where(spike, a, b) for a, b in zip(after, charged, strict=True)]
        held = np.where(spike, neuron.pause(dt), np.maximum(held - 1, 0))
    *rows, spikes = (np.array(row) for row in zip(*seen, strict=True))
    return SimpleNamespace(**dict(zip(neuron.states, rows, strict=True)), spikes=spikes)


def steps_of(spikes, unit=0):
    """Numbers of the steps with a spike, from 1."""
    return 1 + np.flatnonzero(spikes[:, unit])


def run_crossing(neuron, steps, dt, current):
    """One neuron that is not reset: v, and how often it came up through the threshold."""
    states, v, x = neuron.call("start"), [], []
    for k in range(steps):
        states = neuron.call("charge", *states, current(k * dt), dt=dt)
        v.append(float(states[0]))
        x.append(bool(neuron.fires(neuron.call("excess", *states)[0])))
    return SimpleNamespace(v=v, crossings=sum(b and not a for a, b in pairwise(x)))
