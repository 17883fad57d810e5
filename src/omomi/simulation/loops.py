"""The loops of a simulation: blocks of neurons, time within a block, neurons innermost.

The states of a block stay in the innermost cache while it goes through a stretch of time. A pass over its neurons
charges them and resets those that spike, without a branch, so that the compiler vectorises it; each neuron keeps a
number whose binary digits are its last steps, and once these are full its spikes are listed.
Blocks are filled up to whole vectors, so that a neuron meets the same instructions in any population.
"""

from __future__ import annotations

import inspect
from functools import cache
from textwrap import indent

from ..formulas import kernels
from ..formulas.neurons.neuron import Dynamics, Neuron
from ..formulas.neurons.written import Written, names_of, written

BLOCK, LANES = 512, 32  # neurons of a block at most; whole vectors of any precision
# A word of one bit times this number begins with six bits that tell its place.
# Leiserson, Prokop, Randall (1998), Using de Bruijn sequences to index a 1 in a computer word.
DE_BRUIJN = 0x03F79D71B4CB0A89


def resets(neuron: type[Neuron]) -> bool:
    """Whether its states jump after a spike."""
    return neuron.spiking and not neuron.crossing


def formulas_of(neuron: type[Neuron]) -> tuple[str, ...]:
    """The names of the formulas that a step needs."""
    charge = "slopes" if issubclass(neuron, Dynamics) else "charge"
    return (charge, *(("excess",) if neuron.spiking else ()), *(("reset",) if resets(neuron) else ()))


@cache
def taken(neuron: type[Neuron]) -> frozenset[str]:
    """What the loop takes beside states and current: fields, and parameters that a layer learns."""
    names = {name for f in formulas_of(neuron) for name in inspect.signature(getattr(neuron, f)).parameters}
    return frozenset(names - {*neuron.states, "i", "dt"} | {"V_spike"})


@cache
def unnamed(neuron: type[Neuron]) -> tuple[str, ...]:
    """Of these, what is no field."""
    return tuple(sorted(taken(neuron) - {*names_of(neuron), "V_spike"}))


@cache
def advancing(
    neuron: type[Neuron],
    flags: tuple[tuple[str, float], ...],
    method: str,
    each: tuple[str, ...],
    pausing: bool,
    char: str,
) -> kernels.Kernel:
    """Neurons take some steps; what they do is written to the trace, when they spike to the events.

    now (S + 1, N): the states; below them the step until which v is held, or the excess before. own (E, N): the fields
    in `each`. flow (steps | 1, N | 1): the currents. pause (1, N): for how many steps v is held. trace (rows, samples,
    N), and its rows for the states and the current, or -1. at (6,): the first neuron and the end of this part, the step
    to go on with and the number of steps, the number of neurons, the sample after the first step. events: 2³² step +
    neuron, as int64 in the place of doubles, after their number; a full list ends the call, and the next one goes on.
    """
    w, states = written(neuron, formulas_of(neuron), each, beside=("edge",)), neuron.states
    rows = [f"{s}_row = now[{n}, first:stop]" for n, s in enumerate(states)]
    rows += [f"{name}_row = own[{n}, first:stop]" for n, name in enumerate(each)]
    bits = {"f": 24, "d": 52}[char]  # whole numbers that its floating point counts exactly
    carried = {"last": "last_row"} if neuron.crossing or pausing else {}
    carried |= {"done": "spikes"} if neuron.spiking else {}
    read = ["i = i_row[unit]", _read(states, each), *(f"{name} = {row}[unit]" for name, row in carried.items())]
    write = [_kept(states), *(f"{row}[unit] = {name}" for name, row in carried.items())]
    step = [
        _charged(neuron, method, w),
        *_fired(neuron, pausing, w),
        "done = two * done + where(spike, one, zero)" if neuron.spiking else "",
    ]
    seen = [f"{s}_seen[unit] = {s}_new" for s in states]
    if neuron.spiking and "V_spike" in names_of(neuron):
        height = "V_spike_row[unit]" if "V_spike" in each else "real(V_spike_)"
        seen[0] = f"{states[0]}_seen[unit] = where(spike, {states[0]}_new + {height}, {states[0]}_new)"
    after = _reset(neuron, pausing, w)
    loop = f"""
edge, zero, one, two = real(edge), real(0), real(1), real(2)
{"half, whole, sixth = real(0.5 * dt_), real(dt_), real(dt_ / 6)" if method else ""}
start, room, recording = int(at[2]), events.size - 1 - {BLOCK * bits}, False
for row in range(rows.size):
    recording |= rows[row] >= 0
listed, count = events.view(np.int64), 0
places = np.zeros(64, np.int64)
for bit in range(64):
    places[(np.uint64({DE_BRUIJN}) << np.uint64(bit)) >> np.uint64(58)] = bit
i_row, spikes = np.zeros({BLOCK}, now.dtype), np.zeros({BLOCK}, now.dtype)
{"; ".join(f"{s}_seen = np.zeros({BLOCK}, now.dtype)" for s in states)}
for first in range(int(at[0]), int(at[1]), {BLOCK}):
    stop = min(first + {BLOCK}, int(at[1]))
    size, width = stop - first, min(stop, int(at[4])) - first
    {"; ".join(rows)}
    last_row, pause_row = now[{len(states)}, first:stop], pause[0, first:stop]
    noted = start
    for step in range(start, int(at[3])):
        if flow.shape[0] > 1 or step == start:
            line, alike = flow[min(step, flow.shape[0] - 1)], flow.shape[1] == 1
            for unit in range(width):
                i_row[unit] = line[0 if alike else first + unit]
        clock = real(step)
        if recording:
            for unit in range(size):
{_indented(16, *read, *step, *seen, *after, *write)}
            sample = int(at[5]) + step
{_indented(12, _recorded(states))}
        else:
            for unit in range(size):
{_indented(16, *read, *step, *after, *write)}
{_indented(8, _noted(bits) if neuron.spiking else "")}
    start = 0
    {"for unit in range(size): last_row[unit] -= real(at[3])" if pausing else ""}
at[0], at[2], listed[0] = at[1], 0, count
    """
    arguments = "now:2 own:2O flow:2O pause:2O trace:3 rows:1DO events:1D at:1D"
    name = f"simulate_{neuron.__name__.lower()}"
    return kernels.build(name, loop, arguments, char, tuple(w.bodies.values()), False, w.scalars, flags)


def _indented(by: int, *lines: str) -> str:
    return indent("\n".join(line for line in lines if line), " " * by)


def _read(states: tuple[str, ...], each: tuple[str, ...]) -> str:
    return "; ".join(f"{name} = {name}_row[unit]" for name in (*states, *each))


def _kept(states: tuple[str, ...]) -> str:
    return "; ".join(f"{s}_row[unit] = {s}_new" for s in states)


def _call(w: Written, formula: str, states: tuple[str, ...], suffix: str = "") -> str:
    """A call of the formula with the states of that suffix."""
    return w.call(formula, *(n + suffix if n in states else n for n in w.elements[formula]))


def _charged(neuron: type[Neuron], method: str, w: Written) -> str:
    """The states after dt, with the suffix _new."""
    states = neuron.states

    def names(suffix: str) -> str:
        return ", ".join(s + suffix for s in states)

    def each(pattern: str) -> str:
        return "; ".join(pattern.format(s) for s in states)

    if not method:
        return f"{names('_new')} = {_call(w, 'charge', states)}"
    first = f"{names('_1')} = {_call(w, 'slopes', states)}"
    if method == "euler":
        return "\n".join([first, each("{0}_new = {0} + whole * {0}_1")])
    further = f"{{}} = {_call(w, 'slopes', states, '_at')}"
    return "\n".join(
        [
            first,
            each("{0}_at = {0} + half * {0}_1"),
            further.format(names("_2")),
            each("{0}_at = {0} + half * {0}_2"),
            further.format(names("_3")),
            each("{0}_at = {0} + whole * {0}_3"),
            further.format(names("_4")),
            each("{0}_new = {0} + sixth * ({0}_1 + two * ({0}_2 + {0}_3) + {0}_4)"),
        ]
    )


def _fired(neuron: type[Neuron], pausing: bool, w: Written) -> list[str]:
    """Whether the neuron spikes; v is held while it is refractory."""
    if not neuron.spiking:
        return []
    v, excess = neuron.states[0], f"excess_new = {_call(w, 'excess', neuron.states, '_new')}"
    if neuron.crossing:
        return [excess, "spike = (excess_new > edge) & (not last > edge)", "last = excess_new"]
    if not pausing:
        return [excess, "spike = excess_new > edge"]
    held = ["free = last < clock", f"{v}_new = where(free, {v}_new, {v})"]
    return [*held, excess, "spike = free & (excess_new > edge)"]


def _reset(neuron: type[Neuron], pausing: bool, w: Written) -> list[str]:
    """What a spike does to the states."""
    if not resets(neuron):
        return []
    lines = [f"{', '.join(s + '_r' for s in neuron.states)} = {_call(w, 'reset', neuron.states, '_new')}"]
    lines += [f"{s}_new = where(spike, {s}_r, {s}_new)" for s in neuron.jumping]
    return lines + (["last = where(spike, clock + pause_row[unit], last)"] if pausing else [])


def _recorded(states: tuple[str, ...]) -> str:
    """States before the reset and current are written to the trace."""
    return "\n".join(
        f"if rows[{n}] >= 0:\n    line = trace[int(rows[{n}]), sample]\n"
        f"    for unit in range(width): line[first + unit] = {name}[unit]"
        for n, name in enumerate((*(f"{s}_seen" for s in states), "i_row"))
    )


def _noted(bits: int) -> str:
    """The spikes of the last steps, a digit each, are listed once all digits are used; a full list ends the call."""
    return f"""
if step - noted == {bits - 1} or step == int(at[3]) - 1:
    for unit in range(width):
        left = np.uint64(spikes[unit])
        while left != 0:
            lowest = left & (~left + np.uint64(1))
            ago = places[(lowest * np.uint64({DE_BRUIJN})) >> np.uint64(58)]
            count += 1
            listed[count] = (np.int64(step - ago) << 32) + first + unit
            left ^= lowest
    for unit in range(size):
        spikes[unit] = 0
    noted = step + 1
    if count > room:
        at[0], at[2], listed[0] = first, noted, count
        return
"""
