"""One cell on one split: what is tuned on what, and what is kept."""

import json

import numpy as np
import pytest

import omomi as om
from omomi.comparisons.compare import plan
from omomi.comparisons.jobs import TRAININGS, How, do, jobs
from omomi.comparisons.splits import Splits

IRIS = om.data.iris()
SPLITS = Splits(IRIS, None, test=0.2, validation=0.25, scale="standardise")


def a_job(folder=None, rules="backprop", optimizers="sgd", losses=None, data=SPLITS, **changed):
    how = {"epochs": 2, "batch_size": 40, "seeds": (0, 1), "tuning": 3, "dtype": "float64"} | changed
    cells = plan(
        IRIS, rules=rules, optimizers=optimizers, nets="5, tanh, 3", losses=losses, splits=1, test=None,
        validation=None, scale=None, tuning_seeds=2, target=None, baseline=False, **how,
    ).cells  # fmt: skip
    how |= {"tuning_seeds": (10, 11), "folder": None if folder is None else str(folder)}
    return jobs(cells, data, 1, How("accuracy", **how))[0]


def kept(folder):
    return {path.name: json.loads(path.read_text()) for path in (folder / TRAININGS).iterdir()}


def assert_same(a, b):
    """All but how long it took."""
    assert (a.lr, dict(a.tried), a.diverged, a.wired) == (b.lr, dict(b.tried), b.diverged, b.wired)
    for mine, theirs in ((a.metrics, b.metrics), (a.history, b.history)):
        assert mine.keys() == theirs.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name], strict=True)


def test_splits_are_those_of_the_data_set_scaled_by_the_training_part():
    rest, test = IRIS.split(0.2, seed=4)
    training, validation = rest.split(0.25, seed=4)
    parts = SPLITS.scaled(4)
    assert {name: len(x) for name, (x, _) in parts.items()} == {"training": 90, "validation": 30, "test": 30}
    np.testing.assert_allclose(parts["training"][0].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(parts["training"][0].std(axis=0), 1, rtol=1e-12)
    mean, deviation = training.x.mean(axis=0), training.x.std(axis=0)
    for part, (x, y) in ((test, parts["test"]), (validation, parts["validation"])):
        np.testing.assert_allclose(x, (part.x - mean) / deviation, rtol=1e-12)
        np.testing.assert_array_equal(y, part.y)


def test_nothing_held_back_is_the_training_part():
    splits = Splits(om.data.xor(), None, 0, 0, "none")
    assert splits.samples() == {"training": 4, "validation": 0, "test": 0}
    for x, _ in splits.scaled(0).values():
        np.testing.assert_array_equal(x, om.data.xor().x)


def test_a_cell_is_what_fit_makes_of_it():
    """The outcome is that of three searches and one training by hand."""
    outcome = do(a_job())
    parts = SPLITS.scaled(0)
    net = om.Network.parse(4, "5, tanh, 3")

    def fit(lr, seeds):
        return om.fit(
            net,
            *parts["training"],
            optimizer=om.Sgd(lr=lr),
            epochs=2,
            batch_size=40,
            seeds=seeds,
            dtype="float64",
            validation=parts["validation"],
            progress=False,
        )

    scores = {lr: fit(lr, [10, 11]).history["val_accuracy"][-1].mean() for lr in (0.01, 0.001, 0.1)}
    assert dict(outcome.tried) == scores
    final = fit(outcome.lr, [0, 1])
    assert scores[outcome.lr] == max(scores.values())
    np.testing.assert_array_equal(outcome.metrics["accuracy"], final.evaluate(*parts["test"])["accuracy"])
    np.testing.assert_array_equal(outcome.history["val_loss"], final.history["val_loss"])
    assert outcome.parameters == 4 * 5 + 5 + 5 * 3 + 3


def test_the_test_part_does_not_matter_before_the_end():
    """With other labels in the test part all is as before, but for what is measured there."""
    shuffled = IRIS.y.copy()
    test = np.random.default_rng(0).permutation(150)[:30]
    shuffled[test] = (shuffled[test] + 1) % 3
    other = Splits(om.data.Dataset(IRIS.x, shuffled), None, 0.2, 0.25, "standardise")
    a, b = do(a_job()), do(a_job(data=other))
    assert (a.lr, dict(a.tried)) == (b.lr, dict(b.tried))
    np.testing.assert_array_equal(a.history["val_loss"], b.history["val_loss"])
    assert (a.metrics["accuracy"] != b.metrics["accuracy"]).all()


def test_what_is_kept_is_read_back_to_the_last_bit(tmp_path):
    fresh, first, again = do(a_job()), do(a_job(tmp_path)), do(a_job(tmp_path))
    assert_same(fresh, first)
    assert_same(first, again)
    assert again.seconds == first.seconds  # not trained again
    assert len(kept(tmp_path)) == 4


def test_a_divergence_is_kept_as_well(tmp_path):
    job = a_job(tmp_path, tuning=0, optimizers="sgd(lr=1e200)", losses="squared_error")
    first, again = do(job), do(job)
    assert first.diverged == {0: 1, 1: 1}
    assert not np.isfinite(first.history["loss"]).any()
    assert_same(first, again)
    (text,) = [path.read_text() for path in (tmp_path / TRAININGS).iterdir()]
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_who_diverged_while_tuning_is_not_taken():
    outcome = do(a_job(optimizers="sgd(lr=1e200)", losses="squared_error", tuning=4))
    assert list(outcome.tried) == [1e200, 1e199, 1e201, 1e198]
    assert np.isnan(list(outcome.tried.values())).all()
    assert outcome.lr == 1e198


@pytest.mark.parametrize(
    "changed",
    [
        {"epochs": 3},
        {"batch_size": 30},
        {"seeds": (0, 2)},
        {"dtype": "float32"},
        {"data": Splits(IRIS, None, 0.2, 0.25, "none")},
    ],
    ids=["epochs", "batch", "seeds", "dtype", "data"],
)
def test_a_training_holds_for_its_settings_alone(tmp_path, changed):
    do(a_job(tmp_path, tuning=0))
    do(a_job(tmp_path, tuning=0, **changed))
    assert len(kept(tmp_path)) == 2


def test_a_damaged_file_is_trained_again(tmp_path):
    first = do(a_job(tmp_path, tuning=0))
    (path,) = (tmp_path / TRAININGS).iterdir()
    path.write_text(path.read_text()[:100])
    assert_same(do(a_job(tmp_path, tuning=0)), first)
    assert_same(do(a_job(tmp_path, tuning=0)), first)
    assert len(kept(tmp_path)) == 1


def test_two_spellings_share_their_trainings(tmp_path):
    do(a_job(tmp_path, tuning=0))
    do(a_job(tmp_path, tuning=0, rules="bp"))
    assert len(kept(tmp_path)) == 1
