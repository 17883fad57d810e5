"""A network as groups of layers, for rules that learn in each group by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ..networks.layers import Weights
from ..networks.network import Network
from .rule import Array, Pass, Rule


def groups(net: Network) -> list[range]:
    """The layers from one with weights between units to the next; what stands before the first joins its group."""
    return [range(a, b) for a, b in pairwise([0, *net.connecting[1:], len(net.layers)])]


class GroupRule(Rule, abstract=True):
    """A rule that lets errors travel within a group, as in backpropagation, and says itself what passes on."""

    weighs = False

    def again(self, seen: Pass) -> Pass:
        """The same for forward passes of the rule's own, with tapes of their own."""
        return replace(seen, tapes=[None] * len(seen.net.layers))

    def through(self, group: range, x: Array, seen: Pass) -> Array:
        """What the group says to x; its tapes go into those of `seen`."""
        for at in group:
            x, seen.tapes[at] = seen.net.layers[at].forward(seen.params[at], x, seen.mode)  # type: ignore[index]
        return x

    def back(
        self, group: range, delta: Array, seen: Pass, grads: Sequence[Weights] = (), further: bool = False
    ) -> Array:
        """From the error at the group's output: fill its grads, if given; the error at its input, if `further`."""
        first = group.start - 1 if further else max(group.start, seen.net.first_learning)
        for at in reversed(group):
            if grads and grads[at]:
                self.weight_gradient(at, delta, seen, grads[at])
            if at > first:
                delta = self.send_back(at, delta, seen)
        return delta
