"""Neurons and where they stand: they go on in time when they are given currents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..formulas import kernels
from ..formulas.neurons import Neuron
from ..formulas.neurons.written import flags_of, names_of
from ..formulas.threads import in_halves
from .loops import LANES, advancing, formulas_of, resets, taken, unnamed

Array = np.ndarray
WORK = 2**20  # updates of neurons from which on a second thread is worth its while
EVENTS = 2**18  # of a thread, that a loop lists at once
_LOOPS = kernels.Loops(lambda key: advancing(*key))


class Engine:
    """N neurons. `each`: fields that differ among them, (N,) or (1,); `start`: where states begin, if not as usual."""

    def __init__(
        self, neuron: Neuron, dt: float, n: int, each: Mapping[str, Array], start: Mapping[str, Any], real: np.dtype
    ) -> None:
        self.neuron, self.dt, self.n, self.real = neuron, dt, n, real
        kind = type(neuron)
        each = {name: np.asarray(neuron.starts()[name]) for name in unnamed(kind)} | dict(sorted(each.items()))
        states = neuron.call("start", dt=dt, each=each)
        begin = [start.get(name, value) for name, value in zip(neuron.states, states, strict=True)]
        last = neuron.call("excess", *map(np.asarray, begin), dt=dt, each=each)[0] if neuron.crossing else -1
        self.now = self._filled([*begin, last])
        own = tuple(name for name in each if name in taken(kind))
        self.own = self._filled([each[name] for name in own])
        self.each = {name: np.broadcast_to(values, n).astype(real) for name, values in each.items()}
        self.pause = self._filled([np.rint(each["tau_ref"] / dt) if "tau_ref" in each else neuron.pause(dt)])
        pausing = resets(kind) and bool((self.pause > 0).any())
        flags = tuple(flag for flag in flags_of(neuron) if flag[0][:-1] not in own)
        key = (kind, flags, getattr(neuron, "method", ""), own, pausing, real.char)
        functions = tuple(getattr(kind, name) for name in formulas_of(kind))
        self.loop: Callable[..., None] | None = None
        if real.char in kernels.precisions(lambda: advancing(*key), *functions):
            self.loop = _LOOPS[key]
            edge = 0.0 if neuron.strict else -float(np.finfo(real).smallest_subnormal)  # ≥ 0 is > the one below it
            known = {**neuron.scalars, "dt": dt}
            self.scalars = np.array([*(known.get(name, np.nan) for name in names_of(kind)), edge])

    def _filled(self, rows: list[Any]) -> Array:
        """Rows of whole vectors: what is beyond the last neuron is as that one."""
        filled = np.empty((len(rows), -(-self.n // LANES) * LANES), self.real)
        for row, value in zip(filled, rows, strict=True):
            row[: self.n] = value
            row[self.n :] = row[self.n - 1]
        return filled

    def advance(self, flow: Array, steps: int, trace: Array, rows: Array, sample: int) -> list[Array]:
        """Take steps, up to 2²⁴, at the currents (steps | 1, N | 1); the events in any order, steps counted from 0.

        trace (names, samples, N) gets the states from that sample on, in the rows (S + 1,) for the states and i, or -1.
        """
        found: list[Array] = []
        if self.loop is None:
            self._go_plainly(found, flow, steps, trace, rows, sample)
            return found
        width = self.now.shape[1]
        half = 0 if self.n * steps < WORK else LANES * (width // LANES // 2)
        in_halves(lambda start, stop: self._go(start, stop, found, flow, steps, trace, rows, sample), width, half)
        return found

    def _go(self, start: int, stop: int, found: list[Array], flow: Array, steps: int, *trace: Any) -> None:
        """What `advance` does, for some of the neurons."""
        loop: Any = self.loop
        array, rows, sample = trace
        at, events = np.array([start, stop, 0, steps, self.n, sample], np.float64), np.empty(EVENTS)
        while at[0] < stop:
            loop(self.now, self.own, flow, self.pause, array, rows, events, at, self.scalars)
            listed = events.view(np.int64)
            many = listed[0] > EVENTS // 4
            found.append(listed[1 : 1 + listed[0]] if many else listed[1 : 1 + listed[0]].copy())
            events = np.empty(EVENTS) if many else events

    def _go_plainly(self, found: list[Array], flow: Array, steps: int, trace: Array, rows: Array, sample: int) -> None:
        """The same on arrays, step by step."""
        neuron = self.neuron
        last, pause = self.now[-1, : self.n], self.pause[0, : self.n]
        height = self.each.get("V_spike", neuron.V_spike)
        old = tuple(self.now[:-1, : self.n].copy())
        for step in range(steps):
            i = np.broadcast_to(flow[min(step, len(flow) - 1)], self.n)
            new, spikes = neuron.call("charge", *old, i, dt=self.dt, each=self.each), np.zeros(self.n, bool)
            free = last < step if resets(type(neuron)) else ~spikes
            new = (np.where(free, new[0], old[0]), *new[1:])
            if neuron.spiking:
                x = neuron.call("excess", *new, dt=self.dt, each=self.each)[0]
                spikes = neuron.fires(x) & (~neuron.fires(last) if neuron.crossing else free)
            for row, state in zip(rows, (*new, i), strict=True):
                if row >= 0:
                    trace[int(row), sample + step] = state
            if rows[0] >= 0:
                trace[int(rows[0]), sample + step] += np.where(spikes, height, 0)
            if neuron.crossing:
                last[:] = x
            elif spikes.any():
                after = neuron.call("reset", *new, dt=self.dt, each=self.each)
                new = tuple(np.where(spikes, a, b) for a, b in zip(after, new, strict=True))
                last[spikes] = step + pause[spikes]
            found.append((step << 32) + np.flatnonzero(spikes))
            old = new
        self.now[:-1, : self.n] = old
        if resets(type(neuron)):
            last -= steps
