"""Lines are means, bands are Student's intervals (scipy.stats), and what did not go well is said."""

import numpy as np
import pytest
from scipy import stats

import omomi as om
from omomi.plots import learning_curves
from omomi.plots.intervals import mean_and_half_width
from omomi.training import mean_and_interval

E, R = 5, 6


def past(**columns):
    n = len(next(iter(columns.values()))[0])
    return om.History.of(range(n), {name: np.array(rows, float) for name, rows in columns.items()})


def draws(seed=0):
    return np.random.default_rng(seed).random((E, R)) + 1


def band(ax, i=0):
    """Lower and upper limits by epoch of band i."""
    corners = ax.collections[i].get_paths()[0].vertices
    epochs = np.unique(corners[:, 0])
    return np.array([[corners[corners[:, 0] == e, 1].min(), corners[corners[:, 0] == e, 1].max()] for e in epochs]).T


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_interval_against_scipy_and_the_scalar_one(level):
    values = draws()
    values[1, :2], values[2, 3:], values[3, 2:], values[4] = np.nan, np.inf, np.nan, np.nan
    mean, half = mean_and_half_width(values, level)
    for e, row in enumerate(values[:3]):
        kept = row[np.isfinite(row)]
        low, high = stats.t.interval(level, len(kept) - 1, kept.mean(), stats.sem(kept))
        np.testing.assert_allclose([mean[e] - half[e], mean[e] + half[e]], [low, high], rtol=1e-12)
        np.testing.assert_allclose([mean[e], half[e]], mean_and_interval(row, level), rtol=1e-12)
    assert mean[3] == pytest.approx(values[3, :2].mean())
    assert np.isnan(half[3])  # two are too few for a band
    assert np.isnan([mean[4], half[4]]).all()


def test_line_is_the_mean_and_band_the_interval(ax, words):
    loss, val_loss = draws(0), draws(1)
    learning_curves(past(loss=loss, val_loss=val_loss), ax=ax, level=0.9)
    for i, values in enumerate((loss, val_loss)):
        line = ax.get_lines()[i]
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])
        np.testing.assert_allclose(line.get_ydata(), [sum(row) / R for row in values])
        expected = np.array([stats.t.interval(0.9, R - 1, row.mean(), stats.sem(row)) for row in values]).T
        np.testing.assert_allclose(band(ax, i), expected)
    assert words(ax) == ["Mean of 6 replicas and its 90 % interval", "epoch", "loss", "training", "validation"]


@pytest.mark.parametrize(("n", "lines"), [(1, 1), (2, 3)])
def test_one_or_two_replicas_have_no_band(ax, n, lines):
    values = draws()[:, :n]
    learning_curves(past(loss=values), ax=ax)
    assert not ax.collections
    assert len(ax.get_lines()) == lines
    np.testing.assert_allclose(ax.get_lines()[-1].get_ydata(), values.mean(axis=1))
    for r in range(n):
        np.testing.assert_array_equal(ax.get_lines()[r].get_ydata(), values[:, r])


def test_a_single_epoch_is_a_dot(ax):
    learning_curves(past(loss=[[1.0, 2.0, 4.0]]), ax=ax)
    assert ax.get_lines()[0].get_marker() == "o"


def test_columns_and_log(ax, words):
    learning_curves(past(loss=draws(), accuracy=draws(1)), "accuracy", ax=ax, log=True)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), draws(1).mean(axis=1))
    assert ax.get_yscale() == "log"
    assert words(ax)[1:] == ["epoch", "accuracy", "training"]


def test_columns_of_two_metrics(ax, words):
    learning_curves(past(loss=draws(), val_accuracy=draws(1)), ["loss", "val_accuracy"], ax=ax)
    assert words(ax)[2:] == ["value", "loss (training)", "accuracy (validation)"]


def test_two_runs_in_one_picture_have_four_colours(ax, words):
    for label in ("Adam", "SGD"):
        learning_curves(past(loss=draws(), val_loss=draws(1)), ax=ax, label=label)
    assert words(ax)[3:] == ["Adam training", "Adam validation", "SGD training", "SGD validation"]
    assert len({line.get_color() for line in ax.get_lines()}) == 4


def test_a_diverged_replica_is_left_out_and_counted(ax, words):
    loss = draws()
    loss[2:, 4] = [1e30, np.inf, np.nan]
    learning_curves(past(loss=loss), ax=ax)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), np.delete(loss, 4, axis=1).mean(axis=1))
    assert "1 of 6 diverged" in words(ax)
    assert "Mean of 5 replicas and its 95 % interval" in words(ax)


def test_a_stopped_replica_drops_out(ax, words):
    loss, val_loss = draws(), draws(1)
    loss[3:, 0] = val_loss[3:, 0] = np.nan
    learning_curves(past(loss=loss, val_loss=val_loss), ax=ax)
    expected = [*loss[:3].mean(axis=1), *loss[3:, 1:].mean(axis=1)]
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), expected)
    assert "1 of 6 stopped early" in words(ax)
    assert not any("diverged" in text for text in words(ax))


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": [[1.0, 1.0], [np.nan, 1.0]]},  # nothing to stop by
        {"loss": [[1.0, 1.0], [np.nan, 1.0]], "accuracy": [[0.5, 0.5], [0.1, 0.5]], "val_loss": [[1.0, 1.0]] * 2},
        {"loss": [[1.0, 1.0], [np.inf, 1.0]], "val_loss": [[1.0, 1.0], [np.nan, 1.0]]},
    ],
)
def test_what_counts_as_diverged(ax, words, columns):
    learning_curves(past(**columns), ax=ax)
    assert "1 of 2 diverged" in words(ax)


def test_all_diverged_shows_how_and_where(ax, words):
    loss = np.array([[1.0, 2.0], [1e8, 2e9], [np.inf, 1e12], [np.nan, np.nan]])
    learning_curves(past(loss=loss), ax=ax)
    crosses = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in ax.get_lines()[3:5]]
    assert crosses == [(2, 1e8), (3, 1e12)]
    assert ax.get_yscale() == "log"
    assert "2 of 2 diverged" in words(ax)


def test_nothing_finite_is_said(ax, words):
    learning_curves(past(loss=np.full((3, 8), np.nan)), ax=ax)
    assert "8 of 8 diverged in the first epoch" in words(ax)


def test_nothing_yet_is_said(ax, words):
    learning_curves(om.History([0]), ax=ax)
    assert "no epoch is complete yet" in words(ax)


def test_a_run_knows_who_diverged(ax, words):
    run = om.Run(om.Network(1, om.Dense(1)), [[1.0], [2.0]], [1.0, 2.0], seeds=range(4), epochs=2, validation=0.5)
    run.theta[1] = np.nan
    learning_curves(run.train(progress=False), ax=ax)
    assert "1 of 4 diverged" in words(ax)
    kept = run.history["loss"][:, [0, 2, 3]]
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), kept.mean(axis=1))


def test_errors():
    with pytest.raises(ValueError, match=r"^learning_curves: level must lie in \(0, 1\), got 95$"):
        learning_curves(past(loss=draws()), level=95)
    with pytest.raises(KeyError, match="the history has no 'lost'; it has loss"):
        learning_curves(past(loss=draws()), "lost")
    with pytest.raises(TypeError, match="learning_curves: history must be a History or a Run, got dict"):
        learning_curves({"loss": draws()})
