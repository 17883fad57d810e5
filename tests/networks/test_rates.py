"""Bounds of firing rates: what is added to the errors is the derivative of the sum that the docstring writes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from differences import gradient
from omomi.networks import EVALUATE, Mode, Network
from omomi.networks.rates import RateBounds

LEARN = Mode(train=True)


def beyond(x, low, high):
    """Σₙ (max(0, r̄ₙ - high)² + max(0, low - r̄ₙ)²) by a loop."""
    rates = [x[..., n].mean() for n in range(x.shape[-1])]
    return sum((r - high) ** 2 if r > high else (low - r) ** 2 if r < low else 0.0 for r in rates)


@pytest.mark.parametrize("shape", [(4, 3, 5), (6, 5)], ids=["sequences", "vectors"])
@pytest.mark.parametrize("bounds", [(-0.2, 0.2), (0.1, 0.1)], ids=["bounds", "target"])
def test_what_is_added_is_the_difference_quotient(bounds, shape):
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 2, *shape))
    x += np.linspace(-1, 1, 5)  # some units below, some above
    layer = RateBounds(*bounds, strength=3.0)
    y, tape = layer.forward({}, x, LEARN)
    assert_array_equal(y, x)
    added = layer.backward_input({}, tape, dy) - dy
    for r in range(2):
        wanted = gradient(lambda x: 3 * beyond(x, *bounds), x[r])
        assert_allclose(added[r], wanted, atol=1e-11)
        assert wanted.min() < -0.01 < 0.01 < wanted.max()


def test_within_the_bounds_nothing_is_added():
    x, dy = np.random.default_rng(0).random((2, 2, 3, 4, 5))
    layer = RateBounds(0.0, 1.0)
    assert_array_equal(layer.backward_input({}, layer.forward({}, x, LEARN)[1], dy), dy)
    assert layer.forward({}, x, EVALUATE)[1] is None


def test_a_replica_in_a_crowd_is_the_replica_alone():
    x, dy = np.random.default_rng(1).normal(size=(2, 3, 7, 9, 5)).astype(np.float32)
    layer = RateBounds(0.5, 0.5)
    crowd = layer.backward_input({}, layer.forward({}, x, LEARN)[1], dy)
    for r in range(3):
        one = slice(r, r + 1)
        assert_array_equal(layer.backward_input({}, layer.forward({}, x[one], LEARN)[1], dy[one])[0], crowd[r])


def test_weights_learn_the_rates_and_the_loss_does_not_show_it():
    """A dense layer before it: its outputs reach the target mean, as the loss, of a readout that is 0, has no say."""
    x = np.random.default_rng(2).random((16, 3))
    net = Network.parse(3, "4, rate_bounds(0.3, 0.3), dense(1, weights=zeros, bias=zeros)")
    run = om.Run(net, x, np.zeros((16, 1)), optimizer="sgd(lr=0.1)", epochs=200, batch_size=None, seeds=[0, 1])
    run.train(progress=False)
    hidden = x @ run.params[0]["W"] + run.params[0]["b"]
    assert_allclose(hidden.mean(axis=1), 0.3, atol=1e-3)
    assert_array_equal(run.history["loss"], 0)


def test_bounds_that_cross_are_refused():
    with pytest.raises(ValueError, match=r"^RateBounds: low must not be above high, got 0.5 and 0.1$"):
        Network((2, 3), RateBounds(0.5, 0.1))
