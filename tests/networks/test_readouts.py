"""Readouts: by hand, by counting, and against torch; their derivatives are tested with those of all layers."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from omomi.networks import EVALUATE, Network
from omomi.networks.readouts import FirstSpike, LastMembrane, MaxMembrane, MeanRate, PopulationRate, SpikeCount

X = np.array([[0.0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]])[None, None]  # one sample: 4 steps of 3 units
READOUTS = [SpikeCount(), MeanRate(), LastMembrane(), MaxMembrane(), FirstSpike(), PopulationRate()]


def back(layer, x, dy):
    return layer.backward_input({}, layer.forward({}, x, EVALUATE)[1], np.asarray(dy, float))


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (SpikeCount(), [2, 2, 0]),
        (MeanRate(), [0.5, 0.5, 0]),
        (LastMembrane(), [1, 0, 0]),
        (MaxMembrane(), [1, 1, 0]),
        (FirstSpike(), [1, 0, 4]),
        (FirstSpike(early_is_large=True), [-1, 0, -4]),
        (PopulationRate(), [1 / 3]),
    ],
    ids=repr,
)
def test_by_hand(layer, wanted):
    assert_allclose(layer.forward({}, X, EVALUATE)[0][0, 0], wanted, rtol=1e-15)


@pytest.mark.parametrize(
    ("layer", "of_torch"),
    [
        (SpikeCount(), lambda x: x.sum(2)),
        (MeanRate(), lambda x: x.mean(2)),
        (LastMembrane(), lambda x: x[:, :, -1]),
        (MaxMembrane(), lambda x: x.max(2).values),
        (FirstSpike(), lambda x: torch.cumprod(1 - x, 2).sum(2)),
        (PopulationRate(), lambda x: x.mean((2, 3))[..., None]),
    ],
    ids=["count", "mean", "last", "largest", "first", "population"],
)
def test_both_ways_are_those_of_torch(layer, of_torch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 5, 4))
    given = torch.tensor(x, requires_grad=True)
    wanted = of_torch(given)
    dy = rng.normal(size=wanted.shape)
    (wanted * torch.tensor(dy)).sum().backward()
    y, _ = layer.forward({}, x, EVALUATE)
    assert_allclose(y, wanted.detach().numpy(), rtol=1e-13)
    dx = back(layer, x, dy)
    assert dx.flags.c_contiguous
    assert_allclose(dx, given.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_first_spike_is_the_place_that_argmax_finds():
    x = (np.random.default_rng(1).random((2, 50, 12, 6)) < 0.1).astype(np.float32)
    wanted = np.where(x.any(axis=2), x.argmax(axis=2), 12)
    assert (wanted == 12).any()
    assert_array_equal(FirstSpike().forward({}, x, EVALUATE)[0], wanted)


def test_an_error_of_the_first_spike_speaks_of_the_steps_that_it_would_move():
    """Spikes at 3 and 7 of 10 steps: without the first it would come 4 later; k steps earlier, k earlier."""
    x = np.zeros((1, 1, 10, 2))
    x[0, 0, [3, 7], 0] = 1
    dx = back(FirstSpike(), x, [[[1, 1]]])[0, 0]
    assert_array_equal(dx[:, 0], [-3, -2, -1, -4, 0, 0, 0, 0, 0, 0])
    assert_array_equal(dx[:, 1], -np.arange(10, 0, -1))  # without any, one at k would come 10 - k earlier
    assert_array_equal(back(FirstSpike(early_is_large=True), x, [[[1, 1]]])[0, 0], -dx)


def test_of_steps_that_tie_the_first_learns():
    assert_array_equal(back(MaxMembrane(), X, [[[1, 1, 1]]])[0, 0], [[0, 1, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("layer", READOUTS, ids=repr)
@pytest.mark.parametrize("shape", [(3, 4, 9, 5), (3, 1, 9, 1), (3, 2, 1, 40)])
def test_a_replica_in_a_crowd_is_the_replica_alone(layer, shape):
    x = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    y, tape = layer.forward({}, x, EVALUATE)
    dx = layer.backward_input({}, tape, y)
    for r in range(3):
        alone, tape = layer.forward({}, x[r : r + 1], EVALUATE)
        assert_array_equal(alone[0], y[r])
        assert_array_equal(layer.backward_input({}, tape, alone)[0], dx[r])


def test_other_names():
    net = Network.parse((9, 4), "last_step")
    assert net.layers == (LastMembrane(),)
    assert Network.parse((9, 4), "mean_membrane").shapes[-1] == (4,)
    assert Network.parse((9, 4), "population_rate").shapes[-1] == (1,)
    with pytest.raises(
        ValueError, match=r"^SpikeCount\(\) takes sequences \(steps, units\), got samples of shape \(4,\)"
    ):
        Network(4, SpikeCount())
