"""Spiking layers: the article's numbers, torch's derivatives, difference quotients, and loops that agree with NumPy."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from differences import along
from omomi.formulas.neurons import Neuron
from omomi.formulas.surrogates import Surrogate
from omomi.networks import Mode, Recurrent, Spiking, through_time

LEARNING = Mode(True)
CASES = json.loads((Path(__file__).parents[1] / "reference" / "neurons.json").read_text())["IF"]
EVERY = [cls(**({"tau": 3.0} if hasattr(cls, "tau") else {})) for cls in Neuron.entries().values()]
TRAINABLE = [neuron for neuron in EVERY if neuron.trainable]
R, B, T, N = 2, 2, 6, 3


def ids(values):
    return [repr(v) for v in values]


def drawn(layer, shape=(T, N), seed=0):
    """Weights near 1 and strong, mixed currents."""
    rng = np.random.default_rng(seed)
    p = {name: 0.5 + 0.3 * rng.normal(size=(R, *s)) for name, s in layer.shapes(shape)[0].items()}
    return p, 1 + 2 * rng.normal(size=(R, B, *shape)), rng.normal(size=(R, B, T, N))


def there_and_back(layer, p, x, dy, plain=False):
    """(y, dx, g), in compiled loops or in plain NumPy."""
    layer = replace(layer)
    if plain:
        object.__setattr__(layer, "_precisions", "")
    y, tape = layer.forward(p, x, LEARNING)
    g = {name: np.full_like(w, np.nan) for name, w in p.items()}
    layer.backward_weights(g, tape, dy)
    return y, layer.backward_input(p, tape, dy), g


# The article's numbers


@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("case", CASES, ids=[c["name"].replace(",", "") for c in CASES])
def test_the_articles_neurons_and_gradients(case, detach_reset):
    given = {name: np.array(case[name]) for name in ("W", "b", "X", "spikes", "v")}
    wanted = case["reset_detached"] if detach_reset else case
    steps, n_in = given["X"].shape
    spiking = Spiking(om.If(threshold=case["threshold"]), surrogate="spike_mask", detach_reset=detach_reset)
    net = om.Network((steps, n_in), om.Dense(len(given["b"])), spiking)
    theta = np.zeros((1, net.size))
    p = net.views(theta)
    p[0]["W"][0], p[0]["b"][0, 0] = given["W"].T, given["b"]
    y, tapes = net.forward(p, given["X"][None], LEARNING)
    assert_array_equal(y[0, 0], given["spikes"])
    assert_allclose(tapes[1].u[0, 0], given["v"], rtol=1e-12, atol=1e-14)
    dy = np.full_like(y, 2 * y.mean() / y.size) if case["upstream"] is None else np.array(case["upstream"])[None, None]
    delta = net.layers[1].backward_input(p[1], tapes[1], dy)
    g = net.views(np.zeros_like(theta))[0]
    net.layers[0].backward_weights(g, tapes[0], delta)
    dx = net.layers[0].backward_input(p[0], tapes[0], delta)
    for found, name in ((g["W"][0].T, "dW"), (g["b"][0, 0], "db"), (dx[0, 0], "dX")):
        assert_allclose(found, np.array(wanted[name]), rtol=1e-12, atol=1e-14, err_msg=name)


def test_at_the_threshold_only_a_neuron_that_is_not_strict_spikes():
    x = np.array([[[[0.5], [0.5], [0.25]]]])
    for strict, spikes in ((True, [0, 0, 1]), (False, [0, 1, 0])):
        y, _ = Spiking(om.If(strict=strict)).forward({}, x, LEARNING)
        assert y.ravel().tolist() == spikes


def test_resets_and_refractory_steps_by_hand():
    """A current of 5/8 per step into an integrator of threshold 1; all sums are exact."""
    x = np.full((1, 1, 8, 1), 0.625)
    for neuron, spikes in (
        (om.If(), [0, 1, 0, 1, 0, 1, 0, 1]),
        (om.If(subtract=True), [0, 1, 0, 1, 1, 0, 1, 0]),
        (om.If(tau_ref=2), [0, 1, 0, 0, 0, 1, 0, 0]),
        (om.If(v_reset=-0.625), [0, 1, 0, 0, 1, 0, 0, 1]),
    ):
        y, _ = Spiking(neuron).forward({}, x, LEARNING)
        assert y.ravel().tolist() == spikes, neuron


# Against torch


class Fires(torch.autograd.Function):
    """A spike at x ≥ 0, with the derivative of the sigmoid k = 4."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        s = torch.sigmoid(4 * ctx.saved_tensors[0])
        return g * 4 * s * (1 - s)


def in_torch(x, layer):
    """Leaky neurons with a refractory time, as a loop in torch."""
    n, cut = layer.neuron, layer.truncate
    v, left, spikes = torch.full_like(x[:, :, 0], n.rest), torch.zeros_like(x[:, :, 0]), []
    for t in range(x.shape[2]):
        if cut and t and t % cut == 0:
            v = v.detach()
        free = left <= 0
        u = torch.where(free, v + (n.rest - v + x[:, :, t]) / n.tau, v)
        s = Fires.apply(u - n.threshold) * free
        fixed = s.detach() if layer.detach_reset else s
        v = u - fixed * n.threshold if n.subtract else u * (1 - fixed) + n.v_reset * fixed
        left = torch.where(s > 0, torch.full_like(left, layer.pause), left - 1)
        spikes.append(s)
    return torch.stack(spikes, 2)


@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
@pytest.mark.parametrize(
    "options",
    [{}, {"detach_reset": False}, {"truncate": 2}, {"tau_ref": 1.0}, {"subtract": True, "detach_reset": False}],
    ids=["plain", "through the reset", "truncated", "refractory", "by subtraction"],
)
def test_leaky_neurons_are_those_of_a_torch_loop(options, plain):
    own = {name: options[name] for name in ("tau_ref", "subtract") if name in options}
    rest = {name: value for name, value in options.items() if name not in own}
    layer = Spiking(om.Lif(tau=2.0, rest=0.1, v_reset=-0.2, **own), surrogate="sigmoid(4)", **rest)
    _, x, dy = drawn(layer)
    given = torch.tensor(x, requires_grad=True)
    spikes = in_torch(given, layer)
    (spikes * torch.tensor(dy)).sum().backward()
    y, dx, _ = there_and_back(layer, {}, x, dy, plain)
    assert 0 < y.mean() < 1
    assert_array_equal(y, spikes.detach().numpy())
    assert_allclose(dx, given.grad.numpy(), rtol=1e-12, atol=1e-14)


# Soft spikes: the gradient is exact


@pytest.mark.parametrize("kind", [Spiking, Recurrent])
@pytest.mark.parametrize("surrogate", Surrogate.entries())
@pytest.mark.parametrize("neuron", TRAINABLE, ids=ids(TRAINABLE))
def test_through_soft_spikes_the_gradient_is_the_difference_quotient(neuron, surrogate, kind):
    layer = kind(neuron, surrogate=surrogate, soft=True)
    object.__setattr__(layer, "_precisions", "")
    p, x, dy = drawn(layer)
    _, dx, g = _through(layer, p, x, dy)
    rng = np.random.default_rng(1)
    arrays = {"x": x, **p}
    for name, gradient in {"x": dx, **g}.items():
        direction = rng.normal(size=arrays[name].shape)
        moved = along(lambda a: _spikes(layer, arrays | {name: a}), arrays[name], direction, h=1e-5)  # noqa: B023
        assert_allclose((gradient * direction).sum(), (dy * moved).sum(), rtol=1e-6, atol=1e-8, err_msg=name)


def _spikes(layer, arrays):
    return layer.forward({k: a for k, a in arrays.items() if k != "x"}, arrays["x"], LEARNING)[0]


def _through(layer, p, x, dy):
    y, tape = layer.forward(p, x, LEARNING)
    g = {name: np.full_like(w, np.nan) for name, w in p.items()}
    layer.backward_weights(g, tape, dy)
    return y, layer.backward_input(p, tape, dy), g


# Compiled loops


@pytest.mark.parametrize("constant", [False, True], ids=["sequence", "constant"])
@pytest.mark.parametrize(
    "layer",
    [
        *(Spiking(neuron, surrogate="arctan") for neuron in TRAINABLE),
        *(Spiking(om.Plif(tau=3.0), surrogate="arctan", soft=True), Recurrent(om.Plif(tau=3.0), surrogate="arctan")),
        Spiking(om.CurrentLif(tau=3.0, tau_ref=2.0), surrogate="arctan", detach_reset=False),
    ],
    ids=repr,
)
def test_compiled_loops_are_plain_numpy(layer, constant):
    if constant and not isinstance(layer.neuron, om.Lif | om.Plif):
        layer = replace(layer, neuron=om.Lif(tau=3.0))  # once is enough: the current is the neuron's business nowhere
    layer = replace(layer, steps=T) if constant else layer
    p, x, dy = drawn(layer, (T, N) if not constant else (N,))
    compiled, plain = (there_and_back(layer, p, x, dy, plain) for plain in (False, True))
    assert_allclose(compiled[0], plain[0], rtol=1e-13, atol=1e-15)
    assert_allclose(compiled[1], plain[1], rtol=1e-12, atol=1e-14)
    for name in p:
        assert_allclose(compiled[2][name], plain[2][name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_constant_current_is_a_sequence_that_repeats_it():
    repeated = om.Network(4, om.Repeat(T), om.Dense(5), om.Lif(tau=3.0))
    constant = om.Network(4, om.Dense(5), Spiking(om.Lif(tau=3.0), steps=T))
    theta, x = 9 * repeated.init(range(R)), np.random.default_rng(0).normal(size=(1, B, 4))
    found = []
    for each in (repeated, constant):
        y, tapes = each.forward(each.views(theta), x, LEARNING)
        grad = np.zeros_like(theta)
        delta = each.layers[-1].backward_input({}, tapes[-1], np.ones_like(y))
        each.layers[-2].backward_weights(each.views(grad)[-2], tapes[-2], delta)
        found.append((y, grad))
    assert found[0][0].sum() > 10
    assert_array_equal(found[0][0], found[1][0])
    assert_allclose(found[0][1], found[1][1], rtol=1e-12)


@pytest.mark.parametrize("kind", [Spiking, Recurrent])
def test_a_replica_in_a_crowd_is_the_replica_alone(kind):
    net = om.Network((T, 4), om.Dense(600), kind(om.AdaptiveLif(tau=2.0)), om.Dense(3), om.Li(), om.SpikeCount())
    x = np.random.default_rng(0).normal(size=(3, B, T, 4)).astype(np.float32) * 9
    theta = net.init(range(3), np.float32)

    def gradient(rows):
        y, tapes = net.forward(net.views(theta[rows]), x[rows], LEARNING)
        grad = np.zeros_like(theta[rows])
        seen = om.rules.Pass(net, om.SquaredError(), net.views(theta[rows]), x=x[rows], y=y, tapes=tapes, error=y)
        om.Backprop().gradient(seen, net.views(grad))
        return y, grad

    crowd = gradient(slice(0, 3))
    assert crowd[0].any()
    for r in range(3):
        for together, alone in zip(crowd, gradient(slice(r, r + 1)), strict=True):
            assert_array_equal(together[r], alone[0])


def test_two_threads_give_the_same(monkeypatch):
    layer = Spiking(om.Lif(tau=2.0))
    x = np.random.default_rng(0).normal(1, 2, (1, 3, 40, 700)).astype(np.float32)
    alone = there_and_back(layer, {}, x, np.ones_like(x))
    monkeypatch.setattr(through_time, "WORK", 0)
    monkeypatch.setattr("omomi.formulas.kernels.cores", lambda: 2)
    both = there_and_back(layer, {}, x, np.ones_like(x))
    assert 0 < alone[0].mean() < 1
    assert_array_equal(both[0], alone[0])
    assert_array_equal(both[1], alone[1])


def test_single_precision_stays_near_double():
    layer = Spiking(om.Plif(tau=3.0), surrogate="arctan")
    p, x, dy = drawn(layer)
    double = there_and_back(layer, p, x, dy)
    single = there_and_back(layer, *({k: w.astype("f") for k, w in p.items()}, x.astype("f"), dy.astype("f")))
    for a, b in zip([*single[:2], *single[2].values()], [*double[:2], *double[2].values()], strict=True):
        assert a.dtype == np.float32
        assert_allclose(a, b, rtol=1e-4, atol=1e-5)


# What a layer asks for


def test_truncation_keeps_later_errors_from_earlier_steps():
    for layer in (Spiking(om.If(), surrogate="straight_through", truncate=2), Recurrent(om.If(), truncate=2)):
        p, x, dy = drawn(layer)
        dy[:, :, :4] = 0
        _, dx, _ = there_and_back(layer, p, x, dy, plain=True)
        assert dx[:, :, 4:].any()
        assert not dx[:, :, :4].any()


def test_layers_as_text():
    net = om.Network.parse(
        4, "8, spiking(lif(tau=2), steps=5, surrogate=arctan), 3, recurrent(alif, truncate=2), mean_rate"
    )
    assert net.shapes == [(4,), (8,), (5, 8), (5, 3), (5, 3), (3,)]
    assert om.Network.parse(4, net.text).text == net.text


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: om.Network(4, om.Dense(3), om.Lif()), r"takes sequences \(steps, units\), got vectors; .*steps=25"),
        (lambda: om.Network((5, 4), Spiking(om.Lif(), steps=7)), "has 7 steps, got sequences of 5"),
        (lambda: Spiking(om.Adex()), "neuron must be a neuron that errors can go back through"),
        (lambda: Spiking(om.Lif(tau_ref=2.0), soft=True), "soft spikes know no refractory time"),
        (lambda: om.Network.parse(4, "3, lff"), "no layer, activation or neuron is named 'lff'; did you mean 'lif'"),
    ],
)
def test_refusals(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
