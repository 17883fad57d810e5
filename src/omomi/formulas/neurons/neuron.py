"""What a neuron is: a few states that charge, a threshold, a reset."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np

from ..formula import Formula


class Neuron(Formula, root=True):
    """Within one step of dt: the states charge, a spike where the membrane is beyond the threshold, then the reset.

    After a spike v is held for `pause` steps, in which there is none; other states go on. So without a refractory time
    the step after a spike charges from the reset. Times are in ms. The first state is the membrane v. Each formula
    takes its states, the current i and, by their names, `dt` and those fields that it needs:

    charge(*states, i, …)
        The states after dt, if no spike comes: one value or a tuple.
    excess(*states, …)
        How far the membrane is beyond the threshold; it spikes where that is > 0 (`strict`) or ≥ 0.
    reset(*states, …)
        The states after a spike.
    start(…)
        The states at the beginning.

    For training there are their adjoints, which carry errors back: g… stands for dL/d….

    charge_back(*g_states, *states, i, …) → (*g_states, gi, *g_learned)
    excess_back(gx, …) → (*g_states, *g_learned)
    reset_back(*g_states, …) → (*g_states, *g_learned)
    """

    states: ClassVar[tuple[str, ...]] = ("v",)
    learned: ClassVar[tuple[str, ...]] = ()  # parameters that a layer learns, one for each neuron
    jumping: ClassVar[tuple[str, ...]] = ("v",)  # the states that a spike changes
    spiking: ClassVar[bool] = True  # else its output is the membrane
    coarsest: ClassVar[float] = math.inf  # ms: with longer steps its numbers are wrong
    crossing: ClassVar[bool] = False  # a spike is the way up through the threshold, and nothing is reset

    charge: ClassVar[Callable[..., Any]]
    excess: ClassVar[Callable[..., Any]]
    reset: ClassVar[Callable[..., Any]]
    start: ClassVar[Callable[..., Any]]
    charge_back: ClassVar[Callable[..., Any] | None] = None
    excess_back: ClassVar[Callable[..., Any] | None] = None
    reset_back: ClassVar[Callable[..., Any] | None] = None

    # What neurons that have no such field do.
    strict: bool = False
    tau_ref: float = 0.0
    V_spike: float = 0.0

    @property
    def trainable(self) -> bool:
        """Whether errors can go back through it."""
        return self.charge_back is not None

    @cached_property
    def scalars(self) -> dict[str, float]:
        """The fields that are numbers or flags, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: float(value) for name, value in values.items() if isinstance(value, bool | int | float)}

    @cached_property
    def _known(self) -> dict[str, float]:
        return self.scalars | self.starts()

    def starts(self) -> dict[str, float]:
        """Where the learned parameters start, by name."""
        return {name: float(getattr(self, name)) for name in self.learned}

    def pause(self, dt: float) -> int:
        """Steps of dt that the membrane is held after a spike: the refractory time, in whole steps."""
        return round(self.tau_ref / dt)

    def call(
        self, formula: str, *elements: Any, dt: float = 1.0, each: Mapping[str, Any] | None = None
    ) -> tuple[Any, ...]:
        """One of the formulas, on numbers or arrays of one precision; the answer is always a tuple.

        `elements` are all that it may take (states, i, …), or those alone that it takes, in their order. Fields in
        `each` differ from element to element.
        """
        function = getattr(self, formula)
        names = taken(function)
        known = self._known | {"dt": dt} | dict(each or {})
        lead = self.lead(formula)
        known |= zip(lead if len(elements) == len(lead) else names, elements, strict=False)
        answer = function(*(known[name] for name in names))
        answers = answer if isinstance(answer, tuple) else (answer,)
        if not elements:
            return answers
        shape = np.broadcast_shapes(*map(np.shape, (*elements, *answers)))
        precision = np.result_type(*elements, 1.0)
        like = next((e for e in elements if hasattr(e, "__array_function__")), None)
        return tuple(_as(answer, shape, precision, like) for answer in answers)

    @classmethod
    def lead(cls, formula: str) -> tuple[str, ...]:
        """What a formula may take beside dt and fields, in the order above.

        >>> from omomi.formulas.neurons import Lif
        >>> Lif.lead("charge_back")
        ('gv', 'v', 'i')
        """
        states, errors = cls.states, tuple(f"g{state}" for state in cls.states)
        driven = (*states, "i")
        back = {"charge_back": errors + driven, "excess_back": ("gx",), "reset_back": errors}
        return {"charge": driven, "slopes": driven, "excess": states, "reset": states, "start": (), **back}[formula]

    def fires(self, x: Any) -> Any:
        """Whether an excess x is a spike."""
        return x > 0 if self.strict else x >= 0


def _as(answer: Any, shape: tuple[int, ...], precision: np.dtype[Any], like: Any) -> Any:
    if np.shape(answer) == shape and getattr(answer, "dtype", None) == precision:
        return answer
    return np.array(np.broadcast_to(np.asarray(answer, like=like), shape), precision, like=like)[()]


@cache
def taken(formula: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what a formula takes."""
    return tuple(inspect.signature(formula).parameters)


class Dynamics(Neuron, abstract=True):
    """A neuron given by differential equations, in place of `charge`; i is constant within a step.

    slopes(*states, i, …)
        d/dt of each state, per ms.

    The field `method` says how a step is taken: "euler", or "rk4", Runge and Kutta's of fourth order.
    """

    slopes: ClassVar[Callable[..., Any]]
    method: str = "rk4"
    plane: ClassVar[tuple[tuple[float, float], ...]] = (
        (-80.0, 20.0),
        (-20.0, 20.0),
    )  # ends of two states, for pictures

    @staticmethod
    def excess(v, threshold):
        return v - threshold

    def call(
        self, formula: str, *elements: Any, dt: float = 1.0, each: Mapping[str, Any] | None = None
    ) -> tuple[Any, ...]:
        """One of the formulas, or "charge": a step of dt by the method."""
        if formula != "charge":
            return super().call(formula, *elements, dt=dt, each=each)
        *states, i = elements

        def slopes(share: float, along: tuple[Any, ...]) -> tuple[Any, ...]:
            at = (s + share * dt * d for s, d in zip(states, along, strict=True))
            return self.call("slopes", *at, i, dt=dt, each=each)

        mean = first = self.call("slopes", *states, i, dt=dt, each=each)
        if self.method == "rk4":
            second = slopes(0.5, first)
            third = slopes(0.5, second)
            last = slopes(1.0, third)
            mean = tuple((a + 2 * (b + c) + d) / 6 for a, b, c, d in zip(first, second, third, last, strict=True))
        return tuple(s + dt * d for s, d in zip(states, mean, strict=True))
