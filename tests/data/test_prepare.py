"""Scalers and one-hot rows."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from omomi.data import Scaler, one_hot

rng = np.random.default_rng(1)
TRAIN = rng.normal(5, [1, 100, 1e-3], (50, 3))
TEST = rng.normal(5, [1, 100, 1e-3], (20, 3))


@pytest.mark.parametrize(("fit", "peer"), [(Scaler.standardise, StandardScaler), (Scaler.min_max, MinMaxScaler)])
def test_against_scikit_learn(fit, peer):
    scaler, expected = fit(TRAIN), peer().fit(TRAIN)
    np.testing.assert_allclose(scaler.apply(TRAIN), expected.transform(TRAIN), atol=1e-9)
    np.testing.assert_allclose(scaler.apply(TEST), expected.transform(TEST), atol=1e-9)


def test_what_they_aim_at():
    z = Scaler.standardise(TRAIN).apply(TRAIN)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(z.std(axis=0), 1)
    z = Scaler.min_max(TRAIN).apply(TRAIN)
    np.testing.assert_array_equal([z.min(axis=0), z.max(axis=0)], [[0] * 3, [1] * 3])


@pytest.mark.parametrize("fit", [Scaler.standardise, Scaler.min_max])
def test_undo(fit):
    scaler = fit(TRAIN)
    np.testing.assert_allclose(scaler.undo(scaler.apply(TEST)), TEST)
    assert scaler.kind == fit.__name__


@pytest.mark.parametrize("fit", [Scaler.standardise, Scaler.min_max])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e100])
def test_constant_columns_keep_the_scale_1(fit, value):
    x = np.full((10, 1), value)
    scaler = fit(x)
    assert scaler.scale == 1
    np.testing.assert_array_equal(scaler.apply(x), 0)


def test_a_variance_too_small_for_floats_counts_as_none():
    assert Scaler.standardise([[0.0], [1e-200]]).scale == 1


def test_any_shape_of_sample():
    x = rng.random((10, 4, 3))
    z = Scaler.min_max(x).apply(x)
    np.testing.assert_array_equal(z.max(axis=0), np.ones((4, 3)))


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (np.ones(3), r"Scaler: x must have the shape \(samples, features\) and not be empty, got \(3,\)"),
        (np.ones((0, 3)), r"Scaler: x must have the shape \(samples, features\) and not be empty, got \(0, 3\)"),
        (np.array([[1.0], [np.inf]]), "Scaler: x must be finite, got inf"),
    ],
)
def test_fitting_refuses(x, sentence):
    with pytest.raises(ValueError, match=sentence):
        Scaler.standardise(x)


def test_other_widths_are_refused():
    with pytest.raises(ValueError, match=r"^Scaler: x must have the shape \(N, 3\), got \(50, 1\)$"):
        Scaler.standardise(TRAIN).apply(TRAIN[:, :1])


def test_one_hot():
    np.testing.assert_array_equal(one_hot([1, 0, 1], 3), [[0, 1, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(one_hot(np.array([True, False]), 2), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 3], r"^one_hot: labels must lie in 0\.\.2, got 3$"),
        ([-1], r"^one_hot: labels must lie in 0\.\.2, got -1$"),
        ([0.0], r"^one_hot: labels must be whole numbers of shape \(N,\), got float64 \(1,\)$"),
        ([[0]], r"^one_hot: labels must be whole numbers of shape \(N,\), got int64 \(1, 1\)$"),
    ],
)
def test_one_hot_refuses(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        one_hot(labels, 3)
