"""`omomi compare`, from the words typed to the folder left behind."""

import json
import tomllib

import pytest
from typer.testing import CliRunner

import omomi as om
from omomi.cli import app

SHORT = ("--epochs", "3", "--replicas", "3", "--tuning", "3", "--nets", "4, tanh, 3", "--jobs", "1")


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    """(folder, result) of a short comparison that writes JSON."""
    folder = tmp_path_factory.mktemp("runs") / "iris"
    return folder, omomi("compare", "iris", *SHORT, "--rules", "backprop, bp", "--out", folder, "--json")


def test_json_says_it_all(iris):
    folder, result = iris
    assert result.exit_code == 0
    said = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [row["label"] for row in said["rows"]] == ["backprop", "bp", "logistic regression"]
    assert said["rows"][2]["half"] is None
    (apart,) = said["differences"]
    assert (apart["mean"], apart["p_holm"]) == (0, 1)
    assert said["settings"]["seeds"] == [0, 1, 2]
    assert said["samples"] == {"training": 96, "validation": 24, "test": 30}
    assert {"results.csv", "curves.csv", "report.html"} <= set(said["files"])
    assert all((folder / name).is_file() for name in said["files"])


def test_it_is_what_python_gives(iris):
    said = json.loads(iris[1].stdout)
    c = om.compare(
        "iris", rules="backprop, bp", epochs=3, seeds=range(3), tuning=3, nets="4, tanh, 3", jobs=1, progress=False
    )
    assert [row["mean"] for row in said["rows"]] == [row.mean for row in om.comparisons.summary.rows(c)]
    assert said["remarks"] == om.comparisons.summary.remarks(c)


def test_the_same_folder_goes_on_and_shows_the_table(iris):
    folder, first = iris
    written = {path: path.stat().st_mtime_ns for path in (folder / "trainings").iterdir()}
    again = omomi("compare", "iris", *SHORT, "--rules", "backprop, bp", "--out", folder)
    assert {path: path.stat().st_mtime_ns for path in (folder / "trainings").iterdir()} == written
    best = f"{100 * json.loads(first.stdout)['rows'][0]['mean']:.2f}"
    lines = again.stdout.splitlines()
    assert "96 for training, 24 for validation, 30 for test" in lines[0]
    assert any(line.split()[:2] == ["backprop", best] for line in lines)
    assert any(line.split()[:3] == ["backprop", "−", "bp"] for line in lines)
    assert f"{folder}/:" in lines[-1]


def test_folders_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny = ("--epochs", "1", "--replicas", "1", "--tuning", "0", "--jobs", "1", "--quiet")
    results = [omomi("compare", "xor", *tiny) for _ in range(2)]
    assert [r.stdout.strip() for r in results] == ["runs/compare-xor-001", "runs/compare-xor-002"]
    settings = tomllib.loads((tmp_path / "runs/compare-xor-001/comparison.toml").read_text())
    assert (settings["task"], settings["test"], settings["batch_size"]) == ("xor", 0, "all")


def test_own_files_and_options_of_data_sets(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i},{i % 7},{'yes' if i > 19 else 'no'}\n" for i in range(40)))
    tiny = ("--epochs", "1", "--replicas", "1", "--tuning", "0", "--jobs", "1", "--json")
    said = json.loads(omomi("compare", path, *tiny, "--out", tmp_path / "a").stdout)
    assert said["settings"]["scale"] == "standardise"
    said = json.loads(omomi("compare", "moons", "--data-option", "n=50", *tiny, "--out", tmp_path / "b").stdout)
    assert sum(said["samples"].values()) == om.data.moons(n=50).n


def test_every_mistake_is_a_line_and_no_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = omomi("compare", "iris", "--rules", "backpropp", "--nets", "4, rel, 3", "--epochs", "0", "--test", "two")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("error: ") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(om.Run, "train", interrupted)
    result = omomi("compare", "iris", *SHORT, "--out", tmp_path / "c")
    assert result.exit_code == 130
    assert f"go on with the same command and --out {tmp_path / 'c'}" in result.stderr
