"""Lines are means, bands and whiskers are Student's intervals (scipy.stats), and what did not go well is said."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from omomi.plots import comparison_curves, comparison_intervals, comparison_tuning

E, R = 5, 6
NAMES = [f"rule_{i}(initial=0.5) · adam(beta1=0.8)" for i in range(12)]


def draws(seed=0, n=R):
    return np.random.default_rng(seed).random((E, n)) + 1


def band(ax, i=0):
    """Lower and upper limits by epoch of band i."""
    corners = ax.collections[i].get_paths()[0].vertices
    epochs = np.unique(corners[:, 0])
    return np.array([[corners[corners[:, 0] == e, 1].min(), corners[corners[:, 0] == e, 1].max()] for e in epochs]).T


def of_scipy(values):
    return np.array([stats.t.interval(0.95, len(row) - 1, row.mean(), stats.sem(row)) for row in values]).T


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_are_means_with_bands_and_what_diverged_is_counted(ax, words):
    a, b = draws(0), draws(1)
    b[2:, 1] = np.nan
    comparison_curves({"a": a, "b": b, "c": np.full((E, R), np.nan)}, "validation accuracy", ax, target=0.9)
    kept = np.delete(b, 1, axis=1)
    for i, values in enumerate((a, kept)):
        np.testing.assert_allclose(ax.get_lines()[i].get_ydata(), values.mean(axis=1))
        np.testing.assert_allclose(band(ax, i), of_scipy(values))
    assert ax.get_lines()[0].get_color() != ax.get_lines()[1].get_color()
    assert legend(ax) == ["a", "b (1 of 6 diverged)", "c (all 6 diverged)", "target, 90 %"]
    assert "Mean of 6 replicas, and its 95 % interval" in words(ax)


def test_over_several_splits_the_interval_is_that_of_the_splits(ax, words):
    values = draws(n=12)
    values[-1, 0] = np.nan
    comparison_curves({"a": values}, "loss", ax, splits=4)
    means = np.stack([values[:, 1:3].mean(axis=1), *(values[:, i : i + 3].mean(axis=1) for i in (3, 6, 9))], axis=1)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), means.mean(axis=1))
    np.testing.assert_allclose(band(ax), of_scipy(means))
    assert "Mean of 4 splits, 3 replicas in each, and its 95 % interval" in words(ax)


def test_an_accuracy_has_bounds_that_its_interval_does_not_know(ax):
    comparison_curves({"a": np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])}, "validation accuracy", ax)
    assert band(ax).min() < -0.2
    assert band(ax).max() > 1.2
    assert ax.get_ylim() == (-0.02, 1.02)


@pytest.mark.parametrize(("n", "lines"), [(1, 1), (2, 3)])
def test_one_or_two_replicas_have_no_band(ax, n, lines):
    comparison_curves({"a": draws(n=n)}, "loss", ax)
    assert not ax.collections
    assert len(ax.get_lines()) == lines


def test_losses_that_are_orders_of_magnitude_apart_get_a_logarithmic_axis(ax):
    assert comparison_curves({"a": 10.0 ** -(draws() ** 3)}, "loss", ax).get_yscale() == "log"
    assert comparison_curves({"a": draws()}, "loss").get_yscale() == "linear"


@pytest.mark.parametrize(
    ("histories", "said"),
    [({"a": np.full((E, R), np.nan)}, "every replica diverged"), ({}, "there is nothing to compare yet")],
)
def test_no_curve_at_all_is_said(ax, words, histories, said):
    assert said in words(comparison_curves(histories, ax=ax))


def test_twelve_ways_to_learn_look_different_and_their_names_fit():
    ax = comparison_curves({name: draws(n=32) for name in NAMES}, "loss")
    lines = ax.get_lines()[:12]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 12
    assert len(set(legend(ax))) == 12
    ax.figure.canvas.draw()
    assert ax.get_window_extent().height > 0.4 * ax.figure.bbox.height
    assert ax.get_legend().get_window_extent().x1 <= ax.figure.bbox.width


def test_names_are_no_formulas_and_none_is_hidden(ax):
    comparison_curves({"_own": draws(), "a$b$_{": draws(1)}, "loss", ax)
    ax.figure.canvas.draw()
    assert legend(ax) == [" _own", r"a\$b\$_{"]


def test_intervals(ax):
    values = {"a": np.array([0.8, 0.9, 1.0]), "b": np.array([0.5, np.nan, 0.7]), "c": np.full(3, np.nan)}
    comparison_intervals(
        values, [0.9, 0.6, np.nan], [0.2, np.nan, np.nan], "test accuracy", ax, baselines={"line": 0.968}
    )
    (whisker,) = [line for bars in ax.containers for line in bars.lines[2]]
    np.testing.assert_allclose(whisker.get_segments(), [[[0.7, 0], [1.1, 0]]])
    assert [float(bars.lines[0].get_xdata()[0]) for bars in ax.containers] == [0.9, 0.6]
    dots = {dots.get_gid(): dots.get_offsets() for dots in ax.collections if dots.get_gid()}
    np.testing.assert_array_equal(dots["replicas 0"][:, 0], [0.8, 0.9, 1.0])
    np.testing.assert_array_equal(dots["replicas 1"][:, 0], [0.5, 0.7])
    assert len(dots["replicas 2"]) == 0
    assert [text.get_text() for text in ax.texts] == ["(1 of 3 diverged)", "(all 3 diverged)"]
    assert legend(ax) == ["line, 96.8 %"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.yaxis_inverted()  # the first one is on top


def test_many_replicas_do_not_hide_each_other_nor_meet_the_next_row():
    ax = comparison_intervals({name: np.full(32, 0.5) for name in NAMES}, [0.5] * 12, [0.0] * 12)
    for i, dots in enumerate(dots for dots in ax.collections if dots.get_gid()):
        heights = np.sort(dots.get_offsets()[:, 1])
        assert np.diff(heights).min() > 0.005
        assert abs(heights - i).max() < 0.5
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(low.y1 < high.y0 for high, low in pairwise(boxes))


def test_tuning(ax, words):
    first, second = {1.0: 0.9, 0.1: 0.8, 10.0: np.nan}, {1.0: 0.7, 0.1: 0.85, 10.0: -np.inf}
    comparison_tuning({"a": [first, second], "b": [{}, {}]}, {"a": [1.0, 0.1], "b": [None, None]}, ax=ax)
    searches = [line for line in ax.get_lines() if line.get_linestyle() == "-" and len(line.get_xdata())]
    np.testing.assert_array_equal([line.get_xdata() for line in searches], [[0.1, 1.0]] * 2)
    np.testing.assert_array_equal([line.get_ydata() for line in searches], [[0.8, 0.9], [0.85, 0.7]])
    rings = [line for line in ax.get_lines() if line.get_markersize() == 10]
    assert [(float(ring.get_xdata()[0]), float(ring.get_ydata()[0])) for ring in rings] == [(1.0, 0.9), (0.1, 0.85)]
    assert legend(ax) == ["a", "diverged (2)"]
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize(
    ("tried", "said"),
    [({"a": [{0.1: np.nan, 1.0: np.nan}]}, "every rate that was tried diverged"),
     ({"a": [{}]}, "no learning rate was searched for")],
)  # fmt: skip
def test_no_search_to_show_is_said(ax, words, tried, said):
    assert said in words(comparison_tuning(tried, {"a": [None]}, ax=ax))
    ax.figure.canvas.draw()


def test_errors():
    with pytest.raises(
        ValueError, match=r"^comparison_curves: the values of 'a' must have the shape \(E, C\), got \(5,"
    ):
        comparison_curves({"a": np.zeros(5)})
    with pytest.raises(ValueError, match=r"C a multiple of the 4 splits, got \(5, 6\)$"):
        comparison_curves({"a": draws()}, splits=4)
    with pytest.raises(ValueError, match=r"^comparison_curves: level must lie in \(0, 1\), got 95$"):
        comparison_curves({"a": draws()}, level=95)
