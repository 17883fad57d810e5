"""The loop: what a step does, by hand; the same from the same seeds; replicas that do not see each other."""

import os
import signal

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from catalogue import entries, forget
from omomi import Adam, Dense, Dropout, LayerNorm, Momentum, Network, Relu, Run, Sgd, Sigmoid, Tanh, fit
from omomi.networks import Layer
from omomi.rules import Rule
from samples import NET, N, classes, equal, numbers

X, Y = classes()
LINEAR = Network(2, Dense(1))
PAIRS_X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5], [-2.0, 1.0], [0.5, 0.5]])
PAIRS_Y = np.array([1.0, 2.0, -1.0, 0.0, 3.0])


# A step by hand


def descend(theta, steps, *, lr=0.1, decay=0.0, clip=np.inf, momentum=0.0, factor=lambda step: 1.0):
    """Gradient descent for ŷ = x w + b under ½ (ŷ - y)², written out."""
    theta, v = theta.copy(), 0.0
    for step in range(steps):
        miss = PAIRS_X @ theta[:2] + theta[2] - PAIRS_Y
        g = np.append(PAIRS_X.T @ miss, miss.sum()) / len(miss)
        g *= min(1, clip / (g @ g) ** 0.5)
        v = momentum * v + g + decay * np.array([theta[0], theta[1], 0.0])
        theta = theta - lr * factor(step) * v
    return theta


@pytest.mark.parametrize(
    ("settings", "by_hand"),
    [
        ({}, {}),
        ({"weight_decay": 0.3}, {"decay": 0.3}),
        ({"clip_norm": 0.25}, {"clip": 0.25}),
        ({"clip_norm": 1e9}, {}),
        ({"optimizer": Momentum(0.1, 0.5)}, {"momentum": 0.5}),
        ({"optimizer": "momentum(lr=0.1, momentum=0.5)", "weight_decay": 0.3}, {"momentum": 0.5, "decay": 0.3}),
        ({"schedule": "cosine"}, {"factor": lambda step: (1 + np.cos(np.pi * step / 4)) / 2}),
        ({"schedule": "step(2, 0.5)"}, {"factor": lambda step: 0.5 ** (step // 2)}),
    ],
    ids=lambda given: repr([*given]),
)
def test_steps_by_hand(settings, by_hand):
    run = Run(
        LINEAR,
        PAIRS_X,
        PAIRS_Y,
        batch_size=None,
        epochs=4,
        seeds=[0, 1],
        dtype="float64",
        **{"optimizer": Sgd(0.1)} | settings,
    )
    start = run.theta.copy()
    run.train()
    for r in range(2):
        assert_allclose(run.theta[r], descend(start[r], 4, **by_hand), rtol=1e-12)
        assert not np.allclose(run.theta[r], start[r])


def test_weight_decay_pulls_at_every_weight_between_units_and_at_nothing_else():
    """Also where a layer has one input. With targets met exactly, decay is all there is."""
    net = Network(1, Dense(3), LayerNorm(), Dense(1))
    run = Run(
        net,
        [[0.0]],
        [0.0],
        loss="squared_error",
        epochs=1,
        seeds=[0],
        optimizer=Sgd(0.5),
        weight_decay=0.25,
        dtype="float64",
    )
    first, norm, last = run.params
    last["W"][...], last["b"][...], first["W"][...], norm["gain"][...] = 0, 0, 2, 3
    bias = first["b"].copy()
    run.train()
    assert_allclose(first["W"], 2 * (1 - 0.5 * 0.25), rtol=1e-15)
    assert_array_equal(first["b"], bias)
    assert_array_equal(norm["gain"], np.full_like(norm["gain"], 3))


def test_the_loss_of_a_step_is_that_before_it():
    run = Run(LINEAR, PAIRS_X, PAIRS_Y, batch_size=None, epochs=3, seeds=[0, 1], optimizer=Sgd(0.1), dtype="float64")
    before, steps = run.evaluate(PAIRS_X, PAIRS_Y)["loss"], run.steps()
    for t in (1, 2, 3):
        step = next(steps)
        assert (step.epoch, step.t) == (t, t)
        assert_allclose(step.loss, before, rtol=1e-13)
        before = run.evaluate(PAIRS_X, PAIRS_Y)["loss"]


def test_history_is_the_mean_over_the_samples_of_an_epoch():
    run = Run(NET, X, Y, batch_size=8, epochs=2, seeds=[0, 1])
    losses = np.array([step.loss for step in run.steps()])
    assert losses.shape == (6, 2)
    assert_allclose(run.history["loss"], losses.reshape(2, 3, 2).swapaxes(1, 2) @ [8, 8, 7] / 23, rtol=1e-12)


# Batches


@pytest.fixture
def watch():
    """A layer that lets everything pass and keeps what it sees while learning."""

    class Watch(Layer):
        seen = []

        def shapes(self, shape_in):
            return {}, shape_in

        def forward(self, p, x, mode):
            if mode.train:
                self.seen.append(x[..., 0].copy())
            return x, None

        def backward_input(self, p, tape, dy):
            return dy

    yield Watch
    forget(Watch)


@pytest.mark.parametrize(
    ("batch_size", "drop_last", "sizes"),
    [
        (8, False, [8, 8, 7]),
        (8, True, [8, 8]),
        (23, False, [23]),
        (23, True, [23]),
        (100, False, [23]),
        (None, False, [23]),
        (None, True, [23]),
        (1, False, [1] * 23),
        (22, False, [22, 1]),
    ],
)
def test_batches(watch, batch_size, drop_last, sizes):
    x, orders, per_epoch = np.arange(N, dtype=float)[:, None], {}, len(sizes)
    for seed in (5, 6):
        watch.seen.clear()
        net = Network(1, watch(), Dense(1))
        run = Run(net, x, x[:, 0], batch_size=batch_size, drop_last=drop_last, epochs=3, seeds=[seed])
        steps = [(step.epoch, step.t) for step in run.steps()]
        assert steps == [(1 + t // per_epoch, t + 1) for t in range(3 * per_epoch)]
        assert [a.shape for a in watch.seen] == [(1, size) for size in sizes] * 3
        orders[seed] = np.concatenate(watch.seen, axis=1).reshape(3, -1)
        for order in orders[seed]:
            assert len(set(order)) == sum(sizes)  # no sample twice
            assert set(order) <= set(x[:, 0])
    if per_epoch > 1:
        assert not np.array_equal(orders[5][0], orders[5][1])  # another order in each epoch …
        assert not np.array_equal(orders[5][0], orders[6][0])  # … and replica


def test_validation_share_is_held_back(watch):
    x = np.arange(N, dtype=float)[:, None]
    run = fit(Network(1, watch(), Dense(1)), x, x[:, 0], batch_size=None, epochs=2, seeds=[0], validation=0.3)
    learned = set(watch.seen[0].ravel())
    assert len(learned) == N - 6
    assert set(watch.seen[1].ravel()) == learned
    rest = np.array(sorted(set(x[:, 0]) - learned))[:, None]
    assert_allclose(run.history["val_loss"][-1], run.evaluate(rest, rest[:, 0])["loss"], rtol=1e-6)


# The same again


def test_the_same_seeds_give_the_same_bits():
    equal(*(fit(NET, X, Y, epochs=4, batch_size=8, seeds=[3, 8], validation=0.2) for _ in range(2)))


def test_fit_train_and_steps_go_the_same_way():
    how = {
        "epochs": 5,
        "batch_size": 8,
        "seeds": [3, 8],
        "validation": 0.2,
        "schedule": "one_cycle",
        "optimizer": "momentum",
    }
    fitted = fit(NET, X, Y, **how)
    stepped = Run(NET, X, Y, **how)
    assert len(list(stepped.steps())) == 5 * 3
    pieces = Run(NET, X, Y, **how)
    for _ in range(4):
        next(pieces.steps())  # out in the middle of an epoch
    pieces.train(2)
    assert pieces.epoch == 3
    for _ in pieces.steps(1):
        pass
    assert pieces.epoch == 4
    assert pieces.train() is pieces
    equal(fitted, stepped)
    equal(fitted, pieces)


def test_training_goes_on_beyond_the_plan():
    run = Run(NET, X, Y, epochs=0, seeds=[0], schedule="cosine")
    assert list(run.steps()) == []
    assert run.train(3).epoch == 3
    assert run.train(0).epoch == 3
    assert run.train().epoch == 3


def test_a_loop_that_was_left_ends_with_the_plan():
    run = Run(NET, X, Y, epochs=2, batch_size=8, seeds=[0])
    left = run.steps()
    next(left)
    run.train()
    assert list(left) == []
    assert (run.epoch, run.t) == (2, 6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize(
    "net",
    [
        NET,
        Network(13, Dense(7), Tanh(), Dense(13, bias=None), Sigmoid(), Dense(3)),
        Network(13, Dropout(0.5), LayerNorm(), Dense(1), Relu(), Dense(3)),
    ],
    ids=repr,
)
def test_a_replica_in_a_crowd_is_the_replica_alone(net, optimizer, dtype):
    how = {"epochs": 17, "batch_size": 8, "optimizer": optimizer, "dtype": dtype, "validation": classes(7, seed=1)}
    seeds = [3, 1, 4]
    crowd = fit(net, X, Y, seeds=seeds, **how)
    assert crowd.t == 51
    for r, seed in enumerate(seeds):
        alone = fit(net, X, Y, seeds=[seed], **how)
        assert_array_equal(alone.theta[0], crowd.theta[r])
        assert_array_equal(alone.predict(X)[0], crowd.predict(X)[r])
        for name in crowd.history:
            assert_array_equal(alone.history[name][:, 0], crowd.history[name][:, r])


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_crowds_that_are_shared_among_cores_are_the_replicas_alone(optimizer, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)  # as many threads as on such a machine
    x, y = numbers(600, n_out=3)
    net = Network(13, Dense(64), Tanh(), Dropout(0.2), Dense(32), Relu(), Dense(3))
    how = {"epochs": 6, "batch_size": 256, "optimizer": optimizer, "schedule": "cosine", "clip_norm": 0.5}
    crowd = fit(net, x, y, seeds=range(5), **how)
    again = fit(net, x, y, seeds=range(5), **how)
    equal(crowd, again)
    for r in range(5):
        assert_array_equal(fit(net, x, y, seeds=[r], **how).theta[0], crowd.theta[r])


@pytest.mark.parametrize("cls", entries(Rule))
def test_every_rule_trains(cls):
    rule = cls()
    net = rule.wired(Network(13, Dense(6), Tanh(), Dense(4), Tanh(), Dense(3)), X)
    crowd = fit(net, X, Y, epochs=2, rule=rule, seeds=[2, 5])
    assert np.isfinite(crowd.theta).all()
    assert_array_equal(fit(net, X, Y, epochs=2, rule=rule, seeds=[5]).theta[0], crowd.theta[1])


# An interrupt


@pytest.fixture
def interrupted(watch):
    """A layer that presses Ctrl-C in the middle of a step, before that has its gradient."""

    class Interrupted(watch):
        at = None

        def forward(self, p, x, mode):
            if mode.train and len(self.seen) == Interrupted.at:
                os.kill(os.getpid(), signal.SIGINT)
            return super().forward(p, x, mode)

    yield Interrupted
    forget(Interrupted)


@pytest.mark.parametrize("at", [0, 4, 8, 11])
def test_an_interrupt_waits_for_the_end_of_the_step(interrupted, at, tmp_path):
    """What was begun is finished, and training goes on from there as if nothing was; the last step is no exception."""
    net = Network(13, Dropout(0.3), Dense(5), interrupted(), Relu(), Dense(3))
    how = {"epochs": 4, "batch_size": 8, "seeds": [0, 1], "dtype": "float64"}
    whole = fit(net, X, Y, **how)
    assert whole.t == len(interrupted.seen) == 12
    interrupted.seen.clear()
    run, interrupted.at = Run(net, X, Y, **how), at
    with pytest.raises(KeyboardInterrupt):
        run.train(out=tmp_path)
    assert at < run.t <= 12
    interrupted.at = None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    equal(Run.load(tmp_path, X, Y).train() if at % 8 else run.train(), whole)


# What there is to see


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_of_a_run(dtype):
    run = fit(NET, X, Y, epochs=1, seeds=[0], dtype=dtype, validation=0.2, clip_norm=1.0, weight_decay=0.1)
    assert run.theta.dtype == run.predict(X).dtype == dtype
    assert {w.dtype.name for p in run.params for w in p.values()} == {dtype}
    assert {column.dtype.name for column in run.history.arrays().values()} == {"float64"}
    assert run.evaluate(X, Y)["loss"].dtype == np.float64


def test_params_are_views_of_theta():
    run = Run(NET, X, Y, seeds=[0, 1])
    assert run.theta.shape == (2, NET.size)
    assert all(np.shares_memory(w, run.theta) for p in run.params for w in p.values())
    run.theta = np.zeros(NET.size)
    assert not run.params[0]["W"].any()
    assert_array_equal(run.predict(X), np.zeros((2, N, 3)))


def test_predictions_do_not_depend_on_their_number_nor_on_the_crowd():
    x, _ = classes(1200)
    run = fit(NET, X, Y, epochs=2, seeds=[0, 1, 2])
    y = run.predict(x)
    assert y.shape == (3, 1200, 3)
    assert_allclose(run.predict(x[:7]), y[:, :7], rtol=1e-5, atol=1e-6)
    wanted, _ = NET.forward(NET.views(run.theta), x.astype(np.float32))
    assert_allclose(y, wanted, rtol=1e-5, atol=1e-6)
    assert_array_equal(run.predict(x), y)
    assert_array_equal(run.classify(x), y.argmax(axis=-1))


def test_evaluation_is_what_history_says():
    held = classes(9, seed=2)
    run = fit(NET, X, Y, epochs=3, seeds=[0, 1], validation=held)
    found = run.evaluate(*held)
    assert set(found) == {"loss", "accuracy"}
    for name, values in found.items():
        assert_array_equal(run.history[f"val_{name}"][-1], values)
    assert_allclose(found["accuracy"], (run.classify(held[0]) == held[1]).mean(axis=1))
    assert_array_equal(run.confusion(*held).sum(axis=(1, 2)), [9, 9])
    assert_allclose(np.trace(run.confusion(*held), axis1=1, axis2=2) / 9, found["accuracy"])


@pytest.mark.parametrize(
    ("net", "y", "loss"),
    [
        (Network(13, Dense(3)), Y, om.SoftmaxCrossEntropy()),
        (Network(13, Dense(3), om.Softmax()), Y, om.CategoricalCrossEntropy()),
        (Network(13, Dense(1)), Y % 2, om.SigmoidCrossEntropy()),
        (Network(13, Dense(1), Sigmoid()), Y % 2 == 1, om.BinaryCrossEntropy()),
        (Network(13, Dense(1)), Y.astype(float), om.SquaredError()),
        (Network(13, Dense(3)), np.eye(3)[Y], om.SquaredError()),
    ],
    ids=repr,
)
def test_the_loss_that_targets_ask_for(net, y, loss):
    run = fit(net, X, y, epochs=60, seeds=[0, 1], optimizer=Adam(0.05))
    assert run.settings.loss == loss
    history = run.history["loss"]
    assert (history[-1] < 0.7 * history[0]).all()
    assert set(run.evaluate(X, y)) == (
        {"loss", "mse", "r2"} if y.dtype == float and y.ndim == 1 else {"loss", "accuracy"}
    ) | ({"mse", "r2"} if loss == om.SquaredError() else set())


def test_one_output_answers_yes_above_its_threshold():
    for net in (Network(13, Dense(1)), Network(13, Dense(1), Sigmoid())):
        run = fit(net, X, Y % 2, epochs=1, seeds=[0])
        y = run.predict(X)[..., 0]
        bound = run.settings.loss.threshold
        assert_array_equal(run.classify(X), y > bound)
        assert_allclose(run.evaluate(X, Y % 2)["accuracy"], ((y > bound) == (Y % 2)).mean(axis=1))
        assert run.confusion(X, Y % 2).shape == (1, 2, 2)


def test_xor_is_learned():
    data = om.data.xor()
    run = fit(Network(2, Dense(8), Tanh(), Dense(2)), data.x, data.y, epochs=300, optimizer=Adam(0.03), seeds=range(8))
    assert (run.evaluate(data.x, data.y)["accuracy"] == 1).sum() >= 7


def test_a_sine_is_learned():
    x = np.linspace(-3, 3, 60)[:, None]
    run = fit(
        Network(1, Dense(16), Tanh(), Dense(1)),
        x,
        np.sin(x),
        epochs=200,
        batch_size=20,
        optimizer=Adam(0.02),
        seeds=range(3),
    )
    assert (run.evaluate(x, np.sin(x))["r2"] > 0.95).all()


def test_the_bar_is_shown_if_asked_for(capsys):
    fit(NET, X, Y, epochs=2, seeds=[0], progress=True)
    fit(NET, X, Y, epochs=2, seeds=[0], progress=False)
    assert capsys.readouterr().out == ""


def test_repr_says_how_far():
    assert repr(fit(LINEAR, PAIRS_X, PAIRS_Y, epochs=2, seeds=[0, 1])) == "<Run: 2 × Network(2, Dense(1)), epoch 2>"
