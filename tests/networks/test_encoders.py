"""Encoders: statistics, closed forms, published examples; what goes back where spikes are drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from omomi.networks import EVALUATE, Dense, Mode, Network, SpikeCount
from omomi.networks.encoders import Bernoulli, Delta, Latency, Poisson, Population, Repeat
from omomi.rules import Backprop
from passes import weights_of_a_crowd_and_alone

DRAWN = [Bernoulli(7, gain=0.5), Poisson(7, rate=700.0)]


def learning(replicas, seed=0):
    return Mode(True, [np.random.default_rng((seed, r)) for r in range(replicas)])


def encoded(layer, x, mode=EVALUATE):
    return layer.forward({}, np.asarray(x, float), mode)[0]


def trains(layer, numbers):
    """What one sample of numbers becomes, unit by unit: (N, T)."""
    return encoded(layer, [[numbers]])[0, 0].T


# Drawn spikes


@pytest.mark.parametrize("x", [0.1, 0.9])
def test_bernoulli_spikes_with_its_probability(x):
    steps, p = 20_000, 0.8 * x
    y = trains(Bernoulli(steps, gain=0.8), [x])
    assert set(np.unique(y)) == {0, 1}
    assert abs(y.mean() - p) < 5 * (p * (1 - p) / steps) ** 0.5
    together = (y[:, 1:] * y[:, :-1]).mean()  # of neighbours in time: independent, so p²
    assert abs(together - p**2) < 5 * p / steps**0.5


def test_probabilities_end_at_0_and_1():
    assert_array_equal(trains(Bernoulli(100, gain=2.0), [-1.0, 0.0, 0.5, 3.0]), [[0] * 100] * 2 + [[1] * 100] * 2)


@pytest.mark.parametrize(("rate", "dt"), [(200.0, 1.0), (1500.0, 2.0)])
def test_poisson_counts_have_mean_and_variance_lambda(rate, dt):
    steps, mean = 20_000, 0.5 * rate * dt / 1000
    y = trains(Poisson(steps, rate=rate, dt=dt), [0.5])
    assert abs(y.mean() - mean) < 5 * (mean / steps) ** 0.5
    assert abs(y.var() - mean) < 5 * ((mean + 2 * mean**2) / steps) ** 0.5
    assert abs((y == 0).mean() - np.exp(-mean)) < 5 / steps**0.5
    assert not trains(Poisson(100), [-1.0, 0.0]).any()


@pytest.mark.parametrize(
    "layer", [Bernoulli(20_000, gain=0.5), Poisson(20_000, rate=700.0)], ids=["bernoulli", "poisson"]
)
def test_what_goes_back_is_the_slope_of_the_mean(layer):
    """Of the spikes themselves, ±h beside x and with the same draws, and 0 where the mean does not move."""
    x, h = np.array([[[0.6, 1.2, -1.0, 3.0]]]), 0.2
    moved = [encoded(layer, x + s * h, learning(1)).mean(axis=2) for s in (1, -1)]
    _, tape = layer.forward({}, x, learning(1))
    back = layer.backward_input({}, tape, np.full((1, 1, layer.steps, 4), 1 / layer.steps))
    still = np.isclose(moved[0], moved[1], atol=0)
    assert_allclose(back, (moved[0] - moved[1]) / (2 * h), atol=0.05)
    assert_array_equal(back[still], 0)
    assert still.sum() == (2 if isinstance(layer, Bernoulli) else 1)


@pytest.mark.parametrize("layer", DRAWN, ids=["bernoulli", "poisson"])
def test_each_replica_draws_from_its_own_generator(layer):
    x = np.random.default_rng(0).uniform(0, 2, (3, 4, 5))
    y = encoded(layer, x, learning(3))
    for r in range(3):
        assert_array_equal(encoded(layer, x[r : r + 1], Mode(True, learning(3).rngs[r : r + 1]))[0], y[r])
    shared = encoded(layer, x[:1], learning(3))
    assert_array_equal(shared[0], y[0])
    assert not np.array_equal(shared[0], shared[1])
    with pytest.raises(ValueError, match=r"needs a generator for each of the 3 replicas, got 2$"):
        encoded(layer, x, learning(2))


@pytest.mark.parametrize("layer", DRAWN, ids=["bernoulli", "poisson"])
def test_where_nothing_is_learned_all_see_the_same_draws(layer):
    x = np.random.default_rng(0).uniform(0, 2, (1, 4, 5))
    y = encoded(layer, x)
    assert y.shape == (1, 4, 7, 5)
    assert_array_equal(encoded(layer, x), y)
    assert_array_equal(encoded(layer, np.repeat(x, 2, axis=0)), np.repeat(y, 2, axis=0))
    net = Network(5, layer, SpikeCount(), Dense(2))
    params = net.views(net.init([0, 1]))
    assert_array_equal(net.forward(params, x[0])[0], net.forward(params, x[0])[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks_learn_alike_in_a_crowd_and_alone(dtype):
    net = Network.parse(4, "population(4), poisson(6, rate=500), 5, tanh, rate_bounds(-0.1, 0.1), mean_rate, 3")
    assert_array_equal(*weights_of_a_crowd_and_alone(Backprop(), net, dtype))


@pytest.mark.parametrize(
    "layer", [*DRAWN, Latency(5), Latency(5, code="linear"), Delta(off=True), Population(4), Repeat(2)]
)
def test_nan_stays_nan(layer):
    x = np.full((1, 1, 2, 3) if isinstance(layer, Delta) else (1, 1, 3), 0.5)
    x[..., 0, 1] = np.nan
    y = encoded(layer, x, learning(1))
    assert np.isnan(y).any()
    assert not np.isnan(y).all()


# Latency


def test_latency_is_when_the_membrane_reaches_the_threshold():
    """τ dv/dt = x - v from 0, in steps of a thousandth: within half a step of the encoder."""
    x, tau, threshold, dt = np.linspace(0.25, 1, 16), 8.0, 0.2, 0.5
    v, fine, reached = np.zeros(16), dt / 1000, np.full(16, np.inf)
    for k in range(30_000):
        v += fine / tau * (x - v)
        reached[(v >= threshold) & np.isinf(reached)] = (k + 1) * fine
    y = trains(Latency(30, tau=tau, threshold=threshold, dt=dt), x)
    assert_array_equal(y.sum(axis=1), 1)
    assert np.abs(y.argmax(axis=1) * dt - reached).max() <= dt / 2 + 0.01
    assert len(set(y.argmax(axis=1))) > 8


def test_linear_latency_is_the_example_of_snntorch():
    """Of `spikegen.latency([0.02, 0.5, 1], num_steps=5, normalize=True, linear=True)`."""
    y = encoded(Latency(5, threshold=0.01, code="linear"), [[[0.02, 0.5, 1]]])
    assert_array_equal(y[0, 0], [[0, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize("code", ["rc", "linear"])
def test_there_is_no_latency_below_the_threshold_or_beyond_the_end(code):
    layer = Latency(3, tau=10.0, threshold=0.5, code=code)
    assert not trains(layer, [-1.0, 0.0, 0.5]).any()
    assert_array_equal(trains(layer, [50.0]), [[1, 0, 0]])
    late = trains(layer, [0.55])[0]  # at 24 ms; the linear code ends with the last step
    assert late.sum() == (code == "linear")
    assert_array_equal(trains(Latency(3, threshold=0.0, code=code), [0.0, 1.0]), [[0, 0, 0], [1, 0, 0]])


# The others


def test_delta_is_the_example_of_snntorch():
    """Of `spikegen.delta`, its docstring."""
    for x, off, wanted in (
        ([1, 2, 2.9, 3, 3.9], False, [1, 1, 0, 0, 0]),
        ([1, 2, 0, 2, 2.9], True, [1, 1, -1, 1, 0]),
        ([1, 2, 0, 2, 2.9], False, [1, 1, 0, 1, 0]),
    ):
        assert_array_equal(encoded(Delta(1.0, off), np.array(x)[None, None, :, None])[0, 0, :, 0], wanted)


def fields(layer, x):
    return encoded(layer, np.asarray(x)[None, :, None])[0]


def test_receptive_fields_stand_where_the_paper_puts_them():
    """Centres I_min + (2i - 3)/2 · w and widths w / 1.5 for w = (I_max - I_min) / (m - 2): Bohte et al. (2002)."""
    layer = Population(8, low=-2.0, high=4.0)
    centres, sigma = np.arange(-2.5, 5, 1), 2 / 3
    responses = fields(layer, centres)
    assert_array_equal(responses.argmax(axis=1), np.arange(8))
    assert_allclose(np.diag(responses), 1, rtol=1e-15)
    assert_allclose(np.diag(fields(layer, centres + sigma)), np.exp(-0.5), rtol=1e-14)
    both = encoded(layer, [[[0.0, 3.0]]])[0, 0]  # each input has its fields side by side
    assert_array_equal(both, np.concatenate([fields(layer, [0.0])[0], fields(layer, [3.0])[0]]))


def test_repeat_is_a_constant_current():
    x = np.array([[[1.0, -2.0]]])
    assert_array_equal(encoded(Repeat(3), x), [[[[1, -2]] * 3]])
    assert_array_equal(Repeat(3).backward_input({}, None, np.arange(6.0).reshape(1, 1, 3, 2)), [[[6, 9]]])


def test_text_builds_them():
    text = "population(8), latency(25, code='linear'), spike_count, 10"
    assert Network.parse(4, text).shapes == [(4,), (32,), (25, 32), (32,), (10,)]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda: Network((2, 3), Bernoulli(5)),
            r"^Bernoulli\(5\) takes vectors, got samples of shape \(2, 3\); put Fl",
        ),
        (lambda: Network(3, Delta()), r"^Delta\(\) takes sequences \(steps, units\), got samples of shape \(3,\)$"),
        (lambda: Network(3, Population(4, low=2.0, high=1.0)), "^Population: low must be below high, got 2.0 and 1.0$"),
        (lambda: Population(2), r"^Population: n must lie in \[3, inf\), got 2$"),
    ],
)
def test_refusals(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
