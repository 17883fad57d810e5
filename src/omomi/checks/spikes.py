"""What is asked of surrogates and neurons."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..formulas import kernels
from ..formulas.bodies import Body, body
from ..formulas.formula import Formula
from ..formulas.neurons import Neuron
from ..formulas.neurons.written import names_of, written
from ..formulas.surrogates import Surrogate
from .measures import Array, close, derivative, ends, right

# Surrogates


def surrogate_slope(f: Surrogate) -> None:
    x = np.linspace(-6, 6, 481) + 1e-3 * math.pi  # between the round numbers, where a slope may bend
    x = x[np.all(np.abs(x[:, None] - np.array([*f.kinks, np.inf])) > 1e-3, axis=1)]
    wanted = derivative(lambda x: f.value(x, *f.hyper), x, 1e-4)
    close(f, f.derivative(x, *f.hyper), wanted, "its derivative is not that of its value")


def surrogate_ends(f: Surrogate) -> None:
    ends(f, lambda x: [f.value(x, *f.hyper), f.derivative(x, *f.hyper)])
    x = np.array([1.0, np.nan])
    right(f, np.isnan(f.value(x, *f.hyper)).tolist() == [False, True], "NaN must give NaN, and only NaN")


def surrogate_lives(f: Surrogate) -> None:
    x = np.random.default_rng(0).normal(size=129)
    functions = {"value": f.value, "derivative": f.derivative}

    def loop() -> tuple[str, tuple[Body, ...], tuple[str, ...]]:
        bodies = tuple(body(function, ("x",), name) for name, function in functions.items())
        lines = [
            f"y[{k}, j] = {name}(x[0, j]{b.call})" for k, (name, b) in enumerate(zip(functions, bodies, strict=True))
        ]
        return "; ".join(lines), bodies, bodies[0].scalars

    plain = np.stack([function(x, *f.hyper) for function in functions.values()])
    _same_compiled(f, tuple(functions.values()), loop, x[None], plain, list(map(float, f.hyper)))


def _same_compiled(
    f: Formula,
    functions: tuple[Callable[..., Any], ...],
    loop: Callable[[], tuple[str, tuple[Body, ...], tuple[str, ...]]],
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
        close(f, got, plain, "the compiled loop is not the plain formula", 1e-12, 1e-13)


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


def neuron_states(f: Neuron) -> None:
    given = _elements(f)
    known = {"dt", *given, *names_of(type(f)), *f.starts()}
    for name, function in _formulas(f).items():
        takes = tuple(inspect.signature(function).parameters)
        right(f, set(takes) <= known, f"{name} takes {takes}, which must be {f.lead(name)}, dt or fields")
    right(f, len(f.call("start")) == len(f.states), f"start must give a number for each of {f.states}")
    step = "slopes" if "slopes" in _formulas(f) else "charge"
    right(f, len(_answer(f, step, given)) == len(f.states), f"{step} must give a number for each of {f.states}")
    if f.spiking and not f.crossing:
        after = dict(zip(f.states, _answer(f, "reset", given), strict=True))
        jumped = tuple(name for name in f.states if not np.array_equal(after[name], given[name]))
        right(f, jumped == f.jumping, f"its reset changes {jumped}, but jumping is {f.jumping}")


def neuron_errors(f: Neuron) -> None:
    given, formulas = _elements(f), _formulas(f)
    for formula in ("charge", "excess", "reset"):
        if f"{formula}_back" not in formulas:
            continue
        got = _answer(f, f"{formula}_back", given)
        errors = ["gx"] if formula == "excess" else [f"g{state}" for state in f.states]
        names = [*f.lead(formula), *f.learned]
        right(f, len(got) == len(names), f"{formula}_back must give a number for each of {tuple(names)}")
        for name, error in zip(names, got, strict=True):

            def weighed(x: Array) -> Array:
                answers = _answer(f, formula, given | {name: x})  # noqa: B023
                return sum(given[g] * a for g, a in zip(errors, answers, strict=True))  # noqa: B023

            close(f, error, derivative(weighed, given[name]), f"{formula}_back is not the derivative by {name}")


def neuron_lives(f: Neuron) -> None:
    given, formulas = _elements(f), _formulas(f)
    plain = [_answer(f, name, given) for name in formulas]

    def loop() -> tuple[str, tuple[Body, ...], tuple[str, ...]]:
        text, at = [f"{name} = x[{row}, j]" for row, name in enumerate(given)], 0
        w = written(type(f), tuple(formulas), f.learned)
        for name, answers in zip(formulas, plain, strict=True):
            text.append(", ".join(f"y[{at + k}, j]" for k in range(len(answers))) + f" = {w.call(name)}")
            at += len(answers)
        return "; ".join(text), tuple(w.bodies.values()), w.scalars

    k = [DT, *(f.scalars[name] for name in names_of(type(f))[1:])]
    _same_compiled(f, tuple(formulas.values()), loop, np.stack(list(given.values())), np.concatenate(plain), k)
