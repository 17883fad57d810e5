"""Kolen and Pollack's rule: the feedback learns what the weights learn, and both forget where they came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..formulas.formula import between
from ..networks.network import Network
from .feedback_alignment import FeedbackAlignment, crossed, drawn
from .rule import Pass, Weights

BEFORE = " before"


class KolenPollack(FeedbackAlignment):
    """W ← (1 - λ) W + A, B ← (1 - λ) B + A: the feedback B is moved as the weights are, and both decay.

    A is what the optimizer, any, did to W in this step; B is kept in the shape of W and sends back δ Bᵀ.

    Differs: the first layer that learns has no B and does not decay; the authors' program decays it as well.
    Check:   W - B shrinks by 1 - λ in each step, whatever is learned.
    Reference: Kolen, Pollack (1994), Backpropagation without weight transport, doi:10.1109/ICNN.1994.374486;
        Akrout, Wilson, Humphreys, Lillicrap, Tweed (2019), Deep learning without weight transport, arXiv:1904.05391,
        eqs. 16, 17.
    """

    also = ("kp",)
    decay: float = between(0, 1, default=1e-3, closed="[)")

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        """The feedback, and W before the step: NaN while there is none on its way."""
        own = drawn(net, params, rngs)
        return [b | {name + BEFORE: np.full_like(w, np.nan) for name, w in b.items()} for b in own]

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        for at in crossed(seen.net):
            for name in seen.net.layers[at].between_units:
                # An optimizer may ask again in the same step, at weights that it has moved to look around.
                before = seen.own[at][name + BEFORE]
                np.copyto(before, seen.params[at][name], where=np.isnan(before))
        super().gradient(seen, grads)

    def settle(self, seen: Pass) -> None:
        for at in crossed(seen.net):
            for name in seen.net.layers[at].between_units:
                w, b, before = seen.params[at][name], seen.own[at][name], seen.own[at][name + BEFORE]
                b *= 1 - self.decay
                b += w - before
                w -= self.decay * before
                before[...] = np.nan
