"""simulate: the article's neuron, closed forms, another simulator, and the same bits however the work is cut."""

import re
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from catalogue import forget
from omomi.formulas.formula import between
from omomi.formulas.neurons import Lif, Neuron
from omomi.formulas.neurons.neuron import Dynamics
from omomi.simulation import engine, loops
from truth import reference

MODULE = sys.modules["omomi.simulation.simulate"]  # whose name the function has
MANY = np.linspace(0.9, 3, 70)  # currents, more than one block of lanes and not whole ones


def trains(run):
    return [run.spike_steps[run.spike_neurons == k].tolist() for k in range(run.n_neurons)]


def assert_same(a, b):
    assert_array_equal(a.spike_steps, b.spike_steps)
    assert_array_equal(a.spike_neurons, b.spike_neurons)
    assert a.states.keys() == b.states.keys()
    for name in a.states:
        assert_array_equal(a.states[name], b.states[name])


# Values from elsewhere


@pytest.mark.parametrize("case", reference("neurons")["LIF"], ids=lambda c: f"I={c['params']['I']}")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-6)])
def test_the_table_of_the_article(case, dtype, tolerance):
    p = case["params"]
    neuron = Lif(Rm=p["Rm"], Cm=p["Cm"], threshold=p["Vth"], V_spike=p["V_spike"], tau_ref=p["tau_ref"])
    run = om.simulate(neuron, p["I"], p["T"], p["dt"], dtype=dtype)
    assert len(run.times) == case["n_samples"]
    assert run.spike_steps.tolist() == case["spike_indices"]
    assert run.counts().tolist() == [case["spike_count"]]
    assert_allclose(run.voltages, case["V"], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", reference("brian2")["cases"])
def test_brian2(name):
    """Its spikes come one step later here, and it holds v one step less: see the record."""
    case = reference("brian2")["cases"][name]
    neuron = Neuron.named(case["neuron"], **case["fields"])
    run = om.simulate(neuron, np.array([case["currents"]]), case["T"], case["dt"], record=())
    theirs = [[step + 1 for step in steps] for steps in case["steps"]]
    if name != "refractory_as_written":
        assert trains(run) == theirs
        assert run.counts().sum() > 3
    else:
        for ours, steps in zip(trains(run), theirs, strict=True):
            assert ours == [step + k for k, step in enumerate(steps)][: len(ours)]


# Closed forms


def test_steps_are_as_long_as_the_neuron_bears():
    """At 10 µA/cm² the axon fires some 68 times a second; with steps of 0.1 ms it would fall silent."""
    run = om.simulate("hodgkin_huxley", 10.0, T=500)
    assert run.dt == om.fi_curve("hodgkin_huxley", [10.0], T=1).dt == 0.05
    assert 62 < run.rates()[0] < 74
    with pytest.warns(UserWarning, match=r"^HodgkinHuxley needs dt ≤ 0.05 ms, got 0.1: its numbers are wrong$"):
        om.simulate("hodgkin_huxley", 10.0, T=1, dt=0.1)


def test_period_of_lif():
    """τ log((R I - v_r) / (R I - θ)), to the next whole step."""
    i, dt = np.array([1.1, 1.5, 4.0]), 0.01
    neuron = Lif(tau=20, Rm=2, threshold=1.5, v_reset=-0.5, rest=0, tau_ref=2, exact=True)
    run = om.simulate(neuron, i, T=400, dt=dt)
    period = 20 * np.log((2 * i + 0.5) / (2 * i - 1.5)) + 2
    for k in range(3):
        assert_allclose(run.isi(k), np.ceil(period[k] / dt) * dt, rtol=1e-12)
        assert len(run.isi(k)) > 5
    assert_allclose(run.cv(), 0, atol=1e-12)
    assert_allclose(run.rates(), 1000 / period, atol=1000 / 400)


def decay(dt, **fields):
    run = om.simulate(Lif(tau=10, rest=-1, threshold=9, **fields), 0.5, T=8, dt=dt, start=2.0)
    return float(run.voltages[-1]) - (-0.5 + 2.5 * np.exp(-0.8))


def test_the_exact_step_is_exact_and_half_a_step_of_euler_half_as_wrong():
    assert abs(decay(0.5, exact=True)) < 1e-14
    assert 1.9 < decay(0.1) / decay(0.05) < 2.1


def test_rk4_is_of_fourth_order():
    """v = √i tan(√i t / τ) of a quadratic neuron from 0."""
    neuron = "qif(rest=0, v_c=0, threshold=100)"
    errors = [om.simulate(neuron, 4.0, T=6.4, dt=dt).voltages[-1] - 2 * np.tan(1.28) for dt in (0.2, 0.1)]
    assert 15 < errors[0] / errors[1] < 17


def test_a_refractory_time_shorter_than_a_step_resets():
    """The way from 0 takes as long after a spike as at the beginning: ⌈log(1 - θ / (R I)) / log(1 - dt / τ)⌉ steps."""
    run = om.simulate(Lif(tau_ref=0.04), 1.5, T=100)
    first = int(np.ceil(np.log(1 - 1 / 1.5) / np.log(1 - 0.1 / 10)))
    assert run.spike_steps.tolist() == [*range(first, 1001, first)]


def test_v_is_held_for_whole_steps():
    run = om.simulate(Lif(tau_ref=0.5, v_reset=0.25), 3.0, T=12)
    spike = run.spike_steps[0]
    assert run.voltages[spike] >= 1.5  # with what is drawn on top
    assert_array_equal(run.voltages[spike + 1 : spike + 6], 0.25)
    assert run.voltages[spike + 6] > 0.25


def test_a_current_over_time_flows_in_its_step():
    i = np.zeros(30)
    i[10] = 5.0
    run = om.simulate("lif(threshold=9)", i, T=3, record=("v", "i"))
    assert run.voltages[10] == 0
    assert_allclose(run.voltages[11], 0.05, rtol=1e-12)
    assert run.states["i"][:, 0].tolist() == [0.0, *i]


# The same bits


def noisy(**given):
    i = om.currents.GaussianNoise(1.2, 2.0)
    return om.simulate(Lif(tau_ref=1), i, **{"T": 40, "n": 70, "record": ("v", "i"), "seed": 3} | given)


def test_a_neuron_in_a_crowd_is_the_neuron_alone():
    crowd = om.simulate("lif", MANY[None], T=30)
    for k in (0, 33, 69):
        alone = om.simulate("lif", MANY[k], T=30)
        assert alone.voltages.shape == (301,)
        assert_array_equal(crowd.voltages[:, k], alone.voltages)
        assert_array_equal(crowd.train(k), alone.spike_times)


@pytest.mark.parametrize("n", [1, 40])
def test_noise_of_a_neuron_does_not_depend_on_the_others(n):
    some, crowd = noisy(n=n), noisy()
    assert_array_equal(some.states["v"], crowd.states["v"][:, :n])
    assert some.counts().sum() > 0


def test_chunks_threads_and_short_lists_of_events_change_nothing(monkeypatch, tmp_path):
    whole = noisy()
    monkeypatch.setattr(engine, "WORK", 1)
    monkeypatch.setattr(engine, "EVENTS", loops.BLOCK + 9)
    monkeypatch.setattr(MODULE, "CHUNK", 70 * 8 * 7)
    assert_same(noisy(), whole)
    on_disk = noisy(out=tmp_path / "run")
    assert_same(on_disk, whole)
    assert sorted(f.name for f in (tmp_path / "run").iterdir()) == ["i.npy", "v.npy"]
    assert isinstance(on_disk.states["v"], np.memmap)
    assert_array_equal(np.load(tmp_path / "run" / "v.npy"), whole.states["v"])


def test_many_spikes():
    """More than a list of events holds: everybody in every step."""
    run = om.simulate("lif", 1e6, T=100, n=700, record=())
    assert run.spike_neurons.tolist() == list(range(700)) * 1000
    assert_array_equal(run.spike_steps, np.repeat(np.arange(1, 1001), 700))


@pytest.mark.parametrize("neuron", ["lif(tau_ref=1)", "izhikevich(method=euler)", "hodgkin_huxley"])
def test_plain_arrays_give_the_same_spikes(neuron, monkeypatch):
    """Formulas that cannot be compiled run step by step in NumPy."""
    i = np.array([[1.2, 6.0, 10.0]])
    wanted = {"T": 30, "dt": 0.05, "record": Neuron.parse(neuron).states}
    compiled = om.simulate(neuron, i, **wanted)
    monkeypatch.setattr(engine.kernels, "precisions", lambda *_: "")
    plain = om.simulate(neuron, i, **wanted)
    assert trains(plain) == trains(compiled)
    assert compiled.counts().sum() > 2
    for name in wanted["record"]:
        assert_allclose(plain.states[name], compiled.states[name], rtol=1e-9, atol=1e-9)


def test_a_neuron_of_ones_own():
    """dv/dt = i, a spike at each whole number; with the fields of one neuron unlike those of the next."""

    class Counter(Dynamics):
        gain: float = between(0, np.inf, default=1.0, closed="()")
        method = "euler"

        start = staticmethod(lambda: 0.0)
        slopes = staticmethod(lambda v, i, gain: gain * i)
        excess = staticmethod(lambda v: v - 1)
        reset = staticmethod(lambda v: 0 * v)

    try:
        run = om.simulate(Counter(), 0.125, T=64, dt=1, each={"gain": [1, 2, 4]})
    finally:
        forget(Counter)
    assert run.counts().tolist() == [8, 16, 32]


def test_fields_and_starts_that_differ():
    each = {"Rm": [1.0, 2.0, 5.0], "tau_ref": [1.0, 0.0, 3.0]}
    run = om.simulate("lif", 1.3, T=40, each=each, start=[0, 0.5, 0.9])
    for k in range(3):
        alone = om.simulate(Lif(Rm=each["Rm"][k], tau_ref=each["tau_ref"][k]), 1.3, T=40, start=[0, 0.5, 0.9][k])
        assert_array_equal(run.train(k), alone.spike_times)
        assert_allclose(run.voltages[:, k], alone.voltages, rtol=1e-12)


# Ctrl-C, disks, memory


def interrupt_third(monkeypatch):
    advance, calls = engine.Engine.advance, []

    def until(self, *given):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return advance(self, *given)

    monkeypatch.setattr(engine.Engine, "advance", until)
    monkeypatch.setattr(MODULE, "CHUNK", 8 * 100)


@pytest.mark.parametrize("on_disk", [False, True])
def test_an_interrupt_keeps_what_there_is(on_disk, monkeypatch, tmp_path):
    whole = om.simulate(Lif(), om.currents.Sine(3), T=40)
    interrupt_third(monkeypatch)
    out = {"out": tmp_path / "v.npy"} if on_disk else {}
    with pytest.raises(KeyboardInterrupt, match="interrupted after 20 of 40 ms") as stop:
        om.simulate(Lif(), om.currents.Sine(3), T=40, **out)
    run = stop.value.simulation
    assert run.steps == 200
    assert_array_equal(run.voltages, whole.voltages[:201])
    assert_array_equal(run.spike_steps, whole.spike_steps[whole.spike_steps <= 200])
    assert [f.name for f in tmp_path.iterdir()] == (["v.npy"] if on_disk else [])


def test_a_failure_leaves_no_file(monkeypatch, tmp_path):
    monkeypatch.setattr(engine.Engine, "advance", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        om.simulate("lif", 1, T=1, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_traces_beyond_memory_are_refused():
    with pytest.raises(ValueError, match=r"out= writes them to disk, record=\(\) keeps the spikes alone"):
        om.simulate("lif", 1, T=1e13)


def test_no_time_at_all():
    run = om.simulate("lif(rest=-0.5)", 1, T=0)
    assert run.voltages.tolist() == [-0.5]
    assert run.spike_times.size == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"neuron": "lof"}, "no neuron is named 'lof'; did you mean"),
        ({"dt": 0}, "simulate: dt must lie in (0, inf), got 0"),
        ({"T": -1}, "simulate: T must lie in [0, inf), got -1"),
        ({"T": np.nan}, "simulate: T must lie in [0, inf), got nan"),
        ({"dtype": "int"}, "simulate: dtype must be float32 or float64, got 'int'"),
        ({"record": "w"}, "simulate: record can hold v, i, got 'w'"),
        ({"current": "sinus"}, "no current is named 'sinus'; did you mean 'sine'?"),
        ({"current": [np.nan]}, "simulate: the current must be a finite number, an array (N,), (steps,) or"),
        ({"current": np.ones((3, 2))}, "simulate: a current of shape (steps, N) must have 10 rows, or 1, got 3"),
        ({"current": [1, 2], "n": 3}, "simulate: what is given for each neuron must be as much for all, got n for 3"),
        ({"n": 0}, "simulate: n must be a whole number ≥ 1, got 0"),
        ({"each": {"Rn": [1, 2]}}, "simulate: Lif has no number 'Rn'"),
        ({"each": {"Rm": [1, -2]}}, "Lif: Rm must lie in (0, inf), got -2.0"),
        ({"each": {"Rm": ["a"]}}, "simulate: each['Rm'] must be numbers, one for each neuron, got ['a']"),
        ({"start": {"w": 1}}, "simulate: start can hold v, got 'w'"),
        ({"start": "x"}, "simulate: start['v'] must be a number or one for each neuron, got 'x'"),
        ({"out": "v.npy", "record": ("v", "i")}, "simulate: out must be a folder where 2 states are recorded"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)  # fmt: skip
def test_mistakes_are_one_sentence(given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        om.simulate(**{"neuron": "lif", "current": 1.0, "T": 1.0} | given)
