"""Direct feedback alignment: the error at the output goes straight to every hidden layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..formulas.formula import of_kind
from ..formulas.initializers import Initializer, TorchLinear
from ..formulas.losses import Loss
from ..networks.encoders import over_time
from ..networks.network import Network
from ..networks.signed import SignedDense
from .feedback_alignment import crossed
from .rule import Array, Pass, Rule, Weights


class DirectFeedbackAlignment(Rule):
    """δₗ = e Bₗᵀ: the error e at the last layer goes straight to each hidden one, through a fixed random Bₗ.

    e is the error at the output of the last layer with weights between units, and Bₗ (n, O) brings it to the n inputs
    of each such layer but the first; from there it goes on as in backpropagation, to the next one below. Bₗ is drawn
    as a dense layer from there to the output would be: U(±1/√n), as in Nøkland's program. Sequences hear it step by
    step; an error without steps is heard at each, and vectors hear the sum over the steps.

    Differs: BioTorch draws Bₗ by Glorot's rule, U(±√(6/(n + O))).
    Check:   with one hidden layer it is feedback alignment; the last layer gets its gradient.
    Reference: Nøkland (2016), Direct feedback alignment provides learning in deep neural networks, arXiv:1609.01596.
    """

    also = ("dfa",)
    weights: Initializer = of_kind(Initializer, default=TorchLinear())

    def check(self, net: Network, loss: Loss) -> None:
        last = max(net.connecting, default=0)
        sent = net.shapes[last + 1]
        for at in crossed(net):
            shape = net.shapes[at]
            beside = isinstance(net.layers[at], SignedDense) and len(shape) > 1  # networks, not steps
            if beside or max(len(shape), len(sent)) > 2 or (len(shape) == len(sent) == 2 and shape[0] != sent[0]):
                raise ValueError(
                    f"{type(self).__name__} sends the error straight to vectors, or to sequences as long as the "
                    f"output, but {net.layers[at]} takes samples of shape {shape} and {net.layers[last]} gives {sent}"
                )

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        own: list[Weights] = [{} for _ in net.layers]
        for at in crossed(net):
            n, n_out = net.shapes[at][-1], self.width(net)
            each = [self.weights.draw(rng, (n, n_out), n, n_out) for rng in rngs]
            w = next(iter(params[at].values()))
            own[at]["B"] = np.asarray(np.stack(each), w.dtype, like=w)
        return own

    def width(self, net: Network) -> int:
        """O, the length of what is sent."""
        return net.shapes[net.connecting[-1] + 1][-1]

    def message(self, error: Array, seen: Pass) -> Array:
        """What is sent to the hidden layers, (R, B, O), from the error at the output of the last."""
        return error

    def send_back(self, at: int, delta: Array, seen: Pass) -> Array:
        """For a layer that has a B, delta is the message."""
        if not seen.own[at]:
            return seen.net.layers[at].backward_input(seen.params[at], seen.tapes[at], delta)
        shape, feedback = seen.net.shapes[at], seen.own[at]["B"].swapaxes(-1, -2)
        delta = delta.sum(axis=2) if delta.ndim - 2 > len(shape) else delta
        rows = delta.reshape(len(delta), -1, delta.shape[-1])
        heard = np.matmul(rows, feedback).reshape(*delta.shape[:-1], -1)
        return heard if delta.ndim - 2 == len(shape) else over_time(heard, shape[0])

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        net, delta = seen.net, seen.error
        message = delta
        first, last = net.first_learning, max(net.connecting, default=-1)
        for at in range(len(net.layers) - 1, first - 1, -1):
            if grads[at]:
                self.weight_gradient(at, delta, seen, grads[at])
            if at == last:
                message = self.message(delta, seen)
            if at > first:
                delta = self.send_back(at, message if seen.own[at] else delta, seen)
