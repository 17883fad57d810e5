"""Archives of arrays, and the reader a path needs."""

import csv

import numpy as np
import pytest

from omomi.data import read, read_npz

X = np.arange(6.0).reshape(3, 2)


@pytest.fixture
def archive(tmp_path):
    def write(**arrays):
        np.savez_compressed(tmp_path / "mine.npz", **arrays)
        return tmp_path / "mine.npz"

    return write


def test_labels_and_names(archive):
    data = read_npz(archive(x=X, y=[1, 0, 1], classes=["no", "yes"], features=["a", "b"]))
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, [1, 0, 1])
    assert (data.name, data.classes, data.features) == ("mine", ("no", "yes"), ("a", "b"))


def test_targets(archive):
    data = read_npz(archive(x=X, y=X * 2, targets=["a", "b"]))
    np.testing.assert_array_equal(data.y, [[0, 2], [4, 6], [8, 10]])
    assert data.targets == ("a", "b")


@pytest.mark.parametrize("train", ["x y", "x_train y_train"])
def test_parts_share_their_classes(archive, train):
    x, y = train.split()
    path = archive(**{x: X, y: [0, 1, 2], "x_test": X[:1] + 0.5, "y_test": [1]})
    np.testing.assert_array_equal(read_npz(path).y, [0, 1, 2])
    test = read_npz(path, part="test")
    np.testing.assert_array_equal(test.x, [[0.5, 1.5]])
    assert test.classes == ("0", "1", "2")


def test_pictures_of_bytes_become_rows(archive):
    data = read_npz(archive(x=np.arange(12, dtype=np.uint8).reshape(2, 2, 3), y=[0, 1]))
    np.testing.assert_array_equal(data.x, np.arange(12).reshape(2, 6))
    assert data.image_shape == (2, 3)


def test_no_pictures_are_refused(archive):
    with pytest.raises(ValueError, match=r"^Dataset 'mine': x must not be empty, got the shape \(0, 6\)$"):
        read_npz(archive(x=np.zeros((0, 2, 3), np.uint8), y=np.zeros(0, int)))


def test_series_keep_their_axes(archive):
    assert read_npz(archive(x=np.ones((2, 5, 3)), y=[0, 1])).x.shape == (2, 5, 3)


@pytest.mark.parametrize(
    ("arrays", "options", "sentence"),
    [
        ({"x": X}, {}, "^mine.npz: an array 'y' is needed, got x$"),
        ({}, {}, "^mine.npz: an array 'x' is needed, got none$"),
        ({"x": X, "y": [0, 1, 1]}, {"part": "test"}, "^mine.npz: an array 'x_test' is needed, got x, y$"),
        ({"x": X, "y": [0, 1, 1]}, {"part": "valid"}, "^read_npz: part must be 'train' or 'test', got 'valid'$"),
        (
            {"x": np.array([{}, 1, 2]), "y": [0, 1, 1]},
            {},
            "^mine.npz: x must be a plain array, got: Object arrays cannot",
        ),
        ({"x": X, "y": ["a", "b", "c"]}, {}, "^Dataset 'mine': y must hold real numbers, got <U1$"),
        ({"x": X, "y": [1, 2, 250_000]}, {}, "^Dataset 'mine': whole numbers in y are class labels"),
    ],
)
def test_refusals(archive, arrays, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_npz(archive(**arrays), **options)


def test_broken_archive(archive):
    path = archive(x=np.random.default_rng(0).random((100, 2)), y=np.ones(100))
    data = bytearray(path.read_bytes())
    data[300:400] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"^mine\.npz: x must be a plain array, got: "):
        read_npz(path)


def test_something_else_than_an_archive(tmp_path):
    with (tmp_path / "mine.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(ValueError, match=r"^mine\.npz: the file must be an archive of np\.savez, got something else$"):
        read_npz(tmp_path / "mine.npz")


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".tsv", ".txt"])
def test_read_chooses_tables(tmp_path, suffix):
    path = tmp_path / f"mine{suffix}"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([["a", "b", "c"], [1, 2.5, 3.5]])
    assert read(path).targets == ("c",)
    assert read(str(path), target="a,b").targets == ("a", "b")


def test_read_chooses_archives_and_folders(archive, tmp_path):
    assert read(archive(x=X, y=[0, 1, 1])).n == 3
    with pytest.raises(FileNotFoundError, match="there is no train-images-idx3-ubyte"):
        read(tmp_path)


def test_read_refusals(archive, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^there is no file or folder 'nowhere/mine\.csv'$"):
        read("nowhere/mine.csv")
    (tmp_path / "mine.xlsx").touch()
    with pytest.raises(
        ValueError, match=r"^mine\.xlsx: the file must end in \.csv, \.tsv, \.txt, \.npz, got '\.xlsx'$"
    ):
        read(tmp_path / "mine.xlsx")
    with pytest.raises(ValueError, match=r"^read_npz takes no option 'target' \(it takes part\)$"):
        read(archive(x=X, y=[0, 1, 1]), target="y")
