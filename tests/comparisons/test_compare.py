"""Comparisons as a whole: fair, the same however they are computed, and resumable."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import omomi as om
from catalogue import forget
from omomi.comparisons import compare
from omomi.comparisons.jobs import TRAININGS
from omomi.comparisons.summary import differences, remarks, rows
from omomi.formulas.formula import between
from omomi.rules import Backprop

SHORT = {"nets": "4, tanh, 3", "epochs": 3, "seeds": range(3), "tuning": 3, "progress": False}


class Fainter(Backprop):
    """Backpropagation with a share of the error; a rule that no other process knows."""

    also = ("pp",)
    share: float = between(0, 1)

    def send_back(self, at, delta, seen):
        return self.share * super().send_back(at, delta, seen)


class Bow(om.Activation):
    """An activation whose loop is compiled from its text."""

    @staticmethod
    def value(z):
        return z / (1 + z * z)

    @staticmethod
    def derivative(z, y):
        return (1 - z * z) / (1 + z * z) ** 2


forget(Fainter, Bow)  # other tests walk the catalogues


@pytest.fixture
def own_formulas():
    """The classes above, which the suite forgets after a test."""
    Fainter._enter()
    Bow._enter()


def numbers(c):
    """All of a comparison but how long it took."""
    return [
        (
            o.cell, o.split, o.seeds, o.lr, dict(o.tried), o.diverged, o.wired, o.parameters,
            {name: values.tolist() for name, values in (o.metrics | o.history).items()},
        )
        for o in c.outcomes
    ]  # fmt: skip


@pytest.fixture(scope="module")
def iris():
    return compare("iris", rules="backprop, bp", optimizers="sgd, adam", splits=2, jobs=1, **SHORT)


def test_every_cell_meets_the_same_data(iris):
    """The same rule under two spellings: no difference at all."""
    spellings = {(d.a, d.b): d for d in differences(iris)}
    for name in ("sgd", "adam"):
        d = spellings[f"backprop · {name}", f"bp · {name}"]
        assert (d.mean, d.half, d.p, d.p_holm) == (0, 0, 1, 1)
    assert spellings["backprop · sgd", "backprop · adam"].mean != 0


def test_outcomes_stand_by_cell_and_split(iris):
    cells = [(o.cell.rule, o.cell.optimizer, o.split) for o in iris.outcomes]
    grid = [(rule, opt, s) for rule in ("backprop", "bp") for opt in ("sgd", "adam") for s in (0, 1)]
    assert cells == [*grid, ("logistic regression", "", 0), ("logistic regression", "", 1)]
    assert iris.samples == {"training": 96, "validation": 24, "test": 30}
    assert all(o.metrics["accuracy"].shape == (3,) for o in iris.outcomes if not o.baseline)
    assert not np.array_equal(iris.outcomes[0].metrics["loss"], iris.outcomes[1].metrics["loss"])


def test_the_baseline_is_scikit_learns(iris):
    """On the second split, taken by hand."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rest, test = om.data.iris().split(0.2, seed=1)
    training, _ = rest.split(0.2, seed=1)
    scaler = StandardScaler().fit(training.x)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(training.x), training.y)
    assert iris.outcomes[-1].metrics["accuracy"] == model.score(scaler.transform(test.x), test.y)


def test_numbers_are_compared_by_their_squared_error():
    plane = om.data.plane(n=80)
    c = compare(plane, nets="1", optimizers="sgd, adam", epochs=20, seeds=[0, 1], tuning=3, jobs=1, progress=False)
    assert c.metric == "mse"
    sgd, _, line = rows(c)
    assert (line.label, sgd.reached) == ("linear regression", 0)
    assert 0 < line.mean < sgd.mean  # the least squares are the least, on data made of a plane
    assert any("mse" in text for text in remarks(c) if "linear regression" in text)


def test_processes_side_by_side_give_the_same_bits(own_formulas):
    """With a rule and an activation that the workers cannot import."""
    settings = SHORT | {"rules": "backprop, pp(0.5)", "nets": "4, bow, 3", "seeds": range(2), "tuning": 2}
    alone = compare("iris", jobs=1, **settings)
    assert numbers(alone) == numbers(compare("iris", jobs=2, **settings))
    assert alone.outcomes[1].history["loss"][-1, 0] != alone.outcomes[0].history["loss"][-1, 0]


def test_dask_gives_the_same_bits(iris):
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    with (
        distributed.LocalCluster(2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        far = compare("iris", rules="backprop, bp", optimizers="sgd, adam", splits=2, **SHORT)
    assert numbers(far) == numbers(iris)


RESUMED = {"rules": "backprop", "optimizers": "sgd, adam", "nets": "4, tanh, 3", "epochs": 5, "tuning": 4, "jobs": 1}
PROGRAM = f"""
import sys, time
from omomi.comparisons import compare, jobs

write = jobs.write

def and_wait(path, content):
    write(path, content)
    if len(list(path.parent.iterdir())) == 7:
        time.sleep(600)

jobs.write = and_wait
compare("iris", out=sys.argv[1], progress=False, **{RESUMED!r})
"""


def test_a_killed_comparison_goes_on(tmp_path):
    kept = tmp_path / TRAININGS
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path])
    try:
        while not (kept.is_dir() and len(list(kept.glob("[!.]*.json"))) == 7):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    again = compare("iris", out=tmp_path, progress=False, **RESUMED)
    assert numbers(again) == numbers(compare("iris", progress=False, **RESUMED))
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert len(list(kept.glob("[!.]*.json"))) == 10


def test_other_settings_use_what_still_applies(tmp_path):
    settings = SHORT | {"jobs": 1, "out": tmp_path, "baseline": False}
    compare("iris", optimizers="sgd", **settings)
    assert len(list((tmp_path / TRAININGS).iterdir())) == 4
    compare("iris", optimizers="sgd, adam", **settings)
    assert len(list((tmp_path / TRAININGS).iterdir())) == 8
    assert 'optimizers = [\n    "sgd",\n    "adam",\n]' in (tmp_path / "comparison.toml").read_text()


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(om.Run, "train", interrupted)
    with pytest.raises(KeyboardInterrupt, match="what is finished is kept, the same call goes on: out="):
        compare("iris", out=tmp_path, jobs=1, **SHORT)


def test_nothing_is_written_unless_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    compare(om.data.xor(), epochs=1, seeds=[0], tuning=0, jobs=1, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_x_and_y_will_do():
    x, y = om.data.xor().x, om.data.xor().y
    c = compare((x, y), nets="3, tanh, 2", epochs=1, seeds=[0], test=0, validation=0, tuning=0, jobs=1, progress=False)
    assert rows(c)[0].lr == "0.01"
    assert c.outcomes[0].tried == {}


@pytest.mark.parametrize("jobs", [0, True, 1.5])
def test_a_number_of_jobs_is_whole_and_not_zero(jobs):
    with pytest.raises(ValueError, match="jobs must be a whole number"):
        compare(om.data.xor(), epochs=1, seeds=[0], tuning=0, jobs=jobs, progress=False)
