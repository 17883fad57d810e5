"""Predictive coding: the values of hidden units settle between what is below and what is wanted above."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..formulas.formula import between
from ..formulas.losses import Loss
from ..networks.layers import Dropout, Weights
from ..networks.network import Network
from .groups import GroupRule, groups
from .rule import Array, Pass


class PredictiveCoding(GroupRule):
    """E = p L(μ_out, t) + Σₗ ½ |xₗ - μₗ|²: the values xₗ go down E first, then the weights, each by its own error.

    μₗ is what group l, a layer with weights between units and all up to the next one, says to xₗ₋₁. The values start at
    μₗ and take `steps` steps of size `rate` down the energy of their own sample; then W gets ∂E/∂W / p, a product of
    what its group sees and the error xₗ - μₗ, as the mean over the batch. p is the `precision` of the output, where
    those of the hidden values are 1.

    Numerics: an error reaches l groups down after l steps; above about rate = 1 the values may swing up.
    Differs: any loss holds the output to t, where the papers have ½ |t - μ|²; the nonlinearity is inside μ, as in
             Millidge et al.
    Check:   for p → 0 and many steps it is backpropagation; with one hidden group, one step and rate 1 the hidden
             weights get exactly the gradient of the loss, for any p.
    Reference: Whittington, Bogacz (2017), doi:10.1162/NECO_a_00949; Millidge, Tschantz, Buckley (2020),
        arXiv:2006.04182; one step of size 1: Song, Lukasiewicz, Xu, Bogacz (2020), Can the brain do backpropagation?
    """

    also = ("pc",)
    steps: int = between(1, math.inf, default=20, closed="[)", whole=True)
    rate: float = between(0, math.inf, default=0.1, closed="()")
    precision: float = between(0, math.inf, default=1.0, closed="()")

    def check(self, net: Network, loss: Loss) -> None:
        for layer in net.layers:
            if isinstance(layer, Dropout):
                raise ValueError(f"PredictiveCoding needs an energy that stands still while values settle, got {layer}")

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        seen = self.again(seen)
        _, pulls = self.relax(seen)
        for group, pull in zip(groups(seen.net), pulls, strict=True):
            self.back(group, pull * (1 / (pull.shape[1] * self.precision)), seen, grads)

    def relax(self, seen: Pass) -> tuple[list[Array], list[Array]]:
        """The settled values of the hidden groups, and ∂E/∂μ of each group there, of each sample (R, B, N)."""
        first, *later = groups(seen.net)
        predicted = [self.through(first, seen.x, seen)]  # it stays, as x does
        for group in later:
            predicted.append(self.through(group, predicted[-1], seen))
        values = predicted[:-1]
        for _ in range(self.steps if values else 0):
            pulls = self._pulls(predicted, values, seen)
            values = [
                x + self.rate * (pull - self.back(group, above, seen, further=True))
                for x, pull, group, above in zip(values, pulls[:-1], later, pulls[1:], strict=True)
            ]
            predicted[1:] = [self.through(group, x, seen) for group, x in zip(later, values, strict=True)]
        return values, self._pulls(predicted, values, seen)

    def _pulls(self, predicted: list[Array], values: list[Array], seen: Pass) -> list[Array]:
        y = predicted[-1]
        error = seen.loss.measure(y, seen.target)[1] * (y.shape[1] * self.precision)
        return [*(mu - x for mu, x in zip(predicted[:-1], values, strict=True)), error]
