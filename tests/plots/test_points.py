"""Points stand where the data is."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

import omomi as om
from omomi.plots import scatter


def test_two_inputs_by_class(ax, words):
    data = om.data.gaussians(classes=3, n=20)
    scatter(data, ax=ax)
    for c in range(3):
        np.testing.assert_array_equal(ax.collections[c].get_offsets(), data.x[data.y == c])
    assert len({tuple(points.get_facecolor()[0]) for points in ax.collections}) == 3
    assert words(ax) == ["Gaussians", "x1", "x2", "0", "1", "2"]


def test_many_inputs_against_scikit_learn(ax, words):
    data = om.data.iris()
    scatter(data, ax=ax)
    pca = PCA(2).fit(data.x)
    shown = np.concatenate([points.get_offsets() for points in ax.collections])
    np.testing.assert_allclose(abs(shown), abs(pca.transform(data.x)), atol=1e-10)
    shares = [
        f"principal component {i + 1} ({100 * s:.1f} % of the variance)" for i, s in enumerate([0.92462, 0.05307])
    ]
    np.testing.assert_allclose(pca.explained_variance_ratio_, [0.92462, 0.05307], atol=1e-4)
    assert words(ax)[1:3] == shares


def test_one_input_regression(ax, words):
    data = om.data.sine(n=9)
    scatter(data, ax=ax)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), np.column_stack([data.x, data.y]))
    assert words(ax) == ["Sine", "x", "sin x"]


def test_one_input_classes_stand_above_each_other(ax):
    scatter(om.data.Dataset([[3.0], [1.0], [2.0]], [0, 1, 1], classes=("cat", "dog")), ax=ax)
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), [[1, 1], [2, 1]])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["cat", "dog"]


def test_one_input_several_targets(ax, words):
    scatter(om.data.Dataset([[0.0], [1.0]], [[1.0, 2.0], [3.0, 4.0]], targets=("a", "b")), ax=ax)
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), [[0, 2], [1, 4]])
    assert words(ax)[2:] == ["targets", "a", "b"]


def test_two_inputs_regression_by_colour(ax):
    data = om.data.plane(n=12)
    scatter(data, ax=ax)
    np.testing.assert_array_equal(ax.collections[0].get_array(), data.y[:, 0])
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["y"]


def test_a_single_sample_of_many_inputs(ax):
    scatter(om.data.Dataset([[1.0, 2.0, 3.0]], [0]), ax=ax)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[0, 0]])


def test_error():
    with pytest.raises(ValueError, match=r"^scatter: data must be a Dataset, got list$"):
        scatter([1, 2])
