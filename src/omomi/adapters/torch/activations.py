"""Activations as modules."""

from __future__ import annotations

import torch

from ...formulas import activations
from .functions import activate


class Activation(torch.nn.Module):
    """One of omomi's activations as a module without parameters: `Activation("leaky_relu(0.1)")`.

    The derivative is the formula's own. Activations with a `second_derivative` can be differentiated twice
    (`create_graph`), others once; beyond that a RuntimeError says so.

    Parameters
    ----------
    formula : omomi's Activation, or its name or text

    Takes float32 and float64 of any shape, and gives the same; vectors are along the last axis. The input stays as it
    is. `torch.compile` breaks its graph here; `torch.func` does not go through.
    """

    def __init__(self, formula: activations.Activation | str) -> None:
        super().__init__()
        self.formula = activations.Activation.of(formula)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return activate(z, self.formula)

    def extra_repr(self) -> str:
        return repr(self.formula)
