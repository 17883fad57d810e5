"""Bundled data sets against their published descriptions."""

import sys

import numpy as np
import pytest

from omomi.data import breast_cancer, diabetes, digits, iris, wine


@pytest.mark.parametrize(
    ("load", "shape", "counts"),
    [
        (digits, (1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        (iris, (150, 4), [50, 50, 50]),
        (wine, (178, 13), [59, 71, 48]),
        (breast_cancer, (569, 30), [212, 357]),
    ],
)
def test_classes_have_their_published_sizes(load, shape, counts):
    data = load()
    assert data.x.shape == shape
    assert len(data.features) == shape[1]
    np.testing.assert_array_equal(np.bincount(data.y), counts)
    assert data.n_out == len(counts)


def test_digits_are_pictures_between_0_and_1():
    data = digits()
    assert (data.x.min(), data.x.max()) == (0, 1)
    assert data.image_shape == (8, 8)
    assert data.classes == tuple("0123456789")


def test_names():
    assert iris().classes == ("setosa", "versicolor", "virginica")
    assert breast_cancer().classes == ("malignant", "benign")


def test_diabetes_is_a_regression():
    data = diabetes()
    assert (data.x.shape, data.y.shape) == ((442, 10), (442, 1))
    assert (data.y.min(), data.y.max()) == (25, 346)
    np.testing.assert_allclose((data.x**2).sum(axis=0), 1)
    assert data.targets == ("progression",)


def test_without_scikit_learn_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r"^the digits need scikit-learn: pip install 'omomi\[datasets\]'$"):
        digits()
