"""Data sets by name."""

import subprocess
import sys

import numpy as np
import pytest

from omomi.data import catalogue, load


@pytest.mark.parametrize("name", catalogue())
def test_every_name_gives_the_set_it_names(name):
    data = load(name)
    assert data.name == name
    assert data.classes or len(data.targets) == data.n_out
    assert len(data.features) == (data.x.shape[1] if data.x.ndim == 2 else 0)


@pytest.mark.parametrize("name", ["breast_cancer", "Breast-Cancer", "breastcancer", "BREAST CANCER"])
def test_spelling_does_not_matter(name):
    assert load(name).name == "breast_cancer"


def test_options_reach_the_set():
    assert load("spiral", classes=3, n=5).n == 15


def test_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.csv", "iris.csv"):
        (tmp_path / name).write_text("a,b\n1,2.5\n")
    assert load("mine.csv").name == "mine"
    assert load(tmp_path / "mine.csv", target="a").features == ("b",)
    assert load("./iris.csv").n == 1


def test_a_name_wins_over_a_folder_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "xor").mkdir()
    np.testing.assert_array_equal(load("xor").y, [0, 1, 1, 0])
    with pytest.raises(FileNotFoundError, match="train-images"):
        load("./xor")


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("spirl", {}, r"^no data set is named 'spirl'; did you mean 'spiral'\? \(known: xor, parity, spiral, "),
        ("Brest-Cancer", {}, r"did you mean 'breast_cancer'\?"),
        ("qqq", {}, r"^no data set is named 'qqq' \(known: "),
        ("moons", {"nois": 1}, r"^moons takes no option 'nois'; did you mean 'noise'\? \(it takes n, noise, seed\)$"),
        ("iris", {"n": 1}, r"^iris takes no option 'n' \(it takes none\)$"),
    ],
)
def test_refusals(name, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        load(name, **options)


@pytest.mark.parametrize("path", ["mine.csv", "folder/mine"])
def test_what_looks_like_a_path_is_sought_as_one(path):
    with pytest.raises(FileNotFoundError, match=f"^there is no file or folder '{path}'$"):
        load(path)


def test_scikit_learn_is_imported_by_those_alone_who_need_it():
    code = "import sys, omomi.data; omomi.data.load('moons'); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
