"""Every formula of the five kinds has a picture; values known by hand stand in it."""

from math import log

import numpy as np
import pytest

import omomi as om
from catalogue import entries, formulas
from omomi.formulas.formula import MISSING, fields
from omomi.formulas.surrogates import Surrogate
from omomi.plots import formula

KINDS = [om.Activation, Surrogate, om.Loss, om.schedules.Schedule, om.initializers.Initializer]
ALL = [
    entry
    for kind in KINDS
    for entry in kind.entries().values()
    if all(field.default is not MISSING for field in fields(entry))
]


def at(line, x):
    return float(np.interp(x, line.get_xdata(), line.get_ydata()))


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.__name__)
def test_every_formula_has_a_picture(ax, entry):
    assert formula(entry(), ax=ax) is ax
    assert ax.has_data()
    assert ax.get_xlabel()
    assert ax.get_title(loc="left") == repr(entry())
    ax.figure.canvas.draw()


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_sigmoid(ax):
    formula(om.Sigmoid(), ax=ax)
    assert at(lines(ax)["f(z)"], 0) == pytest.approx(0.5)
    assert at(lines(ax)["f(z)"], log(3)) == pytest.approx(0.75, abs=1e-3)
    assert at(lines(ax)["f′(z)"], 0) == pytest.approx(0.25)
    assert "kink" not in lines(ax)


def test_relu_has_a_kink_and_its_slope_jumps(ax):
    formula(om.Relu(), ax=ax)
    assert (lines(ax)["kink"].get_xdata(), lines(ax)["kink"].get_ydata()) == ([0], [0])
    slope = lines(ax)["f′(z)"]
    assert set(slope.get_ydata()[np.isfinite(slope.get_ydata())]) == {0.0, 1.0}
    x, y = slope.get_xdata(), slope.get_ydata()
    before, after = y[np.nanargmax(np.where(x < 0, x, -9))], y[np.nanargmin(np.where(x > 0, x, 9))]
    assert (before, after) == (0, 1)
    assert np.isnan(y[(abs(x) > 1e-6) | np.isnan(x)]).any()  # nothing is drawn across the jump


@pytest.mark.parametrize("entry", entries(om.Activation))
def test_the_second_derivative_is_drawn_where_there_is_one(entry, ax):
    if all(field.default is not MISSING for field in fields(entry)):
        formula(entry(), ax=ax)
        drawn = lines(ax).get("f″(z)")
        assert (drawn is not None) == (entry.second_derivative is not None and entry.elementwise)
        if drawn:  # the derivative of the line f′, by differences of what is drawn
            z, slope = lines(ax)["f′(z)"].get_data()
            rise = (slope[2:] - slope[:-2]) / (z[2:] - z[:-2])
            smooth = np.isfinite(rise)
            np.testing.assert_allclose(drawn.get_ydata()[1:-1][smooth], rise[smooth], atol=0.02, rtol=0.02)


@pytest.mark.parametrize("entry", entries(om.Activation))
def test_every_kink_is_in_the_picture(entry, ax):
    if all(field.default is not MISSING for field in fields(entry)) and entry().kinks:
        formula(entry(), ax=ax)
        np.testing.assert_array_equal(lines(ax)["kink"].get_xdata(), entry().kinks)
        low, high = ax.get_xlim()
        assert all(low < kink < high for kink in entry().kinks)


def test_an_activation_as_a_layer(ax):
    formula(om.Network(1, om.Tanh()).layers[0], ax=ax)
    assert ax.get_title(loc="left") == "Tanh()"


def test_softmax(ax):
    formula(om.Softmax(), ax=ax)
    assert at(lines(ax)["y₁"], log(3)) == pytest.approx(0.75, abs=1e-3)
    assert at(lines(ax)["y₂"], log(3)) == pytest.approx(0.25, abs=1e-3)
    assert at(lines(ax)["∂y₁/∂z₁"], 0) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "value", "slope"),  # both at 1/2
    [("arctan(2)", 0.5 + np.arctan(np.pi / 2) / np.pi, 1 / (1 + (np.pi / 2) ** 2)), ("triangle", 7 / 8, 1 / 2)],
)
def test_surrogate(ax, text, value, slope):
    formula(Surrogate.parse(text), ax=ax)
    assert at(lines(ax)["f(x)"], 0.5) == pytest.approx(value, abs=1e-4)
    assert at(lines(ax)["f′(x)"], 0.5) == pytest.approx(slope, abs=1e-4)
    assert ax.get_xlabel() == "x = v − threshold"
    assert "kink" not in lines(ax)


def test_the_peak_of_a_surrogate_is_in_the_picture(ax):
    formula(Surrogate.parse("sigmoid(80)"), ax=ax)
    assert np.nanmax(lines(ax)["f′(x)"].get_ydata()) == pytest.approx(20)
    assert ax.get_ylim()[1] > 20


def test_the_derivative_of_a_boxcar_jumps(ax):
    formula(Surrogate.parse("boxcar(6)"), ax=ax)
    assert list(lines(ax)["kink"].get_xdata()) == [-3, 3]
    assert ax.get_xlim()[1] > 3
    y = lines(ax)["f′(x)"].get_ydata()
    assert set(y[np.isfinite(y)]) == {0, 1 / 6}
    assert np.isnan(y).sum() == 3  # nothing is drawn across the two jumps


def test_squared_error(ax):
    formula(om.SquaredError(), ax=ax)
    assert at(lines(ax)["L, t = 1"], -1) == pytest.approx(2)
    assert at(lines(ax)["dL/dy, t = 1"], -1) == pytest.approx(-2)
    assert at(lines(ax)["L, t = 0"], 2) == pytest.approx(2)


def test_binary_cross_entropy_stays_between_0_and_1(ax):
    formula(om.BinaryCrossEntropy(), ax=ax)
    line = lines(ax)["L, t = 0"]
    assert 0 < line.get_xdata().min() < line.get_xdata().max() < 1
    assert at(line, 0.75) == pytest.approx(log(4))
    assert at(lines(ax)["dL/dy, t = 1"], 0.5) == pytest.approx(-2)


def test_softmax_cross_entropy_of_two_outputs(ax):
    formula(om.SoftmaxCrossEntropy(), ax=ax)
    assert at(lines(ax)["L, t = (1, 0)"], 0) == pytest.approx(log(2))
    assert at(lines(ax)["L, t = (0, 1)"], 0) == pytest.approx(log(2))
    assert at(lines(ax)["L, t = (1, 0)"], log(3)) == pytest.approx(log(4 / 3), abs=1e-4)
    assert at(lines(ax)["dL/dy₁, t = (1, 0)"], 0) == pytest.approx(-0.5)


@pytest.mark.parametrize("loss", formulas(om.Loss))
def test_every_loss_has_a_picture_of_finite_lines(ax, loss):
    formula(loss, ax=ax)
    curves = [line for line in ax.get_lines() if str(line.get_label()).startswith(("L, ", "dL/dy"))]
    assert len(curves) == 4
    for value, slope in (curves[:2], curves[2:]):
        x, y = value.get_xdata(), value.get_ydata()
        assert np.isfinite([y, slope.get_ydata()]).all()
        assert np.ptp(y) > 0.05
        # What is drawn as the slope is that of the line, but where it bends.
        off = np.abs(np.gradient(y, x) - slope.get_ydata())[10:-10]
        if loss.takes != "probabilities" or loss.targets != "classes":  # there the other outputs move along
            assert np.quantile(off, 0.9) < 0.02


@pytest.mark.parametrize(
    ("text", "x", "label", "value"),
    [
        ("hinge", -1, "L, t = 1", 2),
        ("squared_hinge", 0, "dL/dy, t = 0", 2),
        ("cosine_distance", 1, "L, t = (1, 0)", 1 - 0.5**0.5),
        ("poisson_nll", 0, "dL/dy, t = 1", 0),
        ("gaussian_nll(0.5)", 1, "dL/dy₁, t = 0", 2 / 3),
        ("smoothed(bce, 0.2)", 0.9, "dL/dy, t = 1", 0),
        ("weighted(cross_entropy, (1, 5, 2))", 0, "L, t = (0, 1, 0)", 5 * log(3)),
        ("weighted(kl_div, (1, 5, 2))", 0.5, "L, t = (0, 1, 0)", 5 * log(4)),
    ],
)
def test_what_stands_in_the_picture_of_a_loss(ax, text, x, label, value):
    formula(om.Loss.parse(text), ax=ax)
    assert at(lines(ax)[label], x) == pytest.approx(value, abs=1e-4)


def test_schedule(ax):
    formula(om.schedules.Step(every=50, gamma=0.5), ax=ax)
    assert [at(ax.get_lines()[0], epoch) for epoch in (0, 49, 51, 99)] == [1, 1, 0.5, 0.5]
    assert ax.get_xlim() == (0, 100)


def test_initializer(ax):
    formula(om.initializers.Uniform(2.0, 4.0), ax=ax)
    mean, low, high = (float(line.get_xdata()[0]) for line in ax.get_lines())
    assert (mean, low, high) == pytest.approx((3, 3 - 3**-0.5, 3 + 3**-0.5), abs=0.01)  # variance (b - a)² / 12
    area = sum(bar.get_width() * bar.get_height() for bar in ax.patches)
    assert area == pytest.approx(1)


def test_initializer_of_equal_weights(ax, words):
    formula(om.initializers.Constant(0.5), ax=ax)
    assert ax.patches[0].get_x() + ax.patches[0].get_width() / 2 == pytest.approx(0.5)
    assert "all 0.5" in words(ax)


def test_data_sets():
    assert len(formula(om.data.moons(n=5)).collections) == 2
    ax = formula(om.data.digits())
    assert len(ax.get_images()) == 32
    np.testing.assert_array_equal(ax.get_images()[3].get_array(), om.data.digits().x[3].reshape(8, 8))


@pytest.mark.parametrize(
    ("thing", "noun"), [(om.Dense(3), "a layer"), (om.Adam(), "an optimizer"), ("relu", "a str"), (3, "an int")]
)
def test_errors(thing, noun):
    with pytest.raises(ValueError, match=f"^there is no picture of {noun}$"):
        formula(thing)
