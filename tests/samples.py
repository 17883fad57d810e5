"""Small data sets and a network with something of everything, for tests of training."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from omomi.formulas.activations import Relu
from omomi.networks import Dense, Dropout, LayerNorm, Network
from omomi.training import Run

Array = np.ndarray
N = 23  # batches of 8 leave 7 for the last

NET = Network(13, Dense(7), Relu(), LayerNorm(), Dropout(0.25), Dense(3))


def classes(n: int = N, seed: int = 0) -> tuple[Array, Array]:
    """x (N, 13) and labels 0, 1, 2 that depend on it."""
    x = np.random.default_rng(seed).normal(size=(n, 13))
    return x, x[:, :3].argmax(axis=1)


def numbers(n: int = N, n_out: int = 2, seed: int = 0) -> tuple[Array, Array]:
    """x (N, 13) and numbers (N, O) that depend on it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 13))
    return x, np.tanh(x[:, :n_out]) + 0.1 * rng.normal(size=(n, n_out))


def equal(a: Run, b: Run) -> None:
    """Two runs that went the same way, bit for bit."""
    assert repr(a.settings) == repr(b.settings)
    assert (a.t, a.epoch, a.diverged, a.stopped) == (b.t, b.epoch, b.diverged, b.stopped)
    assert a.theta.dtype == b.theta.dtype
    assert_array_equal(a.theta, b.theta)
    assert set(a.history) == set(b.history)
    for name in a.history:
        assert_array_equal(a.history[name], b.history[name])
