"""Surrogates: slopes against difference quotients, integrals and peaks by hand, other libraries, compiled loops."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.stats import norm

from catalogue import entries, formulas, inside
from differences import away_from, derivative
from omomi.formulas import kernels
from omomi.formulas.activations import Relu
from omomi.formulas.surrogates import Surrogate
from truth import reference

PRECISIONS = ["float32", "float64"]
ALL = formulas(Surrogate)
GRID = np.linspace(-6, 6, 2401) + 1e-4 / 3
FAR = [-1e6, -1e3, -90.0, -1e-30, 0.0, 1e-30, 90.0, 1e3, 1e6]


def parsed(text):
    return Surrogate.parse(text)


# The derivative


def corners(f):
    """Where a derivative may bend: at the threshold and at what widths say."""
    return [0.0, *(sign * share * value for value in f.hyper for sign in (-1, 1) for share in (0.5, 1))]


@pytest.mark.parametrize("f", ALL)
def test_the_derivative_is_that_of_the_value(f):
    x = away_from(corners(f), GRID, gap=1e-3)
    assert len(x) > 2000
    assert_allclose(f.slope(x), derivative(f, x, h=1e-4), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("f", ALL)
def test_kinks_are_where_the_derivative_jumps(f):
    for kink in f.kinks:
        assert abs(np.diff(f.slope([kink - 1e-9, kink + 1e-9]))) > 1e-3
    x = np.linspace(-6.0003, 6.0004, 200_001)
    step = x[1] - x[0]
    jumps = x[1:][np.abs(np.diff(f.slope(x))) > 100 * step]
    assert all(min(abs(np.array(f.kinks) - at), default=np.inf) <= 2 * step for at in jumps)


@pytest.mark.parametrize("f", ALL)
def test_no_derivative_is_negative_unless_it_says_so(f):
    assert ("negative" in type(f).__doc__) == bool((f.slope(GRID) < 0).any())


# Closed forms


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("boxcar", 0, 1),
        ("boxcar(3)", 0, 1),
        ("fast_sigmoid(4)", -1 / 4, 1 / 4),
        ("sigmoid(2)", 0, 1),
        ("arctan(3)", 0, 1),
        ("triangle", 0, 1),
        ("triangle(2, 0.3)", 0, 0.3),
        ("erf(3)", 0, 1),
        ("gaussian(0.7)", 0, 1),
        ("multi_gaussian", 0, 0.85),
        ("multi_gaussian(0.4, 0.2, 3, 0.5)", 0, 0.4),
        ("piecewise_exponential(2)", 0, 1),
        ("pseudo_spike(1.8)", 0, 1),
    ],
)
def test_the_integral_of_the_derivative(text, low, high):
    f = parsed(text)
    ends = [-np.inf, -3, -1.5, -0.5, 0, 0.5, 1.5, 3, np.inf]
    area = sum(quad(f.slope, a, b)[0] for a, b in pairwise(ends))
    assert area == pytest.approx(high - low, rel=1e-8)
    assert_allclose(f([-1e12, 0, 1e12]), [low, (low + high) / 2, high], atol=1e-9)


@pytest.mark.parametrize(
    ("text", "peak"),
    [
        ("straight_through", 1),
        ("boxcar(4)", 1 / 4),
        ("fast_sigmoid(25)", 1),
        ("fast_sigmoid(3)", 1),
        ("sigmoid", 1),
        ("sigmoid(25)", 6.25),
        ("arctan", 1),
        ("arctan(5)", 2.5),
        ("triangle(dampening=0.3)", 0.3),
        ("triangle(0.5, 0.3)", 0.6),
        ("erf", 1.1283791670955126),  # 2/√π
        ("gaussian", 0.7978845608028654),  # √(2/π)
        ("multi_gaussian", 0.87822),
        ("piecewise_exponential(4)", 2),
        ("pseudo_spike", 1),
    ],
)
def test_the_peak_is_at_the_threshold(text, peak):
    f = parsed(text)
    assert float(f.slope(0)) == pytest.approx(peak, rel=1e-5)
    assert f.slope(GRID).max() <= float(f.slope(0))


def test_values_known_by_hand():
    assert_allclose(parsed("fast_sigmoid(4)").slope([-0.25, 0.25]), 1 / 4)
    assert_allclose(parsed("arctan(3)").slope(2 / (3 * np.pi)), 3 / 4)
    assert_allclose(parsed("gaussian(2)").slope(2), np.exp(-0.5) * parsed("gaussian(2)").slope(0))
    assert_allclose(parsed("sigmoid(2)")(np.log(3) / 2), 0.75)
    assert_array_equal(parsed("triangle(2)")([-3, -1, 0, 1, 3]), [0, 1 / 8, 1 / 2, 7 / 8, 1])
    assert_array_equal(parsed("boxcar(4)")([-3, -1, 0, 1, 3]), [0, 1 / 4, 1 / 2, 3 / 4, 1])
    assert_array_equal(parsed("boxcar(4)").slope([-2, -1.9, 1.9, 2]), [0, 1 / 4, 1 / 4, 0])


def test_the_spike_mask_is_relu():
    x = np.array([-2, -1e-300, -0.0, 0.0, 1e-300, 2])
    assert_array_equal(parsed("spike_mask")(x), Relu()(x))
    assert_array_equal(parsed("spike_mask").slope(x), [0, 0, 0, 0, 1, 1])


def test_some_are_others():
    assert_allclose(parsed("erf(2)").slope(GRID), parsed(f"gaussian({0.5 / 2**0.5})").slope(GRID), rtol=1e-11)
    assert_allclose(parsed("pseudo_spike")(GRID), parsed("fast_sigmoid(2)")(GRID) + 0.5, rtol=1e-12)
    assert_allclose(parsed("pseudo_spike(1e9)")(GRID), parsed("piecewise_exponential(2)")(GRID), rtol=1e-6)
    assert_allclose(parsed("multi_gaussian(h=0)")(GRID), parsed("gaussian")(GRID), rtol=1e-13)


def test_gaussians_are_those_of_scipy():
    assert_allclose(parsed("gaussian(0.7)").slope(GRID), norm.pdf(GRID, scale=0.7), rtol=1e-12)
    assert_allclose(parsed("gaussian(0.7)")(GRID), norm.cdf(GRID, scale=0.7), rtol=1e-12)
    # σ, h and s of Yin, Corradi, Bohté (2021).
    middle, sides = 1.15 * norm.pdf(GRID, 0, 0.5), 0.15 * (norm.pdf(GRID, 0.5, 3) + norm.pdf(GRID, -0.5, 3))
    assert_allclose(parsed("multi_gaussian").slope(GRID), middle - sides, atol=1e-15)


def test_where_the_multi_gaussian_is_negative():
    """As its docstring says."""
    f = parsed("multi_gaussian")
    assert_array_equal(np.sign(f.slope([-1.28, -1.26, 1.26, 1.28])), [-1, 1, 1, -1])
    x = np.linspace(0, 10, 10_001)
    assert x[f.slope(x).argmin()] == pytest.approx(1.86, abs=0.01)
    assert f.slope(x).min() == pytest.approx(-0.0317, abs=1e-4)


PEERS = reference("surrogates_peers")


@pytest.mark.parametrize("peer", [pytest.param(p, id=f"{p['library']}-{p['call']}") for p in PEERS["peers"]])
def test_other_libraries_send_the_same_back(peer):
    single = "erfc" in peer["call"]  # Norse takes √π in single precision
    ours = peer["factor"] * parsed(peer["ours"]).slope(PEERS["x"])
    assert_allclose(ours, peer["slopes"], rtol=1e-7 if single else 1e-12, atol=1e-15)


# Precision, extremes, and the two lives of a formula


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("f", ALL)
def test_finite_silent_and_in_its_precision(f, dtype):
    x = np.array(FAR, dtype)
    with np.errstate(all="raise", under="ignore"):
        for found in (f.value(x, *f.hyper), f.derivative(x, *f.hyper), f(x), f.slope(x)):
            assert found.dtype == dtype
            assert np.isfinite(found).all()
        assert f.slope(x[4]).dtype == dtype


@pytest.mark.parametrize("cls", entries(Surrogate))
def test_whole_numbers_will_do(cls):
    f = cls()
    assert_array_equal(f.slope([-2, 0, 1]), f.slope([-2.0, 0.0, 1.0]))
    assert_array_equal(f([-2, 0, 1]), f([-2.0, 0.0, 1.0]))


CLASSES = list(Surrogate.entries().values())
HYPER = {field.name: inside(field) for cls in CLASSES for field in fields(cls)}


@pytest.mark.parametrize("char", list(kernels.PRECISIONS))
def test_the_loop_is_the_plain_formula(char):
    """All in one loop, because compiling takes long; what has the same name has the same value."""
    surrogates = [cls(**{field.name: HYPER[field.name] for field in fields(cls)}) for cls in CLASSES]
    bodies, lines = [], []
    for f in surrogates:
        for function in (f.value, f.derivative):
            name = f"body{len(bodies)}"
            bodies.append(kernels.body(function, ("x",), name))
            lines.append(f"    y[{len(bodies) - 1}, i] = {name}(x[i]{bodies[-1].call})")
    loop = "\n".join(["for i in range(x.size):", *lines])
    scalars = tuple(f"{name}_" for name in HYPER)
    run = kernels.build("all_surrogates", loop, "x:1O y:2", char, tuple(bodies), scalars=scalars).run
    x = np.concatenate([np.linspace(-6, 6, 501), FAR]).astype(char)
    y = np.empty((len(bodies), x.size), char)
    run(x, y, np.array(list(HYPER.values())))
    plain = np.concatenate([[f.value(x, *f.hyper), f.derivative(x, *f.hyper)] for f in surrogates])
    unit = np.finfo(char).eps
    assert np.isfinite(y).all()
    assert_allclose(y, plain, rtol=200 * unit, atol=8 * unit)
