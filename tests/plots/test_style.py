"""What all figures have in common."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib import rcParams
from matplotlib.colors import to_rgb

import omomi as om
from omomi import plots
from omomi.plots import style

DATA = om.data.moons(n=10)
LINE = np.linspace(0, 1, 5)
SIGNED = om.Run(
    om.Network(2, om.SignedDense(4), om.Sigmoid(), om.SignedDense(1, readout=True)),
    np.eye(2),
    np.eye(2)[:, :1],
    seeds=[0],
)
SPIKES = om.simulate("lif", om.currents.Steps((5, 25), (3.0, 1.5)), 50, 0.5, each={"tau": [5, 10, 20]})


def history():
    past = om.History([0, 1, 2])
    past.append({"loss": np.array([1.0, 2.0, 3.0])})
    return past


DRAWINGS = {
    "learning_curves": lambda ax: plots.learning_curves(history(), ax=ax),
    "decision_map": lambda ax: plots.decision_map(lambda x: x[:, 0] > 0, DATA, ax=ax, n=5),
    "scatter": lambda ax: plots.scatter(DATA, ax=ax),
    "function_approximation": lambda ax: plots.function_approximation(LINE, LINE, [LINE], (LINE, LINE), ax=ax),
    "fit_1d": lambda ax: plots.fit_1d(
        om.Run(om.Network(1, om.Dense(1)), [[0.0], [1.0]], [0.5, 2.0], seeds=[0]), ([[0.0], [1.0]], [0.5, 2.0]), ax=ax
    ),
    "predicted_against_true": lambda ax: plots.predicted_against_true(LINE, LINE, ax=ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix(np.eye(3), ax=ax),
    "image_grid": lambda ax: plots.image_grid(np.zeros((3, 2, 2)), ax=ax),
    "formula": lambda ax: plots.formula(om.Relu(), ax=ax),
    "comparison_curves": lambda ax: plots.comparison_curves({"a": np.eye(3), "b": np.eye(3)}, ax=ax, target=0.9),
    "comparison_intervals": lambda ax: plots.comparison_intervals(
        {"a": LINE, "b": np.array([0.1, np.nan])}, [0.5, 0.1], [0.1, np.nan], ax=ax, baselines={"c": 0.7}
    ),
    "comparison_tuning": lambda ax: plots.comparison_tuning({"a": [{0.1: 0.5, 1.0: np.nan}]}, {"a": [0.1]}, ax=ax),
    "weight_blocks": lambda ax: plots.weight_blocks(SIGNED, ax=ax),
    "weight_growth": lambda ax: plots.weight_growth(SIGNED, ax=ax),
    "voltage_trace": lambda ax: plots.voltage_trace(SPIKES, ax=ax),
    "raster": lambda ax: plots.raster(SPIKES, ax=ax),
    "isi_histogram": lambda ax: plots.isi_histogram(SPIKES, ax=ax),
    "fi_curves": lambda ax: plots.fi_curves(om.fi_curve("lif", LINE * 4, T=50, each={"tau": [5, 10]}), ax=ax),
    "phase_plane": lambda ax: plots.phase_plane(om.phase_plane("fitz_hugh_nagumo", 0.5, (-2, 2), (-1, 2)), ax=ax),
    "surrogate_over_membrane": lambda ax: plots.surrogate_over_membrane("fast_sigmoid", LINE, ax=ax),
    "trajectories": lambda ax: plots.trajectories(["sgd", "adam(lr=0.1)"], "saddle", steps=3, ax=ax),
}
NOT_INTO_AXES = {
    "Diagram", "Landscape", "diagnosis", "diagram", "film", "network_spikes", "races", "save", "sheet", "tuned", "walk",
}  # fmt: skip


def test_every_function_that_draws_is_here():
    assert set(DRAWINGS) | NOT_INTO_AXES == set(plots.__all__)


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_draws_into_the_axes_given_and_opens_nothing(draw):
    _, (other, ax) = plt.subplots(1, 2)
    before, open_figures = dict(rcParams), plt.get_fignums()
    assert draw(ax) is ax
    assert ax.has_data()
    assert not other.has_data()
    assert plt.get_fignums() == open_figures
    assert dict(rcParams) == before


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_makes_one_figure_without_axes_and_everything_is_inside_it(draw):
    ax = draw(None)
    assert plt.get_fignums() == [ax.figure.number]
    ax.figure.canvas.draw()
    width, height = ax.figure.get_size_inches() * ax.figure.dpi
    box = ax.get_tightbbox()
    assert box.x0 >= -1
    assert box.y0 >= -1
    assert box.x1 <= width + 1
    assert box.y1 <= height + 1


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_the_legend_stands_above_the_data(draw):
    ax = draw(None)
    ax.figure.canvas.draw()
    if ax.get_legend():
        assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1
        assert ax.get_legend().get_window_extent().y1 <= ax._left_title.get_window_extent().y0 or not ax.get_title(
            "left"
        )


@pytest.mark.parametrize("wrong", ["axes", np.array([None])])
def test_what_is_not_axes_is_refused(wrong):
    with pytest.raises(TypeError, match=r"scatter: ax must be one matplotlib Axes, got (str|ndarray)"):
        plots.scatter(DATA, ax=wrong)


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r"^figures need matplotlib: pip install 'omomi\[plots\]'$"):
        plots.scatter(DATA)


def test_importing_plots_does_not_import_matplotlib():
    code = "import sys, omomi.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_colours_are_the_published_ones_and_do_not_repeat():
    # Okabe, Ito (2008): RGB in percent, here of blue and vermillion
    assert [round(255 * part) for part in to_rgb(style.colours(1)[0])] == [0, 114, 178]
    assert [round(255 * part) for part in to_rgb(style.colours(2)[1])] == [213, 94, 0]
    assert len(set(style.colours(18))) == 18
    assert len({(colour, style.marker(i)) for i, colour in enumerate(style.colours(18))}) == 18
