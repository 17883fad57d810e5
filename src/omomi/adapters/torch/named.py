"""Modules under the names of their formulas: `Mish()`, `Huber(0.5, reduction="sum")`, `Lif(tau=2, dt=0.5)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from ...formulas import activations, losses, neurons, optimizers
from ...formulas.formula import Formula
from .activations import Activation
from .losses import Loss
from .neurons import Spiking
from .optimizers import Optimizer

MODULES: dict[type[Formula], Any] = {
    activations.Activation: Activation,
    losses.Loss: Loss,
    optimizers.Optimizer: Optimizer,
    neurons.Neuron: Spiking,
}


def classes() -> dict[str, type[Formula]]:
    """The formulas that are known now, by the names of their classes."""
    return {cls.__name__: cls for kind in MODULES for cls in kind.entries().values()}


def maker(cls: type[Formula]) -> Callable[..., Any]:
    """What makes the module of a formula: fields of the formula go there, and other arguments to the module."""
    module, own = MODULES[Formula.kinds[cls.noun]], {f.name for f in fields(cls)}  # type: ignore[arg-type]

    def make(*values: Any, **named: Any) -> Any:
        first: tuple[Any, ...] = ()
        if module is Optimizer:  # parameters come before the formula
            first, values = ((named.pop("params"),), values) if "params" in named else (values[:1], values[1:])
        formula = cls(*values, **{name: value for name, value in named.items() if name in own})
        return module(*first, formula, **{name: value for name, value in named.items() if name not in own})

    make.__name__ = make.__qualname__ = cls.__name__
    make.__doc__ = cls.__doc__
    return make
