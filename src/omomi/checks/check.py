"""What is asked of each kind of formula."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

import numpy as np

from ..formulas.activations import Activation
from ..formulas.formula import Formula
from ..formulas.losses import Loss
from ..formulas.neurons import Neuron
from ..formulas.optimizers import Context, Optimizer
from ..formulas.surrogates import Surrogate
from ..networks.layers import Layer, Mode
from .measures import Array, close, derivative, ends, gradient, right
from .spikes import neuron_errors, neuron_lives, neuron_states, surrogate_ends, surrogate_lives, surrogate_slope

N_OUT = 4  # outputs of a loss


def check(formula: type[Formula] | Formula) -> None:
    """Raise AssertionError, in one sentence, at the first thing that is wrong with a formula, layer or rule.

    Of every formula: its text rebuilds it, its mathematics takes its fields in order. Of activations, losses and
    surrogates: each derivative is that of the value, nothing overflows far out, NaN stays NaN, float32 stays float32,
    the compiled loop is the plain formula. Of neurons: there is a number for each state, the reset changes the states
    that jump, errors go back by the derivatives, the compiled formulas are the plain ones. Of optimizers: the fused
    loop is the plain formula, no gradient gives no NaN, a kept state goes on bit for bit, a replica is the same alone
    as in a crowd. Of layers: both halves of the way back, if exact.

    Parameters
    ----------
    formula : Formula or a class of one
        A class is tried with its defaults; what has none gets a number from the middle of its range.
    """
    f = example(formula) if isinstance(formula, type) else formula
    if not isinstance(f, Formula):
        raise ValueError(f"check takes a formula, a layer or a rule, or the class of one, got {formula!r}")
    _fields(f)
    for kind, checks in _CHECKS.items():
        if isinstance(f, kind):
            for one in checks:
                with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
                    warnings.simplefilter("error")
                    one(f)


def example(cls: type[Formula]) -> Any:
    """An instance of a class with its defaults; what has none gets a value from the middle of its range or kind."""
    return cls(**{f.name: _inside(f) for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING})  # type: ignore[arg-type]


def _inside(f: Field[Any]) -> Any:
    if "kind" in f.metadata:
        only = f.metadata["only"]
        inner = (example(cls) for cls in f.metadata["kind"].entries().values())
        return next(one for one in inner if only is None or only(one))
    if "each" in f.metadata:
        return (_middle(**f.metadata["each"]),) * N_OUT
    return _middle(**f.metadata)


def _middle(low: float, high: float, closed: str, whole: bool) -> float:
    value = (max(low, -1e3) + min(high, 1e3)) / 2 if math.isfinite(high) or not math.isfinite(low) else low + 2.0
    return math.ceil(value) if whole else value


# Every formula


def _fields(f: Formula) -> None:
    names = tuple(field.name for field in fields(f))  # type: ignore[arg-type]
    if type(f).__repr__ is Formula.__repr__:
        again = Formula.kinds[f.noun].parse(repr(f))
        right(f, again == f, f"its text rebuilds {again!r}")
    lead = {"value": 1, "derivative": 2, "second_derivative": 2} if isinstance(f, Activation) else {}
    lead = {"value": 2, "derivative": 2} if isinstance(f, Loss) else lead
    lead = {"value": 1, "derivative": 1} if isinstance(f, Surrogate) else lead
    for name, n in lead.items():
        method = getattr(f, name, None)
        if method is not None:
            takes = tuple(inspect.signature(method).parameters)
            right(f, takes[n:] == names, f"{name} takes {takes}, which must end in the fields {names}")


# Activations


def _points(f: Activation, gap: float = 0.01) -> Array:
    z = np.linspace(-6, 6, 481)[1:] - 0.0125  # between the round numbers, where higher derivatives may jump
    return z[np.all(np.abs(z[:, None] - np.array([*f.kinks, np.inf])) > gap, axis=1)]


def _slope(f: Activation) -> None:
    if f.elementwise:
        z = _points(f)
        wanted = derivative(lambda z: f.value(z, *f.hyper), z)
        close(f, f.derivative(z, f.value(z, *f.hyper), *f.hyper), wanted, "its derivative is not that of its value")
        if f.second_derivative is not None:
            wanted = derivative(f.slope, z)
            close(f, f.curvature(z), wanted, "its second derivative is not that of its derivative")
        return
    rng = np.random.default_rng(0)
    z, dy = rng.normal(size=(2, 1, 3, 4))
    _, tape = f.forward(z.copy())
    wanted = gradient(lambda z: float((dy * f(z)).sum()), z)
    close(f, f.backward(tape, dy), wanted, "backward is not the product with the Jacobian")


def _far_out(f: Activation) -> None:
    def found(z: Array) -> list[Array]:
        y, tape = f.forward(z.reshape(1, 1, -1).copy())
        return [f(z), f.slope(z), f.value(z, *f.hyper), y, f.backward(tape, np.ones_like(y))]

    ends(f, found)


def _nan(f: Activation) -> None:
    z = np.array([1.0, np.nan, -1.0])
    y = f(z)
    kept = np.isnan(y) == np.isnan(z) if f.elementwise else np.isnan(y)
    right(f, kept, f"NaN must give NaN, and only NaN, got {y} for {z}")


def _two_lives(f: Activation) -> None:
    z = np.random.default_rng(0).normal(size=(1, 8, 129)) * 3
    y, tape = f.forward(z.copy())
    plain = f.value(z, *f.hyper)
    close(f, y, plain, "the compiled loop is not the plain formula", 1e-12, 1e-14)
    if f.elementwise:
        slope = f.derivative(z, plain, *f.hyper)
        close(f, tape, slope, "the compiled derivative is not the plain formula", 1e-12, 1e-14)


# Losses


def _answers(f: Loss) -> tuple[Array, Array]:
    """y, t (1, 6, 4) that the loss takes."""
    rng = np.random.default_rng(0)
    y, t = rng.normal(size=(2, 1, 6, N_OUT))
    if f.takes == "probabilities":
        y = rng.dirichlet(np.ones(N_OUT), (1, 6))
    if f.targets == "classes":
        t = np.eye(N_OUT)[rng.integers(0, N_OUT, (1, 6))]
    elif f.targets == "counts":
        t = rng.integers(0, 5, t.shape).astype(np.float64)
    elif f.targets == "binary":
        t = rng.integers(0, 2, t.shape).astype(np.float64)
    return y, t


def _loss_gradient(f: Loss) -> None:
    y, t = _answers(f)
    wanted = gradient(lambda y: float(f(y, t).sum()), y, h=1e-4)
    close(f, f.gradient(y, t), wanted, "its derivative is not that of its value", 1e-6)


def _loss_lives(f: Loss) -> None:
    y, t = _answers(f)
    mean, dy = f.measure(y, t)
    close(f, mean, f(y, t).mean(axis=-1), "the compiled loss is not the plain formula", 1e-12)
    close(f, dy, f.gradient(y, t) / y.shape[1], "the compiled derivative is not the plain formula", 1e-12, 1e-14)
    _, dy = f.measure(y.astype(np.float32), t.astype(np.float32))
    right(f, dy.dtype == np.float32, f"float32 becomes {dy.dtype}")


# Optimizers


def _walk(
    f: Optimizer, start: Array, slope: Callable[[Array], Array], pauses: tuple[int, ...] = (6,)
) -> tuple[Array, Any]:
    """θ down a slope, and the state; before each stretch they are copied, as if kept and read again."""
    theta, state, t = start.copy(), f.state(start), 0
    rngs = [np.random.default_rng(r) for r in range(len(theta))]
    for pause in pauses:
        theta, grad = theta.copy(), np.empty_like(theta)
        state = type(state)(*(a.copy() for a in state))

        def again(theta: Array = theta, grad: Array = grad) -> None:
            grad[...] = slope(theta)

        seen = Context(loss=np.ones(len(theta)), rngs=rngs, gradient=again)
        while t < pause:
            t += 1
            again()
            f.step(t, theta, grad, state, seen=seen)
    return theta, state


def _bowl(theta: Array) -> Array:
    return theta * np.linspace(0.5, 2, theta.shape[1], dtype=theta.dtype)


def _steps(f: Optimizer) -> None:
    for dtype in (np.float32, np.float64):
        start = np.random.default_rng(0).normal(size=(3, 40)).astype(dtype)
        theta, state = _walk(f, start, _bowl)
        right(f, not f.steady or np.isfinite(theta).all(), f"θ is not finite after six steps ({dtype.__name__})")
        right(f, theta.dtype == state.slots.dtype == dtype, f"{dtype.__name__} becomes another precision")
        alone, _ = _walk(f, start[:1], _bowl)
        right(f, np.array_equal(alone[0], theta[0], equal_nan=True), "a replica alone is not what it is in a crowd")
        kept, _ = _walk(f, start, _bowl, (2, 6))
        right(f, np.array_equal(kept, theta, equal_nan=True), "a kept state does not go on as it would have")
        still, _ = _walk(f, start, np.zeros_like)
        right(f, not f.steady or np.isfinite(still).all(), "gradients of 0 give NaN")


def _fused(f: Optimizer) -> None:
    if not hasattr(f, "update") or type(f).step is not Optimizer.step:
        return
    theta = np.random.default_rng(0).normal(size=(2, 30))
    fused, state = _walk(f, theta, _bowl, (1,))
    resting = f.state(theta)
    memory = resting.memory
    if f.memory:
        memory = np.array(f.remember(1, np.ones(2), *resting.memory, *f.hyper))
    new = f.update(1, theta, _bowl(theta), *resting.slots, *memory[:, :, None], *f.hyper)
    new = new if f.slots else (new,)
    for got, wanted in zip((fused, *state.slots), new, strict=True):
        close(f, got, wanted, "the fused loop is not the plain formula", 1e-12, 1e-14)


# Layers


def _layer_shapes(f: Layer) -> Iterator[tuple[int, ...]]:
    for shape in ((6,), (2, 4)):
        try:
            f.shapes(shape)
        except ValueError:
            continue
        yield shape


def _both_halves(f: Layer) -> None:
    if not f.exact:
        return
    for shape in _layer_shapes(f):
        rng = np.random.default_rng(0)
        p = {name: rng.normal(size=(2, *s)) for name, s in f.shapes(shape)[0].items()}
        x = rng.normal(size=(2, 3, *shape))

        def forward(x: Array, p: dict[str, Array]) -> tuple[Array, Any]:
            return f.forward(p, x.copy(), Mode(True, [np.random.default_rng(r) for r in range(2)]))

        y, tape = forward(x, p)
        dy = rng.normal(size=y.shape)
        wanted = gradient(lambda x: float((dy * forward(x, p)[0]).sum()), x, 1e-4)  # noqa: B023
        close(f, f.backward_input(p, tape, dy), wanted, "backward_input is not the derivative", 1e-6, 1e-8)
        g = {name: np.full_like(w, np.nan) for name, w in p.items()}
        f.backward_weights(g, tape, dy)
        for name, w in p.items():
            wanted = gradient(lambda w: float((dy * forward(x, p | {name: w})[0]).sum()), w, 1e-4)  # noqa: B023
            close(f, g[name], wanted, f"backward_weights of {name} is not the derivative", 1e-6, 1e-8)


_CHECKS: dict[type, tuple[Callable[[Any], None], ...]] = {
    Activation: (_slope, _far_out, _nan, _two_lives),
    Loss: (_loss_gradient, _loss_lives),
    Surrogate: (surrogate_slope, surrogate_ends, surrogate_lives),
    Neuron: (neuron_states, neuron_errors, neuron_lives),
    Optimizer: (_steps, _fused),
    Layer: (_both_halves,),
}
