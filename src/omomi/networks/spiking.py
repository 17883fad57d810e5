"""Layers of spiking neurons, trained through time with a surrogate for the derivative of a spike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..formulas import kernels
from ..formulas.arrays import contiguous
from ..formulas.formula import between, flag, of_kind
from ..formulas.initializers import Initializer, TorchLinear
from ..formulas.neurons import If, Neuron
from ..formulas.neurons.written import flags_of, names_of
from ..formulas.surrogates import Arctan, SpikeMask, Surrogate
from . import memory, step_by_step, through_time
from .layers import Array, Layer, Mode, Shape, Weights
from .through_time import Plan


@dataclass
class Traces:
    """What the way back needs of the way forward. M = R · B rows."""

    u: Array  # states before the reset (kept, M, T, N)
    state: Array  # at the end (states, M, N)
    begin: Array  # at the beginning (states, M, N), where it is asked for
    free: Array  # 0 while a neuron is refractory (M, T, N), or nothing
    current: Array  # (M, T | 1, N), or nothing where u lies over it
    bias: Array  # (R, N)
    own: dict[str, Array]  # parameters learned (M, N)
    form: str  # "over", "beside" or "constant"; see `through_time.forward_loop`
    pausing: bool
    batch: int  # samples of each replica
    error: Array | None = None  # dL/d(current), once it is known
    learned: dict[str, Array] = field(default_factory=dict)  # dL/d(parameter) (M, N)


class Spiking(Layer):
    """A neuron for each input: currents (T, N) → spikes (T, N).   x (R, B, T, N).

    With `steps`, a vector (N,) flows as a constant current for that many steps of dt, and the matrix product before it
    is taken once. A neuron that stands in a network by itself becomes this layer. Neurons that do not spike give their
    membrane. The states begin anew with every sample.

    On the way back the surrogate's derivative stands for that of the spike, `detach_reset` takes the spike in the reset
    of the membrane as a constant, and `truncate` cuts errors off after every so many steps. `soft` lets the surrogate's
    value be the spike: then the network is smooth, and its gradient is exact.

    Units:   dt in ms; the current in those of the neuron.
    Numerics: through the reset of an integrator each further spike multiplies an error by -v: it explodes.
    Differs: the source article's form is `Spiking(If(), surrogate="spike_mask", detach_reset=False)`.
    Check:   with soft spikes the gradient is that of the loss; a neuron without input stays silent.
    Reference: Neftci, Mostafa, Zenke (2019), Surrogate gradient learning in spiking neural networks, arXiv:1901.09948.
    """

    neuron: Neuron = of_kind(Neuron, only=lambda neuron: neuron.trainable, which="that errors can go back through")
    steps: int = between(0, math.inf, default=0, closed="[)", whole=True)
    surrogate: Surrogate | None = of_kind(Surrogate, default=None, optional=True)
    dt: float = between(0, math.inf, default=1.0, closed="()")
    detach_reset: bool = flag(default=True)
    truncate: int = between(0, math.inf, default=0, closed="[)", whole=True)
    soft: bool = flag(default=False)

    @property
    def smooth(self) -> Surrogate:
        """The surrogate: left out, that of the source article for `If`, else the arctan."""
        if self.surrogate is not None:
            return self.surrogate
        return SpikeMask() if isinstance(self.neuron, If) else Arctan()

    @property
    def exact(self) -> bool:  # type: ignore[override]
        return self.soft or not self.neuron.spiking

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.soft and self.pause:
            raise ValueError(f"{type(self).__name__}: soft spikes know no refractory time, got {self.neuron}")

    @property
    def pause(self) -> int:
        """The refractory time in steps."""
        return self.neuron.pause(self.dt)

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        if len(shape_in) == 1 and self.steps:
            shape_in = (self.steps, *shape_in)
        elif len(shape_in) != 2:
            what = f"samples of shape {shape_in}" if len(shape_in) > 1 else "vectors"
            raise ValueError(
                f"{self} takes sequences (steps, units), got {what}; for a constant current say Spiking(…, steps=25), "
                "or put an encoder before it"
            )
        elif self.steps not in (0, shape_in[0]):
            raise ValueError(f"{self} has {self.steps} steps, got sequences of {shape_in[0]}")
        return dict.fromkeys(self.neuron.learned, (1, shape_in[1])), shape_in

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        for name in self.neuron.learned:
            p[name][...] = self.neuron.starts()[name]

    def forward(self, p: Weights, x: Array, mode: Mode) -> tuple[Array, Any]:
        return self._run(p, x, None, "constant" if x.ndim == 3 else "beside")

    def of_product(self, p: Weights, z: Array, bias: Array, mode: Mode) -> tuple[Array, Any]:
        """`forward` of z + bias; z (R, B, T, N) or (R, B, N) is **written over**. bias (R, 1, N)."""
        compiled = z.ndim == 4 and kernels.takes(z, self._precisions)
        over = compiled and not self._plan.recalls and len(self._plan.kept) == 1
        return self._run(p, z, bias, "constant" if z.ndim == 3 else "over" if over else "beside")

    def backward_input(self, p: Weights, tape: Traces, dy: Array) -> Array:
        return self._error(tape, dy)

    def forward_from(self, p: Weights, x: Array, state: Array | None) -> tuple[Array, Traces]:
        """`forward` from a state (states, R · B, N), which is **written over**; `tape.state` is the one at the end.

        With a refractory time the state has a row more, the steps that are left of it.
        """
        return self._run(p, x, None, "beside", state)

    def backward_from(self, tape: Traces, dy: Array, gstate: Array) -> Array:
        """`backward_input`, where gstate (states, R · B, N) is dL/d(state at the end); after, at the beginning."""
        tape.error = self._back(tape, dy, gstate)
        return tape.error

    def backward_weights(self, g: Weights, tape: Traces, dy: Array) -> None:
        self._error(tape, dy)
        for name in self.neuron.learned:
            rows = tape.learned[name]
            g[name][...] = rows.reshape(len(g[name]), -1, rows.shape[-1]).sum(axis=1, keepdims=True)

    # The loops

    @cached_property
    def _plan(self) -> Plan:
        pausing = self.pause > 0
        kinds, flags = (type(self.neuron), type(self.smooth)), flags_of(self.neuron)
        return Plan(*kinds, flags, bool(self.neuron.strict), self.detach_reset, self.soft, pausing)

    @cached_property
    def _forward_loops(self) -> kernels.Loops:
        return kernels.Loops(lambda key: through_time.forward_loop(self._plan, key[1], key[0]))

    @cached_property
    def _backward_loops(self) -> kernels.Loops:
        return kernels.Loops(lambda key: through_time.backward_loop(self._plan, key[1], key[0]))

    @cached_property
    def _precisions(self) -> str:
        formulas = [getattr(self.neuron, name, None) for name in (*through_time.FORTH, *through_time.BACK)]
        formulas = [f for f in formulas if f is not None] + [self.smooth.value, self.smooth.derivative]
        return kernels.precisions(lambda: self._forward_loops["d", "beside"], *formulas)

    @cached_property
    def _scalars(self) -> list[float]:
        values = {"dt": self.dt, **self.neuron.scalars}
        return [*(values[name] for name in names_of(type(self.neuron))), *map(float, self.smooth.hyper)]

    def _run(
        self, p: Weights, x: Array, bias: Array | None, form: str, state: Array | None = None
    ) -> tuple[Array, Any]:
        """From the beginning, or from a state (states, M, N), which is **written over**."""
        units, batch, steps = x.shape[-1], x.shape[1], self.steps if form == "constant" else x.shape[2]
        own = {name: p[name][:, 0] for name in self.neuron.learned}
        replicas = max([len(x), *map(len, own.values())])
        if len(x) < replicas:
            x = np.broadcast_to(x, (replicas, *x.shape[1:]))
        rows = replicas * batch
        current = contiguous(x).reshape(rows, -1, units)
        shift = np.zeros((replicas, units), x.dtype, like=x) if bias is None else contiguous(bias[:, 0])
        compiled = kernels.takes(x, self._precisions)
        n_kept = len(self._plan.kept if compiled else self.neuron.states)
        over = form == "over" and compiled
        u = current[None] if over else memory.empty((n_kept, rows, steps, units), x.dtype, x)
        pausing = self._plan.pausing
        free = np.empty((rows, steps, units) if pausing or not compiled else (0, 0, 0), x.dtype, like=x)
        state = self._begin(rows, units, own, batch, x) if state is None else state
        tape = Traces(u, state, state, free, current, shift, own, form, pausing, batch)
        if not compiled or self._plan.recalls:
            tape.begin = state.copy()
        if not compiled:
            tape.own = {name: np.repeat(values, batch, axis=0) for name, values in own.items()}
            tape.current = current + np.repeat(shift, batch, axis=0)[:, None]
            y = step_by_step.forward(self, tape.current, tape)
        else:
            y = memory.empty((rows, steps, units), x.dtype)
            if over:
                tape.current = kernels.NOTHING[x.dtype.char]
            loop = self._forward_loops[x.dtype.char, form]
            through_time.run(
                loop, rows, steps, units, tape.current, shift, self._learned(own, x.dtype), u, y, state, free,
                k=[*self._scalars, batch, 0],
            )  # fmt: skip
        return y.reshape(replicas, batch, steps, units), tape

    def _begin(self, rows: int, units: int, own: dict[str, Array], batch: int, like: Array) -> Array:
        """The states at the beginning, (states, M, N); with a refractory time one row more."""
        state = np.zeros((len(self.neuron.states) + self._plan.pausing, rows, units), like.dtype, like=like)
        values: Any = self._usual_begin
        if own:
            each = {name: np.repeat(values, batch, axis=0) for name, values in own.items()}
            values = self.neuron.call("start", dt=self.dt, each=each)
        for row, value in zip(state, values, strict=False):
            if own or value:
                row[...] = value
        return state

    @cached_property
    def _usual_begin(self) -> tuple[float, ...]:
        return tuple(map(float, self.neuron.call("start", dt=self.dt)))

    def _learned(self, own: dict[str, Array], dtype: Any) -> Array:
        return np.stack(list(own.values())) if own else np.empty((0, 0, 0), dtype)

    def _error(self, tape: Any, dy: Array) -> Array:
        """dL/d(current), computed once; what is learned goes to the tape with it."""
        if tape.error is None:
            tape.error = self._back(tape, contiguous(dy))
        return tape.error

    def _back(self, tape: Any, dy: Array, gstate: Array | None = None) -> Array:
        """From dL/d(spikes) and dL/d(states at the end), which becomes **in place** that at the beginning."""
        rows, steps, units = tape.u.shape[1:]
        d, constant = dy.reshape(rows, steps, units), tape.form == "constant"
        lead = (rows // tape.batch, tape.batch)
        if not kernels.takes(dy, self._precisions):
            error, tape.learned = step_by_step.backward(self, tape.current, tape, d, gstate)
            return error.sum(axis=1).reshape(*lead, units) if constant else error.reshape(*lead, steps, units)
        gz = np.zeros((rows, 1, units) if constant else (0, 0, 0), dy.dtype)
        gstate = np.zeros((len(self.neuron.states), rows, units), dy.dtype) if gstate is None else gstate
        gown = np.zeros((len(tape.own), rows, units), dy.dtype)
        loop = self._backward_loops[dy.dtype.char, tape.form]
        through_time.run(
            loop, rows, steps, units, tape.current, tape.bias, self._learned(tape.own, dy.dtype), tape.begin, tape.u, d,
            tape.free, gz, gstate, gown, k=[*self._scalars, tape.batch, self.truncate if steps > 1 else 0],
        )  # fmt: skip
        tape.learned = dict(zip(self.neuron.learned, gown, strict=True))
        return gz.reshape(*lead, units) if constant else tape.u[0].reshape(*lead, steps, units)


@dataclass
class RecurrentTraces:
    """What the way back needs of a recurrent layer, step by step."""

    steps: list[Traces]
    spikes: Array  # (T, R, B, N)
    weights: Array  # V (R, N, N)
    constant: bool
    across: bool = True  # whether errors go back from spikes to earlier spikes, through V
    error: Array | None = None
    learned: dict[str, Array] = field(default_factory=dict)
    gradient: Array | None = None  # dL/dV (R, N, N)


class Recurrent(Spiking):
    """Spiking neurons that hear each other one step later: the current is x + s V.   x, s (R, B, T, N), V (R, N, N).

    All else is as in `Spiking`; `truncate` cuts errors through V as well.

    Differs: Bellec et al. forbid self-connections; here V has a diagonal like any other weight.
    Check:   with V = 0 it is `Spiking`.
    Reference: Bellec, Salaj, Subramoney, Legenstein, Maass (2018), Long short-term memory and learning-to-learn in
        networks of spiking neurons, arXiv:1803.09574.
    """

    between_units = ("V",)
    weights: Initializer = of_kind(Initializer, default=TorchLinear())

    def shapes(self, shape_in: Shape) -> tuple[dict[str, Shape], Shape]:
        own, shape = super().shapes(shape_in)
        return {"V": (shape[-1], shape[-1]), **own}, shape

    def init(self, p: Weights, rng: np.random.Generator) -> None:
        super().init(p, rng)
        p["V"][...] = self.weights.draw(rng, p["V"].shape, p["V"].shape[-1], p["V"].shape[-1])

    def backward_weights(self, g: Weights, tape: Any, dy: Array) -> None:
        super().backward_weights(g, tape, dy)
        g["V"][...] = tape.gradient

    def multiply_adds(self, shape_in: Shape) -> int:
        steps, units = super().shapes(shape_in)[1]
        return steps * units**2

    def _run(
        self, p: Weights, x: Array, bias: Array | None, form: str, state: Array | None = None
    ) -> tuple[Array, Any]:
        if state is not None:
            raise ValueError(
                f"{type(self).__name__} begins at rest: what its neurons heard last is not in their states"
            )
        constant, weights = form == "constant", p["V"]
        batch, units, replicas = x.shape[1], x.shape[-1], len(weights)
        steps = self.steps if constant else x.shape[2]
        spikes = np.empty((steps, replicas, batch, units), x.dtype, like=x)
        traces: list[Traces] = []
        for t in range(steps):
            z = np.broadcast_to(x if constant else x[:, :, t], (replicas, batch, units))
            z = z + np.matmul(spikes[t - 1], weights) if t else z
            before = traces[-1].state.copy() if t else None
            y, tape = super()._run(p, z[:, :, None], bias, "beside", before)
            spikes[t] = y[:, :, 0]
            traces.append(tape)
        return contiguous(spikes.transpose(1, 2, 0, 3)), RecurrentTraces(traces, spikes, weights, constant)

    def _back(self, tape: Any, dy: Array, gstate: Array | None = None) -> Array:
        steps, replicas, batch, units = tape.spikes.shape
        gstate = np.zeros((len(self.neuron.states), replicas * batch, units), dy.dtype, like=dy)
        errors = np.empty_like(tape.spikes)  # dL/d(current)
        onward = tape.weights.swapaxes(-1, -2)
        for t in range(steps - 1, -1, -1):
            d = dy[:, :, t]
            if self.truncate and (t + 1) % self.truncate == 0:
                gstate[...] = 0
            elif tape.across and t + 1 < steps:
                d = d + np.matmul(errors[t + 1], onward)
            inner = tape.steps[t]
            errors[t] = super()._back(inner, contiguous(d[:, :, None]), gstate)[:, :, 0]
            for name, rows in inner.learned.items():
                tape.learned[name] = tape.learned.get(name, 0) + rows
        # Copies: a view of one replica would be laid out otherwise than that of many, and multiplied in another order.
        heard = contiguous(tape.spikes[:-1].transpose(1, 3, 0, 2)).reshape(replicas, units, -1)
        later = contiguous(errors[1:].transpose(1, 0, 2, 3)).reshape(replicas, -1, units)
        tape.gradient = np.matmul(heard, later)
        return errors.sum(axis=0) if tape.constant else contiguous(errors.transpose(1, 2, 0, 3))
