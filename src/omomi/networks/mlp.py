"""Networks that are made rather than listed layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..formulas.activations import Activation, Relu
from .layers import Array, Dense
from .network import Network


def mlp(activation: Activation | str, n_in: int, hidden: Sequence[int], n_out: int) -> Network:
    """A multilayer perceptron: Dense and activation for each hidden width, then Dense(n_out).

    The activation may be text, such as "ReLU()" or "LeakyReLU(0.1)"; it is looked up, never evaluated.

    >>> mlp("LeakyReLU(0.1)", 2, [100, 10, 5], 1).size
    1371
    """
    f = Activation.of(activation)
    layers = [layer for n in hidden for layer in (Dense(n), f)]
    return Network(n_in, *layers, Dense(n_out))


def relu_interpolation(x: Any, y: Any) -> tuple[Network, Array]:
    """The network of ReLUs that joins N points by straight lines, and its weights: computed, not learned.

    ŷ(x) = y₀ + Σᵢ wᵢ max(x - xᵢ, 0) for i = 0 … N-2, where wᵢ is the change of slope at xᵢ.

    Parameters
    ----------
    x : array (N,)
        Rising.
    y : array (N,)

    Returns
    -------
    net : Network(1, Dense(N-1), Relu(), Dense(1))
    theta : array (1, P), float64
        For `net.forward(net.views(theta), …)`; the basis function i is what hidden unit i puts out, times wᵢ.

    Check:   at the points it is exact, and beyond the last it goes on with the last slope.
    Differs: the source tutorial leaves y₀ out, which is right only where y₀ = 0.
    Reference: Neuromatch Academy, Deep Learning W1D3, Tutorial 1, §1.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError(f"relu_interpolation: x and y must be (N,) with N ≥ 2, got {x.shape} and {y.shape}")
    if not (np.diff(x) > 0).all():
        raise ValueError("relu_interpolation: x must rise from point to point")
    net = Network(1, Dense(len(x) - 1), Relu(), Dense(1))
    theta = np.empty((1, net.size))
    first, _, last = net.views(theta)
    first["W"][...], first["b"][...] = 1, -x[:-1]
    last["W"][0, :, 0], last["b"][...] = np.diff(np.diff(y) / np.diff(x), prepend=0), y[0]
    return net, theta
