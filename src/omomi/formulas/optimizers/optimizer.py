"""What an optimizer is: an update of each parameter from its gradient and from what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .. import kernels
from ..formula import Formula

Array = np.ndarray


class State(NamedTuple):
    """What an optimizer carries from step to step."""

    slots: Array  # numbers of each parameter (S, R, P), in θ's precision
    memory: Array  # numbers of each replica (M, R), in double


@dataclass
class Context:
    """What a step may look at beside the gradient. A run has one, whose loss is new at each step.

    `gradient` writes to the same array as the step was given: after a call it holds the gradient where θ is now.
    """

    loss: Array | None = None  # of the batch, before the step, (R,)
    rngs: Sequence[Any] = ()  # one source of noise per replica
    matrices: Sequence[tuple[slice, tuple[int, ...]]] = ()  # where in θ (P) the weights between units lie, and (I, O)
    gradient: Callable[[], Any] | None = None  # takes the gradient of the same batch anew, where θ is now


NOTHING = Context()


class Optimizer(Formula, root=True):
    """An elementwise update; `slots` names the numbers that each parameter carries, `memory` those of each replica.

    The first field is the learning rate, which a schedule scales. What is no elementwise update overrides `step`.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    memory: ClassVar[tuple[str, ...]] = ()
    starts: ClassVar[Mapping[str, float]] = {}  # slots and memory that do not start at 0
    update: ClassVar[Callable[..., Any]]  # (t, w, g, *slots, *memory, *hyper) → w, *slots
    remember: ClassVar[Callable[..., Any]]  # (t, loss, *memory, *hyper) → memory, on arrays (R,)
    looks_at_loss: ClassVar[bool] = False  # whether `remember` does; else it may be None
    steady: ClassVar[bool] = True  # False: with its defaults it may run away on a parabola

    @property
    def rate(self) -> float:
        """The learning rate."""
        return self.hyper[0]

    def state(self, theta: Array) -> State:
        """What is carried, at rest, for θ (R, P)."""
        slots = np.zeros((len(self.slots), *theta.shape), theta.dtype, like=theta)
        memory = np.zeros((len(self.memory), len(theta)), like=theta)
        for names, numbers in ((self.slots, slots), (self.memory, memory)):
            for name, row in zip(names, numbers, strict=True):
                row[...] = self.starts.get(name, 0)
        return State(slots, memory)

    def step(
        self, t: int, theta: Array, grad: Array, state: State, *, scale: float = 1.0, seen: Context = NOTHING
    ) -> None:
        """Advance θ (R, P) and the state in place. t counts from 1; `scale` multiplies the learning rate."""
        hyper = (self.hyper[0] * scale, *self.hyper[1:])
        if self.memory:
            state.memory[...] = np.stack(self.remember(t, seen.loss, *state.memory, *hyper))
        if not kernels.takes(theta, self._precisions):
            memory = state.memory[:, :, None].astype(theta.dtype)
            new = self.update(t, theta, grad, *state.slots, *memory, *hyper)
            theta[...] = new[0] if self.slots else new
            if self.slots:
                state.slots[...] = np.stack(new[1:])
            np.copyto(state.slots, 0, where=np.abs(state.slots) < np.finfo(theta.dtype).tiny)  # as the loops do
            return
        scalars = np.array((t, *hyper), dtype=np.float64)
        self._loops[theta.dtype.char](theta, grad, state.slots, state.memory, scalars)

    def with_lr(self, lr: float) -> Self:
        """The same with another learning rate."""
        return replace(self, lr=lr)  # type: ignore[call-arg]

    def answering(self, theta: Array, state: State) -> Array:
        """The weights (R, P) to answer with: θ itself, unless an optimizer takes gradients elsewhere than it means."""
        return theta

    @cached_property
    def _loops(self) -> kernels.Loops:
        return kernels.Loops(lambda char: kernels.updating(self.update, self.slots, self.memory, char))

    @cached_property
    def _precisions(self) -> str:
        return kernels.precisions(lambda: self._loops["d"], self.update)


def needed(optimizer: Optimizer, seen: Context) -> Callable[[], Any]:
    """The function that takes the gradient anew, for an optimizer that cannot do without."""
    if seen.gradient is None:
        name = type(optimizer).__name__
        raise ValueError(f"{name} takes the gradient at another place, too: step needs seen=Context(gradient=…)")
    return seen.gradient
