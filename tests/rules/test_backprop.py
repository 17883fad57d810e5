"""Backpropagation gives the gradient of the loss: difference quotients over whole networks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import entries, example, formulas
from differences import gradients_of_a_crowd
from omomi.formulas.activations import Activation, Identity, LogSoftmax, Relu, Sigmoid, Softmax, Tanh
from omomi.formulas.losses import Loss
from omomi.networks import Dense, Dropout, Flatten, LayerNorm, Mode, Network
from omomi.rules import Backprop, Pass, Rule

BODIES = [
    (3, Dense(4), Tanh()),
    (3, Dense(5), Relu(), Dense(4, bias=None), Sigmoid()),
    (3, Tanh(), Dense(4), LayerNorm(), Relu(), Dropout(0.25)),
    ((2, 3), LayerNorm(), Flatten(), Dense(3), LogSoftmax()),
]
N_OUT, SAMPLES = 4, 5


def network(body, loss):
    """The body, and what the loss asks for at the end."""
    end = {"probabilities": Softmax() if loss.targets == "classes" else Sigmoid()}.get(loss.takes, Identity())
    return Network(*body, Dense(N_OUT), end)


def noise(replicas):
    """The same for every replica, and the same again."""
    return Mode(True, [np.random.default_rng(7) for _ in range(replicas)])


def gradient(net, theta, x, t, loss, rule=None):
    """What the weights get, (R, P)."""
    params, grads = net.views(theta), np.full_like(theta, np.nan)
    mode, rngs = noise(len(theta)), [np.random.default_rng(r) for r in range(len(theta))]
    y, tapes = net.forward(params, x, mode)
    t = np.ascontiguousarray(np.broadcast_to(t, y.shape))
    _, error = loss.measure(y, t)
    rule = Backprop() if rule is None else rule
    own = rule.prepare(net, params, rngs)
    rule.gradient(Pass(net, loss, params, own, rngs, mode, x, t, y, tapes, error), net.views(grads))
    return grads


def targets(loss, rng):
    z = rng.normal(size=(1, SAMPLES, N_OUT))
    return {"values": z, "counts": np.exp(z), "binary": Sigmoid()(z), "classes": Softmax()(z)}[loss.targets]


@pytest.mark.parametrize("body", BODIES, ids=repr)
@pytest.mark.parametrize("loss", formulas(Loss))
def test_the_whole_gradient_is_the_difference_quotient(loss, body):
    rng, net = np.random.default_rng(5), network(body, loss)
    theta_RP, x, t = net.init([0, 1]), rng.normal(size=(1, SAMPLES, *net.shapes[0])), targets(loss, rng)

    def losses(theta_RP):
        y, _ = net.forward(net.views(theta_RP), np.repeat(x, len(theta_RP), axis=0), noise(len(theta_RP)))
        return loss(y, t).mean(axis=-1)

    found_RP = gradient(net, theta_RP, np.repeat(x, 2, axis=0), t, loss)
    for r in range(2):
        wanted_P = gradients_of_a_crowd(losses, theta_RP[r], h=1e-4)
        assert np.abs(wanted_P).max() > 1e-3
        assert_allclose(found_RP[r], wanted_P, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("cls", entries(Activation))
def test_the_gradient_goes_through_every_activation(cls):
    loss, rng = Loss.named("squared_error"), np.random.default_rng(6)
    net = Network(2, Dense(3), example(cls), Dense(2), example(cls), Dense(N_OUT))
    theta_RP, x, t = net.init([0]), rng.normal(size=(1, SAMPLES, 2)), targets(loss, rng)

    def losses(theta_RP):
        y, _ = net.forward(net.views(theta_RP), np.repeat(x, len(theta_RP), axis=0))
        return loss(y, t).mean(axis=-1)

    found_RP = gradient(net, theta_RP, x, t, loss)
    assert_allclose(found_RP[0], gradients_of_a_crowd(losses, theta_RP[0], h=1e-4), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("cls", entries(Rule))
def test_every_weight_of_every_rule_gets_something_of_its_precision(cls):
    """In every network that the rule can teach, of which there are some."""
    loss, rng, taught, rule = Loss.named("softmax_cross_entropy"), np.random.default_rng(8), 0, cls()
    for body in BODIES:
        net = rule.wired(network(body, loss))
        x = rng.normal(size=(3, SAMPLES, *net.shapes[0])).astype(np.float32)
        try:
            rule.check(net, loss)
        except ValueError:
            continue
        grads = gradient(net, net.init([0, 1, 2], np.float32), x, targets(loss, rng).astype(np.float32), loss, rule)
        assert grads.dtype == np.float32
        assert np.isfinite(grads).all()
        taught += 1
    assert taught


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_the_gradient_of_a_replica_does_not_depend_on_the_others(body, dtype):
    loss, rng = Loss.named("softmax_cross_entropy"), np.random.default_rng(9)
    net = network(body, loss)
    theta, t = net.init([2, 7, 1], dtype), targets(loss, rng).astype(dtype)
    x = rng.normal(size=(3, SAMPLES, *net.shapes[0])).astype(dtype)
    crowd = gradient(net, theta, x, t, loss)
    for r in range(3):
        alone = gradient(net, theta[r : r + 1].copy(), x[r : r + 1].copy(), t, loss)
        assert_array_equal(alone[0], crowd[r])


def test_no_error_goes_back_beyond_the_first_layer_with_weights(monkeypatch):
    asked = []
    for cls in (Dense, LayerNorm, Flatten):
        back = cls.backward_input

        def noted(self, p, tape, dy, back=back):
            asked.append(repr(self))
            return back(self, p, tape, dy)

        monkeypatch.setattr(cls, "backward_input", noted)
    net, loss = Network((2, 2), Flatten(), Dense(4), LayerNorm(), Dense(5), Dense(N_OUT)), Loss.named("squared_error")
    gradient(net, net.init([0]), np.ones((1, SAMPLES, 2, 2)), np.zeros((1, SAMPLES, N_OUT)), loss)
    assert asked == ["Dense(4)", "Dense(5)", "LayerNorm()"]


def test_a_network_without_weights_has_nothing_to_learn():
    loss, net = Loss.named("squared_error"), Network(N_OUT, Tanh())
    assert gradient(net, net.init([0, 1]), np.ones((2, SAMPLES, N_OUT)), np.zeros((1, SAMPLES, N_OUT)), loss).size == 0


def test_a_rule_says_what_goes_back():
    """One that sends nothing back teaches the last layer alone."""
    rule = type("Mute", (Rule,), {"send_back": lambda self, at, delta, seen: 0 * seen.tapes[at]})
    try:
        loss, net = Loss.named("squared_error"), Network(2, Dense(4), Dense(N_OUT))
        rng = np.random.default_rng(10)
        x, t = rng.normal(size=(1, SAMPLES, 2)), targets(loss, rng)
        grads, wanted = (gradient(net, net.init([0]), x, t, loss, r) for r in (rule(), Backprop()))
        first, last = net.views(grads)
        assert not first["W"].any()
        assert_array_equal(last["W"], net.views(wanted)[1]["W"])
        assert last["W"].any()
    finally:
        del Rule.catalogue["mute"]
