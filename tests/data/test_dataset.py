"""Datasets: what they keep, how they are cut, and what they refuse."""

import dataclasses
import re

import numpy as np
import pytest

from omomi.data import Dataset


@pytest.fixture
def labelled():
    return Dataset(np.arange(20.0).reshape(10, 2), np.arange(10) % 3, "mine", ("age", "size"), ("a", "b", "c"))


def test_labels_become_int64_and_samples_float64():
    data = Dataset(np.ones((2, 3), np.float32), np.array([1.0, 0.0]), classes=("a", "b"))
    assert data.x.dtype == np.float64
    assert data.y.dtype == np.int64
    assert (data.n, data.n_out, data.is_classification) == (2, 2, True)


def test_labels_without_names_are_named_by_their_numbers():
    assert Dataset(np.eye(3), np.array([2, 0, 2], np.uint8)).classes == ("0", "1", "2")


@pytest.mark.parametrize("y", [[0.5, 1.5], [[0.5], [1.5]], [[1], [2]]])
def test_other_targets_become_float_columns(y):
    data = Dataset(np.eye(2), y)
    assert data.y.shape == (2, 1)
    assert data.y.dtype == np.float64
    assert (data.n_out, data.is_classification) == (1, False)


def test_fields_cannot_be_set(labelled):
    with pytest.raises(dataclasses.FrozenInstanceError):
        labelled.x = np.eye(2)


@pytest.mark.parametrize(
    ("indices", "expected"),
    [([3, 1], [3, 1]), (slice(2, 4), [2, 3]), (np.arange(10) > 7, [8, 9]), ([5], [5])],
)
def test_take(labelled, indices, expected):
    taken = labelled.take(indices)
    np.testing.assert_array_equal(taken.x, [[2 * i, 2 * i + 1] for i in expected])
    np.testing.assert_array_equal(taken.y, [i % 3 for i in expected])
    assert taken.classes == labelled.classes


def test_take_of_nothing_is_refused(labelled):
    with pytest.raises(ValueError, match="Dataset 'mine': x must not be empty"):
        labelled.take([])


def test_split_parts_the_samples(labelled):
    train, test = labelled.split(test=0.25)
    assert (train.n, test.n) == (8, 2)  # ⌊2.5⌋ to the test part
    both = np.concatenate([test.x, train.x])
    np.testing.assert_array_equal(np.sort(both[:, 0]), labelled.x[:, 0])
    assert not np.array_equal(both, labelled.x)
    for part in (train, test):
        np.testing.assert_array_equal(part.y, part.x[:, 0] / 2 % 3)  # every label stayed with its sample


def test_split_sets_the_first_of_the_shuffled_aside(labelled):
    order = np.random.default_rng(5).permutation(10)
    train, test = labelled.split(test=0.3, seed=5)
    np.testing.assert_array_equal(test.x[:, 0] / 2, order[:3])
    np.testing.assert_array_equal(train.x[:, 0] / 2, order[3:])


def test_the_seed_decides_the_split(labelled):
    first, same, other = (labelled.split(seed=seed)[0].x for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("test", [0, 1, -0.1, 1.5, float("nan")])
def test_split_refuses_fractions_outside(labelled, test):
    with pytest.raises(ValueError, match=rf"Dataset 'mine': test must lie in \(0, 1\), got {test}"):
        labelled.split(test=test)


def test_split_leaves_a_sample_on_each_side(labelled):
    assert labelled.split(test=np.nextafter(1, 0))[0].n == 1
    with pytest.raises(
        ValueError, match=r"^Dataset 'mine': test must set aside at least one of the 10 samples, got 0\.05$"
    ):
        labelled.split(test=0.05)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (Dataset(np.eye(4), [0, 1, 2, 0], "three"), "<Dataset 'three': 4 × 4 → 3 classes>"),
        (Dataset(np.eye(4), [0, 0, 0, 0], "one"), "<Dataset 'one': 4 × 4 → 1 class>"),
        (Dataset(np.eye(4), np.eye(4), "many"), "<Dataset 'many': 4 × 4 → 4 targets>"),
        (Dataset(np.eye(4), np.ones(4), "single"), "<Dataset 'single': 4 × 4 → 1 target>"),
        (Dataset(np.eye(4), [0, 1, 0, 1], "pictures", image_shape=(2, 2)), "<Dataset 'pictures': 4 × 2×2 → 2 classes>"),
        (Dataset(np.ones((4, 3, 5)), [0, 1, 0, 1], "series"), "<Dataset 'series': 4 × 3×5 → 2 classes>"),
    ],
)
def test_repr(data, expected):
    assert repr(data) == expected


def filled(value, *place, shape=(20, 2)):
    x = np.zeros(shape)
    x[place] = value
    return x


LABELS = np.zeros(20, int)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"x": filled(np.nan, 17, 1), "features": ("size", "age")}, "x holds nan in row 17, column 'age'"),
        ({"x": filled(np.inf, 3, 0)}, "x holds inf in row 3, column 0"),
        ({"x": filled(-np.inf, 3, 1, 4, shape=(20, 2, 5))}, "x holds -inf in row 3, column 1, 4"),
        ({"y": filled(np.nan, 2, 1), "targets": ("a", "b")}, "y holds nan in row 2, column 'b'"),
        ({"y": LABELS[:5]}, "x and y must be equally long, got 20 and 5 samples"),
        ({"x": np.zeros((0, 2))}, "x must not be empty, got the shape (0, 2)"),
        ({"x": np.zeros((20, 0))}, "x must not be empty, got the shape (20, 0)"),
        ({"x": np.zeros(20)}, "x must have the shape (samples, features), got (20,)"),
        ({"x": [[1.0], [1.0, 2.0]]}, "x must be an array, got rows of different lengths"),
        ({"x": np.full((20, 1), "a")}, "x must hold real numbers, got <U1"),
        ({"y": np.full(20, 1j)}, "y must hold real numbers, got complex128"),
        ({"y": 3}, "y must hold one entry per sample, got the number 3"),
        ({"features": ("one",)}, "features must name every column of x, got 1 names for (2,)"),
        ({"image_shape": (2, 2)}, "image_shape must be the (height, width) of a row of x, got (2, 2) for (2,)"),
        ({"image_shape": (2,)}, "image_shape must be the (height, width) of a row of x, got (2,) for (2,)"),
        ({"y": LABELS + 2, "classes": ("a", "b")}, "labels must be whole numbers in 0..1, got 2 in row 0"),
        ({"y": LABELS - 1}, "labels must be whole numbers in 0..0, got -1 in row 0"),
        ({"y": LABELS + 0.5, "classes": ("a", "b")}, "labels must be whole numbers in 0..1, got 0.5 in row 0"),
        ({"y": LABELS[:, None], "classes": ("a",)}, "class labels must have the shape (samples,), got (20, 1)"),
        ({"targets": ("a",)}, "class labels have no target columns, got targets=('a',)"),
        ({"y": LABELS + 250_000}, "whole numbers in y are class labels and must be named from 1000 on, got 250000"),
        ({"y": np.zeros((20, 1, 1))}, "y must have the shape (samples,) or (samples, targets), got (20, 1, 1)"),
        ({"y": np.zeros((20, 2)), "targets": ("a",)}, "targets must name every column of y, got 1 names for 2"),
    ],
)
def test_refusals(fields, sentence):
    with pytest.raises(ValueError, match="^Dataset 'mine': " + re.escape(sentence)):
        Dataset(**({"x": np.zeros((20, 2)), "y": LABELS, "name": "mine"} | fields))
