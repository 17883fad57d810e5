"""The loops of spiking layers: neurons through time, and errors back through time.

A block of neurons stays in the cache while time goes by; the neurons of a block are innermost, so that the compiler
vectorises over them. Rows are samples of replicas: M = R · B. The currents are overwritten by the membranes where
nobody needs them again, and the membranes by the errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from textwrap import indent

import numpy as np

from ..formulas import kernels
from ..formulas.bodies import Body, body
from ..formulas.neurons import Neuron
from ..formulas.neurons.written import Written, written
from ..formulas.surrogates import Surrogate
from ..formulas.threads import in_halves

Array = np.ndarray
BLOCK = 512  # neurons
WORK = 200_000  # neurons × steps from which on a second thread was worth its while


@dataclass(frozen=True)
class Plan:
    """What a loop is compiled for."""

    neuron: type[Neuron]
    surrogate: type[Surrogate]
    flags: tuple[tuple[str, float], ...]  # of the neuron
    strict: bool
    detach_reset: bool
    soft: bool
    pausing: bool

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The states that the way back asks for, the membrane first."""
        n = self.neuron
        asked = set(self.back.elements["charge_back"]) if self.back else set()
        if n.spiking:
            asked |= {*self.forth.elements["excess"], *n.jumping}
        return tuple(state for state in n.states if state == "v" or state in asked)

    @cached_property
    def forth(self) -> Written:
        return written(self.neuron, FORTH if self.neuron.spiking else FORTH[:1], self.neuron.learned, self.beside)

    @cached_property
    def back(self) -> Written:
        formulas = (*FORTH[1:], *BACK) if self.neuron.spiking else BACK[:1]
        return written(self.neuron, formulas, self.neuron.learned, self.beside)

    @cached_property
    def beside(self) -> tuple[str, ...]:
        """The surrogate's scalars."""
        return self.smooth("value").scalars

    def smooth(self, formula: str) -> Body:
        return body(getattr(self.surrogate, formula), ("x",), formula)

    @cached_property
    def fires(self) -> str:
        return "x > 0" if self.strict else "x >= 0"

    @cached_property
    def recalls(self) -> bool:
        """Whether the way back asks for the states and the current before each step."""
        return any(self.back.takes("charge_back", name) for name in (*self.neuron.states, "i"))


FORTH, BACK = ("charge", "excess", "reset"), ("charge_back", "excess_back", "reset_back")


def _lines(indent: int, *lines: str) -> str:
    """Lines of a template, the empty ones left out."""
    return ("\n" + " " * indent).join(line for line in lines if line)


_ITEMS = f"""
    steps, units, one, zero = u.shape[2], u.shape[3], real(1), real(0)
    blocks = (units + {BLOCK - 1}) // {BLOCK}
    batch, cut, start, end = int(k[-4]), int(k[-3]), int(k[-2]), int(k[-1])
"""
_HERE = f"""
        row, first = item // blocks, item % blocks * {BLOCK}
        last = min(first + {BLOCK}, units)
        n, r = last - first, row // batch
"""


@cache
def forward_loop(plan: Plan, current: str, char: str) -> kernels.Kernel:
    """s ← spikes (or the membrane of neurons that do not spike), u ← states before the reset, in time.

    current: "over": z is u[0], overwritten; "beside": z (M, T, N) is kept; "constant": z (M, 1, N) flows at all times.
    bias (R, N), u (kept, M, T, N), s (M, T, N), state (states, M, N) at the beginning and, after, at the end; with a
    refractory time its last row counts the steps that are left of it, and free (M, T, N) says when there are none.
    own (L, R, N) are the parameters learned. k: scalars, samples per replica, unused, first and last item of work.
    """
    n, w, kept = plan.neuron, plan.forth, plan.kept
    states, pausing = n.states, plan.pausing
    row_of = {"over": "u0", "beside": "z[row, t, first:last]", "constant": "z[row, 0, first:last]"}[current]
    fire = f"({plan.fires}) & free" if pausing else plan.fires
    resets = f"{', '.join(f'{s}_r' for s in states)} = {w.call('reset')}" if n.spiking else ""
    excess = f"x = {w.call('excess')}" if n.spiking else ""
    if plan.soft:
        out = "value(x" + plan.smooth("value").call + ")"
        back_to = [f"{s} = {s} + spike * ({s}_r - {s})" for s in n.jumping]
    else:
        out = "where(spike, one, zero)"
        back_to = [f"{s} = where(spike, {s}_r, {s})" for s in n.jumping]
    spike = [
        excess,
        f"spike = {out if plan.soft else fire}",
        f"out[j] = {'spike' if plan.soft else out}",
        resets,
        *back_to,
        "held[j] = where(spike, pause, held[j] - one)" if pausing else "",
        "frees[j] = where(free, one, zero)" if pausing else "",
    ]
    step = _lines(
        0,
        "for j in range(n):",
        "    i = zs[j] + shift[j]",
        *(f"    {name} = {name}_own[j]" for name in n.learned),
        *(f"    {s} = {s}_at[j]" for s in states),
        f"    {', '.join(f'{s}_c' for s in states)} = {w.call('charge')}",
        "    free = held[j] <= zero" if pausing else "",
        "    v_c = where(free, v_c, v)" if pausing else "",
        *(f"    {s} = {s}_c" for s in states),
        *(f"    u{at}[j] = {s}" for at, s in enumerate(kept)),
        *(f"    {line}" for line in (spike if n.spiking else ["out[j] = v"]) if line),
        *(f"    {s}_at[j] = {s}" for s in states),
    )
    loop = f"""{_ITEMS}
    {_lines(4, *(f"{s}_at = np.empty({BLOCK}, u.dtype)" for s in states))}
    {f"held = np.empty({BLOCK}, u.dtype)" if pausing else ""}
    for item in range(start, end):{_HERE}
        shift = bias[r, first:last]
        {_lines(8, *(f"{name}_own = own[{at}, r, first:last]" for at, name in enumerate(n.learned)))}
        for j in range(n):
            {_lines(12, *(f"{s}_at[j] = state[{at}, row, first + j]" for at, s in enumerate(states)))}
            {f"held[j] = state[{len(states)}, row, first + j]" if pausing else ""}
        for t in range(steps):
            {_lines(12, *(f"u{at} = u[{at}, row, t, first:last]" for at in range(len(kept))))}
            zs, out = {row_of}, s[row, t, first:last]
            {"frees = free_at[row, t, first:last]" if pausing else ""}
{indent(step, " " * 12)}
        for j in range(n):
            {_lines(12, *(f"state[{at}, row, first + j] = {s}_at[j]" for at, s in enumerate(states)))}
            {f"state[{len(states)}, row, first + j] = held[j]" if pausing else ""}
    """
    if pausing:
        loop = "    pause = real(round(tau_ref_ / dt_))\n" + loop
    bodies = (*w.bodies.values(), *([plan.smooth("value")] if plan.soft else []))
    arguments = "z:3O bias:2O own:3O u:4 s:3 state:3 free_at:3"
    return kernels.build(
        f"spike_{n.__name__.lower()}", _clean(loop), arguments, char, bodies, False, w.scalars, plan.flags
    )


@cache
def backward_loop(plan: Plan, current: str, char: str) -> kernels.Kernel:
    """Errors back through time: from d = dL/ds to dL/d(current).

    That is written over u[0], or with a constant current summed into gz (M, 1, N). gstate (states, M, N) is
    dL/d(states) at the end and, after, at the beginning; gown (L, M, N) gets dL/d(parameters learned). z, bias, begin
    (states, M, N) and own are what the way forward met. In k `cut` is the number of steps after which errors are cut
    off, or 0.
    """
    n, w, kept = plan.neuron, plan.back, plan.kept
    states, spiking, pausing, constant = n.states, n.spiking, plan.pausing, current == "constant"
    g = [f"g{s}" for s in states]
    fire = f"({plan.fires}) & (frees[j] > zero)" if pausing else plan.fires
    missing = [s for s in states if s not in kept]
    resets = ", ".join(f"{s}_r" for s in states)
    through = [s for s in n.jumping if s != "v" or not plan.detach_reset or plan.soft]
    learned = n.learned
    z_row = "z[row, 0, first:last]" if constant else "z[row, t, first:last]"
    recall = f"""
            for j in range(n):
                {
        _lines(16, *(f"{s} = begin[{states.index(s)}, row, first + j]" for s in kept), *(f"{s}_r = {s}" for s in kept))
    }
                if t > 0:
                    {_lines(20, *(f"{s} = p{at}[j]" for at, s in enumerate(kept)), *(f"{s} = zero" for s in missing))}
                    {_lines(20, *(f"{name} = {name}_own[j]" for name in learned))}
                    {_lines(20, *([f"x = {w.call('excess')}", f"{resets} = {w.call('reset')}"] if spiking else []))}
                    {
        _lines(
            20,
            *(
                [
                    f"{s}_r = {s} + value(x{plan.smooth('value').call}) * ({s}_r - {s})"
                    if plan.soft
                    else f"{s}_r = where({plan.fires}, {s}_r, {s})"
                    for s in kept
                ]
                if spiking
                else [f"{s}_r = {s}" for s in kept]
            ),
        )
    }
                {_lines(16, *(f"{s}_before[j] = {s}_r" for s in kept))}"""
    at_spike = [] if not spiking else [
        f"{', '.join(f'{s}_r' for s in states)} = {w.call('reset')}" if through or plan.soft else "",
        *(f"gs += g{s} * ({s}_r - {s})" for s in through),
        f"gx = gs * derivative(x{plan.smooth('derivative').call})",
        "gx = where(frees[j] > zero, gx, zero)" if pausing else "",
        f"{', '.join([*(f'{name}_r' for name in g), *(f'{p}_r' for p in learned)])} = {w.call('reset_back')}",
        f"{', '.join([*(f'{name}_e' for name in g), *(f'{p}_e' for p in learned)])} = {w.call('excess_back')}",
        *(
            f"{name} = {name} + spike * ({name}_r - {name}) + {name}_e" if plan.soft
            else f"{name} = where(spike, {name}_r, {name}) + {name}_e" for name in g
        ),
        *(
            f"{p}_g[j] += {'spike * ' + p + '_r' if plan.soft else f'where(spike, {p}_r, zero)'} + {p}_e"
            for p in learned
        ),
    ]  # fmt: skip
    loop = f"""{_ITEMS}
    {_lines(4, *(f"{name}_at = np.empty({BLOCK}, u.dtype)" for name in g))}
    {_lines(4, *(f"{s}_before = np.empty({BLOCK}, u.dtype)" for s in kept)) if plan.recalls else ""}
    for item in range(start, end):{_HERE}
        shift = bias[r, first:last]
        {_lines(8, *(f"{name}_own = own[{at}, r, first:last]" for at, name in enumerate(learned)))}
        {_lines(8, *(f"{name}_g = gown[{at}, row, first:last]" for at, name in enumerate(learned)))}
        for j in range(n):
            {_lines(12, *(f"{name}_at[j] = gstate[{at}, row, first + j]" for at, name in enumerate(g)))}
        for t in range(steps - 1, -1, -1):
            if cut > 0 and (t + 1) % cut == 0:
                for j in range(n):
                    {"; ".join(f"{name}_at[j] = zero" for name in g)}
            {_lines(12, *(f"u{at} = u[{at}, row, t, first:last]" for at in range(len(kept))))}
            {
        _lines(12, *(f"p{at} = u[{at}, row, max(t - 1, 0), first:last]" for at in range(len(kept))))
        if plan.recalls
        else ""
    }
            ds = d[row, t, first:last]
            {"gzs = gz[row, 0, first:last]" if constant else ""}
            {"frees = free_at[row, t, first:last]" if pausing else ""}
            {f"zs = {z_row}" if plan.recalls else ""}
            {recall.strip(chr(10)).lstrip() if plan.recalls else ""}
            for j in range(n):
                {_lines(16, *(f"{s} = u{at}[j]" for at, s in enumerate(kept)), *(f"{s} = zero" for s in missing))}
                {
        _lines(16, *(f"{name} = {name}_own[j]" for name in learned), *(f"{name} = {name}_at[j]" for name in g))
    }
                gs = ds[j]
                {
        _lines(
            16,
            *(
                [
                    f"x = {w.call('excess')}",
                    f"spike = {'value(x' + plan.smooth('value').call + ')' if plan.soft else fire}",
                    *at_spike,
                ]
                if spiking
                else ["gv = gv + gs"]
            ),
        )
    }
                {"waiting = where(frees[j] > zero, zero, gv)" if pausing else ""}
                {"gv = gv - waiting" if pausing else ""}
                {
        _lines(16, *([f"{s} = {s}_before[j]" for s in kept] + ["i = zs[j] + shift[j]"] if plan.recalls else []))
    }
                {", ".join([*g, "gi", *(f"{p}_c" for p in learned)])} = {w.call("charge_back")}
                {"gv = gv + waiting" if pausing else ""}
                {"gi = where(frees[j] > zero, gi, zero)" if pausing and len(states) == 1 else ""}
                {_lines(16, *(f"{name}_at[j] = {name}" for name in g), *(f"{p}_g[j] += {p}_c" for p in learned))}
                {"gzs[j] += gi" if constant else "u0[j] = gi"}
        for j in range(n):
            {_lines(12, *(f"gstate[{at}, row, first + j] = {name}_at[j]" for at, name in enumerate(g)))}
    """
    smooth = [plan.smooth("derivative"), *([plan.smooth("value")] if plan.soft else [])] if spiking else []
    arguments = "z:3O bias:2O own:3O begin:3O u:4 d:3O free_at:3O gz:3 gstate:3 gown:3"
    name = f"unspike_{n.__name__.lower()}"
    return kernels.build(
        name, _clean(loop), arguments, char, (*w.bodies.values(), *smooth), False, w.scalars, plan.flags
    )


def _clean(loop: str) -> str:
    """Without the lines that a template left empty."""
    return "\n".join(line for line in loop.split("\n") if line.strip())


def run(loop: Callable[..., None], rows: int, steps: int, units: int, *arrays: Array, k: list[float]) -> None:
    """Call a loop for all rows and blocks, in two threads where there is work enough."""
    items = rows * -(-units // BLOCK)

    def part(start: int, end: int) -> None:
        loop(*arrays, np.array([*k, start, end], np.float64))

    if rows * steps * units < WORK:
        part(0, items)
    else:
        in_halves(part, items)
