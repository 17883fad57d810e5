"""Feedback alignment: the error comes back through other weights than those it went by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..networks.network import Network
from ..networks.spiking import Recurrent
from .rule import Array, Pass, Rule, Weights


class FeedbackAlignment(Rule):
    """δ Bᵀ goes back in place of δ Wᵀ, with a B that is drawn once: W learns to agree with it.

    B is drawn as its layer draws W, so that both have one scale. Layers without weights between units send back what
    they do in backpropagation, and nothing goes back through the first layer that learns.

    Differs: Lillicrap et al. choose the scale of B for each task; BioTorch draws W and B alike too, by Glorot's rule.
    Check:   with B = W it is backpropagation, bit for bit.
    Reference: Lillicrap, Cownden, Tweed, Akerman (2016), Random synaptic feedback weights support error
        backpropagation for deep learning, doi:10.1038/ncomms13276.
    """

    also: ClassVar[tuple[str, ...]] = ("fa",)

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        return heard(self, net, drawn(net, params, rngs))

    def feedback(self, at: int, seen: Pass) -> Weights:
        """What stands in for the weights of layer `at` on the way back, by their names."""
        return seen.own[at]

    def send_back(self, at: int, delta: Array, seen: Pass) -> Array:
        weights = {**seen.params[at], **self.feedback(at, seen)}
        return seen.net.layers[at].backward_input(weights, seen.tapes[at], delta)


def crossed(net: Network) -> list[int]:
    """The layers through whose weights between units an error goes further back; recurrent ones keep it."""
    beyond = (at for at in net.connecting if at > net.first_learning)
    return [at for at in beyond if not isinstance(net.layers[at], Recurrent)]


def drawn(net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
    """Weights (R, …) as those layers draw theirs, each replica's from its own generator, in double and rounded."""
    made: list[Weights] = [{} for _ in net.layers]
    for at in crossed(net):
        layer, new = net.layers[at], {name: np.empty(w.shape) for name, w in params[at].items()}
        for r, rng in enumerate(rngs):
            layer.init({name: w[r : r + 1] for name, w in new.items()}, rng)
        made[at] = {
            name: np.asarray(new[name], params[at][name].dtype, like=params[at][name]) for name in layer.between_units
        }
    return made


def heard(rule: Rule, net: Network, own: list[Weights]) -> list[Weights]:
    """The same, unless it would silence the error for ever."""
    for layer, feedback in zip(net.layers, own, strict=True):
        if not all(weights.any() for weights in feedback.values()):
            raise ValueError(
                f"{type(rule).__name__} draws the feedback as {layer} draws its weights, which must not start at 0"
            )
    return own
