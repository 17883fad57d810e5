"""Activations against values from elsewhere: 50 digits, and what follows from a formula on paper."""

from functools import cache

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import variants
from omomi.article import get_act
from omomi.formulas import activations as a
from truth import reference

Array = np.ndarray


def assert_true(got, z, truth, slope, most):
    """`got` lies within `most` units in the last place of what is true at z or between its neighbours.

    Where a formula passes through 0 between two neighbouring numbers, as the derivative of a gate does, or falls by
    many units from one to the next, no computation that rounds on its way can do better. `slope`: d truth / dz, or 0
    where such leave is not given.
    """
    got, z = np.asarray(got), np.asarray(z, got.dtype)
    info = np.finfo(got.dtype)
    unit = np.spacing(np.abs(truth).astype(got.dtype)).astype(np.float64)
    allowed = most * unit + np.abs(slope) * np.spacing(np.abs(z)).astype(np.float64)
    allowed = np.where(np.abs(truth) < info.tiny, info.tiny, allowed)  # subnormal numbers may be flushed to 0
    off = np.abs(got.astype(np.float64) - truth)
    worst = np.argmax(off / allowed)
    assert (off <= allowed).all(), f"{off[worst] / unit[worst]:.1f} ulp at {z[worst]!r}: {got[worst]!r}"


def lives(f, z):
    """(value, derivative) as plain NumPy and as the compiled loop, without a floating-point warning."""
    with np.errstate(all="raise", under="ignore"):
        plain = f.value(z, *f.hyper)
        slope = f.derivative(z, plain, *f.hyper)
        y, tape = f.forward(z[None, None].copy())
        assert_array_equal(f(z), y[0, 0])
        assert_array_equal(f.slope(z), slope)
    return (plain, slope), (y[0, 0], tape[0, 0])


# The table


def table():
    """(formula, x, case) for what tests/reference knows of the catalogue."""
    known = reference("activations")
    for name, entry in known["scalar"].items():
        for case in entry["cases"]:
            f = get_act(name, **case["params"])  # the table's names and arguments are the article's
            yield pytest.param(f, np.array(known["x"]), case, id=f"{name}-{f!r}")


TABLE = list(table())


@pytest.mark.parametrize(("f", "x", "case"), TABLE)
def test_reference_table(f, x, case):
    """The tolerance is the one the table states as reached."""
    for y, slope in lives(f, x):
        assert_allclose(y, case["forward"], rtol=1e-14, atol=1e-300)
        assert_allclose(slope, case["derivative"], rtol=1e-14, atol=1e-300)
    if "second_derivative" in case:
        with np.errstate(all="raise", under="ignore"):
            assert_allclose(f.curvature(x), case["second_derivative"], rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize(("f", "x", "case"), TABLE)
def test_reference_table_in_single_precision(f, x, case):
    exact = x.astype(np.float32) == x  # the truth is known at these points alone
    assert exact.sum() > 10
    hyper_is_exact = all(float(np.float32(h)) == h for h in f.hyper)
    most = 4 if hyper_is_exact else 5  # one more where the hyper-parameter itself is rounded
    value, slope = np.array(case["forward"])[exact], np.array(case["derivative"])[exact]
    bend = f.curvature(x[exact]) if f.second_derivative else np.zeros_like(slope)
    for y, tape in lives(f, x[exact].astype(np.float32)):
        assert_true(y, x[exact], value, 0 * slope, most)
        assert_true(tape, x[exact], slope, bend, most)


# Many numbers, to 50 digits and more


def sigma(z):
    return 1 / (1 + mp.exp(-z))


# Each as on paper; derivatives are difference quotients at five hundred digits.
DEFINITIONS = {
    a.Softsign: lambda z: z / (1 + abs(z)),
    a.BentIdentity: lambda z: (mp.sqrt(z * z + 1) - 1) / 2 + z,
    a.Squareplus: lambda z, b: (z + mp.sqrt(z * z + b)) / 2,
    a.HardSwish: lambda z: z * min(max(z + 3, 0), 6) / 6,
    a.SquaredRelu: lambda z: max(z, 0) ** 2,
    a.Sigmoid: sigma,
    a.LogSigmoid: lambda z: mp.log(sigma(z)),
    a.Softplus: lambda z: mp.log(1 + mp.exp(z)),
    a.Tanh: mp.tanh,
    a.TanhShrink: lambda z: z - mp.tanh(z),
    a.Elu: lambda z, alpha: z if z > 0 else alpha * (mp.exp(z) - 1),
    a.Selu: lambda z, scale, alpha: scale * (z if z > 0 else alpha * (mp.exp(z) - 1)),
    a.Celu: lambda z, alpha: z if z > 0 else alpha * (mp.exp(z / alpha) - 1),
    a.Sine: lambda z, omega: mp.sin(omega * z),
    a.Snake: lambda z, alpha: z + mp.sin(alpha * z) ** 2 / alpha,
    a.Swish: lambda z, beta: z * sigma(beta * z),
    a.Mish: lambda z: z * mp.tanh(mp.log(1 + mp.exp(z))),
    a.TanhExp: lambda z: z * mp.tanh(mp.exp(z)),
    a.Gelu: lambda z: z * mp.erfc(-z / mp.sqrt(2)) / 2,
    a.GeluTanh: lambda z: z * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3))) / 2,
}
# In single precision, so that both precisions know the same points: many near 0, some far out, none at a kink.
POINTS = np.concatenate(
    [
        np.random.default_rng(0).uniform(-8, 8, 60),
        np.random.default_rng(1).choice([-1, 1], 30) * 10 ** np.random.default_rng(2).uniform(-9, 3, 30),
        [-1000, 1000],
    ]
).astype(np.float32)


@cache
def truths(f) -> Array:
    """f, f′ and f″ at the points, each rounded once."""
    with mp.workdps(500):
        hyper = [mp.mpf(h) for h in f.hyper]

        def y(z):
            return DEFINITIONS[type(f)](z, *hyper)

        h = mp.mpf(10) ** -80
        found = []
        for z in (mp.mpf(float(p)) for p in POINTS):
            below, here, above = y(z - h), y(z), y(z + h)
            found.append([here, (above - below) / (2 * h), (above - 2 * here + below) / h**2])
        return np.array(found, np.float64).T


KNOWN = [pytest.param(f, id=repr(f)) for cls in DEFINITIONS for f in variants(cls)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f", KNOWN)
def test_fifty_digits(f, dtype):
    value, slope, bend = truths(f)
    single = dtype == "float32"
    most = 1e-14 / np.finfo(np.float64).eps if not single else 4 if np.array_equal(np.float32(f.hyper), f.hyper) else 5
    for y, tape in lives(f, POINTS.astype(dtype)):
        assert_true(y, POINTS, value, slope, most)
        assert_true(tape, POINTS, slope, bend, most)


@pytest.mark.parametrize("f", [p for p in KNOWN if p.values[0].second_derivative])
def test_fifty_digits_of_the_second_derivative(f):
    value, slope, bend = truths(f)
    with np.errstate(all="raise", under="ignore"):
        got = f.curvature(POINTS.astype(np.float64))
    size = np.abs(bend) + np.abs(slope) + np.abs(value) + 1e-300
    assert_allclose(got / size, bend / size, rtol=0, atol=1e-13)


# What follows on paper


def test_closed_forms():
    z = np.linspace(-8, 8, 161)
    assert_allclose(a.Sigmoid()(z) + a.Sigmoid()(-z), 1, rtol=1e-15)
    assert_allclose(a.Sigmoid()(np.log(np.array([1, 3, 1 / 3]))), [0.5, 0.75, 0.25], rtol=1e-15)
    assert_allclose(a.Tanh()(z), 2 * a.Sigmoid()(2 * z) - 1, rtol=1e-12)
    assert_allclose(a.Tanh()(np.log(np.array([1, 2, 3]))), [0, 0.6, 0.8], rtol=1e-15)
    assert_array_equal(a.Tanh()(z), -a.Tanh()(-z))
    assert_allclose(a.Softsign().slope(z), (1 - np.abs(a.Softsign()(z))) ** 2, rtol=1e-13)
    assert_allclose(a.Squareplus(3.0)(z) * a.Squareplus(3.0)(-z), 0.75, rtol=1e-14)
    assert_allclose(a.TanhShrink().slope(z), a.Tanh()(z) ** 2, rtol=1e-14)
    assert_allclose(a.Celu(2.0)(z), 2 * a.Celu()(z / 2), rtol=1e-14)
    assert_allclose(a.Snake(3.0)(z + np.pi / 3), a.Snake(3.0)(z) + np.pi / 3, atol=1e-14)
    assert_allclose(a.GeluTanh()(z), a.Gelu()(z), atol=5e-4)
    assert float(a.HardSwish()(-1.5)) == -0.375
    assert a.HardSwish().slope(-1.5) == 0


@pytest.mark.parametrize(
    "f",
    [a.Relu(), a.LogSigmoid(), a.Softplus(), a.Swish(), a.Swish(-2.5), a.Gelu(), a.GeluTanh(), a.HardSwish()],
    ids=repr,
)
def test_the_two_sides_differ_by_z(f):
    z = np.linspace(-30, 30, 601)
    assert_allclose(f(z) - f(-z), z, rtol=1e-14, atol=1e-14)


def test_selu_keeps_mean_and_variance():
    """∫ f φ and ∫ f² φ by the trapezoidal rule, which is exact to rounding for what falls so fast."""
    z = np.linspace(-40, 40, 200_001)
    phi = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    y = a.Selu()(z)
    assert abs((y * phi).sum()) < 1e-7
    assert abs((y * y * phi).sum() - 1) < 1e-7
