"""Direct random target projection: hidden layers are told the answer, not the error."""

from __future__ import annotations

from ..formulas.formula import of_kind
from ..formulas.initializers import HeUniform, Initializer
from ..formulas.losses import Loss
from ..networks.network import Network
from .direct_feedback_alignment import DirectFeedbackAlignment
from .rule import Array, Pass


class DirectRandomTargetProjection(DirectFeedbackAlignment):
    """δₗ = -t Bₗᵀ: hidden layers get the target t through a fixed random Bₗ, whatever the network says.

    -t stands in for the error y - t, whose sign is known beforehand where there is an output for each class: negative
    for the right class, positive for the others. Only the last layer gets its gradient. Bₗ leads where it does in
    direct feedback alignment, and is drawn by He's rule, as in the authors' program; the mean is taken over the batch.

    Differs: the authors' program has +t; as Bₗ is symmetric about 0, that is the same in distribution.
    Check:   with an error of -t it would be direct feedback alignment; the last layer gets its gradient.
    Reference: Frenkel, Lefebvre, Bol (2021), Learning without feedback: fixed random learning signals allow for
        feedforward training of deep neural networks, arXiv:1909.01311.
    """

    also = ("drtp",)
    weighs = False  # what the hidden layers hear is the target
    weights: Initializer = of_kind(Initializer, default=HeUniform())

    def check(self, net: Network, loss: Loss) -> None:
        super().check(net, loss)
        name = type(self).__name__
        if loss.targets == "counts" or loss.outputs_per_target > 1:
            raise ValueError(f"{name} is for classes: targets must be 0 or 1, which those of {loss} are not")
        if net.shapes[-1][0] == 1:
            raise ValueError(f"{name} needs an output for each class: a target of 0 tells the hidden layers nothing")

    def width(self, net: Network) -> int:
        return net.shapes[-1][0]

    def message(self, error: Array, seen: Pass) -> Array:
        return seen.target / -seen.target.shape[1]
