"""Spiking neurons as PyTorch modules: time first, the state an argument, omomi's compiled loops inside."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ... import networks
from ...formulas.initializers import Initializer, TorchLinear
from ...formulas.neurons import Neuron
from ...formulas.surrogates import Surrogate
from .arrays import array, tensor
from .functions import final, uncompiled


class Spiking(nn.Module):
    """A neuron for each element: currents (T, B, …) → spikes (T, B, …), and the state that they end in.

    The state is a named tuple of tensors (B, …), the neuron's states: `state.v`; with a refractory time also `held`,
    the steps left of it. None starts at rest; what came out goes in again with the next steps, and errors go back
    through it, unless it is detached: `state.detach()`. Neurons that do not spike give their membrane.

    What a neuron learns (`Plif`: a, threshold) are parameters (units,), so it wants the number of units, the last axis.
    The other arguments are those of `om.Spiking`; `truncate` counts from the first step of each call.

    Units:   dt in ms; the current in those of the neuron. float32 or float64.
    Differs: snnTorch's and Norse's modules take one step, as `step` here; SpikingJelly's keep their state.
    Check:   spikes and gradients are those of `om.Spiking`, bit for bit, however the steps are cut into calls.
    Reference: Neftci, Mostafa, Zenke (2019), Surrogate gradient learning in spiking neural networks, arXiv:1901.09948.

    >>> lif = Spiking("lif(tau=2)")
    >>> spikes, state = lif(torch.tensor([[1.5], [1.5], [0.0]]))
    >>> spikes.ravel(), state.v
    (tensor([0., 1., 0.]), tensor([0.]))
    """

    def __init__(
        self,
        neuron: Neuron | str,
        *,
        surrogate: Surrogate | str | None = None,
        dt: float = 1.0,
        detach_reset: bool = True,
        truncate: int = 0,
        soft: bool = False,
        units: int | None = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        given: dict[str, Any] = {"surrogate": surrogate, "dt": dt, "detach_reset": detach_reset, "soft": soft}
        self.layer = networks.Spiking(Neuron.of(neuron), truncate=truncate, **given)
        self.units = units
        learned = self.layer.neuron.starts()
        if learned and units is None:
            names = " and ".join(learned)
            raise ValueError(
                f"{type(self).__name__}: {self.layer.neuron} learns {names} of each neuron, so it needs units=…"
            )
        for name, start in learned.items():
            values = torch.full((units,), start, device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(values))

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the state's tensors, in their order."""
        return (*self.layer.neuron.states, *(("held",) if self.layer.pause else ()))

    @uncompiled
    def forward(self, current: Tensor, state: Sequence[Tensor] | None = None) -> tuple[Tensor, Any]:
        """Spikes (T, B, …) of currents (T, B, …), and the state after them."""
        self._check(current, state)
        spikes, after = self._through(current, state or ())
        return spikes, named(self.state_names)(*after)

    def step(self, current: Tensor, state: Sequence[Tensor] | None = None) -> tuple[Tensor, Any]:
        """Spikes (B, …) of the currents (B, …) of one step, and the state after it."""
        spikes, after = self(current[None], state)
        return spikes[0], after

    def _through(self, current: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, Sequence[Tensor]]:
        learned = [getattr(self, name) for name in self.layer.neuron.learned]
        spikes, *after = ThroughTime.apply(self.layer, current, len(learned), *learned, *state)
        return spikes, after

    def _check(self, current: Tensor, state: Sequence[Tensor] | None) -> None:
        who, names, shape = type(self).__name__, self.state_names, tuple(current.shape[1:])
        if current.ndim == 0 or (self.units is not None and shape[-1:] != (self.units,)):
            wanted = "(T, B, …)" if self.units is None else f"(T, …, {self.units})"
            raise ValueError(f"{who}: currents must be {wanted}, got {tuple(current.shape)}")
        for given in self._parameters.values():
            if given.dtype != current.dtype:
                raise TypeError(f"{who}: currents must be {given.dtype}, as the parameters, got {current.dtype}")
        if state is None:
            return
        if len(state) != len(names) or any(tuple(s.shape) != shape or s.dtype != current.dtype for s in state):
            got = ", ".join(f"{tuple(s.shape)} {s.dtype}" for s in state)
            wanted = f"({', '.join(names)}), each {shape} {current.dtype}"
            raise ValueError(f"{who}: the state must be {wanted}, got {got or 'nothing'}")

    def extra_repr(self) -> str:
        inside = repr(self.layer).partition("(")[2][:-1]
        return inside if self.units is None else f"{inside}, units={self.units}"


class Recurrent(Spiking):
    """Neurons that hear each other one step later: the current is i + s V.   i, s (T, B, N), V (N, N) a parameter.

    The state has one tensor more, `s`, the spikes (B, N) of the last step. All else is as in `Spiking`; `truncate` cuts
    errors through V as well.

    Numerics: a loop in Python goes through the steps: each is a product with V.
    Check:   with V = 0 it is `Spiking`; with weights it is `om.Recurrent`.
    """

    def __init__(self, neuron: Neuron | str, units: int, *, weights: Initializer | str | None = None, **given: Any):
        super().__init__(neuron, units=units, **given)
        draw = TorchLinear() if weights is None else Initializer.of(weights)
        rng = np.random.default_rng(torch.randint(2**62, ()).item())
        values = torch.from_numpy(draw.draw(rng, (1, units, units), units, units)[0])
        like = {"device": given.get("device"), "dtype": given.get("dtype") or torch.get_default_dtype()}
        self.V = nn.Parameter(values.to(**like))

    @property
    def state_names(self) -> tuple[str, ...]:
        return (*super().state_names, "s")

    @uncompiled
    def forward(self, current: Tensor, state: Sequence[Tensor] | None = None) -> tuple[Tensor, Any]:
        """Spikes (T, B, N) of currents (T, B, N), and the state after them."""
        self._check(current, state)
        after, spikes, cut = tuple(state or ()), [], self.layer.truncate
        for t, now in enumerate(current.unbind(), 1):
            heard = now + after[-1] @ self.V if after else now
            s, inner = self._through(heard[None], after[:-1])
            spikes.append(s[0])
            after = (*inner, s[0])
            if cut and t % cut == 0:
                after = tuple(each.detach() for each in after)
        return torch.stack(spikes), named(self.state_names)(*after)


@cache
def named(names: tuple[str, ...]) -> Any:
    """The named tuple of a state with these tensors."""

    class State(namedtuple("State", names)):  # type: ignore[misc]
        __slots__ = ()

        def detach(self) -> State:
            """The same numbers, through which no error goes back."""
            return type(self)(*map(torch.detach, self))

    return State


class ThroughTime(torch.autograd.Function):
    """A layer from a state: current (T, …), parameters learned (units,), state (…) → spikes, state.

    The loop back writes over what the way forward left, so a second way back goes forward again first.
    """

    @staticmethod
    def forward(ctx: Any, layer: networks.Spiking, current: Tensor, learns: int, *given: Tensor) -> tuple[Tensor, ...]:
        y, tape = forward(layer, current, given[:learns], given[learns:])
        ctx.layer, ctx.learns, ctx.tape, ctx.shape = layer, learns, tape, tuple(current.shape)
        ctx.begun = len(given) > learns
        ctx.save_for_backward(current, *given)
        ctx.set_materialize_grads(False)
        after = [tensor(each.reshape(ctx.shape[1:])) for each in tape.state]
        ctx.mark_non_differentiable(*after[len(layer.neuron.states) :])
        return tensor(y.reshape(ctx.shape)), *after

    @staticmethod
    def backward(ctx: Any, gy: Tensor | None, *g_after: Tensor | None) -> tuple[Tensor | None, ...]:
        layer, tape, n = ctx.layer, ctx.tape, len(ctx.layer.neuron.states)
        ctx.tape = None
        if tape is None or tape.begin is not None:  # what is asked for again must not have changed: torch looks
            current, *given = ctx.saved_tensors
            if tape is None:
                _, tape = forward(layer, current, given[: ctx.learns], tuple(given[ctx.learns :]))
        like, shape = tape.u, (1, 1, ctx.shape[0], tape.u.shape[-1])
        dy = np.zeros_like(like, shape=shape) if gy is None else array(gy.contiguous()).reshape(shape)
        gstate = np.zeros_like(like, shape=(n, *tape.state.shape[1:]))
        for row, g in zip(gstate, g_after, strict=False):
            if g is not None:
                row[0] = array(g).reshape(-1)
        dx = tensor(layer.backward_from(tape, dy, gstate).reshape(ctx.shape))
        rows = [tape.learned[name].reshape(-1, ctx.shape[-1]) for name in layer.neuron.learned]
        g_learned = [tensor(each.sum(axis=0)) for each in rows]
        g_begin = [tensor(row.reshape(ctx.shape[1:])) for row in gstate] if ctx.begun else []
        g_held = [None] * (ctx.begun and layer.pause > 0)
        return None, *(g if g is None else final(g, layer.neuron) for g in (dx, None, *g_learned, *g_begin, *g_held))


def forward(layer: networks.Spiking, current: Tensor, learned: Sequence[Tensor], state: tuple[Tensor, ...]) -> Any:
    """(y, tape): to the loops all elements of a step are the neurons of one sample."""
    steps, width = len(current), math.prod(current.shape[1:])
    x = array(current.contiguous()).reshape(1, 1, steps, width)
    own = (array(w.detach().repeat(width // len(w))).reshape(1, 1, width) for w in learned)
    begin = array(torch.stack(state).reshape(len(state), 1, width)) if state else None
    return layer.forward_from(dict(zip(layer.neuron.learned, own, strict=True)), x, begin)
