"""What comes out of a simulation: times, recorded states, and spikes as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..formulas.neurons import Neuron

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Simulation:
    """N neurons over time, sampled at 0, dt, 2 dt, … ms.

    states: name → (steps + 1, N), those that were recorded; "i" is what flowed up to then. A membrane that spikes is
    drawn `V_spike` higher.
    spike_steps, spike_times, spike_neurons: (E,) each, in the order of time and then of neurons.
    """

    neuron: Neuron
    dt: float
    steps: int
    n_neurons: int
    events: Sequence[Array]  # 2³² step + neuron, in any order
    states: Mapping[str, Array] = field(default_factory=dict)
    current: Any = None  # as it was given
    each: Mapping[str, Array] = field(default_factory=dict)  # fields that differ from neuron to neuron, (N,)
    single: bool = True  # one neuron that nobody asked to be a population

    @property
    def T(self) -> float:
        """How long it was, ms."""
        return self.steps * self.dt

    @cached_property
    def times(self) -> Array:
        """Of the samples, (steps + 1,), ms."""
        return np.arange(self.steps + 1) * self.dt

    @property
    def voltages(self) -> Array:
        """The membrane: (steps + 1,) of a single neuron, else (steps + 1, N)."""
        return self._state(next(iter(self.neuron.states)))

    def _state(self, name: str) -> Array:
        if name not in self.states:
            raise ValueError(f"Simulation: {name} was not recorded; simulate(…, record=({name!r},)) does")
        return self.states[name][:, 0] if self.single else self.states[name]

    @cached_property
    def _sorted(self) -> Array:
        return np.sort(np.concatenate([np.empty(0, np.int64), *self.events]))

    @cached_property
    def spike_steps(self) -> Array:
        """In which step each spike came: that of step k is at k dt. (E,)."""
        return self._sorted >> 32

    @cached_property
    def spike_neurons(self) -> Array:
        """Whose each spike is, (E,)."""
        return self._sorted & 0xFFFFFFFF

    @cached_property
    def spike_times(self) -> Array:
        """When each spike came, (E,), ms."""
        return self.spike_steps * self.dt

    def train(self, n: int = 0) -> Array:
        """The spike times of one neuron, ms."""
        return self.spike_times[self._of(n)]

    def _of(self, n: int) -> Array:
        """Which spikes are that neuron's, (E,)."""
        if not 0 <= n < self.n_neurons:
            raise ValueError(f"Simulation: neurons are 0 … {self.n_neurons - 1}, got {n}")
        return self.spike_neurons == n

    def counts(self) -> Array:
        """Spikes of each neuron, (N,)."""
        return sum(
            (np.bincount(some & 0xFFFFFFFF, minlength=self.n_neurons) for some in self.events),
            np.zeros(self.n_neurons, np.int64),
        )

    def rates(self) -> Array:
        """Spikes per second of each neuron, (N,), Hz."""
        return self.counts() / (self.T / 1000)

    def isi(self, n: int | None = None) -> Array:
        """The intervals between spikes of one neuron, or those of every neuron one after the other, ms."""
        steps = self._intervals[0] if n is None else np.diff(self.spike_steps[self._of(n)])
        return steps * self.dt

    def cv(self) -> Array:
        """Of each neuron, (N,): how irregular its intervals are, their deviation / their mean.

        0 is a clock, 1 a Poisson process; NaN where there are fewer than two intervals.
        """
        isi, whose = self._intervals
        size = np.bincount(whose, minlength=self.n_neurons)
        some = np.maximum(size, 1)
        mean = np.bincount(whose, isi, self.n_neurons) / some
        spread = np.bincount(whose, (isi - mean[whose]) ** 2, self.n_neurons) / some
        return np.where(size > 1, np.sqrt(spread) / np.where(size > 1, mean, 1), np.nan)

    @cached_property
    def _intervals(self) -> tuple[Array, Array]:
        """The intervals between spikes in steps, and of which neuron each is."""
        order = np.argsort(self.spike_neurons, kind="stable")
        whose, at = self.spike_neurons[order], self.spike_steps[order]
        same = whose[1:] == whose[:-1]
        return np.diff(at)[same], whose[1:][same]

    def __repr__(self) -> str:
        neurons = "1 neuron" if self.n_neurons == 1 else f"{self.n_neurons} neurons"
        return f"Simulation({self.neuron!r}, {neurons}, {self.T:g} ms, {sum(map(len, self.events))} spikes)"


@dataclass(frozen=True, eq=False)
class FICurve:
    """How often neurons fire in T ms at constant currents.

    currents (M,); counts (M,), or (K, M) of K neurons whose fields differ as `each` says: name → (K,).
    """

    neuron: Neuron
    currents: Array
    counts: Array
    T: float
    dt: float
    each: Mapping[str, Array] = field(default_factory=dict)

    def rates(self) -> Array:
        """Spikes per second, of the shape of the counts, Hz."""
        return self.counts / (self.T / 1000)


@dataclass(frozen=True, eq=False)
class PhasePlane:
    """Where the first two states of a neuron go, at a constant current.

    v (n,) and w (m,) are the grid; dv and dw (m, n) the slopes there, per ms; fixed (F, 2) the points that stay,
    stable (F,) which of them draw their neighbours in. The nullclines are where dv and dw are 0.
    """

    neuron: Neuron
    i: float
    v: Array
    w: Array
    dv: Array
    dw: Array
    fixed: Array
    stable: Array
