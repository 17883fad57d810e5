"""Currents: waves by hand, noise by its moments."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from catalogue import example
from omomi.simulation.currents import Current, Noise, OrnsteinUhlenbeck, PoissonInput

NOISES = [cls for cls in Current.entries().values() if issubclass(cls, Noise)]


def drawn(current, steps, dt, seed=0):
    return current.noise(dt)(np.random.default_rng(seed), steps)


@pytest.mark.parametrize("name", Current.entries())
def test_every_current_drives_a_neuron_by_name(name):
    run = om.simulate("lif", name, T=5, record=("i",))
    assert np.isfinite(run.states["i"]).all()


@pytest.mark.parametrize("cls", NOISES)
def test_noise_goes_on_where_it_stopped(cls):
    current = example(cls)
    draw, rng = current.noise(0.1), np.random.default_rng(0)
    assert_array_equal(np.concatenate([draw(rng, 3), draw(rng, 60), draw(rng, 37)]), drawn(current, 100, 0.1))


@pytest.mark.parametrize("dt", [0.05, 0.5])
def test_gaussian_noise_means_the_same_at_any_dt(dt):
    """∫i dt over t has the mean μ t and the variance σ² t."""
    i = drawn(om.currents.GaussianNoise(2.0, 3.0), int(20_000 / dt), dt)
    charges = i.reshape(2000, -1).sum(axis=1) * dt  # of 10 ms
    assert_allclose(charges.mean(), 20, rtol=0.03)
    assert_allclose(charges.var(), 90, rtol=0.1)


def test_a_leak_filters_gaussian_noise():
    """The stationary deviation of v is Rm σ / √(2τ)."""
    run = om.simulate("lif(tau=5, Rm=2, threshold=99)", "gaussian_noise(0, 1.5)", T=600, n=50)
    assert_allclose(run.voltages[1000::100].std(), 2 * 1.5 / np.sqrt(10), rtol=0.06)


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_ornstein_uhlenbeck_is_as_wide_at_any_time_and_forgets(dt):
    """N(μ, σ²) from the first value on; correlation e^(-t/τ)."""
    current = OrnsteinUhlenbeck(1.0, 2.0, tau=4.0)
    first = np.array([drawn(current, 1, dt, seed)[0] for seed in range(2000)])
    assert_allclose([first.mean(), first.std()], [1, 2], rtol=0.12)
    i = drawn(current, int(60_000 / dt), dt) - 1
    lag = round(4 / dt)
    assert_allclose(i.std(), 2, rtol=0.04)
    assert_allclose((i[lag:] * i[:-lag]).mean() / i.var(), np.exp(-1), atol=0.03)


@pytest.mark.parametrize("tau", [0.0, 3.0])
def test_poisson_input_brings_its_charge(tau):
    """rate · weight per second on average; alone, an event brings all its weight."""
    i = drawn(PoissonInput(rate=400, weight=2.5, tau=tau), 200_000, 0.1)
    assert_allclose(i.mean(), 1.0, rtol=0.03)

    class Once:
        def poisson(self, rate, steps):
            return np.eye(1, steps, dtype=int)[0]

    once = PoissonInput(weight=2.5, tau=tau).noise(0.1)(Once(), 1000)
    assert_allclose(once.sum() * 0.1, 2.5, rtol=1e-12)
    if tau:
        assert_allclose(once[30] / once[0], np.exp(-1), rtol=1e-9)


def test_a_neuron_that_answers_every_event_is_a_poisson_process():
    """CV 1; counts have the mean and the variance rate · T."""
    run = om.simulate("lif", "poisson_input(rate=50, weight=20)", T=4000, n=200, dt=0.2, record=())
    assert_allclose(run.counts().mean(), 200, rtol=0.03)
    assert_allclose(run.counts().var(), 200, rtol=0.25)
    assert_allclose(run.cv().mean(), 1, atol=0.03)


def test_steps_begin_in_their_step():
    run = om.simulate("lif", "steps((0.3, 0.7), (2, 0))", T=1, record=("i",))
    assert run.states["i"][1:, 0].tolist() == [0, 0, 0, 2, 2, 2, 2, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps((1, 2), (3,))", "Steps: times must rise and be as many as levels"),
        ("steps((2, 1), (3, 4))", "Steps: times must rise"),
        ("ramp(0, 1, 5, 5)", "Ramp: begin must lie before end, got 5.0 and 5.0"),
        ("ou(tau=0)", "OrnsteinUhlenbeck: tau must lie in (0, inf), got 0"),
    ],
)
def test_mistakes_are_one_sentence(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        Current.parse(text)


def test_a_noise_is_no_function_of_time():
    with pytest.raises(ValueError, match="GaussianNoise is drawn step by step"):
        om.currents.GaussianNoise()(1.0)
