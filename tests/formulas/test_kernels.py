"""The compiler of formulas: exact constants, formulas from anywhere, and a cache that is never stale."""

import linecache
import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import forget
from omomi.formulas import kernels
from omomi.formulas.activations import Activation, Tanh
from omomi.formulas.formula import between
from omomi.formulas.losses import Loss, SquaredError
from omomi.formulas.optimizers import Adam, Sgd, State
from omomi.formulas.vocabulary import exp, indicator, where

alpha = 1000.0  # names that formulas below use for their hyper-parameters: a notebook is full of such
shift = 3
GAIN = 0.5


@pytest.fixture
def define():
    """Run a cell as a notebook does: its text is known to linecache and stands in no file."""
    made, names = [], []

    def run(text, name="<ipython-input-1-abc>", known=True, **scope):
        text = textwrap.dedent(text)
        if known:
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            names.append(name)
        scope = {"np": np, "Activation": Activation, "between": between, "where": where, "__name__": "__main__"} | scope
        exec(compile(text, name, "exec"), scope)
        made.append(scope["Mine"])
        return scope["Mine"]

    yield run
    forget(*made)
    for name in names:
        linecache.cache.pop(name, None)


Z = np.array([[[-2.0, -0.5, 0.0, 0.25, 3.0]]])


def forms(f, z):
    """Value and slope by every way there is."""
    y, tape = f.forward(z.copy())
    return [(f(z), f.slope(z)), (y, tape)]


# Constants


def test_constants_are_computed_in_double():
    """1 - β₂ᵗ has four right digits if β₂ is rounded to single precision first."""
    f, t = Adam(lr=1e-3, beta1=0.9, beta2=0.9999), 3
    w, g, m, v = 0.0, np.float32(0.375), np.float32(0.25), np.float32(0.5)
    m64, v64 = 0.9 * m + 0.1 * np.float64(g), 0.9999 * v + 1e-4 * np.float64(g) ** 2
    wanted = w - 1e-3 * (m64 / (1 - 0.9**t)) / ((v64 / (1 - 0.9999**t)) ** 0.5 + 1e-8)
    theta, state = np.zeros((1, 1), np.float32), State(np.array([[[m]], [[v]]], np.float32), np.empty((0, 1)))
    f.step(t, theta, np.full((1, 1), g, np.float32), state)
    assert_allclose(theta[0, 0], wanted, rtol=4e-7)
    assert abs((1 - np.float32(0.9999) ** np.float32(t)) / (1 - 0.9999**t) - 1) > 5e-5  # what it would have cost


def test_the_schedule_is_multiplied_in_double():
    theta = np.zeros((1, 1), np.float32)
    Sgd(lr=0.1).step(1, theta, np.ones((1, 1), np.float32), Sgd().state(theta), scale=0.1)
    assert theta[0, 0] == np.float32(-0.1 * 0.1)


def leak(v, i, dt, tau, gain):
    """Names for what no element is in, one of them given twice and one of them an argument."""
    share = dt / tau
    kept = 1 - share
    left = kept * v
    share = share * gain
    i = i + share
    gain = 0.5
    return left + i * gain


def drift(v, tau):
    half = tau / 2
    v = half  # no element any more
    return v * GAIN


def test_names_of_constants_are_computed_once_and_in_double():
    body = kernels.body(leak, ("v", "i"), "leak")
    assert body.scalars == ("dt_", "tau_", "gain_")
    assert "share" not in body.source
    assert "kept" not in body.source  # both stand outside the loop
    assert {text for _, text in body.fixed} == {"1 - dt_ / tau_", "dt_ / tau_ * gain_", "0.5"}
    loop = f"for n in range(v.size):\n    out[n] = leak(v[n], i[n]{body.call})"
    run = kernels.build("leak", loop, "v:1O i:1O out:1", "f", (body,)).run
    v, i, out = np.ones(3, np.float32), np.zeros(3, np.float32), np.empty(3, np.float32)
    run(v, i, out, np.array([1e-9, 3.0, 0.0]))
    assert_array_equal(out, 1)
    run(v, i, out, np.array([1 - 1e-9, 1.0, 0.0]))  # 1 - dt / tau in single precision is 0
    assert_allclose(out, 1e-9, rtol=1e-6)
    run(v, i + 2, out, np.array([1.0, 4.0, 8.0]))
    assert_array_equal(out, 0.75 + (2 + 2) * 0.5)


def test_formulas_of_one_loop_may_take_different_scalars():
    """What a loop is told of its scalars holds for all of its bodies, in that order."""
    bodies = kernels.body(leak, ("v", "i"), "leak"), kernels.body(drift, ("v",), "drift")
    calls = [f"leak(v[n], v[n]{bodies[0].call})", f"drift(v[n]{bodies[1].call})"]
    loop = f"for n in range(v.size):\n    out[n] = {calls[0]} + {calls[1]} + beside"
    scalars = ("beside", "tau_", "gain_", "dt_")
    run = kernels.build("both", loop, "v:1O out:1", "d", bodies, scalars=scalars).run
    out = np.empty(2)
    run(np.array([1.0, 3.0]), out, np.array([100.0, 4.0, 8.0, 1.0]))
    # left 3/4 v, i + 1/4 · 8, and half of it; τ / 2 · 1/2
    assert_array_equal(out, 100 + np.array([0.75 + 1.5 + 1, 2.25 + 2.5 + 1]))


# Formulas from anywhere


class Bump(Activation):
    """A formula of this file, with a constant of its module, a local name and a power."""

    width: float = between(0, np.inf, default=2.0, closed="()")

    @staticmethod
    def value(z, width):
        e = exp(-((z / width) ** 2))
        return GAIN * e

    @staticmethod
    def derivative(z, y, width):
        return -2 * z / width**2 * y


class Shifted(Activation):
    """The module around it knows other numbers by the names of the hyper-parameters."""

    alpha: float = between(-np.inf, np.inf, default=2.0, closed="()")
    shift: float = between(-np.inf, np.inf, default=0.5, closed="()")

    @staticmethod
    def value(z, alpha, shift):
        return alpha * z + shift

    @staticmethod
    def derivative(z, y, alpha, shift):
        return alpha * indicator(z == z, z)


class Documented(Activation):
    """A formula whose body has words of its own."""

    @staticmethod
    def value(z):
        """Half of z."""
        # a comment
        half = 0.5
        return half * z

    @staticmethod
    def derivative(z, y):
        """A half."""
        return 0.5 * indicator(z == z, z)


class Overwriting(Activation):
    """z⁴ and 4 z³, from arguments that are written over."""

    @staticmethod
    def value(z):
        z = z * z
        return z * z

    @staticmethod
    def derivative(z, y):
        y = 4 * z
        z = z * z
        return z * y


forget(Bump, Shifted, Documented, Overwriting)  # the catalogue is for what omomi knows


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_formula_of_ones_own(dtype):
    z = Z.astype(dtype)
    for value, slope in forms(Bump(), z):
        assert value.dtype == slope.dtype == dtype
        assert_allclose(value, 0.5 * np.exp(-((Z / 2) ** 2)), rtol=1e-6 if dtype == "float32" else 1e-15)
        assert_allclose(slope, -Z / 4 * np.exp(-((Z / 2) ** 2)), rtol=1e-6 if dtype == "float32" else 1e-15)


def test_a_hyper_parameter_hides_a_global_of_its_name():
    for value, slope in forms(Shifted(), Z):
        assert_array_equal(value, 2 * Z + 0.5)
        assert_array_equal(slope, np.full_like(Z, 2))


def test_what_a_formula_writes_over_is_its_own():
    for value, slope in forms(Overwriting(), Z):
        assert_allclose(value, Z**4, rtol=1e-14)
        assert_allclose(slope, 4 * Z**3, rtol=1e-14)


def test_a_body_may_have_a_docstring():
    for value, slope in forms(Documented(), Z):
        assert_array_equal(value, Z / 2)
        assert_array_equal(slope, np.full_like(Z, 0.5))


CELL = """
class Mine(Activation):
    gain: float = between(0, np.inf, default=3.0, closed="()")

    @staticmethod
    def value(z, gain):
        return where(z > 0, gain * z, 0 * z)

    @staticmethod
    def derivative(z, y, gain):
        return where(z > 0, gain + 0 * z, 0 * z)
"""


def test_a_formula_of_a_notebook(define):
    for value, slope in forms(define(CELL)(), Z):
        assert_array_equal(value, 3 * np.maximum(Z, 0))
        assert_array_equal(slope, 3.0 * (Z > 0))


def test_a_cell_that_was_edited_is_compiled_anew(define):
    assert define(CELL)()(1.0) == 3
    assert define(CELL.replace("gain * z", "gain * z + 1"), "<ipython-input-2-abc>")()(1.0) == 4


def test_a_formula_whose_text_nobody_knows(define):
    """As typed into a plain Python prompt: it runs, if only as NumPy."""
    for value, slope in forms(define(CELL, "<stdin>", known=False)(), Z):
        assert_array_equal(value, 3 * np.maximum(Z, 0))
        assert_array_equal(slope, 3.0 * (Z > 0))


def test_formulas_that_have_run_can_be_sent_elsewhere():
    """A process pool pickles what it hands on."""
    y_RBO = np.ones((1, 2, 3))
    theta_RP = np.ones((1, 3))
    for f in (Tanh(), SquaredError(), Adam()):
        if isinstance(f, Activation):
            f(Z)
        elif isinstance(f, Loss):
            f.measure(y_RBO, y_RBO)
        else:
            f.step(1, theta_RP.copy(), theta_RP, f.state(theta_RP))
        assert pickle.loads(pickle.dumps(f)) == f


# The cache

PROGRAM = """
import importlib, os, sys, pathlib
import numpy as np

def kernels():
    return sum(1 for _ in pathlib.Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbc"))

def edit(text):
    pathlib.Path("mine.py").write_text(text)

def answer():
    return float(mine.Mine()(np.ones(3))[0])

import mine
"""
MODULE = """
import numpy as np
from omomi.formulas.activations import Activation
GAIN = 3
class Mine(Activation):
    @staticmethod
    def value(z):
        return GAIN * z
    @staticmethod
    def derivative(z, y):
        return GAIN + 0 * z
"""
EDITED = MODULE.replace("GAIN * z", "GAIN * z + 4")
TUNED = EDITED.replace("GAIN = 3", "GAIN = 20")


def test_an_edited_formula_never_meets_an_old_kernel(tmp_path):
    def process(program):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM + program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return [float(word) for word in done.stdout.split()]

    (tmp_path / "mine.py").write_text(MODULE)
    steps = "".join(f"edit({text!r}); importlib.reload(mine); print(answer())\n" for text in (EDITED, TUNED))
    *answers, kernels = process(f"print(answer())\n{steps}print(kernels())")
    assert answers == [3, 7, 24]
    assert kernels >= 3
    # A second process finds the kernel of what stands in the file now, and adds none.
    assert process("print(answer(), kernels())") == [24, kernels]
    # One with the first text finds the first kernel.
    (tmp_path / "mine.py").write_text(MODULE)
    assert process("print(answer(), kernels())") == [3, kernels]
