"""Layers: both halves of the way back against difference quotients, and what each layer promises besides."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import variants
from differences import along, gradient
from omomi.formulas.activations import Activation, LeakyRelu, Relu, Sigmoid
from omomi.formulas.initializers import Constant
from omomi.networks import EVALUATE, Activate, Dense, Dropout, Flatten, Layer, LayerNorm, Mode, Network

SHAPES = [(6,), (2, 4)]  # of a sample; a layer says itself which it takes
REPLICAS, SAMPLES = 2, 4


def cases():
    """Every layer, with every activation, and every shape of sample it takes."""
    layers = [layer for cls in Layer.entries().values() for layer in variants(cls)]
    layers += [Activate(f) for cls in Activation.entries().values() for f in variants(cls)]
    for layer in layers:
        for shape in SHAPES:
            try:
                layer.shapes(shape)
            except ValueError:
                continue
            yield pytest.param(layer, shape, id=f"{type(layer).__name__}-{layer}-{len(shape)}d")


CASES = list(cases())
EXACT = [p for p in CASES if p.values[0].exact]  # in what goes back


def weights(layer, shape, rng, dtype=np.float64):
    """Weights of every replica, none of them 0 or 1."""
    parameters, _ = layer.shapes(shape)
    return {name: rng.normal(size=(REPLICAS, *s)).astype(dtype) for name, s in parameters.items()}


def learning(replicas=REPLICAS, seed=0):
    """The mode in which layers learn; asked for again, with the same noise."""
    return Mode(True, [np.random.default_rng((seed, r)) for r in range(replicas)])


def inputs(rng, shape, layer):
    """Samples whose elements stay away from 0 and from the kinks of an activation."""
    x = rng.uniform(0.05, 2, (REPLICAS, SAMPLES, *shape))
    x *= rng.choice([-1, 1], x.shape)
    for kink in layer.activation.kinks if isinstance(layer, Activate) else ():
        x[np.abs(x - kink) < 0.02] += 0.05
    return x


def test_every_layer_is_tried():
    assert {type(p.values[0]) for p in CASES} == set(Layer.entries().values())
    assert {p.values[1] for p in CASES if isinstance(p.values[0], Flatten)} == set(SHAPES)


@pytest.mark.parametrize(("layer", "shape"), EXACT)
def test_the_input_gets_the_difference_quotient(layer, shape):
    rng = np.random.default_rng(0)
    p, x = weights(layer, shape, rng), inputs(rng, shape, layer)
    y, tape = layer.forward(p, x.copy(), learning())
    dy = rng.normal(size=y.shape)
    wanted = gradient(lambda x: (dy * layer.forward(p, x.copy(), learning())[0]).sum(), x)
    assert_allclose(layer.backward_input(p, tape, dy), wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("layer", "shape"), [p for p in EXACT if p.values[0].shapes(p.values[1])[0]])
def test_the_weights_get_the_difference_quotient(layer, shape):
    rng = np.random.default_rng(1)
    p, x = weights(layer, shape, rng), inputs(rng, shape, layer)
    y, tape = layer.forward(p, x, learning())
    dy, g = rng.normal(size=y.shape), {name: np.full_like(w, np.nan) for name, w in p.items()}
    layer.backward_weights(g, tape, dy)
    for name in p:
        wanted = gradient(lambda w: (dy * layer.forward(p | {name: w}, x, learning())[0]).sum(), p[name])  # noqa: B023
        assert_allclose(g[name], wanted, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("layer", "shape"), EXACT)
def test_backward_is_the_adjoint_of_forward(layer, shape):
    """⟨dy, J v⟩ = ⟨Jᵀ dy, v⟩ for any direction v."""
    rng = np.random.default_rng(2)
    p, x = weights(layer, shape, rng), inputs(rng, shape, layer)
    for _ in range(3):
        y, tape = layer.forward(p, x.copy(), learning())
        dy, v = rng.normal(size=y.shape), rng.normal(size=x.shape)
        moved = along(lambda x: layer.forward(p, x.copy(), learning())[0], x, v, h=1e-4)
        assert_allclose((dy * moved).sum(), (layer.backward_input(p, tape, dy) * v).sum(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("mode", ["learning", "evaluating"])
@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_shapes_precision_and_the_argument_are_kept(layer, shape, mode):
    rng = np.random.default_rng(3)
    p, x = weights(layer, shape, rng, np.float32), inputs(rng, shape, layer).astype(np.float32)
    kept = x.copy()
    y, tape = layer.forward(p, x, learning() if mode == "learning" else EVALUATE)
    _, shape_out = layer.shapes(shape)
    assert y.shape == (REPLICAS, SAMPLES, *shape_out)
    assert y.dtype == np.float32
    assert_array_equal(x, kept)
    if mode == "learning":
        dx, g = layer.backward_input(p, tape, y.copy()), {name: np.empty_like(w) for name, w in p.items()}
        layer.backward_weights(g, tape, y)
        assert dx.shape == x.shape
        assert dx.dtype == np.float32
        assert_array_equal(x, kept)


@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_parameters_and_their_start(layer, shape):
    parameters, _ = layer.shapes(shape)
    start = {name: np.full((1, *s), np.nan) for name, s in parameters.items()}
    layer.init(start, np.random.default_rng(0))
    assert all(np.isfinite(w).all() for w in start.values())
    assert layer.multiply_adds(shape) >= 0


@pytest.mark.parametrize(("layer", "shape"), [p for p in CASES if not isinstance(p.values[0], Activate)])
def test_a_network_of_one_layer_is_rebuilt_from_its_text(layer, shape):
    net = Network(shape, layer)
    assert Network.parse(shape, net.text).layers == net.layers


# Dense


def test_dense_by_hand():
    layer, x_RBI = Dense(2), np.array([[[1.0, 2.0, 3.0]]])
    p = {"W": np.array([[[1.0, 0.0], [0.0, 10.0], [0.5, -1.0]]]), "b": np.array([[[100.0, 0.25]]])}
    y_RBO, tape = layer.forward(p, x_RBI, EVALUATE)
    assert_array_equal(y_RBO, [[[102.5, 17.25]]])
    dy_RBO = np.array([[[1.0, -2.0]]])
    assert_array_equal(layer.backward_input(p, tape, dy_RBO), [[[1.0, -20.0, 2.5]]])
    g = {"W": np.empty((1, 3, 2)), "b": np.empty((1, 1, 2))}
    layer.backward_weights(g, tape, dy_RBO)
    assert_array_equal(g["W"], [[[1.0, -2.0], [2.0, -4.0], [3.0, -6.0]]])
    assert_array_equal(g["b"], [[[1.0, -2.0]]])
    assert layer.multiply_adds((3,)) == 6


def test_dense_without_bias_has_none():
    assert Dense(4, bias=None).shapes((3,)) == ({"W": (3, 4)}, (4,))
    assert Dense(4).shapes((3,)) == ({"W": (3, 4), "b": (1, 4)}, (4,))


def test_dense_starts_from_its_initializers():
    net = Network(3, Dense(4, weights=Constant(0.5), bias="zeros"))
    p = net.views(net.init([0]))[0]
    assert_array_equal(p["W"], np.full((1, 3, 4), 0.5))
    assert_array_equal(p["b"], np.zeros((1, 1, 4)))


@pytest.mark.parametrize("strided", [np.s_[:, ::2], np.s_[:, :, ::2]])
def test_errors_of_any_strides_will_do(strided):
    rng = np.random.default_rng(4)
    layer, dy = Dense(3), rng.normal(size=(2, 8, 6))[strided]
    dy = dy[:, :, :3] if dy.shape[2] == 6 else dy
    x = rng.normal(size=(2, dy.shape[1], 5))
    found, wanted = ({"W": np.empty((2, 5, 3)), "b": np.empty((2, 1, 3))} for _ in range(2))
    layer.backward_weights(found, x, dy)
    layer.backward_weights(wanted, x, dy.copy())
    assert not dy.flags["C_CONTIGUOUS"]
    assert_allclose(found["W"], wanted["W"], rtol=1e-13)
    assert_allclose(found["b"], wanted["b"], rtol=1e-13)


# The others


def test_activate_says_the_activation():
    assert repr(Activate(LeakyRelu(0.5))) == "LeakyRelu(alpha=0.5)"
    assert Activate("sigmoid") == Activate(Sigmoid())


def test_activate_does_not_write_over_its_argument():
    """It may be another layer's tape."""
    x = np.array([[[-1.0, 2.0]]])
    Activate(Relu()).forward({}, x, learning(1))
    assert_array_equal(x, [[[-1.0, 2.0]]])


def test_flatten_goes_there_and_back():
    x = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    y, tape = Flatten().forward({}, x, learning())
    assert_array_equal(y, x.reshape(2, 3, 20))
    assert_array_equal(Flatten().backward_input({}, tape, y), x)
    assert Flatten().shapes((4, 5)) == ({}, (20,))


def test_layer_norm_has_mean_0_and_variance_1_before_gain_and_shift():
    x = 100 + 30 * np.random.default_rng(5).normal(size=(2, 50, 64))
    start = {"gain": np.empty((1, 1, 64)), "shift": np.empty((1, 1, 64))}
    LayerNorm().init(start, np.random.default_rng(0))
    y, _ = LayerNorm().forward({k: np.repeat(v, 2, axis=0) for k, v in start.items()}, x, EVALUATE)
    assert_allclose(y.mean(axis=-1), 0, atol=1e-13)
    assert_allclose(y.var(axis=-1), 1, rtol=1e-6)
    p = {"gain": np.full((2, 1, 64), 3.0), "shift": np.full((2, 1, 64), -1.0)}
    assert_allclose(LayerNorm().forward(p, x, EVALUATE)[0], 3 * y - 1, rtol=1e-12)
    # One sample by hand: (1, 3) has mean 2 and variance 1.
    p = {"gain": np.ones((1, 1, 2)), "shift": np.zeros((1, 1, 2))}
    y, _ = LayerNorm(eps=3.0).forward(p, np.array([[[1.0, 3.0]]]), EVALUATE)
    assert_allclose(y, [[[-0.5, 0.5]]], rtol=1e-15)


def test_layer_norm_of_equal_inputs_is_the_shift():
    p = {"gain": np.ones((1, 1, 4)), "shift": np.full((1, 1, 4), 0.5)}
    assert_array_equal(LayerNorm().forward(p, np.full((1, 2, 4), 7.0), EVALUATE)[0], np.full((1, 2, 4), 0.5))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.25, 0.5, 0.9])
def test_dropout_silences_its_share_and_keeps_the_mean(rate, dtype):
    x = np.ones((2, 200, 300), dtype)
    y, tape = Dropout(rate).forward({}, x, learning())
    silent = (y == 0).mean()
    assert abs(silent - rate) < 5 * (rate * (1 - rate) / x.size) ** 0.5
    assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)
    assert abs(y.mean(dtype=np.float64) - 1) < 5 * (rate / (1 - rate) / x.size) ** 0.5
    assert_array_equal(Dropout(rate).backward_input({}, tape, x), y)


def test_dropout_is_silent_itself_where_nothing_is_learned():
    x = np.random.default_rng(6).normal(size=(2, 3, 4))
    assert_array_equal(Dropout(0.9).forward({}, x, EVALUATE)[0], x)
    assert_array_equal(Dropout(0).forward({}, x, learning())[0], x)


def test_each_replica_draws_from_its_own_generator():
    x = np.ones((3, 4, 5))
    y, _ = Dropout().forward({}, x, learning(3))
    assert not np.array_equal(y[0], y[1])
    for r in range(3):
        alone, _ = Dropout().forward({}, x[:1], Mode(True, [np.random.default_rng((0, r))]))
        assert_array_equal(alone[0], y[r])
    again, _ = Dropout().forward({}, x, learning(3))
    assert_array_equal(again, y)
    # One set of samples for all replicas, each with its own noise.
    shared, _ = Dropout().forward({}, x[:1], learning(3))
    assert_array_equal(shared, y)


# Sentences


def test_a_wrong_width_is_named():
    with pytest.raises(ValueError, match=r"^Dense\(5\) takes 3 inputs, got 4 \(x has shape \(1, 2, 4\)\)$"):
        Dense(5).forward({"W": np.ones((1, 3, 5)), "b": np.ones((1, 1, 5))}, np.ones((1, 2, 4)), EVALUATE)


def test_dense_asks_for_vectors_or_sequences():
    sentence = r"^Dense\(5\) takes vectors or sequences, got samples of shape \(2, 3, 4\); put Flatten\(\) before it$"
    with pytest.raises(ValueError, match=sentence):
        Network((2, 3, 4), Dense(5))


def test_dense_takes_each_step_of_a_sequence():
    rng = np.random.default_rng(0)
    dense, x = Dense(5), rng.normal(size=(1, SAMPLES, 3, 4))
    p = weights(dense, (3, 4), rng)
    y, _ = dense.forward(p, x, EVALUATE)
    assert y.shape == (REPLICAS, SAMPLES, 3, 5)
    for t in range(3):
        assert_allclose(y[:, :, t], dense.forward(p, x[:, :, t], EVALUATE)[0], rtol=1e-12)


def test_dropout_asks_for_a_generator_per_replica():
    with pytest.raises(ValueError, match="generator"):
        Dropout().forward({}, np.ones((1, 2, 3)), Mode(train=True))
