"""`check` is silent on what is right, and names what is wrong."""

import warnings

import numpy as np
import pytest

from catalogue import every_formula
from omomi import checks
from omomi.formulas import kernels
from omomi.formulas.activations import Activation, VectorActivation
from omomi.formulas.formula import between
from omomi.formulas.kernels import Kernel
from omomi.formulas.losses import Loss
from omomi.formulas.neurons import If
from omomi.formulas.optimizers import Optimizer
from omomi.formulas.surrogates import StraightThrough
from omomi.networks.layers import Layer


@pytest.mark.parametrize("cls", every_formula())
def test_all_of_the_catalogue_is_right(cls):
    checks.check(cls)


def right():
    class Right(Activation):
        """y = z³."""

        scale: float = between(0, np.inf, default=1.0, closed="()")

        @staticmethod
        def value(z, scale):
            return scale * z**3

        @staticmethod
        def derivative(z, y, scale):
            return 3 * scale * z**2

        @staticmethod
        def second_derivative(z, y, scale):
            return 6 * scale * z

    return Right


def test_a_formula_of_ones_own():
    checks.check(right())
    checks.check(right()(2.0))


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("derivative", lambda z, y, scale: 2 * scale * z**2, "its derivative is not that of its value"),
        ("second_derivative", lambda z, y, scale: 3 * scale * z, "its second derivative is not that of its derivative"),
        ("value", lambda z, scale: scale * np.where(np.isnan(z), 0, z) ** 3, "NaN must give NaN"),
        ("value", lambda z, scale: scale * np.exp(np.abs(z)), "overflow"),
        ("value", lambda z, wrong: wrong * z**3, "must end in the fields"),
        ("value", lambda z, scale: np.float64(scale) * np.asarray(z, np.float64) ** 3, "becomes another precision"),
    ],
    ids=["derivative", "second", "nan", "overflow", "arguments", "precision"],
)
def test_a_wrong_activation(name, body, said):
    base = right()
    wrong = {name: staticmethod(body)}
    if said == "overflow":
        wrong["derivative"] = staticmethod(lambda z, y, scale: scale * np.sign(z) * np.exp(np.abs(z)))
        wrong |= {"second_derivative": None, "kinks": (0.0,)}
    cls = type("Wrong", (base,), wrong | {"__doc__": "Wrong."})
    with pytest.raises(AssertionError, match=said):
        checks.check(cls)


def test_a_wrong_jacobian():
    class Halved(VectorActivation):
        """y = z / Σ|z|, with half the derivative."""

        @staticmethod
        def value(z):
            return z - z.mean(axis=-1, keepdims=True)

        @staticmethod
        def derivative(z, y):
            return np.full_like(z, 1 - 1 / z.shape[-1])

        @staticmethod
        def backward_vector(y, dy):
            return dy

    with pytest.raises(AssertionError, match=r"^Halved\(\): backward is not the product with the Jacobian: "):
        checks.check(Halved)


def test_a_wrong_loss():
    class Doubled(Loss):
        """L = Σ (y - t)², with half the derivative."""

        @staticmethod
        def value(y, t):
            return (y - t) ** 2

        @staticmethod
        def derivative(y, t):
            return y - t

    with pytest.raises(AssertionError, match=r"^Doubled\(\): its derivative is not that of its value"):
        checks.check(Doubled)


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("derivative", lambda x: 0.5 * (1 + 0 * x), "its derivative is not that of its value"),
        ("value", lambda x: np.nan_to_num(x), "NaN must give NaN"),
        ("value", lambda x: np.asarray(x, np.float64), "becomes another precision"),
        ("derivative", lambda x, k: x, "must end in the fields"),
    ],
    ids=["derivative", "nan", "precision", "arguments"],
)
def test_a_wrong_surrogate(name, body, said):
    cls = type("Wrong", (StraightThrough,), {name: staticmethod(body), "__doc__": "Wrong.", "also": ()})
    with pytest.raises(AssertionError, match=said):
        checks.check(cls)


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("charge_back", lambda gv, dt: (gv, gv), "charge_back is not the derivative by i"),
        ("excess_back", lambda gx: (gx, gx), "excess_back must give a number for each of"),
        ("reset_back", lambda gv: gv, "reset_back is not the derivative by v"),
        ("reset", lambda v: v, "its reset changes \\(\\), but jumping is"),
        ("start", lambda: (0.0, 0.0), "start must give a number for each of"),
        ("charge", lambda v, i, h: v + h * i, "must be \\('v', 'i'\\), dt or fields"),
    ],
    ids=["charge", "excess", "reset", "jumping", "start", "arguments"],
)
def test_a_wrong_neuron(name, body, said):
    cls = type("Wrong", (If,), {name: staticmethod(body), "__doc__": "Wrong.", "also": ()})
    with pytest.raises(AssertionError, match=said):
        checks.check(cls)


@pytest.mark.parametrize("f", [If(), StraightThrough()], ids=repr)
def test_a_compiled_loop_that_is_not_the_plain_formula(f, monkeypatch):
    monkeypatch.setattr(kernels, "build", lambda *_, **__: Kernel(lambda x, y, k: y.fill(0), ""))
    with pytest.raises(AssertionError, match="the compiled loop is not the plain formula"):
        checks.check(f)


def test_wrong_optimizers():
    class Dividing(Optimizer):
        """θ ← θ - η g / |g|."""

        lr: float = between(0, np.inf, default=0.1, closed="()")

        @staticmethod
        def update(t, w, g, lr):
            return w - lr * g / np.abs(g)

    class Forgetful(Optimizer):
        """θ ← θ - η g, with a number that no state carries."""

        lr: float = between(0, np.inf, default=0.1, closed="()")

        def step(self, t, theta, grad, state, *, scale=1.0, seen=None):
            self.__dict__["before"] = self.__dict__.get("before", 0) + 1
            theta -= self.lr * grad / self.__dict__["before"]

    with pytest.raises(AssertionError, match=r"^Dividing\(\): gradients of 0 give NaN"), warnings.catch_warnings():
        checks.check(Dividing)
    with pytest.raises(AssertionError, match=r"^Forgetful\(\): (a replica alone|a kept state)"):
        checks.check(Forgetful)


def test_a_wrong_layer():
    class Gain(Layer):
        """y = g x, whose g learns half."""

        def shapes(self, shape_in):
            return {"g": (1,)}, shape_in

        def forward(self, p, x, mode):
            return p["g"].reshape(-1, *[1] * (x.ndim - 1)) * x, x

        def backward_input(self, p, tape, dy):
            return p["g"].reshape(-1, *[1] * (dy.ndim - 1)) * dy

        def backward_weights(self, g, tape, dy):
            g["g"][...] = 0.5 * (tape * dy).sum(axis=tuple(range(1, dy.ndim)))[:, None]

    with pytest.raises(AssertionError, match=r"^Gain\(\): backward_weights of g is not the derivative"):
        checks.check(Gain)


def test_what_is_no_formula_is_refused():
    for wrong in (3, "relu", np.tanh):
        with pytest.raises(ValueError, match=r"^check takes a formula, a layer or a rule"):
            checks.check(wrong)


def test_difference_quotients_of_known_functions():
    x = np.linspace(0.5, 2, 7)
    assert checks.derivative(np.log, x) == pytest.approx(1 / x, rel=1e-10)
    assert checks.gradient(lambda x: float((x**3).sum()), x) == pytest.approx(3 * x**2, rel=1e-10)
