"""simulate: neurons over time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..formulas.formula import near_miss
from ..formulas.neurons import Neuron
from .currents import Current, Noise
from .engine import Engine
from .flows import Flow, Noises, Wave, rows_of
from .simulation import Simulation
from .traces import InMemory, OnDisk

Array = np.ndarray
CHUNK = 2**24  # bytes of currents, and of traces on their way to a file, that are made at a time
UPDATES, LONGEST = 2**27, 2**24  # of neurons between two looks at Ctrl-C; steps that single precision can count


def simulate(
    neuron: Neuron | str,
    current: Any,
    T: float,
    dt: float | None = None,
    *,
    each: Mapping[str, Any] | None = None,
    n: int | None = None,
    start: Any = None,
    seed: int = 0,
    record: Sequence[str] = ("v",),
    dtype: Any = "float64",
    out: str | Path | None = None,
) -> Simulation:
    """A neuron, or many beside each other, for T ms in steps of dt ms: 0.1, or fewer if the neuron needs it.

    In a step the current that flows from t - dt to t charges the neurons; those beyond the threshold spike at t and are
    reset; then v is held for the refractory time, in whole steps. What is recorded at t is the state before the reset.

    current: a number; (steps,), the same for all; (N,) or (1, N), constant; (steps, N); or a Current or its text. A
    noise is each neuron's own: that of neuron k is drawn by a generator of (seed, k).
    each: fields that differ from neuron to neuron: {"Rm": [1, 2, 5]}.
    n: how many neurons there are, where nothing else says so.
    start: where v begins, or {"v": …, "w": …}.
    record: the states to keep, and "i" for the current; `record=()` keeps the spikes alone.
    out: a folder, or for one state a .npy file: what is recorded is written there as time goes on, and read from there.

    Ctrl-C raises KeyboardInterrupt with what there is by then as its `simulation`, and in the files of `out`.

    >>> simulate("lif(Cm=10, tau_ref=10)", 1.5, T=50).spike_times.round(6).tolist()
    [11.0, 32.0]
    """
    neuron, real = Neuron.of(neuron), _real(dtype)
    dt = step_of(neuron, dt, 0.1)
    steps = steps_of(T, dt)
    names = _recorded(neuron, (record,) if isinstance(record, str) else tuple(record))
    own, begin = per_neuron(neuron, each or {}), _start(neuron, start)
    current = Current.parse(current) if isinstance(current, str) else current
    rows = None if isinstance(current, Current) else rows_of(current, steps)
    sizes = {"n": n, **{f"each[{k!r}]": len(v) for k, v in own.items()}}
    sizes |= {f"start[{k!r}]": len(v) for k, v in begin.items()}
    sizes |= {} if rows is None else {"current": rows.shape[1]}
    size = _one_size(sizes)
    single = size == 1 and n is None and not own and np.ndim(current) < 2
    engine = Engine(neuron, dt, size, own, begin, real)
    flow = _flow(current, rows, size, dt, seed, real)
    row = max(0 if flow.constant else flow.width, 0 if out is None else len(names) * size) * real.itemsize
    chunk = max(1, min(steps, LONGEST, UPDATES // size, CHUNK // max(row, 1)))
    traces = InMemory(names, steps, size, real) if out is None else OnDisk(out, names, size, real, chunk)

    def result(done: int, events: list[Array]) -> Simulation:
        each_N = {name: np.broadcast_to(values, size) for name, values in own.items()}
        return Simulation(neuron, dt, done, size, events, traces.done(done + 1), current, each_N, single)

    return _through_time(engine, flow, steps, chunk, traces, result)


def _through_time(engine: Engine, flow: Flow, steps: int, chunk: int, traces: InMemory | OnDisk, result: Any) -> Any:
    states = engine.neuron.states
    rows = np.array([traces.names.index(s) if s in traces.names else -1 for s in (*states, "i")], np.float64)
    done, events = 0, list[Array]()
    try:
        i = flow.take(0, min(chunk, steps))
        array, sample = traces.place(0, 1)
        for row, state in zip(rows, (*engine.now[:-1, : engine.n], i[0] if len(i) else 0), strict=True):
            if row >= 0:
                array[int(row), sample] = state
        traces.wrote(1)
        while done < steps:
            size = min(chunk, steps - done)
            i = i if done == 0 else flow.take(done, size)
            array, sample = traces.place(done + 1, size)
            found = engine.advance(i, size, array, rows, sample)
            traces.wrote(size)
            for listed in found:
                listed += (done + 1) << 32
            events += found
            done += size
    except KeyboardInterrupt as interrupt:
        stop = KeyboardInterrupt(f"interrupted after {done * engine.dt:g} of {steps * engine.dt:g} ms")
        stop.simulation = result(done, events)  # type: ignore[attr-defined]
        raise stop from interrupt
    except BaseException:
        traces.drop()
        raise
    return result(done, events)


def _real(dtype: Any) -> np.dtype:
    for known in (np.dtype("float32"), np.dtype("float64")):
        if dtype in (known, known.name, known.type):
            return known
    raise ValueError(f"simulate: dtype must be float32 or float64, got {dtype!r}")


def step_of(neuron: Neuron, dt: float | None, usual: float) -> float:
    """The dt asked for, with a warning where the neuron does not bear it; left out, the usual one if it does."""
    if dt is None:
        return min(usual, neuron.coarsest)
    if dt > neuron.coarsest:
        name = type(neuron).__name__
        warnings.warn(f"{name} needs dt ≤ {neuron.coarsest:g} ms, got {dt:g}: its numbers are wrong", stacklevel=3)
    return dt


def steps_of(T: float, dt: float) -> int:
    """How many steps of dt there are in T."""
    if not 0 < dt < math.inf:
        raise ValueError(f"simulate: dt must lie in (0, inf), got {dt!r}")
    if not 0 <= T < math.inf:
        raise ValueError(f"simulate: T must lie in [0, inf), got {T!r}")
    return round(T / dt)


def per_neuron(neuron: Neuron, each: Mapping[str, Any]) -> dict[str, Array]:
    """Fields that differ from neuron to neuron, (N,) each, within their ranges."""
    own = {}
    for name, values in each.items():
        array = np.asarray(values)
        if name not in neuron.scalars:
            raise ValueError(
                f"simulate: {type(neuron).__name__} has no number {name!r}{near_miss(name, neuron.scalars)} for `each`"
            )
        if array.dtype.kind not in "biuf" or array.ndim > 1 or not array.size:
            raise ValueError(f"simulate: each[{name!r}] must be numbers, one for each neuron, got {values!r}")
        own[name] = array.reshape(-1).astype(np.float64)
        if name in neuron.__dataclass_fields__:
            for end in (own[name].min(), own[name].max()):
                replace(neuron, **cast(Any, {name: float(end)}))  # which refuses what is out of the field's range
    return own


def _recorded(neuron: Neuron, names: tuple[str, ...]) -> tuple[str, ...]:
    known = (*neuron.states, "i")
    for name in names:
        if name not in known:
            raise ValueError(f"simulate: record can hold {', '.join(known)}, got {name!r}")
    return tuple(dict.fromkeys(names))


def _start(neuron: Neuron, start: Any) -> dict[str, Array]:
    given = start if isinstance(start, Mapping) else {} if start is None else {neuron.states[0]: start}
    for name, value in given.items():
        if name not in neuron.states:
            raise ValueError(f"simulate: start can hold {', '.join(neuron.states)}, got {name!r}")
        if np.asarray(value).dtype.kind not in "biuf" or np.ndim(value) > 1:
            raise ValueError(f"simulate: start[{name!r}] must be a number or one for each neuron, got {value!r}")
    return {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in given.items()}


def _one_size(sizes: Mapping[str, int | None]) -> int:
    """How many neurons all of these agree on; 1 goes with any number."""
    n = sizes["n"]
    if n is not None and (isinstance(n, bool) or n != int(n) or n < 1):
        raise ValueError(f"simulate: n must be a whole number ≥ 1, got {n!r}")
    wanted = {name: size for name, size in sizes.items() if size not in (None, 1) or (name == "n" and size == 1)}
    if len(set(wanted.values())) > 1:
        said = ", ".join(f"{name} for {size}" for name, size in wanted.items())
        raise ValueError(f"simulate: what is given for each neuron must be as much for all, got {said}")
    return int(next(iter(wanted.values()), 1))


def _flow(current: Any, rows: Array | None, n: int, dt: float, seed: int, real: np.dtype) -> Flow:
    if rows is not None:
        return Flow(np.ascontiguousarray(rows, real))
    if isinstance(current, Noise):
        return Noises(current, n, dt, seed, real)
    return Wave(current, dt, real)
