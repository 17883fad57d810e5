"""Four panels that show the columns of a history: means as lines, Student's intervals (scipy.stats) as bands."""

import numpy as np
import pytest
from scipy import stats

import omomi as om
from omomi.plots import diagnosis, learning_curves

E, R = 5, 6
SHARES = ("dead", "silent", "saturated")


def past(replicas=R, epochs=E, **changed):
    """Columns of layers 0, 2 and the units of layer 1."""
    rng = np.random.default_rng(0)
    names = [f"{name}[{at}]" for at in (0, 2) for name in ("angle", "norm_ratio", "opposing", "growth", "flipped")]
    columns = {name: 80 * rng.random((epochs, replicas)) for name in ("loss", *names)}
    columns |= {f"{name}[1]": np.zeros((epochs, replicas)) for name in SHARES}
    columns |= {name.replace("_at_", "[") + "]": values for name, values in changed.items()}
    return om.History.of(range(replicas), columns)


def test_lines_are_means_and_bands_intervals():
    history = past()
    axes = diagnosis(history, level=0.9)
    assert len(axes) == 4
    for ax, name in zip(axes, ("angle", "norm_ratio", "growth"), strict=False):
        for line, at in zip(ax.get_lines(), (0, 2), strict=False):
            values = history[f"{name}[{at}]"]
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])
            np.testing.assert_allclose(line.get_ydata(), [sum(row) / R for row in values])
            assert line.get_label() == f"layer {at}"
    corners = axes[2].collections[0].get_paths()[0].vertices
    low, high = stats.t.interval(0.9, R - 1, history["growth[0]"][2].mean(), stats.sem(history["growth[0]"][2]))
    at_3 = corners[corners[:, 0] == 3, 1]
    np.testing.assert_allclose([at_3.min(), at_3.max()], [low, high])
    assert [ax.get_yscale() for ax in axes] == ["linear", "log", "linear", "linear"]


def test_words(words):
    axes = diagnosis(past())
    assert words(axes[0])[0] == "Direction: mean of 6 replicas and its 95 % interval"
    assert words(axes[1])[:3] == ["Length", "epoch", "length over that of the gradient"]
    assert "no unit is dead, silent or saturated" in words(axes[3])
    assert words(diagnosis(past(replicas=1))[0])[0] == "Direction: one replica"


def test_shares_of_units(words):
    """Dead units that are silent, too, are shown once."""
    dead, saturated = np.full((E, R), 0.5), np.linspace(0, 1, E * R).reshape(E, R)
    ax = diagnosis(past(dead_at_1=dead, silent_at_1=dead, saturated_at_1=saturated))[3]
    assert words(ax)[3:] == ["layer 1 dead", "layer 1 saturated"]
    np.testing.assert_allclose([line.get_ydata() for line in ax.get_lines()], [dead[:, 0], saturated.mean(axis=1)])
    ax = diagnosis(past(dead_at_1=dead, silent_at_1=dead + 0.1))[3]
    assert words(ax)[3:] == ["layer 1 dead", "layer 1 silent"]


def fired(**changed):
    """Columns of a spiking layer 1 behind layer 0."""
    shares = {f"{name}_at_1": np.zeros((E, R)) for name in ("silent", "always", "dead", "lost")}
    rates = np.random.default_rng(1).random((E, R))
    history = past(**{"rate_at_1": rates, "gradient_at_0": 10 * rates, "gradient_at_2": rates} | shares | changed)
    return om.History.of(history.seeds, {name: history[name] for name in history if name != "saturated[1]"})


def test_rates_and_gradients_of_spiking_layers(words):
    history = fired()
    axes = diagnosis(history)
    assert [words(ax)[0] for ax in axes[3:]] == ["Units", "Rates", "Gradients"]
    assert words(axes[4])[1:] == ["epoch", "spikes per neuron and step", "layer 1"]
    np.testing.assert_allclose(axes[4].get_lines()[0].get_ydata(), history["rate[1]"].mean(axis=1))
    for line, at in zip(axes[5].get_lines(), (0, 2), strict=True):
        np.testing.assert_allclose(line.get_ydata(), history[f"gradient[{at}]"].mean(axis=1))
    assert axes[5].get_yscale() == "log"
    assert "no unit is dead, silent, always or lost" in words(axes[3])


def test_shares_of_neurons(words):
    """Silent ones are shown beside dead ones unless they are the same."""
    half = np.full((E, R), 0.5)
    ax = diagnosis(fired(silent_at_1=half, always_at_1=half / 2, lost_at_1=half / 5))[3]
    assert words(ax)[3:] == ["layer 1 silent", "layer 1 always", "layer 1 lost"]
    np.testing.assert_allclose([line.get_ydata()[0] for line in ax.get_lines()], [0.5, 0.25, 0.1])
    assert words(diagnosis(fired(silent_at_1=half, dead_at_1=half))[3])[3:] == ["layer 1 dead"]
    assert words(diagnosis(fired(silent_at_1=half / 2, dead_at_1=half))[3])[3:] == ["layer 1 dead", "layer 1 silent"]


def test_angles_beyond_a_right_one_are_in_the_picture():
    assert diagnosis(past())[0].get_ylim() == (-4, 100)
    assert diagnosis(past(angle_at_0=np.full((E, R), 180.0)))[0].get_ylim()[1] >= 180


def test_a_length_of_0_has_no_place_on_a_logarithm():
    ratio = np.ones((E, R))
    ratio[0], ratio[1, 0] = 0, 0
    line = diagnosis(past(norm_ratio_at_0=ratio))[1].get_lines()[0]
    np.testing.assert_array_equal(line.get_ydata(), [np.nan, 1, 1, 1, 1])


def test_who_diverged_drops_out_and_the_learning_curves_do_not_mind(words):
    """A run in which one replica has no weights left, and one gradient is 0 without being lost."""
    net = om.Network(2, om.Dense(3), om.Relu(), om.Dense(1))
    x, y = np.random.default_rng(0).normal(size=(2, 20, 2))
    run = om.Run(net, x, y[:, 0], loss="squared_error", seeds=range(4), epochs=2, diagnose=True, optimizer="sgd")
    run.theta[1] = np.nan
    run.params[0]["b"][2] = -1e3
    run.train(progress=False)
    axes = diagnosis(run)
    np.testing.assert_array_equal(run.history["angle[0]"], 2 * [[0, np.nan, 90, 0]])
    np.testing.assert_allclose(axes[0].get_lines()[0].get_ydata(), [30, 30])
    for history in (run, run.history):
        ax = learning_curves(history)
        assert "1 of 4 diverged" in words(ax)
        assert not any("stopped" in text for text in words(ax))


def test_nothing_yet_is_said(words):
    axes = diagnosis(om.History([0]))
    assert all("there is nothing finite to draw" in words(ax) for ax in axes)


def test_all_diverged_is_said(words):
    lost = {name: np.full((E, R), np.nan) for name in past()}
    axes = diagnosis(om.History.of(range(R), lost))
    assert all(words(ax)[3:] == ["there is nothing finite to draw"] for ax in axes)


def test_errors():
    with pytest.raises(ValueError, match=r"^diagnosis: level must lie in \(0, 1\), got 95$"):
        diagnosis(past(), level=95)
    with pytest.raises(TypeError, match=r"^diagnosis: history must be a History or a Run, got dict$"):
        diagnosis({})
    with pytest.raises(ValueError, match=r"^diagnosis: the history must be one of a run with diagnose=True, got none"):
        diagnosis(om.History.of([0], {"loss": np.ones((2, 1))}))
