"""Hebbian learning: hidden layers look at their inputs and outputs alone, and learn without a teacher."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..formulas.losses import Loss
from ..networks.layers import Dense, Weights
from ..networks.network import Network
from .groups import GroupRule, groups
from .rule import Array, Pass


class Unsupervised(GroupRule, abstract=True):
    """Hidden dense layers learn from their own x and y, the last from the loss; hidden biases and gains stand still.

    y is what the layer says to the next one with weights: after activation, norm and dropout.
    """

    def check(self, net: Network, loss: Loss) -> None:
        for at in net.connecting[:-1]:
            if type(net.layers[at]) is not Dense:
                raise ValueError(f"{type(self).__name__} teaches hidden layers that are Dense, got {net.layers[at]}")

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        *hidden, last = groups(seen.net)
        self.back(last, seen.error, seen, grads)
        for group in hidden:
            for at in group:
                for g in grads[at].values():
                    g[...] = 0
        for at, after in pairwise(seen.net.connecting):
            self.associate(seen.tapes[at], seen.tapes[after], seen.params[at]["W"], grads[at]["W"])

    @abstractmethod
    def associate(self, x: Array, y: Array, weights: Array, g: Array) -> None:
        """Write -ΔW into g (R, I, N), from x (R, B, I), y (R, B, N) and W: the mean over the batch."""


class Hebb(Unsupervised):
    """ΔW = xᵀ y: what is active together is wired together. Hidden layers only; the last follows the loss.

    The weights grow without bound, exponentially where y is linear: take few steps, or Oja's rule.

    Check:   of a linear layer, n full batches make (1 + η C)ⁿ W of W, with C = xᵀx / B and the learning rate η of SGD.
    Reference: Hebb (1949), The organization of behavior, ch. 4; as a formula in Oja (1982), doi:10.1007/BF00275687.
    """

    also = ("hebbian",)

    def associate(self, x: Array, y: Array, weights: Array, g: Array) -> None:
        np.matmul(x.swapaxes(-1, -2), y * (-1 / y.shape[1]), out=g)


class Oja(Unsupervised):
    """ΔW = xᵀ y - W yᵀy: Hebb's rule, and a forgetting that holds the weights. Hidden layers only.

    A linear layer of N units comes to span the N principal directions of xᵀx / B, which is the covariance where x has
    mean 0; the columns of W turn orthonormal, but are no principal directions themselves, unless N is 1.

    Range:   learning rates below about 1 / the largest eigenvalue of xᵀx / B; beyond, the weights diverge.
    Differs: y is what follows the activation, where Oja's units are linear.
    Check:   WᵀW → 1, and WWᵀ → the projection onto the principal eigenvectors.
    Reference: Oja (1982), A simplified neuron model as a principal component analyzer, doi:10.1007/BF00275687, for one
        unit; Oja (1989), Neural networks, principal components, and subspaces, doi:10.1142/S0129065789000475.
    """

    also = ("oja_subspace",)

    def associate(self, x: Array, y: Array, weights: Array, g: Array) -> None:
        y_t = y.swapaxes(-1, -2)
        mean = y * (1 / y.shape[1])
        np.matmul(x.swapaxes(-1, -2), mean, out=g)
        np.subtract(np.matmul(weights, np.matmul(y_t, mean)), g, out=g)
