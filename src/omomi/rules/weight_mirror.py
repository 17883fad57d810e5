"""The weight mirror: the feedback learns the weights from noise that goes through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..formulas.formula import between
from ..networks.network import Network
from .feedback_alignment import FeedbackAlignment, crossed, drawn
from .rule import Pass, Weights


class WeightMirror(FeedbackAlignment):
    """B ← (1 - λ) B + η ξᵀ(ξ W) / n: noise ξ goes through the weights, and B grows with what comes in and out together.

    ξ are n standard normal samples at the layer's input, as many as the batch has, after each step. Another amplitude
    of the noise would only be another η. B starts at random, in the shape of W, and sends back δ Bᵀ.

    Differs: the authors' program sends uniform noise through bias and sigmoid too, and holds B to a size where here it
             decays.
    Check:   the mean of ξᵀ(ξ W) / n is W; while W rests, B goes to W η / λ, to within √((I + 1) λ / 2n) of its length.
    Reference: Akrout, Wilson, Humphreys, Lillicrap, Tweed (2019), Deep learning without weight transport,
        arXiv:1904.05391, eq. 7.
    """

    also = ("mirror",)
    rate: float = between(0, 1, default=0.05, closed="(]")
    decay: float = between(0, 1, default=0.05, closed="(]")

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        return drawn(net, params, rngs)

    def settle(self, seen: Pass) -> None:
        n = seen.x.shape[1]
        for at in crossed(seen.net):
            for name, b in seen.own[at].items():
                w = seen.params[at][name]
                w = w.reshape(len(w), -1, w.shape[-1])
                xi = self.noise(seen, (n, w.shape[1]))
                correlation = np.matmul(xi.swapaxes(-1, -2), np.matmul(xi, w)).reshape(b.shape)
                b *= 1 - self.decay
                b += self.rate / n * correlation
