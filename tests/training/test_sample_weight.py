"""Samples that count more than others: as if they stood there more often."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from omomi import Dense, Network, Relu, Rule, Run, Tanh, fit
from samples import NET, N, classes, equal, numbers

X, Y = classes()
PLAIN = Network(13, Dense(7), Relu(), Dense(3))
TIMES = np.random.default_rng(5).integers(0, 4, N)
WEIGHTS = np.random.default_rng(6).uniform(0, 3, N)
FULL = {"batch_size": None, "epochs": 4, "seeds": [3, 4], "dtype": "float64"}


@pytest.mark.parametrize(
    ("rule", "optimizer"), [("backprop", "adam(lr=0.01)"), ("dfa", "sgd(lr=0.1)"), ("ed", "sgd(lr=0.1)")]
)
def test_a_whole_weight_is_so_many_copies(rule, optimizer):
    net = Rule.parse(rule).wired(PLAIN, X)
    how = {"rule": rule, "optimizer": optimizer, "clip_norm": None if rule == "ed" else 0.5, **FULL}
    weighted = fit(net, X, Y, sample_weight=TIMES, **how)
    repeated = fit(net, X.repeat(TIMES, axis=0), Y.repeat(TIMES), **how)
    assert_allclose(weighted.theta, repeated.theta, rtol=1e-9, atol=1e-12)
    for name in ("loss", "accuracy"):
        assert_allclose(weighted.history[name], repeated.history[name], rtol=1e-9)


def test_batches_keep_their_share_of_the_whole():
    """L = ½ (y - t)² of a linear unit, by hand: the first batch has Σ w L / B and moves w by -lr Σ w (y - t) x / B."""
    x, (y, w) = X[:6, :2], (X[:6, 3], np.array([1.0, 0, 2, 0, 4, 5]))
    run = Run(
        Network(2, Dense(1, bias=None)), x, y, batch_size=4, seeds=[0], shuffle=False, dtype="float64",
        optimizer="sgd(lr=0.25)", loss="squared_error", sample_weight=w,
    )  # fmt: skip
    before = run.theta[0].copy()
    step = next(run.steps())
    missed, w = x[:4] @ before - y[:4], w[:4] / 2  # their mean is 12 / 6
    assert_allclose(step.loss[0], (w * missed**2).sum() / 2 / 4)
    assert_allclose(run.theta[0] - before, -0.25 * (w * missed) @ x[:4] / 4)


@pytest.mark.parametrize(("batch_size", "drop_last"), [(8, False), (8, True), (None, False)])
def test_a_weighted_replica_in_a_crowd_is_what_it_is_alone(batch_size, drop_last):
    how = {"sample_weight": WEIGHTS, "epochs": 3, "batch_size": batch_size, "drop_last": drop_last, "validation": 0.3}
    crowd = fit(NET, X, Y, seeds=[0, 1, 2], **how)
    for r in (0, 1, 2):
        alone = fit(NET, X, Y, seeds=[r], **how)
        assert_array_equal(alone.theta[0], crowd.theta[r])
        for name in crowd.history:
            assert_array_equal(alone.history[name][:, 0], crowd.history[name][:, r])
    assert (crowd.history["accuracy"] <= 1 + 1e-12).all()


def test_equal_weights_are_none():
    equal(fit(NET, X, Y, epochs=2, seeds=[0]), fit(NET, X, Y, epochs=2, seeds=[0], sample_weight=[0.3] * N))


def test_only_ratios_matter():
    huge = fit(PLAIN, X, Y, sample_weight=WEIGHTS * 2.0**1020, **FULL)
    assert_array_equal(huge.theta, fit(PLAIN, X, Y, sample_weight=WEIGHTS, **FULL).theta)


def test_evaluate_as_scikit_learn_weighs():
    run = Run(Network(13, Dense(3)), X, Y, seeds=[0, 1], dtype="float64")
    found, z = run.evaluate(X, Y, sample_weight=WEIGHTS), run.predict(X)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    for r in (0, 1):
        assert_allclose(found["loss"][r], log_loss(Y, p[r], sample_weight=WEIGHTS))
        assert_allclose(found["accuracy"][r], accuracy_score(Y, z[r].argmax(axis=1), sample_weight=WEIGHTS))
    x, y = numbers()
    run = Run(Network(13, Dense(2)), x, y, seeds=[0], dtype="float64")
    found, said = run.evaluate(x, y, sample_weight=WEIGHTS), run.predict(x)[0]
    assert_allclose(found["mse"], mean_squared_error(y, said, sample_weight=WEIGHTS))
    assert_allclose(found["r2"], r2_score(y, said, sample_weight=WEIGHTS))


def test_weights_of_the_held_back():
    """A share takes its weights along; (x, y, weights) says them, (x, y) weighs all alike."""
    how = {"epochs": 1, "seeds": [0, 1]}
    mixed = np.random.default_rng(0).permutation(N)
    held, kept = mixed[:4], mixed[4:]
    share = fit(NET, X, Y, sample_weight=WEIGHTS, validation=0.2, **how)
    for validation, evaluated in (((X[held], Y[held], WEIGHTS[held]), WEIGHTS[held]), ((X[held], Y[held]), None)):
        told = fit(NET, X[kept], Y[kept], sample_weight=WEIGHTS[kept], validation=validation, **how)
        assert_array_equal(told.theta, share.theta)
        for name, values in told.evaluate(X[held], Y[held], sample_weight=evaluated).items():
            assert_array_equal(told.history[f"val_{name}"][-1], values)
        same = [(told.history["val_loss"] == share.history["val_loss"]).all(), evaluated is not None]
        assert same[0] == same[1]


def test_resumed_with_weights_and_refused_without(tmp_path):
    how = {"sample_weight": WEIGHTS, "epochs": 3, "batch_size": 8, "seeds": [0, 1]}
    run = Run(NET, X, Y, **how)
    steps = run.steps()
    for _ in range(4):
        next(steps)
    run.save(tmp_path / "a")
    resumed = Run.load(tmp_path / "a", X, Y, sample_weight=WEIGHTS).train()
    equal(resumed, fit(NET, X, Y, **how))
    with pytest.raises(ValueError, match="trained on other data"):
        Run.load(tmp_path / "a", X, Y)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (np.ones(N - 1), r"sample_weight must hold one number per sample, \(23,\), got float64 of shape \(22,\)"),
        (["a"] * N, "sample_weight must hold one number per sample"),
        (np.arange(N) - 1.0, "sample_weight must be finite and ≥ 0, got -1.0 of sample 0"),
        (np.r_[1.0, np.nan, np.ones(N - 2)], "sample_weight must be finite and ≥ 0, got nan of sample 1"),
        (np.zeros(N), "sample_weight must leave at least one sample, got only zeros"),
    ],
)
def test_bad_weights_are_named(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        Run(NET, X, Y, sample_weight=weights)


def test_rules_that_do_not_learn_from_the_error_alone_refuse():
    refusing = {name for name, rule in Rule.entries().items() if not rule().weighs}
    assert refusing == {
        "weight_perturbation", "node_perturbation", "predictive_coding", "forward_forward", "hebb", "oja",
        "direct_random_target_projection", "dual_stream",
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"Hebb\(\) learns from more than each sample's error; leave out"):
        Run(PLAIN, X, Y, rule="hebb", sample_weight=WEIGHTS)


# Other data to go on with, and copies


def test_a_run_goes_on_with_other_data():
    """In full batches without momentum two halves in turn are two runs, one from where the other stopped."""
    how = {"batch_size": None, "seeds": [0, 1], "optimizer": "sgd(lr=0.1)", "epochs": 1}
    run = Run(PLAIN, X[:12], Y[:12], **how).train(2)
    run.give(X[12:], Y[12:], sample_weight=WEIGHTS[12:]).train(1)
    run.give(X, Y).train(1)
    then = Run(PLAIN, X[12:], Y[12:], sample_weight=WEIGHTS[12:], **how)
    then.theta = fit(PLAIN, X[:12], Y[:12], **(how | {"epochs": 2})).theta
    last = Run(PLAIN, X, Y, **how)
    last.theta = then.train().theta
    assert_array_equal(run.theta, last.train().theta)
    assert run.history["loss"].shape == (4, 2)
    assert_array_equal(run.history["loss"][-1], last.history["loss"][-1])
    with pytest.raises(ValueError, match="validation must be given from the beginning on"):
        run.give(X, Y, validation=0.5)


def test_copied_and_pickled_runs_answer_and_go_on():
    how = {"epochs": 4, "batch_size": 8, "seeds": [0, 1], "optimizer": "adam", "rule": "fa"}
    run = Run(Network(13, Dense(5), Tanh(), Dense(3)), X, Y, **how).train(2)
    for other in (copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        assert_array_equal(other.predict(X), run.predict(X))
        equal(other.give(X, Y).train(), fit(Network(13, Dense(5), Tanh(), Dense(3)), X, Y, **how))
    assert len(pickle.dumps(run)) < 20_000
    with pytest.raises(ValueError, match="without its data"):
        pickle.loads(pickle.dumps(run)).train()
