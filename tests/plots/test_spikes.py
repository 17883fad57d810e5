"""Figures of spikes: what is drawn is counted by hand, by NumPy, or known in closed form."""

import numpy as np
import pytest
from PIL import Image

import omomi as om
from catalogue import entries
from omomi import plots
from omomi.formulas.neurons import FitzHughNagumo, If, Izhikevich, Li, Lif, Neuron
from omomi.formulas.surrogates import FastSigmoid, Surrogate
from omomi.networks.spiking import Spiking
from omomi.plots.rasters import DENSE, SPIKES
from omomi.simulation import fi_curve, phase_plane, simulate

ARTICLE = Lif(Cm=10.0, tau_ref=10.0)  # spikes at 11 and 32 ms with i = 1.5 (tests/reference/neurons.json)
PAIR = (np.array([4.0, 1.0, 2.0, 9.0]), np.array([1, 0, 2, 0]))


@pytest.fixture(scope="module")
def one():
    return simulate(ARTICLE, 1.5, 50)


@pytest.fixture(scope="module")
def three():
    return simulate(Lif(Cm=10.0), 1.5, 100, each={"Rm": [0.5, 1, 2]})


def by_id(ax, gid):
    return next(line for line in ax.get_lines() if line.get_gid() == gid)


def labelled(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def bars(ax):
    """Heights and edges of the filled steps in the axes."""
    return ax.patches[0].get_data()[:2]


def test_voltage_trace(one, words):
    ax = plots.voltage_trace(one)
    trace = ax.get_lines()[0]
    np.testing.assert_array_equal(trace.get_xdata(), np.arange(501) * 0.1)
    assert trace.get_ydata().max() == pytest.approx(1.5034503937, abs=1e-7)  # the article's, in single precision
    np.testing.assert_allclose(by_id(ax, "spikes 0").get_xdata(), [11, 32])
    assert set(labelled(ax)["threshold"].get_ydata()) == {1.0}
    assert words(ax)[:3] == [f"{ARTICLE!r}, i = 1.5", "t in ms", "membrane v"]
    assert not ax.child_axes
    dashes = ax.transAxes.transform((0, by_id(ax, "spikes 0").get_ydata()[0]))
    assert dashes[1] > ax.transData.transform((0, trace.get_ydata().max()))[1]  # above the highest spike


def test_traces_of_several_neurons(three, words):
    ax = plots.voltage_trace(three)
    assert words(ax)[3:] == ["neuron 0, Rm 0.5", "neuron 1, Rm 1", "neuron 2, Rm 2", "threshold"]
    assert len(by_id(ax, "spikes 0").get_xdata()) == 0
    ax = plots.voltage_trace(three, [2, 0])
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), three.states["v"][:, 2])
    assert words(ax)[0].endswith("2 of 3 neurons")
    assert len(labelled(plots.voltage_trace(simulate(If(), 0.1, 5, n=50)))) == 4  # three neurons, one threshold


def test_a_current_that_changes_has_a_panel(words):
    sim = simulate(Lif(), om.currents.Steps((10, 30), (1.5, 0.25)), 40)
    ax = plots.voltage_trace(sim)
    (below,) = ax.child_axes
    t, i = below.get_lines()[0].get_data()
    assert below.get_xlabel() == "t in ms"
    assert [i[np.searchsorted(t, at)] for at in (5, 10.1, 29.9, 30.1)] == [0, 1.5, 1.5, 0.25]
    noisy = simulate(Lif(), "gaussian_noise(1, 1)", 20, record=("v", "i"), n=2)
    lines = plots.voltage_trace(noisy).child_axes[0].get_lines()
    np.testing.assert_array_equal([line.get_ydata()[1:] for line in lines], noisy.states["i"][1:].T)
    assert not plots.voltage_trace(simulate(Lif(), "gaussian_noise(1, 1)", 20)).child_axes  # it is not known any more
    per_step = simulate(Lif(), np.linspace(0, 2, 400), 40)
    assert plots.voltage_trace(per_step).child_axes[0].get_lines()[0].get_ydata()[-1] == 2


def test_raster_and_its_rates(three):
    ax = plots.raster(three)
    spikes, (below, beside) = by_id(ax, SPIKES), ax.child_axes
    np.testing.assert_array_equal(spikes.get_xdata(), three.spike_times)
    np.testing.assert_array_equal(spikes.get_ydata(), three.spike_neurons)
    counts = [np.sum(spikes.get_ydata() == n) for n in range(3)]
    np.testing.assert_allclose(bars(beside)[0], np.array(counts) / 0.1)  # in 100 ms
    rate, edges = bars(below)
    assert edges[-1] == pytest.approx(100)
    assert np.sum(rate * np.diff(edges)) / 1000 * 3 == pytest.approx(sum(counts))
    assert list(ax.get_yticks()) == [0, 1, 2]


def test_all_that_holds_spikes():
    """An array says of each step whether it ended with a spike; a pair are events in any order."""
    array = np.zeros((10, 3))
    array[[3, 0, 1, 8], [1, 0, 2, 0]] = 1
    for spikes in (array, array.astype(bool), PAIR):
        line = by_id(plots.raster(spikes), SPIKES)
        np.testing.assert_array_equal(line.get_xydata(), [[1, 0], [2, 2], [4, 1], [9, 0]])
    assert plots.raster(array, dt=0.5).get_xlim() == (0, 5)


def test_words_of_rasters(one, words):
    assert words(plots.raster(one))[0] == "2 spikes of 1 neuron, 40 Hz"
    assert words(plots.raster(PAIR))[0] == "4 spikes of 3 neurons, 133 Hz each"
    ax = plots.raster(np.zeros((20, 4)))
    assert words(ax)[0] == "0 spikes of 4 neurons, 0 Hz each"
    assert "no neuron spikes" in words(ax)
    array = np.zeros((500, 4))
    array[7, 2] = 1
    assert words(plots.raster(array))[0] == "1 spike of 4 neurons, 0.5 Hz each; 3 are silent"
    assert not plots.raster(array, rates=False).child_axes


def test_bins_are_of_whole_steps():
    """A spike in each step gives the same rate in each bin, whatever their widths."""
    rate, _ = bars(plots.raster(np.ones((777, 2)), dt=0.1).child_axes[0])
    np.testing.assert_allclose(rate, 1e4)


def test_dense_rasters_are_pixels_in_a_file(tmp_path):
    few, many = np.ones((10, 10)), np.ones((DENSE // 10, 20))
    assert [by_id(plots.raster(spikes), SPIKES).get_rasterized() for spikes in (few, many)] == [False, True]
    plots.save(plots.raster(many), tmp_path / "many.svg")
    assert (tmp_path / "many.svg").stat().st_size < 100_000


def test_intervals_and_how_irregular_they_are(words):
    clock = np.zeros((100, 1))
    clock[9::10] = 1
    ax = plots.isi_histogram(clock, dt=0.5)
    assert bars(ax)[0].tolist() == [9]
    assert words(ax)[0] == "9 intervals, CV 0.00"
    assert "mean 5 ms" in words(ax)
    poisson = np.random.default_rng(0).random((40_000, 3)) < 0.02  # the intervals are geometric: CV √(1 - p) = 0.99
    ax = plots.isi_histogram(poisson)
    assert words(ax)[0] == f"{int(poisson.sum()) - 3:,} intervals, CV 0.99, mean of 3 neurons"
    assert bars(ax)[0].sum() == poisson.sum() - 3
    assert "no neuron spikes twice" in words(plots.isi_histogram(clock[:15]))


def test_fi_curves_are_named_by_what_differs(words):
    i = np.linspace(0, 2, 10)
    curve = fi_curve("lif(Cm=10, tau_ref=1)", i, each={"Rm": [1.0, 2.0]})
    ax = plots.fi_curves(curve)
    lines = labelled(ax)
    assert list(lines) == ["Rm 1", "Rm 2"]
    np.testing.assert_array_equal(lines["Rm 1"].get_ydata(), [0, 0, 0, 0, 0, 43, 66, 91, 111, 125])  # in 1000 ms
    np.testing.assert_array_equal(lines["Rm 2"].get_ydata(), [0, 0, 0, 34, 55, 77, 91, 111, 125, 143])
    assert ax.get_ylim()[1] > 143
    halved = fi_curve("lif(Cm=10, tau_ref=1)", i, T=500)
    assert labelled(plots.fi_curves(halved)) == {}  # one line needs no name
    assert words(plots.fi_curves(halved))[0] == "Lif: firing rate at constant currents, 500 ms each"
    ax = plots.fi_curves([halved, fi_curve(If(), i)])
    assert list(labelled(ax)) == ["lif, tau_ref 1, strict False", "if, tau_ref 0, strict True"]
    assert ax.get_ylim()[1] >= 1000 / 1  # dt = 1: once in each step
    assert "no neuron spikes at any of the currents" in words(plots.fi_curves(fi_curve(ARTICLE, i[:3])))
    assert "there is no curve" in words(plots.fi_curves([]))


def test_phase_plane(words):
    """FitzHugh–Nagumo: dv/dt = 0 at w = v - v³/3 + i, dw/dt = 0 at w = (v + 0.7) / 0.8."""
    plane = phase_plane("fitz_hugh_nagumo", 0.5, (-2.5, 2.5), (-1, 2))
    sim = simulate(FitzHughNagumo(), 0.5, 100, record=("v", "w"))
    ax = plots.phase_plane(plane, sim)
    cubic, line = (np.concatenate([p.vertices for p in c.get_paths()]) for c in ax.collections if hasattr(c, "levels"))
    np.testing.assert_allclose(cubic[:, 1], cubic[:, 0] - cubic[:, 0] ** 3 / 3 + 0.5, atol=2e-3)
    np.testing.assert_allclose(line[:, 1], (line[:, 0] + 0.7) / 0.8, atol=1e-6)
    fixed = labelled(ax)["unstable"].get_xydata()[0]
    assert fixed[1] == pytest.approx((fixed[0] + 0.7) / 0.8)
    np.testing.assert_array_equal(labelled(ax)["trajectory"].get_xydata(), np.c_[sim.states["v"], sim.states["w"]])
    assert words(ax)[:3] == ["FitzHughNagumo(), i = 0.5", "v", "w"]


def test_a_reset_is_a_jump():
    sim = simulate(Izhikevich(), 10.0, 100, record=("v", "u"))
    ax = plots.phase_plane(phase_plane(Izhikevich(), 10.0, (-80, 30), (-20, 10)), sim)
    v, _ = labelled(ax)["trajectory"].get_data()
    assert len(sim.spike_steps) > 1
    assert np.isnan(v).sum() == len(sim.spike_steps)
    assert np.nanmax(v[1:] - v[:-1]) > 0 > np.nanmin(v[1:] - v[:-1]) > -20  # no line goes all the way back


NET = om.Network(4, om.Dense(6), Spiking(Lif(), steps=12), om.Dense(3), Li(), om.LastMembrane())


def test_spikes_of_a_network(words):
    theta = 8 * NET.init([0, 1])
    x = np.ones(4)
    axes = plots.network_spikes(NET, x, theta, replica=1)
    assert len(axes) == 3
    weights = NET.views(theta)[0]
    spikes, _ = NET.layers[1].forward({}, x @ weights["W"][1:] + weights["b"][1:], om.networks.EVALUATE)
    steps, units = np.nonzero(spikes[0, 0])
    assert len(steps)
    np.testing.assert_array_equal(by_id(axes[0], SPIKES).get_xydata(), np.c_[steps + 1, units])
    assert words(axes[0])[0].startswith("layer 1, Lif: ")
    assert len(axes[1].get_lines()) == 3
    y = NET.forward(NET.views(theta), x[None, None])[0][1, 0]
    np.testing.assert_allclose([bar.get_height() for bar in axes[2].patches], y)
    np.testing.assert_allclose([line.get_ydata()[-1] for line in axes[1].get_lines()], y)
    assert words(axes[2])[0] == f"answer: {y.argmax()} is the largest of 3"
    run = om.Run(NET, np.ones((2, 4)), np.zeros((2, 3)), seeds=[0])
    assert words(plots.network_spikes(run, 0 * x)[2])[1] == "output"


def test_the_surrogate_over_membranes(words):
    """1 / (1 + 25 |x|)² is 1 % of its peak at |x| = 0.36: three of five membranes lie nearer."""
    v = np.array([1.0, 1.35, 0.65, 1.4, 0.2, np.nan])
    ax = plots.surrogate_over_membrane("fast_sigmoid(25)", v)
    assert words(ax)[0] == "FastSigmoid(): an error comes through at 60 % of the membranes"
    assert bars(ax)[0].sum() == pytest.approx(1)
    x, slope = next(line for name, line in labelled(ax).items() if name == "slope, peak 1").get_data()
    assert x[slope.argmax()] == pytest.approx(0, abs=1e-3)
    assert np.interp(0.04, x, slope) / slope.max() == pytest.approx(0.25, abs=1e-2)
    far = plots.surrogate_over_membrane(FastSigmoid(), np.full(10, -5.0))
    assert words(far)[0] == "FastSigmoid(): an error comes through at 0 % of the membranes"
    assert far.get_xlim()[0] < -6 < 0 < far.get_xlim()[1]
    assert "no membrane is finite" in words(plots.surrogate_over_membrane(FastSigmoid(), [np.nan]))


@pytest.mark.parametrize("surrogate", entries(Surrogate))
def test_every_surrogate_is_drawn_over_membranes(surrogate):
    v = np.random.default_rng(0).normal(0.5, 0.5, 300)
    ax = plots.surrogate_over_membrane(surrogate(), v)
    assert all(np.isfinite(line.get_ydata()).all() for line in ax.get_lines())
    assert bars(ax)[0].sum() == pytest.approx(1)


@pytest.mark.parametrize("neuron", entries(Neuron))
def test_every_neuron_has_a_picture(neuron):
    """A stronger current drives it up faster; the rate is 0 without a current."""
    ax = plots.formula(neuron())
    weak, strong = list(labelled(ax).values())[:2]
    assert np.isfinite([weak.get_ydata(), strong.get_ydata()]).all()
    assert weak.get_ydata()[0] == strong.get_ydata()[0]
    soon = np.searchsorted(weak.get_xdata(), 22)  # 2 ms after the current began
    assert strong.get_ydata()[soon] > weak.get_ydata()[soon]
    assert len(ax.child_axes) == neuron.spiking
    for panel in ax.child_axes:
        rate = panel.get_lines()[0].get_ydata()
        assert rate[0] == 0 < rate.max()
    assert ax.get_title(loc="left") == repr(neuron())


def test_the_picture_of_a_lif():
    """1 / rate = -τ log(1 - 1 / i) ms."""
    i, rate = plots.formula(Lif(exact=True)).child_axes[0].get_lines()[0].get_data()
    strong = i > 1.2
    expected = 1000 / (-10 * np.log1p(-1 / i[strong]))
    np.testing.assert_allclose(rate[strong], expected, atol=2 + 0.02 * expected.max())  # one spike in 500 ms, and steps
    assert (rate[i < 1] == 0).all()


def test_a_film_of_a_raster(tmp_path):
    ax = plots.raster(PAIR)
    path = plots.film(ax, tmp_path / "spikes.gif", dpi=40)
    with Image.open(path) as picture:
        frames = []
        for at in range(picture.n_frames):
            picture.seek(at)
            frames.append(np.asarray(picture.convert("L")))
    missing = [int((frame != frames[-1]).sum()) for frame in frames]
    assert missing == sorted(missing, reverse=True)
    assert len(set(missing)) == 5  # none of the four spikes at first, then one after the other
    assert len(by_id(ax, SPIKES).get_xdata()) == 4


def test_errors(one):
    with pytest.raises(
        ValueError, match=r"^raster: spikes must be a Simulation, an array \(T, N\), .* got shape \(3,\)$"
    ):
        plots.raster(np.ones(3))
    with pytest.raises(ValueError, match=r"^isi_histogram: spikes must be .* got str$"):
        plots.isi_histogram("lif")
    with pytest.raises(ValueError, match=r"^voltage_trace: neurons must lie in 0 … 0, got 1$"):
        plots.voltage_trace(one, 1)
    with pytest.raises(ValueError, match=r"^voltage_trace: v must have been recorded, got nothing$"):
        plots.voltage_trace(simulate(If(), 1.0, 5, record=()))
    with pytest.raises(ValueError, match=r"^phase_plane: the trajectory must have recorded v, w, got v$"):
        plots.phase_plane(phase_plane("fitz_hugh_nagumo", 0.5, (-2, 2), (-1, 2)), simulate(FitzHughNagumo(), 0.5, 5))
    with pytest.raises(TypeError, match=r"^fi_curves: what fi_curve gives is needed, got ndarray$"):
        plots.fi_curves([np.ones(3)])
    with pytest.raises(ValueError, match=r"^network_spikes: a network needs its weights theta, got none$"):
        plots.network_spikes(NET, np.ones(4))
    with pytest.raises(ValueError, match=r"^network_spikes: x must be one sample of shape \(4,\), got \(2, 4\)$"):
        plots.network_spikes(NET, np.ones((2, 4)), NET.init([0]))
    with pytest.raises(ValueError, match=r"^network_spikes: replica must lie in 0 … 0, got 2$"):
        plots.network_spikes(NET, np.ones(4), NET.init([0]), replica=2)
    plain = om.Network(4, om.Dense(2))
    with pytest.raises(ValueError, match=r"^network_spikes: the network must have a layer of neurons, got Network"):
        plots.network_spikes(plain, np.ones(4), plain.init([0]))
