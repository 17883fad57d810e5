"""Every optimizer in a run: what it asks for it gets, and what it carries is kept."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from catalogue import entries
from omomi.formulas.optimizers import Optimizer
from samples import NET, classes, equal

X, LABELS = classes()


def made(optimizer, seeds=(0, 3), **how):
    return om.Run(NET, X, LABELS, optimizer=optimizer, epochs=4, batch_size=8, seeds=seeds, **how)


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_a_run_goes_on_bit_for_bit_from_the_middle_of_an_epoch(cls, tmp_path):
    straight, broken = made(cls()).train(progress=False), made(cls())
    for step in broken.steps():
        if step.t == 4:
            break
    path = broken.save(tmp_path / "run.safetensors")
    resumed = om.Run.load(path, X, LABELS).train(progress=False)
    equal(resumed, straight)
    assert_array_equal(resumed.predict(X), straight.predict(X))
    assert np.isfinite(straight.theta).all() or not cls.steady


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_a_replica_in_a_crowd_is_the_replica_alone(cls):
    crowd, alone = made(cls(), (5, 0, 3)).train(progress=False), made(cls(), (3,)).train(progress=False)
    assert_array_equal(crowd.theta[2], alone.theta[0])
    assert_array_equal(crowd.predict(X)[2], alone.predict(X)[0])


def test_muon_sees_the_weight_matrices():
    """The steps of each matrix have singular values near the rate; biases go by the others.

    But for the smallest: the errors of softmax sum to 0, so that the last matrix has one direction without gradient.
    """
    run = made(om.Muon(lr=0.5, weight_decay=0, others=om.Sgd(1e-9)), seeds=[0], dtype="float64")
    before = run.theta.copy()
    next(run.steps())
    for cut, (n_in, n_out) in NET.weights_between_units():
        step = (before - run.theta)[0, cut].reshape(n_in, n_out) / 0.5
        singular = np.linalg.svd(step)[1]
        assert 0.6 < singular[-2] <= singular[0] < 1.3
    moved = np.abs(run.theta - before)[0]
    assert moved[~NET.matrices()].max() < 1e-6


def test_schedule_free_answers_with_its_average():
    run = made("schedule_free_adam_w(lr=0.05)", dtype="float64")
    assert run.answering is not None
    assert_array_equal(run.answering, run.theta)  # before the first step
    run.train(progress=False)
    assert not np.allclose(run.answering, run.theta)
    params = NET.views(run.answering)
    assert_allclose(run.predict(X), NET.forward(params, X)[0], rtol=1e-12)


def test_schedule_free_stops_early_with_the_average_of_its_best_epoch():
    held = (X[:8], LABELS[:8])
    run = made("schedule_free_adam_w(lr=0.5)", validation=held, patience=1).train(30, progress=False)
    assert run.stopped
    for seed, epoch in run.stopped.items():
        r = run.settings.seeds.index(seed)
        best = run.history["val_loss"][epoch - 1, r]
        assert run.evaluate(*held)["loss"][r] == pytest.approx(best, rel=1e-5)


def test_weights_are_written_as_they_answer(tmp_path):
    from safetensors.numpy import load_file

    how = {"optimizer": "lookahead(k=3)", "epochs": 2, "batch_size": 8, "seeds": [0], "progress": False}
    run = om.fit(om.Network(13, om.Dense(3)), X, LABELS, out=tmp_path / "run", **how)
    written = load_file(tmp_path / "run" / "weights.safetensors")
    assert_array_equal(written["0.dense.W"], om.Network(13, om.Dense(3)).views(run.answering)[0]["W"])


def test_eve_hears_the_loss():
    """After two steps its feedback is no longer 1."""
    run = made(om.Eve(), seeds=[0])
    for step in run.steps():
        if step.t == 3:
            break
    feedback, last = run._memory[:, 0]
    assert feedback != 1
    assert last == pytest.approx(step.loss[0])


@pytest.mark.parametrize("text", ["sam(momentum(lr=0.1))", "nesterov_look_ahead(lr=0.1)"])
def test_a_second_gradient_counts_no_sample_twice(text):
    run = made(text).train(progress=False)
    assert_allclose(run.history["accuracy"] * len(X), np.round(run.history["accuracy"] * len(X)), atol=1e-6)
    assert run.history["accuracy"].max() <= 1


@pytest.mark.parametrize("cls", [p for p in entries(Optimizer) if p.values[0].steady])
def test_xor_is_learned(cls):
    """By a rate of a rough grid."""
    xor, net = om.data.xor(), om.Network(2, om.Dense(16), om.Tanh(), om.Dense(2))

    def accuracy(rate):
        run = om.fit(net, xor.x, xor.y, optimizer=cls().with_lr(rate), epochs=400, seeds=[0, 1], progress=False)
        return run.evaluate(xor.x, xor.y)["accuracy"].mean()

    assert any(accuracy(rate) == 1 for rate in (0.1, 0.01, 1.0))
