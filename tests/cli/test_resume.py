"""Interrupted, killed, out of space: what is on disk goes on as if nothing had happened."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from omomi.cli import app

LONG = ("spiral", "--data-option=n=60", "--net=16,relu,4", "--batch=8", "--replicas=2", "--epochs=600")


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


def started(folder, *args, **options):
    command = [sys.executable, "-m", "omomi", "train", *LONG, "--out", str(folder), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def wait_for_checkpoints(folder, process, n):
    """Until the checkpoint has been replaced n times: a new one is another file."""
    seen, path = set(), folder / "checkpoint.safetensors"
    for _ in range(6000):
        if path.exists():
            seen.add((path.stat().st_ino, path.stat().st_mtime_ns))
        if len(seen) > n:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("no checkpoint appeared")


def arrays(folder):
    return load_file(folder / "weights.safetensors")


def assert_same_run(a, b):
    for name, values in arrays(a).items():
        np.testing.assert_array_equal(values, arrays(b)[name])
    columns = [np.genfromtxt(folder / "history.csv", delimiter=",", names=True) for folder in (a, b)]
    for name in columns[0].dtype.names:
        np.testing.assert_array_equal(columns[0][name], columns[1][name])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert omomi("train", *LONG, "--out", folder, "--quiet").exit_code == 0
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of a few epochs."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert omomi("train", "xor", "--epochs", 5, "--replicas", 2, "--out", folder, "--quiet").exit_code == 0
    return folder


@pytest.fixture
def short(finished, tmp_path):
    """A copy of it, to be changed."""
    return shutil.copytree(finished, tmp_path / "short")


def test_a_killed_run_goes_on_bit_for_bit(whole, tmp_path):
    folder = tmp_path / "killed"
    process = started(folder, "--checkpoint-epochs", "1")
    wait_for_checkpoints(folder, process, 5)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    assert not (folder / "results.json").exists()
    result = omomi("resume", folder)
    assert result.exit_code == 0
    assert "spiral: 240 × 2 → 4 classes" in result.stdout
    assert_same_run(folder, whole)
    assert (folder / "learning_curves.png").exists()


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(whole, tmp_path):
    folder = tmp_path / "interrupted"
    process = started(folder, "--checkpoint-epochs", "1")
    wait_for_checkpoints(folder, process, 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == f"interrupted; go on with: omomi resume {folder}\n"
    assert omomi("train", "--resume", folder, "--quiet").exit_code == 0
    assert_same_run(folder, whole)


def test_a_full_disk_is_one_sentence(tmp_path):
    def tiny():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = started(tmp_path / "full", preexec_fn=tiny)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    (line,) = said.splitlines()
    assert line.startswith("error: cannot write")
    assert "File too large" in line


def test_a_finished_run_says_so_and_gets_back_what_is_missing(short):
    results = json.loads((short / "results.json").read_text())
    (short / "learning_curves.png").unlink()
    (short / "history.csv").unlink()
    result = omomi("resume", short)
    assert result.exit_code == 0
    assert "this run is finished (5 epochs); to train on: omomi resume" in result.stdout
    assert (short / "learning_curves.png").exists()
    assert (short / "history.csv").exists()
    assert json.loads(omomi("resume", short, "--json").stdout) == results | {"folder": str(short)}


def test_more_epochs_are_those_of_a_longer_run(short, tmp_path):
    assert omomi("resume", short, "--epochs", 4, "--quiet").exit_code == 0
    omomi("train", "xor", "--epochs", 9, "--replicas", 2, "--out", tmp_path / "long", "--quiet")
    assert_same_run(short, tmp_path / "long")
    assert tomllib.loads((short / "config.toml").read_text())["epochs"] == 9
    assert json.loads((short / "results.json").read_text())["epochs"] == 9


def test_a_run_that_never_began_is_begun(short, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.toml").write_text((short / "config.toml").read_text())
    assert omomi("resume", tmp_path / "bare", "--quiet").exit_code == 0
    assert_same_run(tmp_path / "bare", short)


def test_a_moved_run_goes_on(short, tmp_path, monkeypatch):
    short.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert json.loads(omomi("resume", "moved", "--json").stdout)["folder"] == "moved"


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"no tensors at all"])
def test_a_damaged_checkpoint_is_refused(short, damage):
    path = short / "checkpoint.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    result = omomi("resume", short, "--epochs", 3)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {path} is damaged")


def test_changed_settings_are_refused(short):
    config = short / "config.toml"
    config.write_text(config.read_text().replace("lr = 0.03", "lr = 0.3"))
    result = omomi("resume", short, "--epochs", 3)
    assert result.exit_code == 2
    assert "was changed since the checkpoint was written (optimizer)" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "nowhere holds no run: there is no config.toml in it"),
        (["short", "--epochs", "0"], "--epochs must be a whole number ≥ 1, got 0"),
    ],
)
def test_what_cannot_go_on(args, words, short, monkeypatch):
    monkeypatch.chdir(short.parent)
    result = omomi("resume", *args)
    assert result.exit_code == 2
    assert result.stderr == f"error: {words}\n"


def test_python_m_omomi_and_the_version():
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    said = subprocess.run(
        [sys.executable, "-m", "omomi", "--version"], capture_output=True, text=True, check=True, env=environment
    )
    assert said.stdout == "omomi 0.1.0\n"
