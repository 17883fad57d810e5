"""Excitatory and inhibitory units: their layers against sums written out with a dense matrix of signs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from omomi.formulas import kernels
from omomi.networks import EVALUATE, Excitatory, Network, OnOff, SignedDense

B, K = 5, 3


def filled(layer, shape, rng):
    return {name: rng.random((2, *s)) for name, s in layer.shapes(shape)[0].items()}


def signs(m):
    return np.where(np.arange(m) < m // 2, 1.0, -1.0)


def sums(layer, p, x_RKBm):
    """z of every network, units in rows and columns of one big matrix of signs."""
    n = layer.n_out
    s_in, s_out = signs(x_RKBm.shape[-1]), np.ones(n) if layer.readout else signs(n)
    z = np.einsum("rkbi,i,j,rkij->rkbj", x_RKBm, s_in, s_out, p["W"])
    if layer.bias == "pair":  # an excitatory and an inhibitory unit that always say β
        for sign, line in zip((1, -1), np.moveaxis(p["b"], 2, 0), strict=True):
            z += layer.beta * sign * (s_out * line)[:, :, None]
    elif layer.bias == "free":
        z += p["b"]
    return 2 / layer.u0 * z


@pytest.fixture(params=["fd", ""], ids=["compiled", "numpy"])
def lives(request, monkeypatch):
    monkeypatch.setattr(kernels, "PRECISIONS", request.param)


@pytest.mark.parametrize("bias", ["pair", "free", "none"])
@pytest.mark.parametrize("readout", [False, True])
def test_behind_a_vector_every_input_is_there_twice(bias, readout, lives):
    layer, rng = SignedDense(4, nets=K, readout=readout, u0=0.7, beta=0.3, bias=bias), np.random.default_rng(0)
    p, x_RBI = filled(layer, (6,), rng), rng.normal(size=(2, B, 6))
    doubled = np.repeat(np.concatenate([x_RBI, x_RBI], axis=-1)[:, None], K, axis=1)
    z, _ = layer.forward(p, x_RBI, EVALUATE)
    wanted = np.moveaxis(sums(layer, p, doubled), 1, 2)
    assert_allclose(z, wanted.reshape(2, B, -1) if readout else wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", ["pair", "free", "none"])
def test_behind_another_the_networks_go_on(bias, lives):
    layer, rng = SignedDense(4, u0=0.7, beta=0.3, bias=bias), np.random.default_rng(1)
    p, x_RBKm = filled(layer, (K, 6), rng), rng.random((2, B, K, 6))
    z, _ = layer.forward(p, x_RBKm, EVALUATE)
    assert_allclose(z, np.moveaxis(sums(layer, p, np.moveaxis(x_RBKm, 2, 1)), 1, 2), rtol=1e-12, atol=1e-12)


def test_many_inputs_go_in_blocks(lives):
    """More than one block of rows: 5 samples × 64 units × 1200 inputs."""
    layer, rng = SignedDense(64, bias="none"), np.random.default_rng(4)
    p, x_RBI = filled(layer, (1200,), rng), rng.normal(size=(2, B, 1200))
    a = p["W"][:, 0, :1200] - p["W"][:, 0, 1200:]
    z, _ = layer.forward(p, x_RBI, EVALUATE)
    assert_allclose(z[:, :, 0], 5 * (x_RBI @ a) * signs(64), rtol=1e-9, atol=1e-9)


def test_four_blocks_are_the_same_layer():
    """p ← p pp - n np, n ← n nn - p pn, as the source article's program has it."""
    layer, rng = SignedDense(6, bias="none", u0=2.0), np.random.default_rng(2)
    weights, x = filled(layer, (K, 8), rng), rng.random((2, B, K, 8))
    blocks = layer.blocks(weights)
    assert all(np.shares_memory(block, weights["W"]) for block in blocks)
    p, n = np.moveaxis(x[..., :4], 2, 1), np.moveaxis(x[..., 4:], 2, 1)
    wanted = np.concatenate([p @ blocks.pp - n @ blocks.np, n @ blocks.nn - p @ blocks.pn], axis=-1)
    assert_allclose(np.moveaxis(layer.forward(weights, x, EVALUATE)[0], 2, 1), wanted, rtol=1e-12, atol=1e-12)
    assert blocks.np.shape == (2, K, 4, 3)


def test_a_readout_is_excitatory():
    layer = SignedDense(3, readout=True)
    assert_array_equal(layer.signs, [1, 1, 1])
    assert layer.blocks({"W": np.ones((1, 2, 4, 3))}).pn.shape == (1, 2, 2, 0)
    assert_array_equal(SignedDense(4).signs, [1, 1, -1, -1])


def test_signs_are_stored_and_not_those_of_the_weights():
    layer, a = SignedDense(2), np.array([[[[-1.0, 2], [3, 0]]]])
    assert_array_equal(layer.signed_weights({"W": a})[0, 0], [[-1, -2], [-3, 0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_beside_others_is_the_network_alone(dtype):
    rng = np.random.default_rng(3)
    wide = Network(4, SignedDense(6, nets=K), SignedDense(4), SignedDense(2, readout=True))
    narrow = Network(4, SignedDense(6), SignedDense(4), SignedDense(2, readout=True))
    theta, x = wide.init([0, 1], dtype), rng.random((B, 4)).astype(dtype)
    y = wide.forward(wide.views(theta), x)[0]
    for k in range(K):
        params = [{name: np.ascontiguousarray(w[:, k : k + 1]) for name, w in p.items()} for p in wide.views(theta)]
        assert_array_equal(narrow.forward(params, x)[0], y[..., 2 * k : 2 * k + 2])


def test_magnitudes_start_in_their_range_and_like_types_stronger():
    layer = SignedDense(40, bias="free", like=1.5)
    p = {name: np.empty((1, *s)) for name, s in layer.shapes((50,))[0].items()}
    layer.init(p, np.random.default_rng(0))
    blocks = layer.blocks(p)
    for block, factor in ((blocks.pp, 1.5), (blocks.nn, 1.5), (blocks.np, 0.5), (blocks.pn, 0.5)):
        assert 0 <= block.min() < 0.01 * factor / 10
        assert 0.95 * factor / 10 < block.max() < factor / 10
    assert not p["b"].any()


def test_excitatory_units_alone():
    x = np.arange(8.0).reshape(1, 1, 2, 4)
    y, tape = Excitatory().forward({}, x, EVALUATE)
    assert_array_equal(y, [[[0, 1, 4, 5]]])
    assert_array_equal(Excitatory().backward_input({}, tape, y + 1), [[[[1, 2, 0, 0], [5, 6, 0, 0]]]])


def test_on_and_off():
    y, tape = OnOff().forward({}, np.array([[[2.0, -3.0, 0.0]]]), EVALUATE)
    assert_array_equal(y, [[[2, 0, 0, 0, 3, 0]]])
    assert_array_equal(OnOff().backward_input({}, tape, np.arange(1.0, 7).reshape(1, 1, 6)), [[[1, -5, 0]]])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="n_out must be even, half excitatory and half inhibitory, got 3; a readout"):
        Network(4, SignedDense(3))
    with pytest.raises(ValueError, match="stands behind 2 networks, got nets=3; leave nets out"):
        Network(4, SignedDense(6, nets=2), SignedDense(4, nets=3))
    with pytest.raises(ValueError, match=r"takes vectors, got samples of shape \(2, 2, 2\); put Flatten"):
        Network((2, 2, 2), SignedDense(4))
    with pytest.raises(ValueError, match=r"takes units of both types, behind a SignedDense, got samples of shape \(4"):
        Network(4, Excitatory())
    with pytest.raises(ValueError, match=r"takes 4 inputs, got 3"):
        SignedDense(2).forward({"W": np.ones((1, 1, 8, 2)), "b": np.ones((1, 1, 2, 2))}, np.ones((1, 1, 3)), EVALUATE)
