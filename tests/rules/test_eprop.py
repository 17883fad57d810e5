"""E-prop against eligibility traces that run forward in time, written out from the paper."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om

STEPS, INPUTS, UNITS = 7, 4, 3


def gradient(rule, net, seed=0):
    """(θ, x, y, spikes, gradient, error at the spikes) of one replica and one sample."""
    rng = np.random.default_rng(seed)
    theta = 3 * net.init([seed])
    params, grad = net.views(theta), np.zeros_like(theta)
    x = rng.normal(1, 2, (1, 1, *net.shapes[0]))
    y, tapes = net.forward(params, x, om.networks.Mode(True))
    spikes = tapes[1].spikes[:, 0, 0] if hasattr(tapes[1], "spikes") else None
    error, delta = y - rng.normal(size=y.shape), None
    seen = om.rules.Pass(net, om.SquaredError(), params, x=x, y=y, tapes=tapes, error=error)
    seen.own = rule.prepare(net, params, [np.random.default_rng(1)])
    back, delta = net.forward(params, x, om.networks.Mode(True))[1], error
    for at in range(len(net.layers) - 1, 1, -1):
        delta = net.layers[at].backward_input(params[at], back[at], delta)
    rule.gradient(seen, net.views(grad))
    return x[0, 0], spikes, net.views(grad), delta[0, 0]


def traces(neuron, x, spikes, signals, weights_in, weights_own):
    """Σₜ Lₜ eₜ for the weights from the inputs and from the neurons, e = ψ · (ε_v - β ε_a): Bellec et al., eq. 22 ff.

    After a spike the membrane begins anew, and its trace with it.
    """
    heard = np.concatenate([x, np.vstack([np.zeros(UNITS), spikes[:-1]])], axis=1)  # (T, I + N)
    weights = np.vstack([weights_in, weights_own])
    gain, rho = 1 / neuron.tau, np.exp(-1 / neuron.tau_a) if hasattr(neuron, "tau_a") else 0.0
    beta = getattr(neuron, "beta", 0.0)
    v, a = np.zeros(UNITS), np.zeros(UNITS)
    eps_v, eps_a, total = (np.zeros((INPUTS + UNITS, UNITS)) for _ in range(3))
    for t in range(STEPS):
        v, a = (1 - gain) * v + gain * (heard[t] @ weights), rho * a
        eps_v, eps_a = (1 - gain) * eps_v + gain * heard[t][:, None], rho * eps_a
        psi = 1 / (1 + 25 * np.abs(v - neuron.threshold - beta * a)) ** 2
        eligibility = psi * (eps_v - beta * eps_a)
        total += signals[t] * eligibility
        assert_array_equal(spikes[t], v >= neuron.threshold + beta * a)
        v, eps_v = v * (1 - spikes[t]), eps_v * (1 - spikes[t])
        a, eps_a = a + spikes[t], eps_a + eligibility
    return total[:INPUTS], total[INPUTS:]


@pytest.mark.parametrize("neuron", [om.Lif(tau=3.0), om.AdaptiveLif(tau=3.0, beta=0.5)], ids=["lif", "alif"])
def test_it_is_the_sum_of_eligibility_traces(neuron):
    net = om.Network(
        (STEPS, INPUTS),
        om.Dense(UNITS, bias=None),
        om.Recurrent(neuron, surrogate="fast_sigmoid"),
        om.Dense(2),
        om.Li(tau=2.0),
        om.MeanRate(),
    )
    x, spikes, grads, signals = gradient(om.rules.EProp(), net)
    assert 0.1 < spikes.mean() < 0.9
    params = net.views(3 * net.init([0]))
    wanted = traces(neuron, x, spikes, signals, params[0]["W"][0], params[1]["V"][0])
    assert_allclose(grads[0]["W"][0], wanted[0], rtol=1e-12, atol=1e-14)
    assert_allclose(grads[1]["V"][0], wanted[1], rtol=1e-12, atol=1e-14)
    exact = gradient(om.Backprop(), net)[2]
    assert not np.allclose(exact[1]["V"], grads[1]["V"], rtol=1e-4)  # backpropagation goes through V as well
    assert_array_equal(exact[2]["W"], grads[2]["W"])


@pytest.mark.parametrize(
    ("rule", "same"), [(om.rules.EProp(), om.Backprop()), (om.rules.EProp(random=True), om.rules.FeedbackAlignment())]
)
def test_without_recurrent_weights_nothing_is_cut(rule, same):
    net = om.Network((STEPS, INPUTS), om.Dense(UNITS), om.Lif(tau=3.0), om.Dense(2), om.Li(), om.LastMembrane())
    for found, wanted in zip(*(gradient(each, net)[2] for each in (rule, same)), strict=True):
        for name in wanted:
            assert found[name].any()
            assert_array_equal(found[name], wanted[name])
