"""What a Simulation says of its spikes, counted by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi.formulas.neurons import Lif


def made(steps, neurons, n=3):
    events = (np.array(steps) << 32) + np.array(neurons)
    return om.Simulation(Lif(), 0.5, 100, n, [events[1:], events[:1]], single=False)


def test_spikes_stand_in_order_of_time_and_of_neurons():
    run = made([7, 2, 7, 4], [1, 0, 0, 1])
    assert run.spike_times.tolist() == [1.0, 2.0, 3.5, 3.5]
    assert run.spike_neurons.tolist() == [0, 1, 0, 1]
    assert run.train(1).tolist() == [2.0, 3.5]
    assert repr(run) == "Simulation(Lif(), 3 neurons, 50 ms, 4 spikes)"


def test_counts_rates_intervals_and_their_variation():
    run = made([1, 3, 7, 2, 4, 6, 9], [0, 0, 0, 1, 1, 1, 2])
    assert run.counts().tolist() == [3, 3, 1]
    assert_allclose(run.rates(), [60, 60, 20])
    assert run.isi(0).tolist() == [1.0, 2.0]
    assert run.isi().tolist() == [1.0, 2.0, 1.0, 1.0]
    assert_allclose(run.cv()[:2], [0.5 / 1.5, 0])
    assert np.isnan(run.cv()[2])


def test_what_is_not_there_is_named():
    run = made([1], [0])
    with pytest.raises(ValueError, match=r"v was not recorded; simulate\(…, record=\('v',\)\) does"):
        _ = run.voltages
    with pytest.raises(ValueError, match="neurons are 0 … 2, got 3"):
        run.train(3)


def test_a_curve_of_rates_is_its_counts_per_second():
    curve = om.fi_curve("lif", [0, 5], T=500, dt=0.5)
    assert_array_equal(curve.rates(), 2 * curve.counts)
