"""Neurons given by differential equations against closed forms and published values."""

import math

import numpy as np
import pytest

from catalogue import entries
from neuron_runs import run, run_crossing, steps_of
from omomi.formulas.neurons import Adex, Dynamics, Eif, FitzHughNagumo, HodgkinHuxley, Izhikevich, Neuron, Qif


def jacobian(neuron, states, i, h=1e-5):
    """d slopes / d states by difference quotients."""
    return np.array(
        [
            np.subtract(neuron.call("slopes", *(states + e), i), neuron.call("slopes", *(states - e), i)) / (2 * h)
            for e in h * np.eye(len(states))
        ]
    ).T


@pytest.mark.parametrize("cls", [p for p in entries(Neuron) if issubclass(p.values[0], Dynamics)])
def test_orders_of_the_methods(cls):
    """Against far smaller steps, over a smooth stretch: error ratios 2 and 16."""
    start, i = cls().call("start"), {Adex: 300.0, HodgkinHuxley: 0.2, FitzHughNagumo: 0.2}.get(cls, 1.0)

    def end(method, dt):
        states = start
        for _ in range(round(2 / dt)):
            states = cls(method=method).call("charge", *states, i, dt=dt)
        return states[0]

    true = end("rk4", 2 / 128)
    for method, order, dt in [("euler", 1, 2 / 32), ("rk4", 4, 2 / 8)]:
        ratio = (end(method, dt) - true) / (end(method, dt / 2) - true)
        assert math.log2(abs(ratio)) == pytest.approx(order, abs=0.15), method


def test_period_of_the_quadratic_neuron():
    """From -L to L: 2 τ / √i atan(L / √i), which goes to π τ / √i."""
    i, dt, wide = np.array([0.5, 1.0, 4.0]), 0.02, 300.0
    seen = run(Qif(rest=0, v_c=0, tau=5, threshold=wide, v_reset=-wide, strict=True), i, 1500, dt, start=(-wide,))
    for unit, current in enumerate(i):
        period = 2 * 5 / math.sqrt(current) * math.atan(wide / math.sqrt(current))
        assert period == pytest.approx(math.pi * 5 / math.sqrt(current), rel=0.01)
        assert steps_of(seen.spikes, unit)[0] * dt == pytest.approx(period, abs=2 * dt)


def test_rest_is_lost_where_the_closed_forms_have_it():
    qif = Qif(a=0.5, rest=-1, v_c=2, Rm=3)
    assert qif.call("slopes", 0.5, 0.5 * 9 / 4 / 3)[0] == pytest.approx(0, abs=1e-15)
    eif = Eif()
    rheobase = 0.1 * (-59.9 + 65 - 3.48)
    assert eif.call("slopes", -59.9, rheobase)[0] == pytest.approx(0, abs=1e-14)
    assert run(eif, [0.98 * rheobase, 1.1 * rheobase], 800, 0.5).spikes.any(axis=0).tolist() == [False, True]


@pytest.mark.parametrize("neuron", [Adex(), Adex(a=0.5)], ids=["hopf", "saddle-node"])
def test_rest_of_adex_is_lost_where_touboul_and_brette_have_it(neuron):
    """Touboul, Brette (2008): of the eigenvalues a pair, or one, passes 0."""
    n, ratio, times = neuron, neuron.a / neuron.g_L, neuron.C / neuron.g_L / neuron.tau_w
    hopf = ratio > times
    gap = math.log1p(times if hopf else ratio)
    i = (n.g_L + n.a) * (n.V_T - n.E_L + n.delta_T * (gap - 1)) + hopf * n.delta_T * n.g_L * (ratio - times)
    v = n.V_T + n.delta_T * gap
    states = np.array([v, n.a * (v - n.E_L)])
    assert neuron.call("slopes", *states, i) == pytest.approx((0, 0), abs=1e-12)
    values = np.linalg.eigvals(jacobian(neuron, states, i))
    assert max(values.real) == pytest.approx(0, abs=1e-8)
    assert bool(np.iscomplex(values).any()) == hopf


@pytest.mark.parametrize(
    ("neuron", "published"),
    [
        # Brette, Gerstner (2005), as in Brian2's example: C, g_L, E_L, V_T, Δ_T, τ_w, a, b
        (Adex(), (281, 30, -70.6, -50.4, 2, 144, 4, 80.5)),
        # Fourcaud-Trocmé et al. (2003), as in BrainPy: C, g_L, E_L, V_T, Δ_T, threshold, v_reset, τ_ref
        (Eif(), (1, 0.1, -65, -59.9, 3.48, -30, -68, 1.7)),
    ],
    ids=repr,
)
def test_published_values_are_the_defaults(neuron, published):
    assert neuron.hyper[:8] == published


def test_adex_adapts_by_b_at_a_spike():
    assert Adex(b=60).call("reset", -39.0, 20.0) == (-70.6, 80.0)
    gaps = np.diff(steps_of(run(Adex(), 1000.0, 1000, 0.2).spikes))
    assert (np.diff(gaps) >= 0).all()
    assert gaps[-1] > 2 * gaps[0]


def test_izhikevich_rests_and_fires_as_in_the_paper():
    """v² / 25 + 5 v + 140 = v / 5 at -70 and -50, one point at i = 4; figure 2: what each type does."""
    assert Izhikevich().call("slopes", -70.0, -14.0, 0.0) == pytest.approx((0, 0), abs=1e-13)
    assert Izhikevich().call("slopes", -50.0, -10.0, 0.0) == pytest.approx((0, 0), abs=1e-13)
    assert Izhikevich().call("slopes", -60.0, -12.0, 4.0) == pytest.approx((0, 0), abs=1e-13)
    assert Izhikevich().call("reset", 31.0, 2.0) == (-65.0, 10.0)
    names = list(Izhikevich.types)
    each = {name: np.array([Izhikevich.types[kind][name] for kind in names]) for name in "abcd"}
    start = (np.full(7, -65.0), -65 * each["b"])
    spikes = run(Izhikevich(), np.full(7, 10.0), 2000, 0.25, start, each).spikes
    gaps = {kind: np.diff(steps_of(spikes, unit)) * 0.25 for unit, kind in enumerate(names)}
    regular, bursting, chattering, fast = (gaps[kind] for kind in names[:4])
    assert regular[0] < 0.6 * regular[1]  # adapts,
    assert np.ptp(regular[2:]) <= 0.5  # then fires regularly
    assert max(bursting[:2]) < 6 < 30 < min(bursting[3:])  # a burst, then single spikes
    assert (chattering < 5).mean() > 0.6  # bursts
    assert chattering.max() > 30  # and pauses, again and again
    assert (chattering > 30).sum() >= 5
    assert np.median(fast) < 10 < 2 * np.median(fast) < np.median(regular)  # at a high rate


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "regular_spiking": (0.02, 0.2, -65, 8),
        "intrinsically_bursting": (0.02, 0.2, -55, 4),
        "chattering": (0.02, 0.2, -50, 2),
        "fast_spiking": (0.1, 0.2, -65, 2),
        "low_threshold_spiking": (0.02, 0.25, -65, 2),
        "thalamo_cortical": (0.02, 0.25, -65, 0.05),
        "resonator": (0.1, 0.26, -65, 2),
    }.items(),
)
def test_izhikevich_types_have_the_values_of_figure_2(name, values):
    assert Izhikevich.of_type(name) == Izhikevich(*values)


def test_izhikevich_types_by_name():
    assert Izhikevich.of_type("regular_spiking", method="euler") == Izhikevich(method="euler")
    with pytest.raises(ValueError, match=r"^Izhikevich: the type must be one of regular_spiking, .*, got 'slow'$"):
        Izhikevich.of_type("slow")


def gates_at_rest(neuron, v):
    """Where the slopes of the gates, which are lines in the gates, are 0."""
    none, full = neuron.call("slopes", v, 0.0, 0.0, 0.0, 0.0), neuron.call("slopes", v, 1.0, 1.0, 1.0, 0.0)
    return [a / (a - b) for a, b in zip(none[1:], full[1:], strict=True)]


def test_hodgkin_and_huxley_at_rest():
    """Published: m, h, n = 0.053, 0.596, 0.318; the currents of 1952 add up to nearly 0."""
    neuron = HodgkinHuxley()
    start = neuron.call("start")
    assert start[1:] == pytest.approx(gates_at_rest(neuron, -65.0), rel=1e-14)
    assert start[1:] == pytest.approx((0.0529, 0.5961, 0.3177), abs=5e-5)
    assert abs(neuron.call("slopes", *start, 0.0)[0]) < 5e-3


def test_hodgkin_and_huxley_lose_their_rest_between_published_currents():
    """Hassard (1978), with V_l = 10.599: 9.7796 and 154.527 µA/cm²."""
    neuron = HodgkinHuxley(E_L=-54.401)
    for near, published in [((-60.5, -59.0), 9.7796), ((-44.0, -42.0), 154.527)]:

        def at(v):
            states = np.array([v, *gates_at_rest(neuron, v)])
            return -neuron.call("slopes", *states, 0.0)[0], max(np.linalg.eigvals(jacobian(neuron, states, 0.0)).real)

        low, high = near
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if (at(middle)[1] > 0) == (at(low)[1] > 0) else (low, middle)
        assert at(low)[0] == pytest.approx(published, abs=5e-4)


def test_rates_of_hodgkin_and_huxley_have_no_gap_and_grow_threefold_in_ten_degrees():
    gates = (0.3, 0.4, 0.5)
    for v, gate, limit in [(-40.0, 1, 1.0), (-55.0, 3, 0.1)]:  # αₘ and αₙ: x / (1 - e⁻ˣ) → 1
        opens = HodgkinHuxley().call("slopes", v, 0.0, 0.0, 0.0, 0.0)[gate]
        assert opens == pytest.approx(limit, rel=1e-15)
        beside = HodgkinHuxley().call("slopes", v + 1e-7, 0.0, 0.0, 0.0, 0.0)[gate]
        assert beside == pytest.approx(limit, rel=1e-7)
    cold, warm = (HodgkinHuxley(temperature=t).call("slopes", -50.0, *gates, 0.0) for t in (6.3, 16.3))
    assert warm == pytest.approx((cold[0], *(3 * slope for slope in cold[1:])), rel=1e-14)


def test_hodgkin_and_huxley_spike_once_and_come_back():
    seen = run_crossing(HodgkinHuxley(), 600, 0.05, lambda t: 20.0 if t < 1 else 0.0)
    assert seen.crossings == 1
    assert 35 < max(seen.v) < 50
    assert -77 < min(seen.v) < -70  # hyperpolarised afterwards, above E_K


def test_fitzhugh_nagumo_rests_where_published_and_until_its_trace_is_zero():
    """Published rest: -1.1994, -0.6243."""
    neuron = FitzHughNagumo()
    (v,) = (r.real for r in np.roots([1 / 3, 0, 1 / 0.8 - 1, 0.7 / 0.8]) if abs(r.imag) < 1e-12)
    assert (v, (v + 0.7) / 0.8) == pytest.approx((-1.1994, -0.6243), abs=5e-5)
    assert neuron.call("slopes", v, (v + 0.7) / 0.8, 0.0) == pytest.approx((0, 0), abs=1e-14)
    v = -math.sqrt(1 - 0.8 * 0.08)
    states = np.array([v, (v + 0.7) / 0.8])
    i = -neuron.call("slopes", *states, 0.0)[0]
    assert max(np.linalg.eigvals(jacobian(neuron, states, i)).real) == pytest.approx(0, abs=1e-9)
    assert run_crossing(neuron, 750, 0.2, lambda t: 0.9 * i).crossings <= 1
    assert run_crossing(neuron, 750, 0.2, lambda t: 1.2 * i).crossings > 2
