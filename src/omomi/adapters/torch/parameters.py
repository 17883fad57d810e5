"""The parameters of a module as the vectors θ (1, P) that omomi's optimizers move."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ...formulas import optimizers
from ...formulas.optimizers import Context, State
from .arrays import array, tensor

Tensors = Sequence[torch.Tensor]


class Own:
    """A parameter that is a vector of its own: views of its memory and of what is held of it."""

    def __init__(self, p: torch.Tensor, held: dict[str, Any], formula: optimizers.Optimizer) -> None:
        self.p, self.at, self.held, self.theta = p, p.data_ptr(), held, array(p).reshape(1, -1)
        self.state = formula.state(self.theta)
        slots, self.numbers = _names(formula, self.state)
        self.slots = {name: row.view(p.shape) for name, row in zip(slots, tensor(self.state.slots), strict=True)}
        if held:
            _check(held, slots + self.numbers, formula)
            for name, slot in self.slots.items():
                slot.copy_(held[name])
        else:
            held |= {"step": 0} | dict(zip(self.numbers, self.state.memory[:, 0].tolist(), strict=True))
        held |= self.slots

    def holds(self, held: dict[str, Any]) -> bool:
        """Whether these are still the parameter's memory and what is held of it."""
        for name, slot in self.slots.items():
            if held.get(name) is not slot:
                return False
        return held is self.held and self.p.data_ptr() == self.at

    def step(self, formula: optimizers.Optimizer, scale: float, seen: Context) -> None:
        """Take the step, in place."""
        held, memory, grad = self.held, self.state.memory, array(gradient_of(self.p)).reshape(1, -1)
        for i, name in enumerate(self.numbers):
            memory[i] = held[name]
        formula.step(held["step"] + 1, self.theta, grad, self.state, scale=scale, seen=seen)
        held["step"] += 1
        for i, name in enumerate(self.numbers):
            held[name] = float(memory[i, 0])


class Vector:
    """Parameters of a group as one vector in omomi's order, and what is held of them: copies."""

    def __init__(self, group: int, params: Tensors, state: Any, formula: optimizers.Optimizer, scale: float) -> None:
        self.group, self.params, self.formula, self.scale = group, params, formula, scale
        self.helds, self.theta = [state[p] for p in params], joined(params)

    @cached_property
    def grad(self) -> torch.Tensor:
        """The gradient that the step begins with."""
        return joined([gradient_of(p) for p in self.params])

    @cached_property
    def matrices(self) -> list[tuple[slice, tuple[int, int]]]:
        """Where the weights between units lie, and (I, O)."""
        ends = np.cumsum([p.numel() for p in self.params])
        cuts = [slice(int(end) - p.numel(), int(end)) for p, end in zip(self.params, ends, strict=True)]
        return [(cut, (p.shape[1], p.shape[0])) for p, cut in zip(self.params, cuts, strict=True) if p.ndim == 2]

    def attempt(self, seen: Context, rng: np.random.Generator, answers: Tensors) -> torch.Tensor | None:
        """Take the step, in copies; or, where an answer is missing, say where the gradient is asked for."""
        theta, grad, left = self.theta.clone(), self.grad.clone(), iter(answers)

        def gradient() -> None:
            answer = next(left, None)
            if answer is None:
                raise AskedFor
            grad.copy_(answer)

        state, t = self._state(theta), self.helds[0].get("step", 0) + 1
        context = Context(loss=seen.loss, rngs=[rng], matrices=self.matrices, gradient=gradient)
        try:
            self.formula.step(t, array(theta), array(grad), state, scale=self.scale, seen=context)
        except AskedFor:
            return theta
        self._after = t, theta, state
        return None

    def keep(self) -> None:
        """Let the step be taken."""
        t, theta, state = self._after
        slots, numbers = _names(self.formula, state)
        deal(theta, self.params)
        for name, row in zip(slots, tensor(state.slots), strict=True):
            for p, held in zip(self.params, self.helds, strict=True):
                held.setdefault(name, torch.empty(p.shape, dtype=p.dtype, device=p.device))
            deal(row, [held[name] for held in self.helds])
        for held in self.helds:
            held.update({"step": t} | {name: float(state.memory[i, 0]) for i, name in enumerate(numbers)})

    def answer(self) -> None:
        """Put the weights to answer with in place."""
        deal(tensor(self.formula.answering(array(self.theta), self._state(self.theta))), self.params)

    def _state(self, theta: torch.Tensor) -> State:
        state = self.formula.state(array(theta))
        if self.helds[0]:
            slots, numbers = _names(self.formula, state)
            _check(self.helds[0], slots + numbers, self.formula)
            for name, row in zip(slots, tensor(state.slots), strict=True):
                row.copy_(joined([held[name] for held in self.helds]))
            for i, name in enumerate(numbers):
                state.memory[i] = self.helds[0][name]
        return state


class AskedFor(Exception):
    """A formula wants the gradient where θ is now."""


def gradient_of(p: torch.Tensor) -> torch.Tensor:
    """Its gradient, dense and in its precision."""
    grad = p.grad
    if grad.dtype is not p.dtype or grad.layout is not torch.strided:
        kind = grad.layout if grad.dtype is p.dtype else grad.dtype
        raise TypeError(f"omomi's optimizers take dense gradients in the parameter's {p.dtype}, got one of {kind}")
    return grad


def _in_our_order(x: torch.Tensor) -> torch.Tensor:
    return x.detach().T if x.ndim == 2 else x.detach()


def joined(tensors: Tensors) -> torch.Tensor:
    """A copy of all, (1, P)."""
    return torch.cat([_in_our_order(x).reshape(-1) for x in tensors])[None]


def deal(vector: torch.Tensor, tensors: Tensors) -> None:
    """Copy a vector (1, P) back into its tensors."""
    for x, part in zip(tensors, vector[0].split([x.numel() for x in tensors]), strict=True):
        ours = _in_our_order(x)
        ours.copy_(part.view(ours.shape))


def _names(formula: optimizers.Optimizer, state: State) -> tuple[list[str], list[str]]:
    """What its slots and its memory are called: as the formula says, or by number where it does not say."""
    return (
        _called(formula.slots, "slot", len(state.slots)),
        _called(formula.memory, "number", len(state.memory)),
    )


def _called(names: tuple[str, ...], noun: str, n: int) -> list[str]:
    return list(names) if len(names) == n and "step" not in names else [f"{noun}_{i}" for i in range(n)]


def _check(held: dict[str, Any], names: list[str], formula: optimizers.Optimizer) -> None:
    missing = {"step", *names} - held.keys()
    if missing:
        name, lacks = type(formula).__name__, ", ".join(sorted(missing))
        raise ValueError(f"{name}: the state of a parameter must hold {lacks}, got {', '.join(held)}")
