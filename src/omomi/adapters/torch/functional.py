"""Activations and losses as functions, each under its own name: `mish(z)`, `leaky_relu(z, alpha=0.1)`,
`huber(y, t, delta=0.5, reduction="sum")`; users' own formulas as well.
"""

from __future__ import annotations

from typing import Any

import torch

from ...formulas import activations, losses
from ...formulas.formula import near_miss
from . import functions
from .losses import checked, measured


def activate(z: torch.Tensor, formula: activations.Activation | str) -> torch.Tensor:
    """What the module `Activation(formula)` says of z."""
    return functions.activate(z, activations.Activation.of(formula))


def cost(y: torch.Tensor, t: torch.Tensor, formula: losses.Loss | str, reduction: str = "mean") -> torch.Tensor:
    """What the module `Loss(formula, reduction)` says of y and t."""
    return measured(y, t, losses.Loss.of(formula), checked(reduction))


def __getattr__(name: str) -> Any:
    if cls := activations.Activation.entries().get(name):
        return lambda z, *values, **named: activate(z, cls(*values, **named))
    if cls := losses.Loss.entries().get(name):
        return lambda y, t, *values, reduction="mean", **named: cost(y, t, cls(*values, **named), reduction)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{near_miss(name, __dir__())}")


def __dir__() -> list[str]:
    return sorted([*globals(), *activations.Activation.entries(), *losses.Loss.entries()])
