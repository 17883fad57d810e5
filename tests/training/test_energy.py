"""Operations of networks whose spikes can be counted by hand, times the energies of Horowitz (2014)."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi import Dense, If, Lif, MeanRate, Network, Poisson, Recurrent, Relu, Repeat, SpikeCount, Spiking
from omomi.networks.layers import EVALUATE

STEPS = 5
NET = Network(3, Dense(4), Spiking(If(), steps=STEPS), Dense(2, bias=None), Recurrent(Lif(tau=1)), SpikeCount())


def weights(net=NET, replicas=2):
    """Integrators that get 2, 0.6, 0, 0 spike 5, 2, 0, 0 times; each spike makes both neurons behind them spike."""
    theta = np.zeros((replicas, net.size))
    params = net.views(theta)
    params[0]["b"][:, 0] = [2, 0.6, 0, 0]
    params[2]["W"][...] = 10
    return theta


def test_by_hand():
    """The first dense layer is multiplied once: the current is constant. Nobody hears the last of 5 recurrent steps."""
    theta = weights()
    NET.views(theta)[0]["b"][1] = 0  # the second replica is silent
    found = om.energy(NET, np.full((7, 3), 0.5), theta)
    assert_array_equal([layer.additions for layer in found.layers], [[0, 0], [0, 0], [14, 0], [16, 0], [0, 0]])
    assert [layer.multiply_adds for layer in found.layers] == [12, 0, 0, 0, 0]
    assert [layer.updates for layer in found.layers] == [0, 20, 0, 10, 0]
    assert_allclose(found.joules, [30 * 0.9e-12 + 42 * 4.6e-12, 42 * 4.6e-12], rtol=1e-12)
    assert found.joules_without_time == pytest.approx((12 + 8 + 4) * 4.6e-12, rel=1e-12)


def test_a_table():
    lines = repr(om.energy(NET, np.full((1, 3), 0.5), weights())).splitlines()
    cells = [re.split(r" {2,}", line.strip()) for line in lines if "─" not in line]
    assert cells == [
        ["layer", "additions", "multiply-adds", "updates", "nJ", "nJ without time"],
        ["layer 0 (Dense(4))", "-", "12", "-", "0.0552", "0.0552"],
        ["layer 1 (Spiking(If(), steps=5))", "-", "-", "20", "0.092", "-"],
        ["layer 2 (Dense(2, bias=None))", "14", "-", "-", "0.0126", "0.0368"],
        ["layer 3 (Recurrent(Lif(tau=1.0)))", "16", "-", "10", "0.0604", "0.0184"],
        ["layer 4 (SpikeCount)", "-", "-", "-", "-", "-"],
        ["total", "30", "12", "30", "0.22", "0.11"],
    ]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("x", "additions", "multiply_adds"), [(np.eye(3), 4, 0), (-np.eye(3), 4, 0), (0.5 * np.eye(3), 0, 36)]
)
def test_spikes_are_added_and_numbers_multiplied(x, additions, multiply_adds):
    """Three steps of three inputs, one of them a spike in each step."""
    net = Network((3, 3), Dense(4), If(), MeanRate())
    first = om.energy(net, x[None], np.zeros((1, net.size))).layers[0]
    assert (first.additions[0], first.multiply_adds) == (3 * additions, multiply_adds)


def test_means_over_samples_in_chunks_and_one_number_among_spikes():
    net = Network((1, 2), Dense(3), If(), MeanRate())
    x = np.zeros((100, 1, 2))
    x[:25, 0, 0] = 1
    assert om.energy(net, x, np.zeros((1, net.size))).layers[0].additions[0] == 3 / 4
    x[99, 0, 1] = 0.5
    first = om.energy(net, x, np.zeros((1, net.size))).layers[0]
    assert (first.additions[0], first.multiply_adds) == (0, 6)


def test_a_repeated_current_is_multiplied_at_each_step_and_k_spikes_are_k_additions():
    repeated = Network(3, Repeat(STEPS), Dense(4), If(), MeanRate())
    x = np.full((1, 3), 2.5)
    assert om.energy(repeated, x, np.zeros(repeated.size)).layers[1].multiply_adds == 5 * 12
    poisson = Network(3, Poisson(STEPS, rate=1000), Dense(4), If(), MeanRate())
    drawn, _ = poisson.layers[0].forward({}, x[None], EVALUATE)
    assert drawn.max() > 1
    assert om.energy(poisson, x, np.zeros(poisson.size)).layers[1].additions[0] == 4 * drawn.sum()


def test_a_network_without_time_is_what_it_is_beside():
    net = Network(13, Dense(5), Relu(), Dense(2))
    x = np.random.default_rng(0).normal(size=(9, 13))
    found = om.energy(om.Run(net, x, x[:, :2], loss="squared_error", seeds=[0, 1]), x)
    assert [layer.multiply_adds for layer in found.layers] == net.multiply_adds()
    assert_allclose(found.joules, 2 * [found.joules_without_time])


@pytest.mark.parametrize(
    ("net", "x", "theta", "sentence"),
    [
        (NET, np.ones((1, 3)), None, "a run is needed, or a network and its weights theta, got Network(3, "),
        ("lif", np.ones((1, 3)), weights(), "a run is needed, or a network and its weights theta, got 'lif'"),
        (NET, np.ones((1, 3)), np.ones(3), "theta must have shape (R, 28) for this network, got (1, 3)"),
        (NET, np.ones((1, 2)), weights(), "x must have shape (N, 3), got (1, 2)"),
    ],
    ids=["no weights", "no network", "weights", "samples"],
)
def test_what_it_needs(net, x, theta, sentence):
    with pytest.raises(ValueError, match=f"^energy: {re.escape(sentence)}"):
        om.energy(net, x, theta)
