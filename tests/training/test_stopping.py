"""Replicas that diverge or stop early: named, and of no consequence for the others."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from omomi import Dense, Dropout, Momentum, Network, Relu, Run, Sgd, Tanh, fit
from samples import NET, classes, numbers

X, Y = classes()
HELD = classes(9, seed=2)


# Divergence


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("broken", [np.inf, -np.inf, np.nan])
def test_a_broken_replica_is_named_and_the_others_go_on_alone(broken, optimizer):
    how = {"epochs": 4, "batch_size": 8, "optimizer": optimizer, "clip_norm": 1.0, "validation": HELD}
    run = Run(NET, X, Y, seeds=[5, 6, 7], **how)
    run.train(2)
    run.theta[1] = broken
    run.train()
    assert run.diverged == {6: 3}
    assert run.report() == ["seed 6 diverged in epoch 3: its loss is no longer finite"]
    assert not run.finished
    assert run.epoch == 4
    assert_array_equal(np.isfinite(run.history["loss"]), [[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1]])
    assert_array_equal(np.isfinite(run.history["val_accuracy"]), [[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1]])
    for r, seed in ((0, 5), (2, 7)):
        alone = fit(NET, X, Y, seeds=[seed], **how)
        assert_array_equal(alone.theta[0], run.theta[r])
        for name in run.history:
            assert_array_equal(alone.history[name][:, 0], run.history[name][:, r])


def test_too_large_a_learning_rate_diverges_and_training_ends():
    x, y = numbers()
    run = fit(Network(13, Dense(8), Relu(), Dense(2)), 10 * x, y, optimizer=Momentum(lr=30.0), epochs=200, seeds=[0, 1])
    assert set(run.diverged) == {0, 1}
    assert run.finished
    assert run.epoch == max(run.diverged.values()) < 200
    assert len(run.report()) == 2
    assert list(run.steps(5)) == []


def test_what_is_not_finite_is_no_error_in_predictions():
    run = fit(NET, X, Y, epochs=1, seeds=[0, 1])
    run.theta[0] = np.nan
    assert_array_equal(np.isnan(run.predict(X)).all(axis=(1, 2)), [True, False])
    assert_array_equal(np.isnan(run.evaluate(X, Y)["loss"]), [True, False])


# Early stopping

PATIENT = {
    "epochs": 40,
    "batch_size": 8,
    "optimizer": "adam(lr=0.1)",
    "validation": HELD,
    "patience": 3,
    "seeds": [0, 1, 2, 3],
}
NOISY = Network(13, Dense(16), Tanh(), Dropout(0.2), Dense(3))


def weights_by_epoch(**how):
    """θ after every epoch of a run that never stops, and its validation losses."""
    run, path = Run(NOISY, X, Y, **how), []
    for _ in range(how["epochs"]):
        run.train(1)
        path.append(run.theta.copy())
    return path, run.history["val_loss"]


def test_early_stopping_goes_back_to_the_best_weights():
    run = fit(NOISY, X, Y, **PATIENT)
    path, loss = weights_by_epoch(**(PATIENT | {"patience": None}))
    assert set(run.stopped) == {0, 1, 2, 3}
    assert len(set(run.stopped.values())) > 1  # not all at the same time
    for r, seed in enumerate(PATIENT["seeds"]):
        best = run.stopped[seed]
        end = best + 3  # three epochs without a better one
        assert best == 1 + loss[:end, r].argmin()
        assert_array_equal(run.theta[r], path[best - 1][r])
        assert_array_equal(run.history["val_loss"][:end, r], loss[:end, r])
        assert np.isnan(run.history["val_loss"][end:, r]).all()
        assert np.isnan(run.history["loss"][end:, r]).all()
    assert run.finished
    assert run.epoch == max(run.stopped.values()) + 3 < 40
    assert run.report()[0] == f"seed 0 stopped early; its weights are those of epoch {run.stopped[0]}"


def test_a_replica_stops_as_it_stops_alone():
    crowd = fit(NOISY, X, Y, **PATIENT)
    for r, seed in enumerate(PATIENT["seeds"]):
        alone = fit(NOISY, X, Y, **(PATIENT | {"seeds": [seed]}))
        assert alone.stopped == {seed: crowd.stopped[seed]}
        assert_array_equal(alone.theta[0], crowd.theta[r])


def test_a_replica_that_has_stopped_stays():
    """At every step, for whoever looks."""
    run, looked = Run(NOISY, X, Y, **PATIENT), 0
    wanted = fit(NOISY, X, Y, **PATIENT)
    for _ in run.steps():
        for r, seed in enumerate(PATIENT["seeds"]):
            if seed in run.stopped:
                assert_array_equal(run.theta[r], wanted.theta[r])
                looked += 1
    assert looked > 5


def test_a_replica_that_only_improves_is_left_alone():
    x = np.linspace(-1, 1, 20)[:, None]
    run = fit(
        Network(1, Dense(1)), x, 3 * x, validation=(x, 3 * x), patience=1, epochs=12, optimizer=Sgd(0.1), seeds=[0, 1]
    )
    assert run.stopped == {}
    assert run.epoch == 12
    assert run.report() == []


def test_a_broken_replica_goes_back_to_its_best_weights():
    run = Run(NOISY, X, Y, **PATIENT)
    run.train(2)
    best = run.theta[1].copy() if run.history["val_loss"][1, 1] < run.history["val_loss"][0, 1] else None
    run.theta[1] = np.nan
    run.train()
    assert run.diverged == {1: 3}
    assert np.isfinite(run.theta).all()
    assert best is None or np.array_equal(run.theta[1], best)
