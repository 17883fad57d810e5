"""Learning rules: how the error comes back through a network, and what the weights get from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..formulas.formula import Formula
from ..networks.layers import Weights
from ..networks.network import Network

Array = np.ndarray


@dataclass
class Pass:
    """A forward pass, as a rule sees it. One object serves a whole run; tapes and error are new at each step."""

    net: Network
    params: Sequence[Weights]
    fixed: Any = None  # what the rule's `prepare` gave
    tapes: Sequence[Any] = ()  # one per layer
    error: Array = field(default_factory=lambda: np.empty(0))  # dL/dy of the last layer, (R, B, O)


class Rule(Formula, root=True):
    """Two questions, asked layer by layer from the last: what do the weights get, what goes further back?"""

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> Any:
        """Fixed quantities of the rule, such as feedback weights; may constrain params. One generator per replica."""

    def weight_gradient(self, at: int, delta: Array, seen: Pass, g: Weights) -> None:
        """Write what the weights of layer `at` get into g; delta (R, B, n_out) is the error at its output."""
        seen.net.layers[at].backward_weights(g, seen.tapes[at], delta)

    @abstractmethod
    def send_back(self, at: int, delta: Array, seen: Pass) -> Array:
        """The error at the input of layer `at`, from that at its output."""

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        """Fill grads, one dict of views per layer, from the error at the output."""
        delta, first = seen.error, seen.net.first_learning
        for at in range(len(seen.net.layers) - 1, first - 1, -1):
            if grads[at]:
                self.weight_gradient(at, delta, seen, grads[at])
            if at > first:
                delta = self.send_back(at, delta, seen)
