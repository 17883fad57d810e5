"""A neuron's formulas as text, for the loops that are compiled around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache

from ..bodies import Body, body
from .neuron import Neuron


@dataclass(frozen=True)
class Written:
    """Formulas as bodies of a loop over neurons.

    In the loop the elements have the names that they have in the formulas; `scalars` is the order of the numbers in k.
    """

    bodies: dict[str, Body]
    elements: dict[str, tuple[str, ...]]  # of each formula
    scalars: tuple[str, ...]

    def call(self, formula: str, *elements: str) -> str:
        """The text of a call, with the elements under their own names or under others.

        >>> from omomi.formulas.neurons import If
        >>> written(If, ("charge",)).call("charge")
        'charge(v, i, charge_k0)'
        """
        return f"{formula}({', '.join(elements or self.elements[formula])}{self.bodies[formula].call})"

    def takes(self, formula: str, element: str) -> bool:
        return element in self.elements[formula]


@cache
def written(
    neuron: type[Neuron], formulas: tuple[str, ...], each: tuple[str, ...] = (), beside: tuple[str, ...] = ()
) -> Written:
    """Those formulas of the neuron; the fields in `each` differ from neuron to neuron.

    `beside` are scalars of other formulas in the same loop; they come last in k.
    """
    names = names_of(neuron)
    bodies, elements = {}, {}
    for formula in formulas:
        function: Callable[..., object] = getattr(neuron, formula)
        taken = tuple(inspect.signature(function).parameters)
        elements[formula] = tuple(name for name in taken if name in each or name not in names)
        bodies[formula] = body(function, elements[formula], formula)
    return Written(bodies, elements, (*(f"{name}_" for name in names), *beside))


@cache
def names_of(neuron: type[Neuron]) -> tuple[str, ...]:
    """The scalars that its formulas may ask for: dt and the fields, without words."""
    return ("dt", *(f.name for f in fields(neuron) if "choices" not in f.metadata))


def flags_of(neuron: Neuron) -> tuple[tuple[str, float], ...]:
    """Its flags as scalars that a loop is compiled for: what they choose costs nothing then."""
    values = {f.name: getattr(neuron, f.name) for f in fields(neuron) if "flag" in f.metadata}
    return tuple((f"{name}_", float(value)) for name, value in values.items())
