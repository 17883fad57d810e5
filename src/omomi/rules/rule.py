"""Learning rules: how the error comes back through a network, and what the weights get from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ..formulas.formula import Formula
from ..formulas.losses import Loss
from ..networks.layers import EVALUATE, Mode, Weights
from ..networks.network import Network

Array = np.ndarray
NOTHING = np.empty(0)


@dataclass
class Pass:
    """A forward pass, as a rule sees it. One object serves a whole run; from `x` on all is new at each step."""

    net: Network
    loss: Loss
    params: Sequence[Weights]
    own: Sequence[Weights] = ()  # what the rule's `prepare` gave, one dict per layer
    rngs: Sequence[np.random.Generator] = ()  # the rule's, one per replica
    mode: Mode = EVALUATE  # of the forward pass
    x: Array = field(default_factory=lambda: NOTHING)  # (R, B, …) or (1, B, …)
    target: Array = field(default_factory=lambda: NOTHING)  # (R, B, O)
    y: Array = field(default_factory=lambda: NOTHING)  # what the last layer says, (R, B, O)
    tapes: Sequence[Any] = ()  # one per layer
    error: Array = field(default_factory=lambda: NOTHING)  # dL/dy, (R, B, O), of the mean over the batch


class Rule(Formula, root=True):
    """Two questions, asked layer by layer from the last: what do the weights get, what goes further back?

    Where a rule leaves a question out, the answer is that of backpropagation.
    """

    usual: ClassVar[str] = ""  # the optimizer that goes with the rule where nobody chose one
    weighs: ClassVar[bool] = True  # whether it learns from each sample's error alone, and these may weigh differently

    def wired(self, net: Network, x: Array | None = None) -> Network:
        """The network of these widths that the rule can teach: this one, unless it needs layers of its own.

        x are inputs (N, …), if there are some already, to see of what kind they are.
        """
        return net

    def check(self, net: Network, loss: Loss) -> None:
        """Refuse a network or loss that makes no sense with this rule."""

    def look(self, net: Network, x: Array) -> None:
        """Look at the training inputs (N, …) and warn of what does not go well with this rule."""

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        """The rule's own arrays (R, …), such as feedback weights: a dict for each layer. One generator per replica.

        They are kept in checkpoints, so a rule may change them in place.
        """
        return [{} for _ in net.layers]

    def weight_gradient(self, at: int, delta: Array, seen: Pass, g: Weights) -> None:
        """Write what the weights of layer `at` get into g; delta (R, B, n_out) is the error at its output."""
        seen.net.layers[at].backward_weights(g, seen.tapes[at], delta)

    def send_back(self, at: int, delta: Array, seen: Pass) -> Array:
        """The error at the input of layer `at`, from that at its output: as backpropagation has it."""
        return seen.net.layers[at].backward_input(seen.params[at], seen.tapes[at], delta)

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        """Fill grads, one dict of views per layer, from the error at the output."""
        delta, first = seen.error, seen.net.first_learning
        for at in range(len(seen.net.layers) - 1, first - 1, -1):
            if grads[at]:
                self.weight_gradient(at, delta, seen, grads[at])
            if at > first:
                delta = self.send_back(at, delta, seen)

    @property
    def descends(self) -> bool:
        """Whether it can take the step of plain gradient descent at once, and no gradient need be written out."""
        return False

    def descend(self, seen: Pass, rate: float) -> None:
        """params ← params - rate · gradient."""

    def settle(self, seen: Pass) -> None:
        """After the optimizer has moved the weights: hold them to a constraint, let own arrays follow."""

    def noise(self, seen: Pass, shape: tuple[int, ...]) -> Array:
        """Standard normal numbers (R, *shape), each replica's from its own generator."""
        drawn = np.empty((len(seen.rngs), *shape), seen.y.dtype)
        for row, rng in zip(drawn, seen.rngs, strict=True):
            row[...] = rng.standard_normal(shape, np.float32)
        return np.asarray(drawn, like=seen.y)
