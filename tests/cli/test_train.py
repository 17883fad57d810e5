"""`omomi train`, from the words typed to the folder left behind."""

import csv
import json
import sys
import tomllib

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

import omomi as om
from omomi.cli import app
from omomi.cli.experiment import Experiment

PNG = b"\x89PNG\r\n\x1a\n"
SHORT = ("--epochs", "12", "--replicas", "3")


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


def weights(folder):
    return load_file(folder / "weights.safetensors")


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


def assert_refused(result, *words):
    """Exit code 2 and nothing but sentences about it."""
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines)
    for word in words:
        assert any(word in line for line in lines), (word, lines)
    return lines


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    """(folder, result) of a short run that writes JSON."""
    folder = tmp_path_factory.mktemp("runs") / "moons"
    return folder, omomi("train", "moons", *SHORT, "--data-option", "n=60", "--out", folder, "--json")


@pytest.fixture
def people(tmp_path):
    """A CSV with a text column, numbers and a target in large units."""
    rng = np.random.default_rng(0)
    path = tmp_path / "people.csv"
    with path.open("w") as file:
        table = csv.writer(file)
        table.writerow(["height", "town", "income"])
        for h, town in zip(rng.normal(170, 10, 60), rng.choice(["Kobe", "Nara"], 60), strict=True):
            table.writerow([h, town, 1e5 + 500 * (h - 170) + 9000 * (town == "Kobe")])
    return path


def test_the_folder_holds_everything(moons):
    folder, result = moons
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert sorted(said["files"]) == sorted(path.name for path in folder.iterdir())
    assert {"config.toml", "history.csv", "weights.safetensors", "checkpoint.safetensors", "results.json"} < set(
        said["files"]
    )
    figures = [path for path in folder.iterdir() if path.suffix == ".png"]
    assert {path.stem for path in figures} == {"learning_curves", "confusion_matrix", "decision_map"}
    assert all(path.read_bytes().startswith(PNG) for path in figures)


def test_json_says_it_all(moons):
    folder, result = moons
    said = json.loads(result.stdout)
    assert said == json.loads((folder / "results.json").read_text())
    assert said["task"] == "moons"
    assert said["net"] == "64, relu, 2"
    assert said["samples"] == {"training": 87, "validation": 9, "test": 24}  # ⌊0.2·120⌋, then ⌊0.1·96⌋
    assert said["seeds"] == [0, 1, 2]
    assert said["epochs"] == 12
    assert said["diverged"] == said["stopped"] == {}
    assert said["seconds"] > 0
    assert said["settings"] == tomllib.loads((folder / "config.toml").read_text())
    for part in ("training", "validation", "test"):
        accuracy = said["metrics"][part]["accuracy"]
        assert accuracy["mean"] == pytest.approx(np.mean(accuracy["replicas"]))
        assert len(accuracy["replicas"]) == 3


def test_the_table_tells_the_same_as_the_weights(tmp_path):
    result = omomi("train", "moons", *SHORT, "--out", tmp_path / "a")
    (theta,) = (weights(tmp_path / "a"),)
    train, test = om.data.moons().split(0.2)
    net = om.Network.parse(2, "64, relu, 2")
    hidden = np.maximum(test.x @ theta["0.dense.W"] + theta["0.dense.b"], 0)
    right = ((hidden @ theta["2.dense.W"] + theta["2.dense.b"]).argmax(-1) == test.y).mean(axis=1)
    mean, half = om.training.mean_and_interval(right)
    row = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["test"])
    assert f"{100 * mean:.2f} ± {100 * half:.2f} %" in row
    assert f"{net.size:,} parameters" in result.stdout
    assert str(test.n) in row
    assert train.n + test.n == 500


def test_history_has_held_out_columns(moons):
    folder, _ = moons
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12 * 3
    assert {"epoch", "seed", "loss", "accuracy", "val_loss", "val_accuracy"} == rows[0].keys()


def test_config_repeats_the_run_bit_for_bit(moons, tmp_path):
    folder, _ = moons
    assert omomi("train", folder / "config.toml", "--out", tmp_path / "again").exit_code == 0
    assert_same(weights(folder), weights(tmp_path / "again"))
    assert (folder / "config.toml").read_text() == (tmp_path / "again" / "config.toml").read_text()


def test_options_override_the_file(moons, tmp_path):
    folder, _ = moons
    out = tmp_path / "b"
    assert omomi("train", folder / "config.toml", "--epochs", 2, "--optimizer", "sgd", "--out", out).exit_code == 0
    said = tomllib.loads((out / "config.toml").read_text())
    assert (said["epochs"], said["replicas"], said["data"]) == (2, 3, {"n": 60})
    assert (said["optimizer"], said["lr"]) == ("Sgd()", 0.01)  # the optimizer brings its own rate


def test_lr_overrides_that_of_the_optimizer(tmp_path):
    args = ("--optimizer", "momentum(lr=1, momentum=0.8)", "--lr", "0.25")
    omomi("train", "xor", *SHORT, *args, "--out", tmp_path / "a")
    said = tomllib.loads((tmp_path / "a" / "config.toml").read_text())
    assert (said["optimizer"], said["lr"]) == ("Momentum(momentum=0.8)", 0.25)


def test_folders_count_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (omomi("train", "xor", *SHORT, "--quiet") for _ in range(2))
    assert (first.stdout, second.stdout) == ("runs/xor-001\n", "runs/xor-002\n")


def test_an_existing_run_is_left_alone(moons):
    folder, _ = moons
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert_refused(omomi("train", "moons", "--out", folder), "holds a run already")
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_digits_are_learnt(tmp_path):
    said = json.loads(omomi("train", "digits", "--out", tmp_path / "d", "--json").stdout)
    assert len(said["seeds"]) == 8
    assert said["metrics"]["test"]["accuracy"]["mean"] >= 0.965
    assert (tmp_path / "d" / "predictions.png").read_bytes().startswith(PNG)


def test_own_regression_is_scaled_and_told_in_its_units(people, tmp_path):
    out = tmp_path / "run"
    args = ("--epochs", 200, "--replicas", 2, "--lr", "0.01")
    said = json.loads(omomi("train", people, *args, "--out", out, "--json").stdout)
    assert said["settings"]["scale"] == "standardise"
    assert said["settings"]["task"] == str(people)
    test = said["metrics"]["test"]
    assert test["r2"]["mean"] > 0.9
    # mse = (1 - r2) · variance of the test targets: in squared units of income
    data = om.data.load(people)
    _, held = data.split(0.2)
    expected = (1 - np.array(test["r2"]["replicas"])) * held.y.var()
    np.testing.assert_allclose(test["mse"]["replicas"], expected, rtol=1e-4)
    assert said["scaling"]["y"]["shift"][0] == pytest.approx(data.y.mean(), rel=0.05)
    assert (out / "fit.png").read_bytes().startswith(PNG)


def test_one_replica_has_no_interval(tmp_path):
    result = omomi("train", "xor", "--replicas", 1, "--epochs", 3, "--out", tmp_path / "a")
    assert "± n.a. %" in result.stdout
    assert json.loads((tmp_path / "a/results.json").read_text())["metrics"]["training"]["loss"]["interval"] is None


def test_divergence_is_told_in_words(tmp_path):
    args = ("--optimizer", "sgd", "--lr", "1e30", "--replicas", 2, "--epochs", 20, "--net", "8, relu, 1")
    result = omomi("train", "plane", *args, "--out", tmp_path / "a")
    assert result.exit_code == 0
    assert "seed 0 diverged in epoch" in result.stdout
    said = json.loads((tmp_path / "a" / "results.json").read_text())
    assert said["diverged"].keys() == {"0", "1"}
    assert said["metrics"]["test"]["mse"]["mean"] is None  # JSON knows no NaN


def test_patience_is_told_in_words(tmp_path):
    args = ("--lr", "0.5", "--patience", 1, "--epochs", 60, "--replicas", 2, "--data-option", "n=40")
    result = omomi("train", "moons", *args, "--out", tmp_path / "a")
    assert "stopped early; its weights are those of epoch" in result.stdout


def test_a_diagnosis_is_told_drawn_and_kept(tmp_path):
    """Relu units whose first steps are far too long: most of them die."""
    args = ("--optimizer", "sgd", "--lr", "30", "--replicas", 2, "--epochs", 3, "--diagnose", "--out", tmp_path / "a")
    result = omomi("train", "moons", *args)
    assert (tmp_path / "a" / "diagnosis.png").read_bytes().startswith(PNG)
    said = json.loads((tmp_path / "a" / "results.json").read_text())["diagnosis"]
    assert any("of 64 units dead (mean over 2 replicas); a lower learning rate" in line for line in said["in_words"])
    assert all(line in result.stdout.splitlines() for line in said["in_words"])
    with (tmp_path / "a" / "history.csv").open() as file:
        last = [row for row in csv.DictReader(file) if row["epoch"] == "3"]
    assert said["dead[1]"]["replicas"] == [float(row["dead[1]"]) for row in last]
    again = omomi("resume", tmp_path / "a")
    assert all(line in again.stdout.splitlines() for line in said["in_words"])


def test_the_test_part_that_comes_with_the_data_is_used(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 3)), np.arange(50) % 2
    np.savez(tmp_path / "own.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    said = json.loads(omomi("train", tmp_path / "own.npz", *SHORT, "--out", tmp_path / "a", "--json").stdout)
    assert said["settings"]["test"] == "own"
    assert said["samples"] == {"training": 36, "validation": 4, "test": 10}


def test_without_matplotlib_the_rest_works(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = omomi("train", "xor", *SHORT, "--out", tmp_path / "a", "--json")
    assert result.exit_code == 0
    assert result.stderr == "note: figures need matplotlib: pip install 'omomi[plots]'\n"
    assert not any(name.endswith(".png") for name in json.loads(result.stdout)["files"])


def test_every_task_has_defaults():
    from omomi.cli.tasks import TASKS

    assert TASKS.keys() == om.data.catalogue().keys()


REFUSED = [
    (["train", "spirl"], "did you mean 'spiral'?"),
    (["train"], "say what to learn"),
    (["train", "nowhere.csv"], "there is no file or folder 'nowhere.csv'"),
    (["train", "nowhere.toml"], "there is no file 'nowhere.toml'"),
    (["train", "xor", "--epochs", "0"], "--epochs must be a whole number ≥ 1, got 0"),
    (["train", "xor", "--lr", "nan"], "--lr must be a number > 0, got nan"),
    (["train", "xor", "--batch", "some"], "--batch must be a whole number ≥ 1, or 'all', got \"some\""),
    (["train", "xor", "--net", "8, tahn, 2"], "did you mean 'tanh'?"),
    (["train", "xor", "--net", "8,, 2"], "like '128, relu, 10', got '8,, 2'"),
    (["train", "digits", "--net", "5"], "labels must lie in 0 … 4"),
    (["train", "xor", "--optimizer", "adma"], "did you mean 'adam'?"),
    (["train", "xor", "--optimizer", "adam(beta1=2)"], "Adam: beta1 must lie in [0, 1), got 2"),
    (["train", "xor", "--rule", "backprob"], "did you mean 'backprop'?"),
    (["train", "xor", "--patience", "3"], "patience needs validation data"),
    (["train", "xor", "--validation", "0.1"], "validation must hold back at least one of the 4 samples"),
    (["train", "spiral", "--data-option", "nois=1"], "did you mean 'noise'?"),
    (["train", "spiral", "--data-option", "noise"], "written as name=value"),
    (["train", "digits", "--test", "own"], "without a test part of its own"),
    (["train", "xor", "--resume", "runs"], "leave TASK out"),
]


@pytest.mark.parametrize(("args", "words"), REFUSED, ids=[" ".join(args) for args, _ in REFUSED])
def test_what_cannot_be_is_refused_in_one_sentence(args, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(assert_refused(omomi(*args), words)) == 1
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_mistakes_in_one_s_own_table_are_named(people, tmp_path):
    assert_refused(omomi("train", people, "--target", "incom", "--out", tmp_path / "a"), "did you mean 'income'?")
    people.write_text(people.read_text() + "181,Nara,nan\n")
    assert_refused(omomi("train", people, "--out", tmp_path / "a"), "line 62, column 'income'")


def test_options_of_the_command_line_and_of_files_are_the_same():
    from typer.main import get_command

    names = {parameter.name for parameter in get_command(app).commands["train"].params}
    assert names >= Experiment.model_fields.keys()
