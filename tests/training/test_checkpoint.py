"""Checkpoints: after any interruption a run goes on bit for bit, and no file is ever half written."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import omomi as om
from omomi import Dense, Momentum, Network, Run, fit
from samples import NET, classes, equal, numbers

resource = pytest.importorskip("resource")

X, Y = classes()
HELD = classes(9, seed=2)
# Everything that has a state: noise, momentum, a schedule, patience, last and smaller batches.
HOW = {
    "epochs": 6,
    "batch_size": 8,
    "seeds": [4, 0, 7],
    "optimizer": Momentum(0.05),
    "schedule": "warm_up(1.5, then=cosine(0.1))",
    "weight_decay": 1e-3,
    "clip_norm": 1.0,
}
PATIENT = HOW | {"validation": HELD, "patience": 2, "optimizer": "adam(lr=0.2)"}
WAYS = {
    "plain": HOW,
    "patient": PATIENT,
    "double": HOW | {"dtype": "float64"},
    "one": HOW | {"seeds": [4], "validation": 0.2},
}


# Going on


@pytest.mark.parametrize("way", WAYS)
def test_resumed_at_any_step_is_never_interrupted(way, tmp_path):
    how = WAYS[way]
    whole = fit(NET, X, Y, **how)
    assert not whole.diverged
    assert bool(whole.stopped) == (way == "patient")
    run, tried = Run(NET, X, Y, **how), 0
    for _ in run.steps():
        path = run.save(tmp_path / "run")
        resumed = Run.load(path, X, Y, how.get("validation"))
        equal(resumed, run)
        equal(resumed.train(), whole)
        tried += 1
    equal(run, whole)
    assert tried == whole.t >= 9


def test_a_run_of_one_step_per_life(tmp_path):
    path = Run(NET, X, Y, **HOW).save(tmp_path / "run")
    lives = 0
    while (run := Run.load(path, X, Y)).epoch < 6:
        next(run.steps())
        run.save(path)
        lives += 1
    assert lives == 18
    equal(run, fit(NET, X, Y, **HOW))


def test_saved_between_epochs_and_beyond_the_plan(tmp_path):
    run = fit(NET, X, Y, **HOW)
    resumed = Run.load(run.save(tmp_path / "run"), X, Y)
    equal(resumed.train(2), run.train(2))
    assert resumed.epoch == 8


def test_the_table_of_a_resumed_run_is_that_of_the_whole(tmp_path):
    """Columns keep their order."""
    how = WAYS["patient"]
    whole, run = fit(NET, X, Y, **how), Run(NET, X, Y, **how).train(2)
    for _ in range(3):
        run = Run.load(run.save(tmp_path / "run"), X, Y, HELD)
    assert run.train().history.to_csv() == whole.history.to_csv()


def test_the_noise_of_the_first_step_is_saved_too(tmp_path):
    run = Run(NET, X, Y, **HOW)
    equal(Run.load(run.save(tmp_path / "run"), X, Y).train(), run.train())


def test_what_diverged_is_remembered(tmp_path):
    run = Run(NET, X, Y, **HOW)
    run.theta[1] = np.inf
    run.train(2)
    assert run.diverged == {0: 1}
    resumed = Run.load(run.save(tmp_path / "run"), X, Y)
    equal(resumed, run)
    equal(resumed.train(), run.train())


def test_the_settings_are_in_the_file(tmp_path):
    net = Network(
        (2, 3), om.Flatten(), Dense(4, weights="he_normal", bias=None), om.LeakyRelu(0.25), om.Dropout(0.1), Dense(2)
    )
    run = Run(
        net,
        np.ones((5, 2, 3)),
        np.ones((5, 2)),
        loss="mse",
        optimizer=om.Adam(lr=3e-4, beta1=0.5),
        schedule="one_cycle",
        epochs=3,
        batch_size=None,
        seeds=range(2, 4),
        drop_last=True,
        clip_norm=0.5,
        weight_decay=0.25,
        dtype=float,
    )
    loaded = Run.load(run.save(tmp_path / "run"))
    assert repr(loaded.settings) == repr(run.settings)
    assert loaded.settings.optimizer == run.settings.optimizer
    assert loaded.settings.net.layers == net.layers


def test_a_folder_stands_for_its_checkpoint(tmp_path):
    run = fit(NET, X, Y, out=tmp_path / "out", **HOW)
    equal(Run.load(tmp_path / "out", X, Y), run)


PROGRAM = """
import sys
from omomi import fit
from samples import NET, classes
from training_settings import HOW
fit(NET, *classes(), out=sys.argv[1], checkpoint_seconds=0, **(HOW | {"epochs": 100_000}))
"""


def test_killed_without_warning(tmp_path):
    """kill -9 while it writes checkpoints as fast as it can: what stands there goes on bit for bit."""
    (tmp_path / "training_settings.py").write_text(f"from omomi import *\nHOW = {HOW!r}\n")
    path = os.pathsep.join([str(tmp_path), os.path.dirname(sys.modules["samples"].__file__)])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "out")], env=os.environ | {"PYTHONPATH": path}
    )
    try:
        checkpoint, written, deadline = tmp_path / "out" / "checkpoint.safetensors", set(), time.monotonic() + 60
        while len(written) < 12 and time.monotonic() < deadline:
            if checkpoint.exists():
                written.add(checkpoint.stat().st_mtime_ns)
            time.sleep(0.001)
    finally:
        process.kill()
        process.wait()
    assert len(written) == 12
    assert process.returncode == -signal.SIGKILL
    resumed = Run.load(tmp_path / "out", X, Y)
    assert resumed.t > 5
    epochs = resumed.epoch + 2
    resumed.train(2)
    equal(resumed, Run(NET, X, Y, **(HOW | {"epochs": 100_000})).train(epochs))


# The data


@pytest.mark.parametrize(
    ("x", "y", "validation"),
    [
        (X + 1e-3, Y, HELD),
        (X[::-1], Y, HELD),
        (X, (Y + 1) % 3, HELD),
        (X[:-1], Y[:-1], HELD),
        (X, Y, classes(9, seed=3)),
        (X, Y, (HELD[0], HELD[1][::-1])),
        (X, Y, 0.2),
    ],
)
def test_other_data_is_refused(x, y, validation, tmp_path):
    path = Run(NET, X, Y, **PATIENT).save(tmp_path / "run")
    with pytest.raises(
        ValueError, match=r"run was trained on other data than the given; a run goes on only with the same$"
    ):
        Run.load(path, x, y, validation)


def test_missing_validation_data_is_refused(tmp_path):
    path = Run(NET, X, Y, **PATIENT).save(tmp_path / "run")
    with pytest.raises(ValueError, match="patience needs validation data"):
        Run.load(path, X, Y)
    path = Run(NET, X, Y, **(HOW | {"validation": HELD})).save(tmp_path / "run")
    with pytest.raises(ValueError, match="other data"):
        Run.load(path, X, Y)


def test_the_same_data_in_another_form_will_do(tmp_path):
    path = Run(NET, X, Y, **HOW).save(tmp_path / "run")
    Run.load(path, np.asfortranarray(X).tolist(), Y.astype(np.uint8))


def test_without_data_a_run_answers_but_does_not_train(tmp_path):
    run = fit(NET, X, Y, **HOW)
    loaded = Run.load(run.save(tmp_path / "run"))
    equal(loaded, run)
    assert_array_equal(loaded.predict(X), run.predict(X))
    assert_array_equal(loaded.evaluate(X, Y)["accuracy"], run.evaluate(X, Y)["accuracy"])
    for go_on in (lambda: loaded.train(1), lambda: next(loaded.steps(1))):
        with pytest.raises(
            ValueError, match=r"^this run was loaded without its data; give it to Run\.load\(path, x, y\)"
        ):
            go_on()


# Damage


@pytest.fixture
def saved(tmp_path):
    return Run(NET, X, Y, **HOW).save(tmp_path / "run.safetensors")


@pytest.mark.parametrize("share", [0, 3, 8, 20, 500, 0.5, 0.9, -1])
def test_a_truncated_checkpoint_is_named(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content)) if 0 < share < 1 else share])
    with pytest.raises(ValueError, match=r"run\.safetensors is damaged or no checkpoint of omomi"):
        Run.load(saved, X, Y)


@pytest.mark.parametrize(
    "content", [b"hello, this is no checkpoint", b"\0" * 200, b"\xff" * 200, b"\x80\x04\x95 pickle"]
)
def test_another_file_is_named(saved, content):
    saved.write_bytes(content)
    with pytest.raises(ValueError, match=r"run\.safetensors is damaged or no checkpoint of omomi"):
        Run.load(saved)


@pytest.mark.parametrize("metadata", [None, {"omomi": "{"}, {"omomi": "3"}, {"omomi": "{}"}, {"format": "pt"}])
def test_somebody_elses_safetensors_are_named(saved, metadata):
    save_file({"theta": np.ones(3)}, saved, metadata)
    with pytest.raises(ValueError, match=r"run\.safetensors is (damaged or )?no checkpoint"):
        Run.load(saved)


def said(path):
    with safe_open(path, "np") as file:
        return json.loads(file.metadata()["omomi"])


def rewrite(path, arrays=(), **changes):
    """The checkpoint with other words or arrays."""
    words, tensors = said(path), load_file(path)
    save_file(tensors | dict(arrays), path, {"omomi": json.dumps(words | changes)})


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"settings": {}},
        {"settings": None},
        {"settings": {"n_in": [13], "net": "3"}},
        {"order_rngs": []},
        {"noise_rngs": [{}]},
        {"arrays": {"theta": np.ones((3, 2), np.float32)}},
        {"arrays": {"theta": np.ones((3, NET.size))}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_does_not_fit_is_named(saved, change):
    rewrite(saved)
    equal(Run.load(saved, X, Y), Run(NET, X, Y, **HOW))
    rewrite(saved, **change)
    with pytest.raises(ValueError, match=r"run\.safetensors is no checkpoint that this version of omomi can read"):
        Run.load(saved, X, Y)


def test_nothing_in_a_checkpoint_is_evaluated(saved, tmp_path):
    mark = tmp_path / "mark"
    settings = said(saved)["settings"] | {"net": f"open({str(mark)!r}, 'w')"}
    rewrite(saved, settings=settings)
    with pytest.raises(ValueError):
        Run.load(saved, X, Y)
    assert not mark.exists()


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot read the checkpoint .*nowhere: No such file or directory"):
        Run.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"cannot read the checkpoint .*checkpoint\.safetensors"):
        Run.load(tmp_path)


# A full disk


@pytest.fixture
def full_disk():
    """No file may grow beyond 1000 bytes, as if the disk was full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_leaves_the_old_file_whole(saved, full_disk):
    run = fit(NET, X, Y, **HOW)
    old = saved.read_bytes()
    full_disk()
    with pytest.raises(OSError, match=r"cannot write .*run\.safetensors: .*; what stood there is kept$"):
        run.save(saved)
    assert saved.read_bytes() == old
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    assert Run.load(saved, X, Y).t == 0


def test_training_goes_on_when_a_checkpoint_cannot_be_written(tmp_path, monkeypatch):
    run, save, calls = Run(NET, X, Y, **HOW), Run.save, []

    def failing(self, path):
        calls.append(path)
        if len(calls) == 3:
            raise OSError("cannot write there")
        return save(self, path)

    monkeypatch.setattr(Run, "save", failing)
    with pytest.warns(RuntimeWarning, match=r"^cannot write there; training goes on$"):
        run.train(out=tmp_path, checkpoint_epochs=1)
    assert len(calls) > 5
    equal(Run.load(tmp_path, X, Y), fit(NET, X, Y, **HOW))


def test_a_folder_that_cannot_be_written_to_is_named_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write "):
        fit(NET, X, Y, out=tmp_path / "file" / "out", **HOW)


# What a run leaves


def test_the_folder_of_a_run(tmp_path):
    run = fit(NET, X, Y, out=tmp_path / "deep" / "out", **HOW)
    out = tmp_path / "deep" / "out"
    assert {p.name for p in out.iterdir()} == {
        "config.toml",
        "checkpoint.safetensors",
        "history.csv",
        "weights.safetensors",
    }
    config = tomllib.loads((out / "config.toml").read_text())
    assert config["net"] == NET.text
    assert config["seeds"] == [4, 0, 7]
    assert config["optimizer"] == "Momentum(lr=0.05)"
    assert "patience" not in config
    assert (out / "history.csv").read_text() == run.history.to_csv()
    weights = load_file(out / "weights.safetensors")
    assert set(weights) == {
        "0.dense.W",
        "0.dense.b",
        "2.layer_norm.gain",
        "2.layer_norm.shift",
        "4.dense.W",
        "4.dense.b",
    }
    for name, array in weights.items():
        at, _, kind = name.split(".")
        assert_array_equal(array, run.params[int(at)][kind])


def test_a_folder_with_a_run_in_it_is_refused(tmp_path):
    fit(NET, X, Y, out=tmp_path / "out", **(HOW | {"epochs": 1}))
    old = (tmp_path / "out" / "checkpoint.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match=r"out holds a run already; choose another folder, or resume that run$"):
        fit(NET, X, Y, out=tmp_path / "out", **HOW)
    assert (tmp_path / "out" / "checkpoint.safetensors").read_bytes() == old


def test_checkpoints_come_as_often_as_asked(tmp_path, monkeypatch):
    epochs, save = [], Run.save
    monkeypatch.setattr(Run, "save", lambda self, path: (epochs.append(self.epoch), save(self, path))[1])
    Run(NET, X, Y, **HOW).train(out=tmp_path, checkpoint_epochs=2)
    assert epochs == [0, 2, 4, 6, 6]
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_an_error_while_training_leaves_a_checkpoint(tmp_path):
    run = Run(NET, X, Y, **HOW)
    next(run.steps())

    class Stop(Exception):
        pass

    def broken(epoch, epochs):
        raise Stop

    object.__setattr__(run.settings.schedule, "factor", broken)
    with pytest.raises(Stop):
        run.train(out=tmp_path)
    assert Run.load(tmp_path, X, Y).t == 1


def test_numbers_as_targets(tmp_path):
    x, y = numbers()
    net = Network(13, Dense(4), om.Tanh(), Dense(2))
    how = {"epochs": 3, "batch_size": 8, "seeds": [0, 1], "validation": 0.25}
    whole = fit(net, x, y, **how)
    run = Run(net, x, y, **how)
    for _ in range(4):
        next(run.steps())
    equal(Run.load(run.save(tmp_path / "run"), x, y, 0.25).train(), whole)
