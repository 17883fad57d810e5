"""Perturbation: exact where it must be, the gradient on average, and one dropout for both sides."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi.formulas.activations import Relu, Tanh
from omomi.networks import Dense, Dropout, LayerNorm, Network, PRelu
from omomi.rules import Backprop
from omomi.rules.perturbation import NodePerturbation, WeightPerturbation
from passes import forward_pass, taught, weights_of_a_crowd_and_alone

RULES = [WeightPerturbation(), NodePerturbation()]
BOTH = pytest.mark.parametrize("rule", RULES, ids=repr)


def test_one_weight_and_a_quadratic_loss_give_the_derivative_at_any_size():
    """½ (w x - t)² has the derivative x (w x - t): 5 (3 · 5 - 1) and 2 (3 · 2 - 4), on average 37."""
    net = Network(1, Dense(1, bias=None))
    x, t = np.array([[5.0], [2.0]]), np.array([[1.0], [4.0]])
    found = taught(WeightPerturbation(size=2, samples=3), net, np.full((4, 1), 3.0), x, t)
    assert_allclose(found, 37, rtol=1e-12)


@pytest.mark.parametrize("size", [0.1, 3.0])
def test_one_unit_and_a_quadratic_loss_give_the_square_of_the_noise_times_the_derivative(size):
    """ξ² x (w x - t), of one sample: 5 (3 · 5 - 1) ξ², and ξ is what the generator of that seed draws first."""
    net = Network(1, Dense(1, bias=None))
    found = taught(NodePerturbation(size=size), net, np.full((3, 1), 3.0), np.array([[5.0]]), np.array([[1.0]]))
    xi = [float(np.random.default_rng(r).standard_normal(dtype=np.float32)) for r in range(3)]
    assert_allclose(found[:, 0], 70 * np.square(xi), rtol=1e-9)


@BOTH
def test_the_mean_over_many_draws_is_the_gradient(rule):
    """4000 draws, 32 parameters: no element is 5 standard errors off; the mean misses by 0.096 (nodes: 0.024)."""
    rng, draws = np.random.default_rng(0), 4000
    net = Network(2, Dense(3), Tanh(), LayerNorm(), Dense(3), PRelu(), Dense(1))
    theta, x, t = net.init([1]), rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    exact = taught(Backprop(), net, theta, x, t)[0]
    drawn = taught(rule, net, np.repeat(theta, draws, axis=0), x, t)
    mean = drawn.mean(axis=0)
    assert (np.abs(mean - exact) < 5 * drawn.std(axis=0) / np.sqrt(draws) + 1e-4).all()
    assert np.linalg.norm(mean - exact) < 0.15 * np.linalg.norm(exact)


@BOTH
def test_dropout_is_the_same_on_both_sides(rule):
    """Else the quotient of two networks' difference and a size of 10⁻⁶ would be of the order of 10⁵."""
    rng = np.random.default_rng(0)
    net = Network(2, Dense(8), Tanh(), Dropout(0.5), Dense(2))
    theta, x, t = net.init(range(50)), rng.normal(size=(6, 2)), rng.normal(size=(6, 2))
    found = taught(type(rule)(size=1e-6), net, theta, x, t)
    assert found.any(axis=0).all()
    assert np.abs(found).max() < 100


@BOTH
def test_the_weights_stay_as_they_are(rule):
    net = Network(2, Dense(3), Relu(), Dense(2))
    theta = net.init([0, 1], np.float32)
    before = theta.copy()
    seen = forward_pass(rule, net, theta, np.ones((4, 2)), np.ones((4, 2)))
    rule.gradient(seen, net.views(np.empty_like(theta)))
    assert_array_equal(theta, before)


@BOTH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_a_crowd_as_alone(rule, dtype):
    net = Network(3, Dense(6), LayerNorm(), Relu(), Dropout(0.25), Dense(5), PRelu(), Dense(3))
    crowd, alone = weights_of_a_crowd_and_alone(rule, net, dtype)
    assert np.isfinite(crowd).all()
    assert_array_equal(crowd, alone)


def test_the_mean_of_samples_varies_less():
    """Of n independent draws the variance is 1/n of that of one: n = 16, over 400 replicas; measured: 16.5."""
    rng = np.random.default_rng(0)
    net = Network(2, Dense(3), Tanh(), Dense(1))
    theta, x, t = np.repeat(net.init([1]), 400, axis=0), rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    one, many = (taught(WeightPerturbation(samples=n), net, theta, x, t).var(axis=0).sum() for n in (1, 16))
    assert 12 < one / many < 21


@BOTH
def test_xor(rule):
    """32 seeds of 32; measured: all of 128."""
    xor = om.data.xor()
    run = om.fit(om.mlp("relu", 2, [16], 2), xor.x, xor.y, rule=rule, optimizer="adam(lr=0.02)", epochs=400,
                 batch_size=None, seeds=range(32), progress=False)  # fmt: skip
    assert (run.evaluate(xor.x, xor.y)["accuracy"] == 1).sum() >= 30
