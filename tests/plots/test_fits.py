"""Regressions: the lines and bands are what NumPy and scipy.stats say of the answers."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

import omomi as om
from omomi.plots import fit_1d, function_approximation, predicted_against_true

X, Y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 5.0]


def straight(slopes):
    run = om.Run(om.Network(1, om.Dense(1)), X, Y, seeds=range(len(slopes)))
    run.theta[...] = 0
    run.params[0]["W"][:, 0, 0] = slopes
    return run


def test_fit_is_the_mean_with_its_interval(ax, words):
    fit_1d(straight([1.0, 2.0, 6.0]), (X, Y), ax=ax)
    line = ax.get_lines()[0]
    x = line.get_xdata()
    assert (x.min(), x.max()) == pytest.approx((-0.1, 2.1))
    np.testing.assert_allclose(line.get_ydata(), 3 * x, atol=1e-6)
    low, high = stats.t.interval(0.95, 2, 3.0, stats.sem([1.0, 2.0, 6.0]))  # of the slope, and so at x = 1
    corners = ax.collections[1].get_paths()[0].vertices
    at = corners[abs(corners[:, 0] - 2.1) < 1e-9]
    np.testing.assert_allclose([at[:, 1].min(), at[:, 1].max()], [2.1 * low, 2.1 * high], rtol=1e-6)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), np.column_stack([X, Y]))
    assert words(ax) == ["Mean of 3 replicas and its 95 % interval", "x", "y", "data", "mean"]


def test_fit_of_two_replicas_shows_both(ax):
    fit_1d(straight([1.0, 2.0]), (X, Y), ax=ax)
    slopes = [line.get_ydata()[-1] / 2.1 for line in ax.get_lines()]
    np.testing.assert_allclose(slopes, [1, 2, 1.5], rtol=1e-6)


def test_fit_without_diverged_replicas(ax, words):
    fit_1d(straight([1.0, np.nan]), (X, Y), ax=ax)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), ax.get_lines()[0].get_xdata(), atol=1e-6)
    assert "1 of 2 diverged" in words(ax)
    assert "2 of 2 diverged" in words(fit_1d(straight([np.inf, np.nan]), (X, Y)))


def test_fit_error():
    with pytest.raises(ValueError, match=r"^fit_1d draws regressions with 1 input, got <Dataset 'moons'"):
        fit_1d(straight([1.0]), om.data.moons())
    with pytest.raises(ValueError, match=r"^fit_1d: level must lie in \(0, 1\), got 0$"):
        fit_1d(straight([1.0]), (X, Y), level=0)


def test_predicted_against_true(ax, words):
    rng = np.random.default_rng(0)
    t = rng.random((30, 2))
    y = t + 0.1 * rng.standard_normal((4, 30, 2))
    y[3] = np.nan
    predicted_against_true(y, t, ax=ax)
    for o in range(2):
        np.testing.assert_allclose(
            ax.collections[o].get_offsets(), np.column_stack([t[:, o], y[:3, :, o].mean(axis=0)])
        )
    diagonal = ax.get_lines()[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert words(ax)[0] == f"Mean of 3 replicas, r² = {r2_score(t, y[:3].mean(axis=0)):.3f}"
    assert words(ax)[1:] == ["true", "predicted", "output 1", "output 2"]


def test_predicted_against_true_of_one_output(ax, words):
    predicted_against_true([1.0, 2.0, 2.0], [1.0, 2.0, 3.0], ax=ax)  # 1 - 1 / 2
    assert words(ax) == ["r² = 0.500", "true", "predicted"]


def test_predicted_against_true_says_what_is_wrong(words):
    assert "1 of 1 diverged" in words(predicted_against_true([np.nan], [1.0]))
    with pytest.raises(ValueError, match=r"y must be \(N, O\) or \(R, N, O\) for t of \(2, 1\), got \(1, 3, 1\)"):
        predicted_against_true([1, 2, 3], [1, 2])


def test_function_approximation(ax, words):
    x = np.array([2.0, 0.0, 1.0])
    basis = np.array([[4.0, 0.0, 1.0], [-2.0, 0.0, -1.0]])
    function_approximation(x, basis.sum(axis=0), basis, ([0.5], [0.25]), ax=ax)
    lines = [line.get_ydata().tolist() for line in ax.get_lines()]
    assert lines == [[0, 1, 4], [0, -1, -2], [0, 0, 2], [0.25]]
    assert ax.get_lines()[2].get_linewidth() > ax.get_lines()[0].get_linewidth()
    assert words(ax)[3:] == ["2 terms", "their sum", "data"]


def test_function_approximation_error():
    with pytest.raises(ValueError, match=r"basis \(K, N\), got \(3,\), \(3,\) and \(3, 2\)"):
        function_approximation([1, 2, 3], [1, 2, 3], np.ones((3, 2)))
