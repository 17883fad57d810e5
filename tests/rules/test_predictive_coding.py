"""Predictive coding: its energy falls, its gradient is the energy's, and in two limits it is backpropagation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from differences import gradients_of_a_crowd
from omomi.formulas.activations import Softplus, Tanh
from omomi.networks import EVALUATE, Dense, Dropout, LayerNorm, Network, PRelu
from omomi.rules import Backprop
from omomi.rules.predictive_coding import PredictiveCoding
from passes import forward_pass, taught, weights_of_a_crowd_and_alone

NET = Network(3, LayerNorm(), Dense(4), Tanh(), Dense(5), LayerNorm(), Softplus(), Dense(3), PRelu(), Dense(2))
STOPS = (3, 6, 8, 9)  # where the groups end: after each, the next Dense


def data(seed=1):
    rng = np.random.default_rng(seed)
    return NET.init([4]), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


def relaxed(rule, theta, x, t):
    return rule.relax(rule.again(forward_pass(rule, NET, theta, x, t)))[0]


def energies(theta_RP, x, t, values, precision):
    """E of each replica, the mean over the batch, from whole layers and NumPy alone."""
    params = NET.views(theta_RP)
    inputs = [x[None], *values]
    total = 0
    for start, stop, seen, value in zip((0, *STOPS), STOPS, inputs, [*values, t[None]], strict=False):
        said = np.repeat(seen, len(theta_RP), axis=0)
        for at in range(start, stop):
            said, _ = NET.layers[at].forward(params[at], said, EVALUATE)
        total = total + (precision if stop == STOPS[-1] else 1) * 0.5 * ((value - said) ** 2).sum(axis=-1)
    return total.mean(axis=-1)


def test_the_gradient_is_the_energy_s_where_the_values_have_settled():
    theta, x, t = data()
    rule = PredictiveCoding(precision=0.7)
    values = relaxed(rule, theta, x, t)
    wanted = gradients_of_a_crowd(lambda theta_RP: energies(theta_RP, x, t, values, 0.7), theta[0]) / 0.7
    assert np.abs(wanted).max() > 0.1
    assert_allclose(taught(rule, NET, theta, x, t)[0], wanted, rtol=1e-7, atol=1e-9)


def test_the_energy_falls_step_by_step():
    theta, x, t = data()
    found = []
    for steps in range(1, 40):
        values = relaxed(PredictiveCoding(steps=steps, rate=0.05), theta, x, t)
        found.append(float(energies(theta, x, t, values, 1)[0]))
    assert (np.diff(found) < 0).all()
    assert found[-1] < 0.9 * found[0]


def test_a_weak_target_and_long_settling_make_it_backpropagation():
    _, x, t = data()
    net = Network(3, Dense(4), Tanh(), Dense(5), Softplus(), Dense(2))
    theta = net.init([0])
    wanted = taught(Backprop(), net, theta, x, t)
    wide, near = (
        np.linalg.norm(taught(PredictiveCoding(steps=150, rate=0.2, precision=p), net, theta, x, t) - wanted)
        for p in (1e-5, 1e-6)
    )
    assert near < 1e-4 * np.linalg.norm(wanted)
    assert wide / near == pytest.approx(10, rel=0.05)  # what is left is of the order of p


def test_one_whole_step_gives_the_only_hidden_layer_its_gradient():
    rng = np.random.default_rng(2)
    net = Network(3, Dense(5), Tanh(), Dense(4))
    theta, x, t = net.init([0, 1]), rng.normal(size=(7, 3)), rng.dirichlet(np.ones(4), 7)
    wanted, found = (
        net.views(taught(rule, net, theta, x, t, "softmax_cross_entropy"))
        for rule in (Backprop(), PredictiveCoding(steps=1, rate=1, precision=0.3))
    )
    for name in ("W", "b"):
        assert_allclose(found[0][name], wanted[0][name], rtol=1e-12, atol=1e-14)
        assert np.abs(found[2][name] - wanted[2][name]).max() > 1e-3  # the last learns from settled values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_a_crowd_as_alone(dtype):
    net = Network(3, LayerNorm(), Dense(6), Tanh(), Dense(5), PRelu(), Dense(3))
    crowd, alone = weights_of_a_crowd_and_alone(PredictiveCoding(), net, dtype)
    assert np.isfinite(crowd).all()
    assert_array_equal(crowd, alone)


def test_dropout_is_refused():
    with pytest.raises(ValueError, match=r"PredictiveCoding needs an energy that stands still .* got Dropout"):
        om.Run(Network(2, Dense(4), Dropout(0.5), Dense(2)), np.ones((4, 2)), [0, 1, 0, 1], rule=PredictiveCoding())


def test_xor():
    """32 seeds of 32, through two hidden layers; measured: 127 of 128."""
    xor = om.data.xor()
    run = om.fit(om.mlp("tanh", 2, [8, 8], 2), xor.x, xor.y, rule=PredictiveCoding(), optimizer="adam(lr=0.02)",
                 epochs=200, batch_size=None, seeds=range(32), progress=False)  # fmt: skip
    assert (run.evaluate(xor.x, xor.y)["accuracy"] == 1).sum() >= 30
