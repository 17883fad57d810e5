"""Neurons whose spikes can be counted by hand, and weights that are lost where no loss shows it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi import AdaptiveLif, Dense, If, Li, Lif, MeanRate, Network, Plif, PopulationRate, Recurrent, Run, Spiking, fit
from omomi.training.diagnosis import NOTHING

T = 6
HOW = {"loss": "squared_error", "dtype": "float64", "seeds": [0, 1], "optimizer": "sgd(lr=0.1)"}


def held(*samples):
    """Sequences (B, T, N) of constant currents."""
    return np.repeat(np.array(samples, np.float64)[:, None], T, axis=1)


def wired(layer, x, **how):
    """A run whose neurons get the currents x (B, T, N) as they are."""
    n = x.shape[-1]
    run = Run(Network(x.shape[1:], Dense(n, bias=None), layer, MeanRate()), x, np.zeros((len(x), n)), **HOW | how)
    run.params[0]["W"][...] = np.eye(n)
    if isinstance(layer, Recurrent):
        run.params[1]["V"][...] = 0
    return run


# Of an integrator with threshold 1: never, always, every second step, never but near, always and far beyond.
ONE = [-10, 2, 0.6, 0.1, 100]
TWO = [-10, 2, 0.6, 2, 100]  # now the fourth spikes, too


@pytest.mark.parametrize("cls", [Spiking, Recurrent])
@pytest.mark.parametrize("plain", [False, True], ids=["compiled", "plain"])
@pytest.mark.parametrize(("tau_ref", "rates"), [(0, [1, 1 / 2]), (2, [1 / 3, 1 / 3])])
def test_shares_of_neurons_by_hand(cls, plain, tau_ref, rates):
    """Refractory, both spike at steps 0 and 3 or 1 and 5, and the first at all that are left to them."""
    layer = cls(If(tau_ref=tau_ref), surrogate="boxcar(3)")
    if plain:
        layer.__dict__["_precisions"] = ""
    found = om.diagnose(wired(layer, held(ONE, TWO)))
    always, second = rates
    wanted = {
        "rate": (2 * (always + second + always) + always) / 10,
        "first": 5 / 10, "silent": 1 / 5, "always": 2 / 5, "dead": 2 / 5, "lost": 0,
    }  # fmt: skip
    for name, value in wanted.items():
        assert_allclose(found[f"{name}[1]"], [value, value], rtol=1e-12, err_msg=name)


def test_under_the_spike_mask_the_silent_are_the_dead():
    found = om.diagnose(wired(Spiking(If(), surrogate="spike_mask"), held(ONE)))
    assert_array_equal(found["dead[1]"], found["silent[1]"])
    assert_array_equal(found["dead[1]"], [2 / 5, 2 / 5])


def test_a_threshold_that_rises_and_one_that_was_learned():
    """With τ = dt the membrane is the current: after the first spike the adaptation is out of reach."""
    found = om.diagnose(wired(Spiking(AdaptiveLif(tau=1, beta=1e6, tau_a=1e9)), held([2, 2])))
    assert_allclose(found["rate[1]"], 2 * [1 / T])
    assert_array_equal(found["first[1]"], [1, 1])
    run = wired(Spiking(Plif(tau=2, v_reset=0)), held([4, 4]))
    run.params[1]["threshold"][0, :, 1] = 100
    found = om.diagnose(run)
    assert_array_equal(found["silent[1]"], [1 / 2, 0])
    assert_array_equal(found["always[1]"], [1 / 2, 1])


def test_no_columns_of_neurons_that_do_not_spike():
    found = om.diagnose(wired(Spiking(Li()), held([1, 2])))
    assert not any("[1]" in name for name in found)


def test_rates_in_the_history_are_those_of_a_replica_alone():
    net = Network((5, 4), Dense(6, bias="uniform(0, 1)"), Recurrent(Lif(tau=2)), Dense(3), If(), MeanRate())
    x = np.random.default_rng(0).normal(size=(12, 5, 4))
    how = {"epochs": 2, "batch_size": 4, "diagnose": True, "loss": "squared_error", "optimizer": "sgd"}
    crowd = fit(net, x, np.zeros((12, 3)), seeds=[3, 0], **how)
    alone = fit(net, x, np.zeros((12, 3)), seeds=[0], **how)
    names = {f"{name}[{at}]" for name in ("rate", "first", "silent", "always", "dead", "lost") for at in (1, 3)}
    assert names | {"gradient[0]", "gradient[1]", "gradient[2]", "angle[1]"} <= set(crowd.history)
    assert (crowd.history["rate[1]"] > 0).all()
    for name in crowd.history:
        assert_array_equal(alone.history[name][:, 0], crowd.history[name][:, 1], err_msg=name)
    assert_array_equal(fit(net, x, np.zeros((12, 3)), seeds=[0], **how | {"diagnose": False}).theta, alone.theta)


# In words


def said(layer, x, change=lambda run: None):
    run = wired(layer, x)
    change(run)
    return [line.removeprefix(f"layer 1 ({layer}): ") for line in om.diagnose(run).in_words() if "layer 1" in line]


def test_silent_neurons_that_the_surrogate_does_not_reach():
    layer = Spiking(If(), surrogate="boxcar(3)")
    silent, dead, _ = said(layer, held([-10, 0.1, 2, 0.6]))
    assert silent == (
        "2 of 4 neurons never spike (mean over 2 replicas), 25 % spike at the first step; "
        "larger weights, a bias drawn from uniform(0, 1), a lower threshold or more steps help"
    )
    assert dead == (
        "the surrogate is 0, or next to it, at 1 of 4 neurons (mean over 2 replicas): "
        "they will never learn; a wider one helps"
    )
    assert said(layer, held([0.6, 0.6])) == []


def test_neurons_that_always_spike():
    (line,) = said(Spiking(If(), surrogate="boxcar(3)"), held([2, 0.6]))
    assert line == (
        "1 of 2 neurons spike at every step at which they can (mean over 2 replicas); "
        "smaller weights, a higher threshold or a refractory time help"
    )


@pytest.mark.parametrize(
    ("detach_reset", "helps"),
    [
        (True, "a lower learning rate, or clip_norm, helps"),
        (False, "detach_reset=True keeps errors finite on their way through the reset"),
    ],
)
def test_weights_and_membranes_that_are_not_finite(detach_reset, helps):
    layer = Spiking(If(), surrogate="boxcar(3)", detach_reset=detach_reset)

    def change(run):
        run.params[0]["W"][0, 1, 1] = np.nan
        run.params[0]["W"][0, 0, 2] = np.inf
        run.params[0]["W"][1, 3, 3] = 1e308  # finite, but not what it makes of the current

    run = wired(layer, held([0.6, 0.6, 0.6, 6]))
    change(run)
    found = om.diagnose(run)
    assert_array_equal(found["lost[1]"], [2 / 4, 1 / 4])
    assert_allclose(found["rate[1]"][1], 1 / 2)
    assert_allclose(found["rate[1]"][0], (1 / 2 + 1) / 2)  # of the two that are left
    assert np.isnan(found["angle[0]"][0])
    (line, *_) = said(layer, held([0.6, 0.6, 0.6, 6]), change)
    whose = "1.5 of 4 neurons (mean over 2 replicas)"
    assert line == f"{whose} have weights or membranes that are no longer finite; {helps}"


def test_all_is_lost():
    run = wired(Spiking(If()), held([1, 2]))
    run.theta[...] = np.nan
    found = om.diagnose(run)
    assert_array_equal(found["lost[1]"], [1, 1])
    assert np.isnan(found["rate[1]"]).all()
    first, second = found.in_words()
    assert first == "no replica has finite weights and gradients: nothing can be said of what its layers learn"
    assert "2 of 2 neurons (mean over 2 replicas) have weights or membranes that are no longer finite" in second


# The source article of the integrate-and-fire network

BITS = om.data.random_bits()
ARTICLE = {"loss": "squared_error", "optimizer": "momentum(lr=0.1, momentum=0.9)", "batch_size": 1, "epochs": 1}


def article(bias="uniform(0, 1)", **how):
    neurons = Spiking(If(), surrogate="spike_mask", **how)
    return Run(
        Network((10, 300), Dense(500, bias=bias), neurons, PopulationRate()), BITS.x, BITS.y, seeds=range(3), **ARTICLE
    )


def test_without_its_bias_hardly_a_neuron_spikes_at_first():
    few, many = article(bias="torch_linear"), article()
    found = om.diagnose(few, BITS.x[:50], BITS.y[:50])
    assert (found["first[1]"] < 0.02).all()
    assert (om.diagnose(many, BITS.x[:50], BITS.y[:50])["first[1]"] > 0.1).all()
    assert any("neurons never spike" in line and "% spike at the first step" in line for line in found.in_words())
    assert om.diagnose(many, BITS.x[:50], BITS.y[:50]).in_words() == [NOTHING]


def test_errors_through_the_reset_explode_without_a_sign_in_the_loss(tmp_path):
    """On each seed 1 to 10 of the 500 neurons, counted here and by two other programs."""
    run = article(detach_reset=False).train(progress=False)
    lost = (~np.isfinite(run.params[0]["W"])).any(axis=1).sum(axis=1)
    assert ((lost >= 1) & (lost <= 10)).all()
    assert np.isfinite(run.history["loss"]).all()
    assert run.diverged == {0: 1, 1: 1, 2: 1}
    helps = "detach_reset=True keeps errors finite on their way through the reset"
    assert run.report() == [
        f"seed {seed} diverged in epoch 1: its loss is finite, its weights are not, at {n} of 500 units of "
        f"layer 0 (Dense(500, bias=Uniform())); {helps}"
        for seed, n in enumerate(lost)
    ]
    found = om.diagnose(run, BITS.x[:20], BITS.y[:20])
    assert_allclose(found["lost[1]"], lost / 500)
    assert any(helps in line for line in found.in_words())
    assert not run.finished  # the article's curve goes on
    again = Run.load(run.save(tmp_path / "run"))
    assert (again.finished, again.report()) == (False, run.report())


def test_without_it_all_weights_stay_finite():
    run = article().train(progress=False)
    assert np.isfinite(run.theta).all()
    assert run.report() == []


def test_weights_that_are_finite_are_not_lost_because_their_sum_is_not():
    run = Run(Network(4, Dense(2)), np.eye(4), np.zeros((4, 2)), loss="squared_error", optimizer="sgd", seeds=[0])
    run.theta[...] = 3e38  # the loss is not finite, either
    assert run._finite().all()
