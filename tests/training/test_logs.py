"""Logs in files: read back with the standard library and held against the run's own history."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from omomi import Dense, Network, Run, Tanh, fit
from omomi.cli import app
from omomi.training.logs import Log
from samples import classes

X, Y = classes()
NET = Network(X.shape[1], Dense(4), Tanh(), Dense(3))
HOW = {"epochs": 6, "seeds": [3, 1], "validation": 0.25, "progress": False}


def read(path):
    """{(epoch, seed): {column: number}}; each line once, in order."""
    lines = path.read_text().splitlines()
    rows = [*map(json.loads, lines)] if path.suffix == ".jsonl" else [*csv.DictReader(lines)]
    found = {(int(row.pop("epoch")), int(row.pop("seed"))): row for row in rows}
    assert [*found] == sorted(found, key=lambda key: (key[0], HOW["seeds"].index(key[1]))), "lines in order"
    assert len(found) == len(rows), "an epoch is there twice"
    return {key: {name: None if v is None else float(v) for name, v in row.items()} for key, row in found.items()}


def held_against(path, run):
    found = read(path)
    assert len(found) == run.epoch * len(run.settings.seeds)
    for (epoch, seed), row in found.items():
        assert [*row] == [*run.history]
        for name, value in row.items():
            true = run.history[name][epoch - 1, run.settings.seeds.index(seed)]
            assert value == true or (not np.isfinite(true) and (value is None or str(value) == str(float(true))))


def test_files_hold_what_happened(tmp_path):
    """Also what is not finite: one replica stops early, and so high a rate makes the other's loss overflow."""
    paths = [tmp_path / "new" / "a.csv", str(tmp_path / "a.jsonl")]
    run = fit(NET, X, Y, log=paths, **HOW)
    assert run.epoch == 6
    x, y = np.arange(8.0)[:, None], np.arange(8.0)
    wild = fit(Network(1, Dense(1)), x, y, optimizer="sgd(lr=1e9)", epochs=9, seeds=[3, 1], batch_size=1,
               progress=False, log=(tmp_path / "wild.csv", tmp_path / "wild.jsonl"))  # fmt: skip
    assert wild.diverged
    assert '"loss": null' in (tmp_path / "wild.jsonl").read_text()
    for path, of in (("new/a.csv", run), ("a.jsonl", run), ("wild.csv", wild), ("wild.jsonl", wild)):
        held_against(tmp_path / path, of)


def test_after_a_kill_no_epoch_is_lost_or_there_twice(tmp_path):
    """Killed two epochs after its checkpoint; the last line is torn as well. The log is that of a run in one piece."""
    code = f"""if True:
        import os, signal
        import omomi as om
        from samples import classes
        class Kill:
            def begin(self, run): pass
            def end(self, run): pass
            def epoch(self, run):
                if run.epoch == 5:
                    os.kill(os.getpid(), signal.SIGKILL)
        logs = ["a.csv", "a.jsonl", Kill()]
        om.fit(om.{NET!r}, *classes(), **{HOW}, out="out", checkpoint_epochs=3, log=logs)
    """.replace("Network", "Network.parse", 1).replace(NET.text, repr(NET.text))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert {epoch for epoch, _ in read(tmp_path / "a.csv")} == {1, 2, 3, 4, 5}
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write('{"epoch": 6, "se')
    n = int(0.25 * len(X))
    run = Run.load(tmp_path / "out", *_parts(n))
    assert run.epoch == 3
    run.train(progress=False, log=[tmp_path / "a.csv", tmp_path / "a.jsonl"])
    whole = fit(NET, X, Y, **HOW)
    for name in ("a.csv", "a.jsonl"):
        held_against(tmp_path / name, whole)


def _parts(n):
    """What `validation=0.25` makes of the data: the first quarter in the order of generator 0 is held back."""
    mixed = np.random.default_rng(0).permutation(len(X))
    return X[mixed[n:]], Y[mixed[n:]], (X[mixed[:n]], Y[mixed[:n]])


class Told:
    """What a run says, and a failure in an epoch of one's choice."""

    def __init__(self, fails=0):
        self.said, self.fails = [], fails

    def begin(self, run):
        self.said.append(("begin", run.epoch))

    def epoch(self, run):
        if run.epoch == self.fails:
            raise OSError("no space left on device")
        self.said.append(run.epoch)

    def end(self, run):
        self.said.append(("end", run.epoch))


def test_what_a_log_is_told():
    log = Told()
    assert isinstance(log, Log)
    run = Run(NET, X, Y, epochs=3, seeds=[0])
    run.train(2, progress=False, log=log)
    run.train(progress=False, log=log)
    assert log.said == [("begin", 0), 1, 2, ("end", 2), ("begin", 2), 3, ("end", 3)]


def test_a_log_that_fails_is_left_out_with_one_warning(tmp_path):
    broken, well = Told(fails=2), Told()
    with pytest.warns(
        RuntimeWarning, match=r"^the log Told failed \(OSError: no space left .*training goes on"
    ) as said:
        run = fit(NET, X, Y, log=[broken, well], **HOW)
    assert len(said) == 1
    assert run.epoch == 6
    assert broken.said == [("begin", 0), 1]
    assert well.said == [("begin", 0), 1, 2, 3, 4, 5, 6, ("end", 6)]


def test_what_is_no_log_is_refused_before_anything_is_written(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("a,b\n1,2\n")
    first = Told()
    with pytest.raises(ValueError, match=r"mine\.csv is there already and is no log of a run"):
        fit(NET, X, Y, log=[first, mine], **HOW)
    assert mine.read_text() == "a,b\n1,2\n"
    assert first.said == [("begin", 0), ("end", 0)]
    for wrong, said in (
        ("run.txt", r"^log: a path must end in \.csv or \.jsonl, got 'run\.txt'$"),
        (3, r"^log must be a path, a Log such as TensorBoard\(…\), or several of them, got 3$"),
        ([Told], r"or several of them, got <class"),
    ):
        with pytest.raises(ValueError, match=said):
            fit(NET, X, Y, log=wrong, out=tmp_path / "out", **HOW)
    assert not (tmp_path / "out").exists()


def test_on_the_command_line_and_on_resuming(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("omomi.cli.figures.draw", lambda *_: [])  # which takes longer than all the rest
    how = ["--epochs", "2", "--replicas", "2", "--quiet", "--out", "run"]
    done = CliRunner().invoke(app, ["train", "xor", *how, "--log", "a.csv", "--log", "b.jsonl"])
    assert done.exit_code == 0, done.stderr
    monkeypatch.chdir(tmp_path.parent)
    done = CliRunner().invoke(app, ["resume", str(tmp_path / "run"), "--epochs", "1", "--quiet"])
    assert done.exit_code == 0, done.stderr
    run = Run.load(tmp_path / "run")
    rows = [*csv.DictReader((tmp_path / "a.csv").read_text().splitlines())]
    assert [float(row["loss"]) for row in rows] == run.history["loss"].ravel().tolist()
    assert [int(json.loads(line)["epoch"]) for line in (tmp_path / "b.jsonl").read_text().splitlines()] == [
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    done = CliRunner().invoke(app, ["train", "xor", "--log", "wandb:x"])
    assert done.exit_code == 2
    assert "--log: must be a .csv or .jsonl file, tensorboard:FOLDER or mlflow:EXPERIMENT, got 'wandb:x'" in done.stderr
