"""Is a formula what it says? `check(MyActivation)` asks what the tests of this package ask of its own formulas.

>>> from omomi import checks, Sigmoid
>>> checks.check(Sigmoid)  # silent: nothing is wrong

The functions below it give derivatives without a formula, by difference quotients.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any

import numpy as np

from .formulas import kernels
from .formulas.activations import Activation
from .formulas.formula import Formula
from .formulas.losses import Loss
from .formulas.neurons import Neuron
from .formulas.neurons.written import names_of, written
from .formulas.optimizers import Context, Optimizer
from .formulas.surrogates import Surrogate
from .networks.layers import Layer, Mode

Array = np.ndarray

# f'(x) = Σ weight · f(x + shift h) / h + O(h⁴)
SHIFTS = np.array([-2.0, -1.0, 1.0, 2.0])
WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12
FAR = (-1000.0, -750.0, -104.0, -40.0, -1e-30, 0.0, 1e-30, 40.0, 104.0, 750.0, 1000.0)
RTOL, ATOL = 1e-7, 1e-9
N_OUT = 4  # outputs of a loss


def derivative(f: Callable[[Array], Array], x: Array, h: float = 1e-3) -> Array:
    """df/dx of an elementwise f at every element of x, by a difference quotient of fourth order."""
    return sum(w * f(x + s * h) for w, s in zip(WEIGHTS, SHIFTS, strict=True)) / h


def gradient(f: Callable[[Array], float], x: Array, h: float = 1e-3) -> Array:
    """df/dx of a scalar f of the whole array x, by difference quotients, element by element."""
    x = np.array(x, np.float64)
    found = np.empty_like(x)
    for at in np.ndindex(x.shape):
        here, values = x[at], []
        for s in SHIFTS:
            x[at] = here + s * h
            values.append(f(x))
        x[at] = here
        found[at] = WEIGHTS @ values / h
    return found


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


def _right(f: Formula, holds: Any, what: str) -> None:
    if not np.all(holds):
        raise AssertionError(f"{f}: {what}")


def _close(f: Formula, got: Any, wanted: Any, what: str, rtol: float = RTOL, atol: float = ATOL) -> None:
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    off = np.abs(got - wanted) > atol + rtol * np.abs(wanted)
    if off.any():
        at = np.unravel_index(off.argmax(), off.shape)
        raise AssertionError(f"{f}: {what}: {got[at]:.9g}, not {wanted[at]:.9g}")


# Every formula


def _fields(f: Formula) -> None:
    names = tuple(field.name for field in fields(f))  # type: ignore[arg-type]
    if type(f).__repr__ is Formula.__repr__:
        again = Formula.kinds[f.noun].parse(repr(f))
        _right(f, again == f, f"its text rebuilds {again!r}")
    lead = {"value": 1, "derivative": 2, "second_derivative": 2} if isinstance(f, Activation) else {}
    lead = {"value": 2, "derivative": 2} if isinstance(f, Loss) else lead
    lead = {"value": 1, "derivative": 1} if isinstance(f, Surrogate) else lead
    for name, n in lead.items():
        method = getattr(f, name, None)
        if method is not None:
            takes = tuple(inspect.signature(method).parameters)
            _right(f, takes[n:] == names, f"{name} takes {takes}, which must end in the fields {names}")


# Activations


def _points(f: Activation, gap: float = 0.01) -> Array:
    z = np.linspace(-6, 6, 481)[1:] - 0.0125  # between the round numbers, where higher derivatives may jump
    return z[np.all(np.abs(z[:, None] - np.array([*f.kinks, np.inf])) > gap, axis=1)]


def _slope(f: Activation) -> None:
    if f.elementwise:
        z = _points(f)
        wanted = derivative(lambda z: f.value(z, *f.hyper), z)
        _close(f, f.derivative(z, f.value(z, *f.hyper), *f.hyper), wanted, "its derivative is not that of its value")
        if f.second_derivative is not None:
            wanted = derivative(f.slope, z)
            _close(f, f.curvature(z), wanted, "its second derivative is not that of its derivative")
        return
    rng = np.random.default_rng(0)
    z, dy = rng.normal(size=(2, 1, 3, 4))
    _, tape = f.forward(z.copy())
    wanted = gradient(lambda z: float((dy * f(z)).sum()), z)
    _close(f, f.backward(tape, dy), wanted, "backward is not the product with the Jacobian")


def _far_out(f: Activation) -> None:
    def found(z: Array) -> list[Array]:
        y, tape = f.forward(z.reshape(1, 1, -1).copy())
        return [f(z), f.slope(z), f.value(z, *f.hyper), y, f.backward(tape, np.ones_like(y))]

    _ends(f, found)


def _ends(f: Formula, compute: Callable[[Array], list[Array]]) -> None:
    for dtype in (np.float32, np.float64):
        try:
            found = compute(np.array(FAR, dtype))
        except (FloatingPointError, RuntimeWarning) as error:
            raise AssertionError(f"{f}: {error}, somewhere in ±1000 ({dtype.__name__})") from None
        _right(f, all(np.isfinite(a).all() for a in found), f"not finite somewhere in ±1000 ({dtype.__name__})")
        _right(f, all(a.dtype == dtype for a in found), f"{dtype.__name__} becomes another precision")


def _nan(f: Activation) -> None:
    z = np.array([1.0, np.nan, -1.0])
    y = f(z)
    kept = np.isnan(y) == np.isnan(z) if f.elementwise else np.isnan(y)
    _right(f, kept, f"NaN must give NaN, and only NaN, got {y} for {z}")


def _two_lives(f: Activation) -> None:
    z = np.random.default_rng(0).normal(size=(1, 8, 129)) * 3
    y, tape = f.forward(z.copy())
    plain = f.value(z, *f.hyper)
    _close(f, y, plain, "the compiled loop is not the plain formula", 1e-12, 1e-14)
    if f.elementwise:
        slope = f.derivative(z, plain, *f.hyper)
        _close(f, tape, slope, "the compiled derivative is not the plain formula", 1e-12, 1e-14)


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
    _close(f, f.gradient(y, t), wanted, "its derivative is not that of its value", 1e-6)


def _loss_lives(f: Loss) -> None:
    y, t = _answers(f)
    mean, dy = f.measure(y, t)
    _close(f, mean, f(y, t).mean(axis=-1), "the compiled loss is not the plain formula", 1e-12)
    _close(f, dy, f.gradient(y, t) / y.shape[1], "the compiled derivative is not the plain formula", 1e-12, 1e-14)
    _, dy = f.measure(y.astype(np.float32), t.astype(np.float32))
    _right(f, dy.dtype == np.float32, f"float32 becomes {dy.dtype}")


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
        _right(f, not f.steady or np.isfinite(theta).all(), f"θ is not finite after six steps ({dtype.__name__})")
        _right(f, theta.dtype == state.slots.dtype == dtype, f"{dtype.__name__} becomes another precision")
        alone, _ = _walk(f, start[:1], _bowl)
        _right(f, np.array_equal(alone[0], theta[0], equal_nan=True), "a replica alone is not what it is in a crowd")
        kept, _ = _walk(f, start, _bowl, (2, 6))
        _right(f, np.array_equal(kept, theta, equal_nan=True), "a kept state does not go on as it would have")
        still, _ = _walk(f, start, np.zeros_like)
        _right(f, not f.steady or np.isfinite(still).all(), "gradients of 0 give NaN")


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
        _close(f, got, wanted, "the fused loop is not the plain formula", 1e-12, 1e-14)


# Surrogates


def _surrogate_slope(f: Surrogate) -> None:
    x = np.linspace(-6, 6, 481) + 1e-3 * math.pi  # between the round numbers, where a slope may bend
    x = x[np.all(np.abs(x[:, None] - np.array([*f.kinks, np.inf])) > 1e-3, axis=1)]
    wanted = derivative(lambda x: f.value(x, *f.hyper), x, 1e-4)
    _close(f, f.derivative(x, *f.hyper), wanted, "its derivative is not that of its value")


def _surrogate_ends(f: Surrogate) -> None:
    _ends(f, lambda x: [f.value(x, *f.hyper), f.derivative(x, *f.hyper)])
    x = np.array([1.0, np.nan])
    _right(f, np.isnan(f.value(x, *f.hyper)).tolist() == [False, True], "NaN must give NaN, and only NaN")


def _surrogate_lives(f: Surrogate) -> None:
    x = np.random.default_rng(0).normal(size=129)
    functions = {"value": f.value, "derivative": f.derivative}

    def loop() -> tuple[str, tuple[kernels.Body, ...], tuple[str, ...]]:
        bodies = tuple(kernels.body(function, ("x",), name) for name, function in functions.items())
        lines = [
            f"y[{k}, j] = {name}(x[0, j]{b.call})" for k, (name, b) in enumerate(zip(functions, bodies, strict=True))
        ]
        return "; ".join(lines), bodies, bodies[0].scalars

    plain = np.stack([function(x, *f.hyper) for function in functions.values()])
    _same_compiled(f, tuple(functions.values()), loop, x[None], plain, list(map(float, f.hyper)))


def _same_compiled(
    f: Formula,
    functions: tuple[Callable[..., Any], ...],
    loop: Callable[[], tuple[str, tuple[kernels.Body, ...], tuple[str, ...]]],
    x: Array,
    plain: Array,
    k: list[float],
) -> None:
    """A loop over x (inputs, n) that writes y (outputs, n) gives what the plain formulas do, if it can be compiled."""

    @cache
    def kernel() -> kernels.Kernel:
        line, bodies, scalars = loop()
        text = f"for j in range(x.shape[1]):\n    {line}"
        return kernels.build(f"check_{type(f).__name__.lower()}", text, "x:2O y:2", "d", bodies, scalars=scalars)

    if kernels.precisions(kernel, *functions):
        got = np.empty_like(plain)
        kernel().run(x, got, np.array(k))
        _close(f, got, plain, "the compiled loop is not the plain formula", 1e-12, 1e-13)


# Neurons

DT = 0.5  # ms


def _formulas(f: Neuron) -> dict[str, Callable[..., Any]]:
    names = ("charge", "slopes", "excess", "reset", "charge_back", "excess_back", "reset_back")
    return {name: function for name in names if (function := getattr(f, name, None)) is not None}


def _elements(f: Neuron) -> dict[str, Array]:
    """States, a current, errors and parameters learned, (5,) each."""
    rng = np.random.default_rng(0)
    names = dict.fromkeys([*(name for formula in _formulas(f) for name in f.lead(formula)), *f.learned])
    return {name: rng.uniform(0.2, 0.8, 5) for name in names}


def _answer(f: Neuron, formula: str, given: dict[str, Array]) -> tuple[Array, ...]:
    answers: tuple[Array, ...] = f.call(
        formula, *(given[name] for name in f.lead(formula)), dt=DT, each={name: given[name] for name in f.learned}
    )
    return answers


def _neuron_states(f: Neuron) -> None:
    given = _elements(f)
    known = {"dt", *given, *names_of(type(f)), *f.starts()}
    for name, function in _formulas(f).items():
        takes = tuple(inspect.signature(function).parameters)
        _right(f, set(takes) <= known, f"{name} takes {takes}, which must be {f.lead(name)}, dt or fields")
    _right(f, len(f.call("start")) == len(f.states), f"start must give a number for each of {f.states}")
    step = "slopes" if "slopes" in _formulas(f) else "charge"
    _right(f, len(_answer(f, step, given)) == len(f.states), f"{step} must give a number for each of {f.states}")
    if f.spiking and not f.crossing:
        after = dict(zip(f.states, _answer(f, "reset", given), strict=True))
        jumped = tuple(name for name in f.states if not np.array_equal(after[name], given[name]))
        _right(f, jumped == f.jumping, f"its reset changes {jumped}, but jumping is {f.jumping}")


def _neuron_errors(f: Neuron) -> None:
    given, formulas = _elements(f), _formulas(f)
    for formula in ("charge", "excess", "reset"):
        if f"{formula}_back" not in formulas:
            continue
        got = _answer(f, f"{formula}_back", given)
        errors = ["gx"] if formula == "excess" else [f"g{state}" for state in f.states]
        names = [*f.lead(formula), *f.learned]
        _right(f, len(got) == len(names), f"{formula}_back must give a number for each of {tuple(names)}")
        for name, error in zip(names, got, strict=True):

            def weighed(x: Array) -> Array:
                answers = _answer(f, formula, given | {name: x})  # noqa: B023
                return sum(given[g] * a for g, a in zip(errors, answers, strict=True))  # noqa: B023

            _close(f, error, derivative(weighed, given[name]), f"{formula}_back is not the derivative by {name}")


def _neuron_lives(f: Neuron) -> None:
    given, formulas = _elements(f), _formulas(f)
    plain = [_answer(f, name, given) for name in formulas]

    def loop() -> tuple[str, tuple[kernels.Body, ...], tuple[str, ...]]:
        text, at = [f"{name} = x[{row}, j]" for row, name in enumerate(given)], 0
        w = written(type(f), tuple(formulas), f.learned)
        for name, answers in zip(formulas, plain, strict=True):
            text.append(", ".join(f"y[{at + k}, j]" for k in range(len(answers))) + f" = {w.call(name)}")
            at += len(answers)
        return "; ".join(text), tuple(w.bodies.values()), w.scalars

    k = [DT, *(f.scalars[name] for name in names_of(type(f))[1:])]
    _same_compiled(f, tuple(formulas.values()), loop, np.stack(list(given.values())), np.concatenate(plain), k)


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
        _close(f, f.backward_input(p, tape, dy), wanted, "backward_input is not the derivative", 1e-6, 1e-8)
        g = {name: np.full_like(w, np.nan) for name, w in p.items()}
        f.backward_weights(g, tape, dy)
        for name, w in p.items():
            wanted = gradient(lambda w: float((dy * forward(x, p | {name: w})[0]).sum()), w, 1e-4)  # noqa: B023
            _close(f, g[name], wanted, f"backward_weights of {name} is not the derivative", 1e-6, 1e-8)


_CHECKS: dict[type, tuple[Callable[[Any], None], ...]] = {
    Activation: (_slope, _far_out, _nan, _two_lives),
    Loss: (_loss_gradient, _loss_lives),
    Surrogate: (_surrogate_slope, _surrogate_ends, _surrogate_lives),
    Neuron: (_neuron_states, _neuron_errors, _neuron_lives),
    Optimizer: (_steps, _fused),
    Layer: (_both_halves,),
}
