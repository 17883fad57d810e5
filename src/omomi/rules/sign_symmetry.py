"""Sign symmetry: the feedback has the signs of the weights, but not their magnitudes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..networks.network import Network
from .feedback_alignment import FeedbackAlignment, crossed, drawn, heard
from .rule import Pass, Weights


class SignFeedback(FeedbackAlignment, abstract=True):
    """B = M ∘ sign(W), with magnitudes M that the rule keeps."""

    def feedback(self, at: int, seen: Pass) -> Weights:
        return {name: m * np.sign(seen.params[at][name]) for name, m in seen.own[at].items()}


class UniformSignFeedback(SignFeedback):
    """B = m sign(W): the feedback knows the signs of the weights as they are now, and one magnitude for all of a layer.

    m is the root mean square of the layer's weights at the start, so that B is then as long as W.

    Differs: m = 1 in Liao et al., who need batch normalisation for it; √(2 / (I + O)) in BioTorch, after Xiao et al.
    Check:   with weights of ± m it is backpropagation.
    Reference: Liao, Leibo, Poggio (2016), How important is weight symmetry in backpropagation?, arXiv:1510.05067;
        Moskovitz, Litwin-Kumar, Abbott (2018), Feedback alignment in deep convolutional networks, arXiv:1812.06488.
    """

    also = ("usf", "sign_symmetry")

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        own: list[Weights] = [{} for _ in net.layers]
        for at in crossed(net):
            for name in net.layers[at].between_units:
                w = params[at][name]
                m = [np.sqrt(np.square(row, dtype=np.float64).mean()) for row in w]
                own[at][name] = np.stack(m).astype(w.dtype).reshape(-1, *[1] * (w.ndim - 1))
        return heard(self, net, own)


class FixedRandomSignFeedback(SignFeedback):
    """B = M ∘ sign(W), with random magnitudes M that are drawn once.

    M is the magnitude of weights as the layer draws them at the start.

    Differs: BioTorch draws M by Glorot's rule, however W was drawn.
    Check:   where M = |W| it is backpropagation.
    Reference: Liao, Leibo, Poggio (2016), How important is weight symmetry in backpropagation?, arXiv:1510.05067;
        Moskovitz, Litwin-Kumar, Abbott (2018), Feedback alignment in deep convolutional networks, arXiv:1812.06488.
    """

    also = ("frsf",)

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        own = drawn(net, params, rngs)
        return heard(self, net, [{name: np.abs(m) for name, m in layer.items()} for layer in own])


class BatchwiseRandomSignFeedback(FixedRandomSignFeedback):
    """B = M ∘ sign(W), with random magnitudes M that are drawn anew for each batch.

    M is the magnitude of weights as the layer draws them at the start.

    Differs: BioTorch draws M by Glorot's rule, however W was drawn.
    Reference: Liao, Leibo, Poggio (2016), How important is weight symmetry in backpropagation?, arXiv:1510.05067;
        Moskovitz, Litwin-Kumar, Abbott (2018), Feedback alignment in deep convolutional networks, arXiv:1812.06488.
    """

    also = ("brsf",)

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        for kept, new in zip(seen.own, drawn(seen.net, seen.params, seen.rngs), strict=True):
            for name, m in kept.items():
                np.abs(new[name], out=m)
        super().gradient(seen, grads)
