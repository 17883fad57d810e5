"""Networks: the layout of θ, replicas that do not see each other, text, counts and sentences."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from omomi.formulas.activations import Identity, LeakyRelu, Relu, Softmax, Tanh
from omomi.formulas.initializers import HeNormal, Normal, Uniform
from omomi.networks import EVALUATE, Activate, Dense, Dropout, Flatten, LayerNorm, Mode, Network

NETS = [
    Network(3, Dense(5), Tanh(), Dense(4), LeakyRelu(0.1), Dense(2)),
    Network(13, Dense(7, bias=None), Relu(), LayerNorm(), Dropout(0.25), Dense(3), Softmax()),
    Network((2, 3), Flatten(), Dense(1), Relu()),
    Network((2, 3), LayerNorm(), Tanh(), Flatten(), Dropout(0.5), Dense(13), LayerNorm(), Dense(7)),
    Network(1, Dense(1)),
]


def noise(seeds):
    return Mode(True, [np.random.default_rng((9, seed)) for seed in seeds])


# θ


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_views_share_memory_with_theta_and_cover_it_once(net):
    theta_RP = np.zeros((3, net.size))
    for p in net.views(theta_RP):
        for w in p.values():
            assert np.shares_memory(w, theta_RP)
            assert len(w) == 3
            w += 1
    assert_array_equal(theta_RP, np.ones((3, net.size)))


def test_the_layout_is_layer_by_layer():
    net = Network(2, Dense(3), Tanh(), Dense(1, bias=None))
    theta_RP = np.arange(24.0).reshape(2, 12)
    first, none, last = net.views(theta_RP)
    assert_array_equal(first["W"][1], [[12, 13, 14], [15, 16, 17]])
    assert_array_equal(first["b"][1], [[18, 19, 20]])
    assert none == {}
    assert_array_equal(last["W"], [[[9], [10], [11]], [[21], [22], [23]]])


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_init_depends_on_the_seed_alone(net):
    theta_RP = net.init([4, 0, 7])
    assert theta_RP.shape == (3, net.size)
    for r, seed in enumerate([4, 0, 7]):
        assert_array_equal(net.init([seed])[0], theta_RP[r])
        assert_array_equal(net.init([seed], np.float32)[0], theta_RP[r].astype(np.float32))
    assert (theta_RP[0] != theta_RP[1]).any()


def test_single_precision_is_the_rounded_double():
    net = NETS[0]
    theta = net.init([0, 1], "float32")
    assert theta.dtype == np.float32
    assert_array_equal(theta, net.init([0, 1]).astype(np.float32))


@pytest.mark.parametrize(
    ("net", "matrices"),
    [
        (Network(2, Dense(3), LayerNorm(), Dense(1)), [1] * 6 + [0] * 3 + [0] * 6 + [1] * 3 + [0]),
        (Network(3, Dense(2, bias=None)), [1] * 6),
        # One input is a width as well: W (1, O) is no bias.
        (Network(1, Dense(3), Tanh(), Dense(1), Dense(2)), [1] * 3 + [0] * 3 + [1] * 3 + [0] + [1] * 2 + [0] * 2),
    ],
    ids=repr,
)
def test_matrices_are_the_weights_between_units(net, matrices):
    assert_array_equal(net.matrices(), np.array(matrices, bool))


# Forward


def test_forward_by_hand():
    net = Network(2, Dense(2), Relu(), Dense(1))
    theta = np.array([[1.0, -1.0, 2.0, 0.5, 0.0, 1.0, 3.0, 4.0, -0.5]])
    y, tapes = net.forward(net.views(theta), np.array([[1.0, 1.0], [-1.0, 0.0]]))
    # z = (3, 0.5) and (-1, 2), so y = 9 + 2 - ½ and 0 + 8 - ½
    assert_array_equal(y, [[[10.5], [7.5]]])
    assert len(tapes) == 3


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_forward_is_one_layer_after_the_other(net):
    """Layers that run as one are the same as each by itself."""
    theta, x = net.init([0, 1]), np.random.default_rng(0).normal(size=(2, 7, *net.shapes[0]))
    y, tapes = net.forward(net.views(theta), x, noise([0, 1]))
    mode, step = noise([0, 1]), x
    for layer, p in zip(net.layers, net.views(theta), strict=True):
        step, _ = layer.forward(p, step, mode)
    np.testing.assert_allclose(y, step, rtol=1e-13, atol=1e-15)
    assert len(tapes) == len(net.layers)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("net", NETS, ids=repr)
def test_a_replica_in_a_crowd_is_the_replica_alone(net, dtype):
    seeds = [3, 1, 4, 15, 9]
    theta = net.init(seeds, dtype)
    for samples in (1, 2, 7, 16):
        x = np.random.default_rng(1).normal(size=(5, samples, *net.shapes[0])).astype(dtype)
        for mode in (lambda _: EVALUATE, noise):
            crowd, _ = net.forward(net.views(theta), x, mode(seeds))
            assert crowd.dtype == dtype
            for r, seed in enumerate(seeds):
                alone, _ = net.forward(net.views(theta[r : r + 1].copy()), x[r : r + 1].copy(), mode([seed]))
                assert_array_equal(alone[0], crowd[r])


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_samples_may_be_shared_by_all_replicas(net):
    theta, x_B = net.init([0, 1, 2]), np.random.default_rng(2).normal(size=(4, *net.shapes[0]))
    y, _ = net.forward(net.views(theta), x_B)
    assert y.shape == (3, 4, *net.shapes[-1])
    assert_array_equal(y, net.forward(net.views(theta), x_B[None])[0])
    assert_array_equal(y, net.forward(net.views(theta), np.repeat(x_B[None], 3, axis=0))[0])


def arrays(tape):
    if isinstance(tape, np.ndarray):
        return [tape]
    return [a for part in tape for a in arrays(part)] if isinstance(tape, tuple | list) else []


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_single_precision_stays_single_in_every_tape(net):
    theta = net.init([0, 1], np.float32)
    x = np.random.default_rng(3).normal(size=(2, 5, *net.shapes[0])).astype(np.float32)
    y, tapes = net.forward(net.views(theta), x, noise([0, 1]))
    found = [y, *arrays(tapes)]
    assert len(found) > len(net.layers) / 2
    assert {a.dtype.name for a in found} == {"float32"}


# Counts


def test_counts_by_hand():
    net = Network((2, 4), Flatten(), Dense(5), Relu(), LayerNorm(), Dense(3, bias=None))
    assert net.shapes == [(2, 4), (8,), (5,), (5,), (5,), (3,)]
    assert net.parameters() == [0, 8 * 5 + 5, 0, 5 + 5, 5 * 3]
    assert net.multiply_adds() == [0, 8 * 5, 0, 5, 5 * 3]
    assert net.size == 45 + 10 + 15
    assert net.first_learning == 1
    assert Network(3, Tanh()).first_learning == 1


def test_summary_prints_what_is_counted_by_hand(capsys):
    Network(2, Dense(128), Relu(), Dropout(0.5), Dense(4)).summary(batch_size=100)
    lines = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if not set(line[0]) <= {"─"}] == [
        ["layer", "output shape", "parameters", "multiply-adds"],
        ["input", "[100, 2]"],
        ["Dense(128)", "[100, 128]", "384", "25,600"],
        ["Relu()", "[100, 128]", "-", "-"],
        ["Dropout()", "[100, 128]", "-", "-"],
        ["Dense(4)", "[100, 4]", "516", "51,200"],
        ["total", "900", "76,800"],
    ]


# Text


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_text_rebuilds_the_network(net):
    again = Network.parse(net.shapes[0], net.text)
    assert again.layers == net.layers
    assert again.shapes == net.shapes
    assert repr(again) == repr(net)


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("128, relu, 4", (Dense(128), Activate(Relu()), Dense(4))),
        ("Dense(8),LeakyReLU(0.2) , 2", (Dense(8), Activate(LeakyRelu(0.2)), Dense(2))),
        (
            "8, leaky-relu, layer-norm, dropout(0.2), 1",
            (Dense(8), Activate(LeakyRelu()), LayerNorm(), Dropout(0.2), Dense(1)),
        ),
        ("dense(8, weights=he_normal, bias=None)", (Dense(8, HeNormal(), None),)),
        (
            "dense(8, weights=uniform(low=-0.5, high=0.5), bias=normal(0, 0.1)), tanh",
            (Dense(8, Uniform(-0.5, 0.5), Normal(0, 0.1)), Activate(Tanh())),
        ),
    ],
)
def test_parse(text, layers):
    assert Network.parse(3, text).layers == layers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a network is written as layers with commas between, like '128, relu, 10', got ''"),
        ("8,, 2", "a network is written as layers with commas between, like '128, relu, 10', got '8,, 2'"),
        ("8, rellu", "no layer, activation or neuron is named 'rellu'; did you mean 'relu'? (known: dense, "),
        ("8, densee(3)", "no layer, activation or neuron is named 'densee'; did you mean 'dense'? (known: dense, "),
        ("8, __import__('os').getcwd()", "no layer, activation or neuron is named '__import__'"),
        ("0", "Dense: n_out must lie in [1, inf), got 0"),
        ("-3", "no layer, activation or neuron is named '-3'"),
        ("2.5", "no layer, activation or neuron is named '2.5'"),
        ("8, dropout(1)", "Dropout: rate must lie in [0, 1), got 1"),
        ("8, dense(3", "a layer is written as a name or as name(numbers)"),
    ],
)
def test_what_text_gets_wrong_is_named(text, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        Network.parse(3, text)


# Inputs


@pytest.mark.parametrize(("n_in", "shape"), [(3, (3,)), (np.int64(3), (3,)), ((2, 3), (2, 3)), ([4], (4,))])
def test_n_in_is_a_number_or_a_shape(n_in, shape):
    assert Network(n_in, Flatten()).shapes[0] == shape


@pytest.mark.parametrize("n_in", [0, -1, True, 2.0, (), (2, 0), (2, 1.5), "3", None])
def test_a_wrong_n_in_is_named(n_in):
    sentence = f"Network: n_in must be a positive number or a shape of such, got {n_in!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Network(n_in, Flatten())


def test_layers_are_asked_for():
    with pytest.raises(ValueError, match=r"^Network: at least one layer is needed, got none$"):
        Network(3)
    with pytest.raises(ValueError, match=r"^Network: a layer, an activation or a neuron is needed, got 'relu'$"):
        Network(3, "relu")
    with pytest.raises(
        ValueError, match=r"^Network: a layer, an activation or a neuron is needed, got <class .*Relu'>$"
    ):
        Network(3, Relu)


@pytest.mark.parametrize(
    ("net", "x", "sentence"),
    [
        (Network(3, Dense(5)), np.ones((1, 2, 4)), "Dense(5) takes 3 inputs, got 4 (x has shape (1, 2, 4))"),
        (Network(3, Dense(5)), np.ones((2, 4)), "Dense(5) takes 3 inputs, got 4 (x has shape (1, 2, 4))"),
        (Network(3, Relu(), Dense(5)), np.ones((2, 4)), "Relu() takes 3 inputs, got 4 (x has shape (1, 2, 4))"),
        (
            Network((2, 3), Flatten()),
            np.ones((1, 4, 3, 2)),
            "Flatten() takes samples of shape (2, 3), got (3, 2) (x has shape (1, 4, 3, 2))",
        ),
    ],
    ids=repr,
)
def test_a_wrong_width_is_named(net, x, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        net.forward(net.views(net.init([0])), x)


# Small products go through one compiled call, larger ones through BLAS: nobody should see which


@pytest.mark.parametrize("n_out", [3, 700])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_and_large_products_agree_with_numpy(n_out, dtype):
    net = Network(5, Dense(n_out), Tanh(), Dense(2))
    theta = net.init([0, 1, 2], dtype)
    params = net.views(theta)
    x_RBI = np.random.default_rng(0).normal(size=(3, 90, 5)).astype(dtype)
    y_RBO, _ = net.forward(params, x_RBI, Mode(train=True))
    hidden_RBN = np.tanh(x_RBI @ params[0]["W"] + params[0]["b"])
    near = {"rtol": 1e-4, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-12}
    assert_allclose(y_RBO, hidden_RBN @ params[2]["W"] + params[2]["b"], **near)


def test_shared_inputs_give_each_replica_what_it_gives_alone():
    net = Network(5, Dense(7), Tanh(), Dense(2))
    x_BI = np.random.default_rng(0).normal(size=(64, 5))
    many_RBO, _ = net.forward(net.views(net.init(range(4))), x_BI)
    for r in range(4):
        assert_array_equal(many_RBO[r], net.forward(net.views(net.init([r])), x_BI)[0][0])


def test_weights_may_lie_in_any_order():
    """Views of θ lie without gaps; weights of one's own need not."""
    rng = np.random.default_rng(0)
    W_OI, b_O, x_BI = rng.normal(size=(7, 5)), rng.normal(size=7), rng.normal(size=(1, 6, 5))
    params = [{"W": W_OI.T[None], "b": b_O[None, None]}, {}]
    for net in (Network(5, Dense(7), Tanh()), Network(5, Dense(7), Identity())):
        y_BO = net.forward(params, x_BI)[0][0]
        z_BO = x_BI[0] @ W_OI.T + b_O
        assert_allclose(y_BO, np.tanh(z_BO) if "Tanh" in repr(net) else z_BO, rtol=1e-13)
    g = {"W": np.empty((5, 7)).T[None].swapaxes(-1, -2), "b": np.empty((1, 1, 7))}
    dy_BO = rng.normal(size=(1, 6, 7))
    Dense(7).backward_weights(g, x_BI, dy_BO)
    assert_allclose(g["W"][0], x_BI[0].T @ dy_BO[0], rtol=1e-12)
