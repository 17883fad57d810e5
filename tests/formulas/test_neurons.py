"""Neurons against closed forms, the recursions of papers and libraries, and complex steps."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from catalogue import entries, formulas
from neuron_runs import run, steps_of
from omomi.formulas import kernels, vocabulary
from omomi.formulas.neurons import AdaptiveLif, CurrentLif, HodgkinHuxley, If, Li, Lif, Neuron, Plif
from omomi.formulas.neurons.written import written

TRAINABLE = [p for p in formulas(Neuron) if p.values[0].trainable]
RESETTING = [p for p in entries(Neuron) if p.values[0].spiking and not p.values[0].crossing]


# The catalogue


@pytest.mark.parametrize("cls", entries(Neuron))
def test_units_and_checks_are_stated(cls):
    assert "Units:" in cls.__doc__
    assert "Check:" in cls.__doc__
    assert fields(cls)


def test_these_can_be_trained():
    assert {p.values[0].__name__ for p in entries(Neuron) if p.values[0]().trainable} == {
        "If", "Li", "Lif", "CurrentLif", "AdaptiveLif", "Plif",
    }  # fmt: skip


@pytest.mark.parametrize("neuron", formulas(Neuron))
def test_a_number_for_each_state_in_the_precision_given(neuron):
    assert len(neuron.call("start")) == len(neuron.states)
    for dtype in (np.float32, np.float64):
        for name, elements, each in calls(neuron, dtype):
            answers = neuron.call(name, *elements, dt=0.5, each=each)
            assert all(a.dtype == dtype and a.shape == (5,) for a in answers), name


@pytest.mark.parametrize("cls", RESETTING)
def test_a_reset_changes_the_states_that_jump_and_no_others(cls):
    states = [np.array([1.5 + k, 2.5]) for k in range(len(cls.states))]
    after = cls().call("reset", *states)
    assert cls.jumping == tuple(
        s for s, a, b in zip(cls.states, states, after, strict=True) if not np.array_equal(a, b)
    )


@pytest.mark.parametrize("cls", [p for p in entries(Neuron) if p.values[0].spiking])
def test_at_the_threshold_only_the_strict_stay_silent(cls):
    x = np.array([-1e-300, 0.0, 1e-300])
    assert replace(cls(), strict=True).fires(x).tolist() == [False, False, True]
    assert replace(cls(), strict=False).fires(x).tolist() == [False, True, True]


def test_a_formula_is_called_with_all_that_it_may_take_or_with_what_it_takes():
    lif = Lif(tau=4)
    assert lif.call("charge_back", 2.0) == lif.call("charge_back", 2.0, 7.0, 8.0) == (1.5, 0.5)
    assert CurrentLif().call("excess", 1.5) == CurrentLif().call("excess", 1.5, 9.0) == (0.5,)


def test_article_001_asks_for_more_than_the_threshold_and_article_002_does_not():
    assert If().strict
    assert not Lif().strict


def calls(neuron, dtype=np.float64):
    """Each formula of a neuron with all that it may take: name, elements, parameters learned."""
    rng = np.random.default_rng(1)
    drawn = {}

    def values(name):
        return drawn.setdefault(name, rng.uniform(0.2, 0.8, 5).astype(dtype))

    each = {name: values(name) for name in neuron.learned}
    known = ("charge", "slopes", "excess", "reset", "charge_back", "excess_back", "reset_back")
    for name in known:
        if getattr(neuron, name, None) is not None:
            yield name, [values(lead) for lead in neuron.lead(name)], each


@pytest.mark.parametrize("neuron", formulas(Neuron))
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_formulas_split_for_loops_are_those_on_arrays_and_leave_no_double(neuron, real):
    """The text that is compiled, run as it stands on numbers of one precision."""
    scope = {"np": np} | {word: getattr(vocabulary, word) for word in kernels.WORDS}
    scalars = {f"{name}_": value for name, value in {**neuron.scalars, "dt": 0.5}.items()}
    for name, elements, each in calls(neuron, real):
        w = written(type(neuron), (name,), neuron.learned)
        exec(w.bodies[name].source, scope)
        here = dict(zip(neuron.lead(name), elements, strict=True)) | each
        here |= {constant: real(eval(text, scope, scalars)) for constant, text in w.bodies[name].fixed}
        got = eval(w.call(name), scope, here)
        got = got if isinstance(got, tuple) else (got,)
        assert {np.asarray(g).dtype for g in got} == {np.dtype(real)}, name
        tolerance = 30 * np.finfo(real).eps
        for g, wanted in zip(got, neuron.call(name, *elements, dt=0.5, each=each), strict=True):
            np.testing.assert_allclose(np.broadcast_to(g, 5), wanted, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("neuron", [Plif(tau=3, Rm=2), HodgkinHuxley()], ids=repr)
def test_compiled_formulas_are_those_on_arrays(neuron):
    called = list(calls(neuron))
    w = written(type(neuron), tuple(name for name, _, _ in called), neuron.learned)
    elements, wanted, lines = {}, [], []
    for name, values, each in called:
        elements |= dict(zip(neuron.lead(name), values, strict=True)) | each
        answers = neuron.call(name, *values, dt=0.5, each=each)
        lines.append(f"{', '.join(f'y[{len(wanted) + k}, unit]' for k in range(len(answers)))} = {w.call(name)}")
        wanted += answers
    read = "; ".join(f"{name} = x[{at}, unit]" for at, name in enumerate(elements))
    loop = "\n    ".join(["for unit in range(x.shape[1]):", read, *lines])
    kernel = kernels.build("formulas_alone", loop, "x:2O y:2", "d", tuple(w.bodies.values()), scalars=w.scalars)
    got = np.empty((len(wanted), 5))
    kernel.run(np.array(list(elements.values())), got, np.array([0.5, *neuron.scalars.values()]))
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-13)


# Errors on their way back


@pytest.mark.parametrize("neuron", TRAINABLE)
@pytest.mark.parametrize("formula", ["charge", "excess", "reset"])
def test_adjoints_are_the_derivatives_by_complex_steps(neuron, formula):
    if not neuron.spiking and formula != "charge":
        assert getattr(neuron, f"{formula}_back") is None
        return
    back = {name: (elements, each) for name, elements, each in calls(neuron)}
    elements, each = back[f"{formula}_back"]
    got = neuron.call(f"{formula}_back", *elements, dt=0.5, each=each)
    errors = elements[: 1 if formula == "excess" else len(neuron.states)]
    inputs = dict(zip(neuron.lead(formula), back[formula][0], strict=True)) | each
    names = [n for n in inputs if n in (*neuron.states, "i", *neuron.learned)]
    assert len(got) == len(names)
    for name, slope in zip(names, got, strict=True):
        moved = {n: x + (1e-30j if n == name else 0j) for n, x in inputs.items()}
        lead = [moved[n] for n in neuron.lead(formula)]
        answers = neuron.call(formula, *lead, dt=0.5, each={n: moved[n] for n in neuron.learned})
        wanted = sum(g * a.imag for g, a in zip(errors, answers, strict=True)) / 1e-30
        np.testing.assert_allclose(slope, wanted, rtol=1e-13, atol=1e-15, err_msg=name)


# Integrators


def test_an_integrator_adds_up_and_waits_for_more_than_its_threshold():
    """Powers of two: v is exactly 1 after the fourth step."""
    seen = run(If(), 0.5, 10, 0.5)
    assert steps_of(seen.spikes).tolist() == [5, 10]
    assert seen.v[:5, 0].tolist() == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert steps_of(run(If(strict=False), 0.5, 8, 0.5).spikes).tolist() == [4, 8]


def test_reset_to_a_value_or_by_the_threshold():
    assert run(If(v_reset=-0.5), 3.0, 2, 0.5).v[1, 0] == -0.5 + 1.5
    assert run(If(subtract=True, v_reset=-0.5), 3.0, 2, 0.5).v[1, 0] == 0.5 + 1.5
    assert run(Lif(v_reset=-0.5, rest=0.25), 40.0, 1, 0.5).spikes[0, 0]
    assert Lif(v_reset=-0.5, rest=0.25).call("reset", 1.75) == (-0.5,)
    assert Lif(subtract=True, threshold=1.5).call("reset", 1.75) == (0.25,)


@pytest.mark.parametrize("neuron", [Li(tau=8, rest=-1, Rm=2), Lif(tau=8, rest=-1, Rm=2, threshold=99)], ids=repr)
def test_leaky_membranes_go_to_where_current_and_leak_balance(neuron):
    dt, i, n = 0.5, 1.5, np.arange(1, 41)[:, None]
    end = -1 + 2 * i
    np.testing.assert_allclose(run(neuron, i, 40, dt).v, end + (-1 - end) * (1 - dt / 8) ** n, rtol=1e-13, atol=1e-13)
    exact = run(replace(neuron, exact=True), i, 40, dt)
    np.testing.assert_allclose(exact.v, end + (-1 - end) * np.exp(-n * dt / 8), rtol=1e-13, atol=1e-13)


def test_half_the_step_is_half_the_error_of_euler():
    closed = 1.5 * (1 - math.exp(-1))
    errors = [run(Lif(threshold=9), 1.5, round(10 / dt), dt).v[-1, 0] - closed for dt in (0.1, 0.05, 0.025)]
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.02)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.01)


def test_resistance_times_capacity_is_the_time_constant():
    assert Lif(Rm=4, Cm=5).call("charge", 0.3, 0.7, dt=0.5) == pytest.approx(
        Lif(tau=20, Rm=4).call("charge", 0.3, 0.7, dt=0.5)
    )


def test_spikes_of_a_leaky_neuron_are_where_the_closed_form_has_them():
    """The first after n = ⌈log(1 - θ / (Rm i)) / log(1 - dt/τ)⌉ steps, then one in each n + refractory steps."""
    i, dt, steps = np.linspace(0.9, 5, 42), 0.1, 900
    for tau_ref, pause in [(0.0, 0), (0.04, 0), (3.0, 30), (10.0, 100)]:
        seen = run(Lif(tau_ref=tau_ref), i, steps, dt)
        assert Lif(tau_ref=tau_ref).pause(dt) == pause
        for unit, current in enumerate(i):
            first = math.ceil(math.log(1 - 1 / current) / math.log(1 - dt / 10)) if current > 1 else steps + 1
            assert steps_of(seen.spikes, unit).tolist() == [*range(first, steps + 1, first + pause)]


def test_v_is_held_while_other_states_go_on():
    seen = run(CurrentLif(tau_ref=3, v_reset=0.25), 40.0, 6, 1.0)
    first = steps_of(seen.spikes)[0]
    assert seen.v[first : first + 3, 0].tolist() == [0.25] * 3
    assert (np.diff(seen.c[:, 0]) > 0).all()
    np.testing.assert_allclose(seen.c[:, 0], 40 * (1 - np.exp(-np.arange(1, 7) / 5)), rtol=1e-14)


def test_a_synapse_lets_go_exponentially_and_the_membrane_follows():
    """v = Rm c₀ τ_syn / (τ - τ_syn) (e^(-t/τ) - e^(-t/τ_syn)), at half the error for half the step."""
    neuron = CurrentLif(tau=10, tau_syn=5, Rm=2, threshold=9)
    t, errors = 8.0, []
    closed = 2 * 3 * 5 / (10 - 5) * (math.exp(-t / 10) - math.exp(-t / 5))
    for dt in (0.02, 0.01):
        seen = run(neuron, 0.0, round(t / dt), dt, start=(0.0, 3.0))
        assert seen.c[-1, 0] == pytest.approx(3 * math.exp(-t / 5), rel=1e-12)
        errors.append(seen.v[-1, 0] - closed)
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.02)
    assert abs(errors[1]) < 2e-3


def test_snntorch_recursions_are_values_of_the_fields():
    """Leaky: v ← β v + i;  Synaptic: c ← α c + i, v ← β v + c, as its documentation writes them."""
    rng, dt = np.random.default_rng(2), 1.0
    i, alpha, beta = rng.normal(size=9), math.exp(-dt / 5), math.exp(-dt / 10)
    leaky, synaptic = Lif(exact=True, Rm=1 / (1 - beta)), CurrentLif(exact=True, Rm=1 / (1 - beta))
    v = c = u = 0.0
    ours, both = (0.0,), (0.0, 0.0)
    for current in i:
        v, c = beta * v + current, alpha * c + current
        u = beta * u + c
        ours = leaky.call("charge", *ours, current, dt=dt)
        both = synaptic.call("charge", *both, current / (1 - alpha), dt=dt)
        np.testing.assert_allclose([*ours, *both], [v, u, c], rtol=1e-12)


def test_adaptation_is_that_of_bellec_with_a_jump_before_the_decay():
    """v ← α v + (1 - α) i - z α θ, a ← ρ a + z, z = [v ≥ θ + β ρ a] is their recursion in our terms."""
    i, dt = 3 + np.random.default_rng(3).normal(size=400), 1.0
    neuron = AdaptiveLif(exact=True, subtract=True, tau_a=50, beta=0.2)
    alpha, rho = math.exp(-dt / 10), math.exp(-dt / 50)
    v = a = z = 0.0
    states, theirs, ours = neuron.call("start"), [], []
    for current in i:
        v, a = alpha * v + (1 - alpha) * current - z * alpha, rho * a + z
        z = float(v >= 1 + 0.2 * rho * a)
        theirs.append(z)
        states = neuron.call("charge", *states, current, dt=dt)
        ours.append(float(neuron.fires(neuron.call("excess", *states)[0])))
        states = neuron.call("reset", *states) if ours[-1] else states
    assert ours == theirs
    assert 20 < sum(ours) < 200


def test_a_spike_in_each_step_raises_the_threshold_by_a_geometric_series():
    seen = run(AdaptiveLif(tau_a=4, beta=0.1), 1e3, 20, 1.0)
    rho = math.exp(-1 / 4)
    assert seen.spikes.all()
    np.testing.assert_allclose(seen.a[:, 0], rho * (1 - rho ** np.arange(20)) / (1 - rho), rtol=1e-12)


def test_plif_starts_as_the_neuron_with_that_time_constant():
    assert Plif().call("charge", 0.2, 0.6, dt=1.0) == pytest.approx((0.4,))
    assert Plif(tau=7).starts() == {"a": pytest.approx(-math.log(6)), "threshold": 1.0}
    plif, lif = Plif(tau=7, rest=0.1, Rm=2), Lif(tau=7, rest=0.1, Rm=2)
    assert plif.call("charge", 0.2, 0.6, dt=0.5) == pytest.approx(lif.call("charge", 0.2, 0.6, dt=0.5), rel=1e-14)
    assert "a" not in plif.scalars
