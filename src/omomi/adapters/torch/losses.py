"""Losses as modules."""

from __future__ import annotations

import torch

from ...formulas import losses
from .functions import cost

REDUCTIONS = ("mean", "sum", "none")


class Loss(torch.nn.Module):
    """One of omomi's losses as a module: `Loss("huber(0.5)")`, `Loss(om.Smoothed("cross_entropy"), reduction="sum")`.

    A sample's loss is the sum over its outputs; `reduction` takes the mean or the sum over samples, or leaves them.

    Differs: torch's means divide by the number of outputs, too, and its "none" does not sum over them. Where torch has
             labels along axis 1 (cross_entropy of (B, O, T)), classes are along the last axis here.

    Parameters
    ----------
    formula : omomi's Loss, or its name or text
    reduction : "mean", "sum" or "none"
    """

    def __init__(self, formula: losses.Loss | str, reduction: str = "mean") -> None:
        super().__init__()
        self.formula = losses.Loss.of(formula)
        self.reduction = checked(reduction)

    def forward(self, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The loss of outputs y (…, O) in float32 or float64; with reduction="none" one for each sample, (…).

        Targets t are numbers (…, O), or (…) for one output, or classes (…) as whole numbers, which become rows of 0
        and 1. They get no gradient. A loss can be differentiated once.
        """
        return measured(y, t, self.formula, self.reduction)

    def extra_repr(self) -> str:
        return repr(self.formula) + (f", reduction={self.reduction!r}" if self.reduction != "mean" else "")


def measured(y: torch.Tensor, t: torch.Tensor, loss: losses.Loss, reduction: str) -> torch.Tensor:
    """The loss of outputs against targets in any of the forms that `Loss` takes."""
    return cost(y, rows_of(y, t, loss), loss, reduction)


def checked(reduction: str) -> str:
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return reduction


def rows_of(y: torch.Tensor, t: torch.Tensor, loss: losses.Loss) -> torch.Tensor:
    """Targets as numbers (…, O) in the precision of y; one for which there are two outputs stands twice."""
    name = type(loss).__name__
    if not (isinstance(y, torch.Tensor) and isinstance(t, torch.Tensor)):
        raise TypeError(f"{name} takes tensors, got {type(y).__name__} and {type(t).__name__}")
    if not (y.ndim and y.shape[-1]):
        raise ValueError(f"{name} takes outputs (…, O), got shape {tuple(y.shape)}")
    if t.device != y.device:
        raise ValueError(f"{name}: targets must be on {y.device}, where the outputs are, got {t.device}")
    if t.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"{name}: targets get no gradient here, got some that require it; detach() them")
    loss.check_outputs(y.shape[-1])
    each, n = loss.outputs_per_target, y.shape[-1] // loss.outputs_per_target
    whole = not (t.is_floating_point() or t.is_complex())
    if t.shape == y.shape[:-1]:
        if whole and each == 1 and loss.targets != "counts" and (n > 1 or loss.targets == "classes"):
            return _one_hot(t, y, name)
        t = t.unsqueeze(-1) if n == 1 else t
    if t.shape != (*y.shape[:-1], n):
        raise ValueError(f"{name}: targets must be of shape {(*y.shape[:-1], n)}, got {tuple(t.shape)}")
    t = t.to(y.dtype)
    return t if each == 1 else torch.cat([t] * each, dim=-1)


def _one_hot(labels: torch.Tensor, y: torch.Tensor, name: str) -> torch.Tensor:
    n = y.shape[-1]
    try:
        return torch.nn.functional.one_hot(labels.long(), n).to(y.dtype)
    except RuntimeError:
        found = f"{labels.min()} … {labels.max()}"
        raise ValueError(f"{name}: classes must lie in 0 … {n - 1} for {n} outputs, got {found}") from None
