"""Angles, shares and growth that are known beforehand, and a run that does not notice that it is looked at."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from catalogue import entries, example
from omomi import Dense, Heaviside, Network, Relu, Run, Sgd, Sigmoid, Softmax, Tanh, diagnose, fit
from omomi.formulas.formula import between
from omomi.networks import SignedDense
from omomi.rules import Backprop, ErrorDiffusion, Rule
from omomi.training.diagnosis import NOTHING, units
from samples import NET, classes, equal, numbers

X, Y = classes()
LINEAR = Network(2, Dense(1, bias=None))
PAIRS_X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5], [-2.0, 1.0], [0.5, 0.5]])
PAIRS_Y = np.array([1.0, 2.0, -1.0, 0.0, 3.0])


def bent(degrees, scale):
    """Backprop, each matrix turned by an angle and made longer: with h ⟂ g as long as g, it is cos a g + sin a h."""

    class Bent(Backprop):
        degrees: float = between(0, 180)
        scale: float = between(0, np.inf)

        def weight_gradient(self, at, delta, seen, g):
            super().weight_gradient(at, delta, seen, g)
            pairs = g["W"].reshape(len(g["W"]), -1, 2)
            across = np.stack([-pairs[..., 1], pairs[..., 0]], axis=-1)
            a = np.deg2rad(self.degrees)
            g["W"][...] = self.scale * (np.cos(a) * pairs + np.sin(a) * across).reshape(g["W"].shape)

    return Bent(degrees, scale)


def noisy():
    """Draws random numbers in `gradient`, and changes weights and arrays of its own there."""

    class Noisy(Backprop):
        def prepare(self, net, params, rngs):
            return [{"seen": np.zeros((len(rngs), 1))} if p else {} for p in params]

        def gradient(self, seen, grads):
            super().gradient(seen, grads)
            seen.params[0]["b"][...] += 1e-3 * self.noise(seen, seen.params[0]["b"].shape[1:])
            seen.own[0]["seen"] += 1
            grads[0]["W"][...] *= 1 + self.noise(seen, (1, 1)) / 2 + 1e-3 * seen.own[0]["seen"][:, None]

    return Noisy()


# Beside the gradient


@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 180])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_angle_and_length_of_a_turned_gradient(degrees, dtype):
    found = diagnose(
        Run(Network(13, Dense(6), Tanh(), Dense(3)), X, Y, rule=bent(degrees, 3), dtype=dtype, seeds=[0, 1])
    )
    exact = {"float32": 1e-5, "float64": 1e-12}[dtype]
    assert_allclose(found["norm_ratio[2]"], [3, 3], rtol=exact)
    assert_allclose(found["angle[2]"], [degrees, degrees], rtol=exact, atol=60 * exact)
    assert_allclose(found["angle[0]"], [degrees, degrees], rtol=exact, atol=60 * exact)
    assert [name for name in found if "[1]" in name] == ["dead[1]", "silent[1]", "saturated[1]"]
    if degrees in (0, 180):
        assert_array_equal(found["opposing[0]"], 2 * [degrees / 180])


def test_backprop_lies_on_the_gradient_exactly():
    """Both sides see the same dropout."""
    found = diagnose(Run(NET, X, Y, seeds=[0, 1]))
    for name, value in {"angle": 0, "norm_ratio": 1, "opposing": 0, "growth": 1, "flipped": 0}.items():
        for at in (0, 4):
            assert_array_equal(found[f"{name}[{at}]"], [value, value])


@pytest.mark.parametrize("own", [False, True], ids=["its own samples", "samples given"])
def test_the_gradient_by_hand(own):
    """∇½|x w - y|² = xᵀ(x w - y) / B beside (1, 1); neither weight decay nor clipping is in it."""

    class Ones(Backprop):
        def weight_gradient(self, at, delta, seen, g):
            g["W"][...] = 1

    how = {"loss": "squared_error", "rule": Ones(), "dtype": "float64", "seeds": [3, 1]}
    run = Run(LINEAR, PAIRS_X, PAIRS_Y, weight_decay=3.0, clip_norm=1e-3, **how)
    keep = slice(0, 3) if own else slice(None)
    found = diagnose(run, PAIRS_X[keep], PAIRS_Y[keep]) if own else diagnose(run)
    for r, w in enumerate(run.theta):
        x, y = PAIRS_X[keep], PAIRS_Y[keep]
        g = x.T @ (x @ w - y) / len(x)
        angle = np.degrees(np.arccos(g.sum() / (2**0.5 * np.hypot(*g))))
        assert found["angle[0]"][r] == pytest.approx(angle, rel=1e-9)
        assert found["norm_ratio[0]"][r] == pytest.approx(2**0.5 / np.hypot(*g), rel=1e-12)
        assert found["opposing[0]"][r] == (g < 0).mean()
        assert found["gradient[0]"][r] == 2**0.5
        backprop = diagnose(Run(LINEAR, PAIRS_X, PAIRS_Y, **how | {"rule": Backprop()}), x, y)
        assert backprop["gradient[0]"][r] == pytest.approx(np.hypot(*g), rel=1e-12)


def test_only_coordinates_where_neither_is_0_can_oppose():
    class Torn(Backprop):
        def weight_gradient(self, at, delta, seen, g):
            super().weight_gradient(at, delta, seen, g)
            g["W"][...] *= [0, -1, 2, 3]

    found = diagnose(Run(Network(13, Dense(4)), *numbers(n_out=4), rule=Torn(), loss="squared_error", seeds=[0, 1]))
    assert_array_equal(found["opposing[0]"], [1 / 3, 1 / 3])


def test_the_samples_are_the_first_256():
    x, y = classes(300)
    run = Run(Network(13, Dense(3)), x, y, rule=noisy(), seeds=[0])
    found, first, whole = diagnose(run), diagnose(run, x[:256], y[:256]), diagnose(run, x, y)
    assert_array_equal(found["opposing[0]"], first["opposing[0]"])
    assert_array_equal(found["norm_ratio[0]"], first["norm_ratio[0]"])
    assert found["norm_ratio[0]"] != whole["norm_ratio[0]"]


def test_a_rule_that_does_nothing_and_a_gradient_that_is_none():
    class Idle(Backprop):
        def weight_gradient(self, at, delta, seen, g):
            g["W"][...] = 0

    net = Network(13, Dense(4), Relu(), Dense(2))
    how = {"loss": "squared_error", "seeds": [0, 1]}
    run = Run(net, *numbers(), **how)
    run.params[0]["b"][:, :, :] = -1e3  # nothing is on, so nothing comes back
    for found, layers in ((diagnose(Run(net, *numbers(), rule=Idle(), **how)), (0, 2)), (diagnose(run), (0, 2))):
        for at in layers:
            assert_array_equal(found[f"angle[{at}]"], [90, 90])
            assert_array_equal(found[f"norm_ratio[{at}]"], [0, 0])
            assert_array_equal(found[f"opposing[{at}]"], [0, 0])
            said = f"layer {at} ({net.layers[at]}): the gradient, or what the rule makes of it, is 0 in 2 of 2 replicas"
            assert f"{said}: nothing is learned here" in found.in_words()


# Weights


def test_growth_and_signs_by_hand():
    run = Run(NET, X, Y, seeds=[0, 1], dtype="float64")
    first, last = run.params[0]["W"], run.params[4]["W"]
    first[0] *= 2
    last[1, :, 0] *= -1
    found = diagnose(run)
    assert_allclose(found["growth[0]"], [2, 1], rtol=1e-15)
    assert_allclose(found["growth[4]"], [1, 1], rtol=1e-15)
    assert_array_equal(found["flipped[0]"], [0, 0])
    assert_array_equal(found["flipped[4]"], [0, 1 / 3])


def test_weights_that_started_at_0():
    run = Run(Network(13, Dense(3, weights="constant(0)")), X, Y, seeds=[0])
    run.params[0]["W"][...] = 1
    found = diagnose(run)
    assert (found["growth[0]"], found["flipped[0]"]) == (0, 1)


def test_magnitudes_below_0_are_counted_and_told():
    rule = ErrorDiffusion()
    net = rule.wired(Network(13, Dense(4), Sigmoid(), Dense(2)))
    run = Run(net, np.abs(numbers()[0]), numbers()[1], rule=rule, loss="squared_error", seeds=[0, 1])
    assert isinstance(net.layers[0], SignedDense)
    magnitudes = run.params[0]["W"]  # (2, 2 networks, 26, 4)
    magnitudes[0, 1, :13] *= -1
    magnitudes[:, 0] = 0  # which is not below 0
    found = diagnose(run)
    assert_array_equal(found["flipped[0]"], [0.25, 0])
    assert any(
        words.endswith("12 % of the magnitudes are below 0 (mean over 2 replicas): their signs have changed")
        for words in found.in_words()
    )


# Units

NEVER, ALWAYS = np.full(20, -1.0), np.full(20, 1.0)
ONCE, TWICE = (np.where(np.arange(20) < n, 1.0, -1.0) for n in (1, 2))
CASES = {
    # What each unit gets at 20 samples; how many are dead, silent, saturated.
    "relu": (Relu(), [NEVER, NEVER, ALWAYS, ONCE, TWICE, 1e-8 * ALWAYS], 2, 3, 1),
    # f′ = y (1 - y) is 0.25 at most; 1 % of it lies at |z| = ln(399) = 5.99 …
    "relu, all off": (Relu(), [NEVER, NEVER], 2, 2, 0),
    "sigmoid": (Sigmoid(), [5.9 * ALWAYS, 6.1 * ALWAYS, 6.1 * NEVER, 6.1 * ONCE, 1000 * ALWAYS], 1, 0, 3),
    "sigmoid, once flat": (Sigmoid(), [np.where(ONCE > 0, 0, 9), np.where(TWICE > 0, 0, 9)], 0, 0, 1),
    # f′ = 1 - y²; |z| = artanh(√0.99) = 2.993
    "tanh": (Tanh(), [2.9 * ALWAYS, 3.1 * NEVER, 0 * ALWAYS, 1e-7 * ALWAYS], 0, 2, 1),
    "heaviside": (Heaviside(), [NEVER, ALWAYS, TWICE], 3, 1, 0),
    # e⁻²⁰ = 2e-9
    "softmax": (Softmax(), [20 * ALWAYS, 0 * ALWAYS], 0, 1, 2),
    "softmax, undecided": (Softmax(), [ALWAYS, NEVER], 0, 0, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_idle_units_by_hand(name):
    f, given, dead, silent, saturated = CASES[name]
    z, n = np.stack(given, axis=-1), len(given)
    run = Run(
        Network(n, Dense(n, bias=None), f, Dense(1)), z, z[:, 0], loss="squared_error", dtype="float64", seeds=[0, 1]
    )
    run.params[0]["W"][...] = np.eye(n)
    found = diagnose(run)
    for what, count in {"dead": dead, "silent": silent, "saturated": saturated}.items():
        assert_array_equal(found[f"{what}[1]"], 2 * [count / n], err_msg=what)


def test_units_of_networks_side_by_side():
    """Whatever the shape of a sample, (2, 3) here, each number in it is a unit."""
    z = np.stack(CASES["relu"][1], axis=-1)[None]
    found, wanted = (units(Relu(), a, Relu()(a)) for a in (z.reshape(1, 20, 2, 3), z))
    assert found == wanted == {"dead": 2 / 6, "silent": 3 / 6, "saturated": 1 / 6}


# In a run


@pytest.mark.parametrize("rule", [Backprop, noisy])
def test_a_run_does_not_notice(rule):
    how = {"rule": rule(), "epochs": 3, "batch_size": 8, "seeds": [4, 0], "optimizer": "adam(lr=0.01)"}
    plain, looked_at = fit(NET, X, Y, **how), fit(NET, X, Y, diagnose=True, **how)
    assert_array_equal(looked_at.theta, plain.theta)
    for name in plain.history:
        assert_array_equal(looked_at.history[name], plain.history[name])
    for name, values in plain._own.items():
        assert_array_equal(looked_at._own[name], values)


@pytest.mark.parametrize("cls", entries(Rule))
def test_no_rule_notices(cls):
    rule, x = example(cls), np.abs(X)
    net = rule.wired(Network(13, Dense(6), Sigmoid(), Dense(4), Relu(), Dense(3)), x)
    how = {"rule": rule, "epochs": 2, "batch_size": 8, "seeds": [4, 0], "optimizer": rule.usual or "adam"}
    plain, looked_at = fit(net, x, Y, **how), fit(net, x, Y, diagnose=True, **how)
    assert_array_equal(looked_at.theta, plain.theta)
    for name, values in plain._own.items():
        assert_array_equal(looked_at._own[name], values)
    assert all(np.isfinite(values).all() for name, values in looked_at.history.items())


def test_after_every_epoch_as_asked_then():
    run, rows = Run(NET, X, Y, rule=noisy(), epochs=3, batch_size=8, seeds=[4, 0], diagnose=True), []
    for step in run.steps():
        if step.t % 3 == 0:
            rows.append(diagnose(run))
    for name in rows[0]:
        assert_array_equal(run.history[name], [row[name] for row in rows])
    assert (run.history["angle[0]"] < 90).all()
    assert len(np.unique(run.history["norm_ratio[0]"])) == 6


def test_resumed_at_any_step_the_history_is_the_same(tmp_path):
    how = {"rule": noisy(), "epochs": 2, "batch_size": 8, "seeds": [4, 0], "diagnose": True}
    whole, run = fit(NET, X, Y, **how), Run(NET, X, Y, **how)
    for _ in run.steps():
        resumed = Run.load(run.save(tmp_path / "run"), X, Y)
        assert resumed.settings.diagnose
        equal(resumed.train(), whole)
    assert diagnose(Run.load(run.save(tmp_path / "run")), X, Y).keys() == diagnose(run).keys()


def test_a_replica_alone_is_what_it_is_in_a_crowd():
    how = {"rule": noisy(), "epochs": 2, "batch_size": 8, "diagnose": True}
    crowd = fit(NET, X, Y, seeds=[3, 0, 5], **how)
    for r, seed in enumerate(crowd.settings.seeds):
        alone = fit(NET, X, Y, seeds=[seed], **how)
        for name in crowd.history:
            assert_array_equal(alone.history[name][:, 0], crowd.history[name][:, r], err_msg=name)


def test_it_does_not_matter_how_replicas_are_shared_out(monkeypatch):
    how = {"rule": noisy(), "epochs": 2, "batch_size": 8, "diagnose": True, "seeds": [3, 0, 5]}
    whole = fit(NET, X, Y, **how)
    monkeypatch.setattr("omomi.training.crew.split", lambda run: ([slice(0, 1), slice(1, 3)], 1))
    shared = Run(NET, X, Y, **how)
    assert len(shared._crews) == 2
    equal(shared.train(), whole)


def test_who_diverged_has_none_and_who_stopped_has_no_more():
    run = Run(NET, X, Y, epochs=9, seeds=[0, 1], validation=0.3, patience=1, optimizer=Sgd(1.0), diagnose=True)
    run.theta[1] = np.nan
    run.train()
    assert 0 in run.stopped
    assert run.diverged == {1: 1}
    for name in run.history:
        if "[" in name:
            assert np.isnan(run.history[name][:, 1]).all()
            assert_array_equal(np.isnan(run.history[name][:, 0]), np.isnan(run.history["val_loss"][:, 0]))


# In words


def words(net=NET, data=(X, Y), change=lambda run: None, **how):
    run = Run(net, *data, **{"seeds": [0, 1]} | how)
    change(run)
    return diagnose(run).in_words()


def test_a_network_that_learns_has_nothing_to_remark():
    assert words() == [NOTHING]


@pytest.mark.parametrize(
    ("degrees", "scale", "said"),
    [
        (79, 1, "at 79° on the whole"),
        (87, 1, "87° from the gradient (mean over 2 replicas): it does not follow it"),
        (135, 1, "135° from the gradient (mean over 2 replicas): it goes against it, where the loss rises"),
        (
            0,
            25,
            "25 times as long as the gradient (mean over 2 replicas): SGD needs a lower learning rate, Adam does not",
        ),
        (0, 0.04, "(mean over 2 replicas): SGD needs a higher learning rate, Adam does not"),
    ],
)
def test_a_rule_that_goes_astray(degrees, scale, said):
    (first, second) = words(Network(13, Dense(4), Tanh(), Dense(4)), numbers(n_out=4), rule=bent(degrees, scale))
    assert first.startswith("layer 0 (Dense(4)): ")
    assert second.startswith("layer 2 (Dense(4)): ")
    assert first.endswith(said)
    assert second.endswith(said)


def test_idle_units_are_told_with_what_helps():
    net = Network(13, Dense(10), Relu(), Dense(8), Sigmoid(), Dense(4), Heaviside(), Dense(2))

    def change(run):
        run.params[0]["b"][0, :, :3] = -1e4
        run.params[2]["b"][:, :, :2] = 30

    said = words(net, numbers(), change, dtype="float64")
    over = "(mean over 2 replicas)"
    assert [line for line in said if "Dense" not in line] == [
        f"layer 1 (Relu): 1.5 of 10 units dead {over}; a lower learning rate, or leaky_relu, helps",
        f"layer 3 (Sigmoid): 2 of 8 units saturated {over}; smaller initial weights, or smaller inputs, help",
        "layer 5 (Heaviside): its slope is 0 everywhere: no gradient comes through",
    ]


def test_sure_answers_are_nothing_to_remark():
    """Softmax under cross-entropy is flat where it is right; under the squared error that is the end of learning."""
    net = Network(2, Dense(2, bias=None), Softmax())

    def change(run):
        run.params[0]["W"][...] = 30 * np.eye(2)

    data = np.eye(2)[[0, 1] * 4], np.array([0, 1] * 4)
    assert not any("saturated" in line for line in words(net, data, change, loss="categorical_cross_entropy"))
    rows = data[0], np.eye(2)[data[1]]
    assert any("2 of 2 units saturated" in line for line in words(net, rows, change, loss="squared_error"))


def test_weights_that_grew_and_shrank():
    def change(run):
        run.params[0]["W"][...] *= 40
        run.params[4]["W"][...] *= 0.02

    first, last, _ = words(change=change)
    assert first.startswith("layer 0 (Dense(7)): the weights are 40 times as long as at the start; a lower learning")
    assert last.startswith("layer 4 (Dense(3)): the weights have shrunk to 2 % of their length at the start; less")


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (5000, "5e+03 times as long as that of layer 1: errors explode on their way back; a lower learning rate, or"),
        (1 / 4000, "4e+03 times shorter than that of layer 1: errors vanish on their way back; larger initial weights"),
    ],
)
def test_errors_that_explode_or_vanish(scale, said):
    """With y = x W v and x = (1, 0), dL/dv has the length of x W, and dL/dW that of v, times the same error."""
    net = Network(2, Dense(2, bias=None), Dense(1, bias=None))

    def change(run):
        run.params[0]["W"][...] = np.eye(2)
        run.params[1]["W"][...] = [[scale], [0]]

    told = words(net, (np.array([[1.0, 0.0]]), np.ones(1)), change, loss="squared_error")
    assert any(line.startswith(f"layer 0 (Dense(2, bias=None)): its gradient is {said}") for line in told)
    assert not any("way back" in line for line in words(net, (np.eye(2), np.ones(2)), loss="squared_error"))


def test_only_the_sound_replicas_are_told():
    def change(run):
        run.theta[1] = np.nan
        run.params[0]["W"][0] *= 40

    (said,) = words(Network(13, Dense(4), Tanh(), Dense(3)), change=change, loss="softmax_cross_entropy")[:1]
    assert "40 times as long" in said
    assert words(change=lambda run: run.theta.fill(np.inf)) == [
        "no replica has finite weights and gradients: nothing can be said of what its layers learn"
    ]


# Errors


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda run: diagnose(run, X), "diagnose: x and y go together, got one of them"),
        (lambda run: diagnose(run, X, Y[:-1]), "x and y must have the same length, got 23 and 22"),
        (lambda run: diagnose(run, X[:, :2], Y), "x must have shape (N, 13) for this network, with N ≥ 1, got (23, 2)"),
    ],
)
def test_what_it_needs(ask, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        ask(Run(NET, X, Y, seeds=[0]))


def test_a_run_without_its_data_needs_some(tmp_path):
    run = Run.load(Run(NET, X, Y, seeds=[0]).save(tmp_path / "run"))
    with pytest.raises(ValueError, match=r"^diagnose: this run was loaded without its data; give x and y$"):
        diagnose(run)
    with pytest.raises(KeyError, match=r"the diagnosis has no 'angle\[1\]'; it has angle\[0\], "):
        om.diagnose(run, X, Y)["angle[1]"]
