"""The catalogues as parameters of tests: a formula is tested by being defined."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

import pytest

import omomi.rules  # the highest floors with a catalogue: importing them defines them all
import omomi.simulation  # noqa: F401
from omomi.formulas.formula import Formula


def entries(kind: type[Formula]) -> list[Any]:
    """Every formula of a kind, as parameters."""
    return [pytest.param(cls, id=name) for name, cls in kind.entries().items()]


def every_formula() -> list[Any]:
    """Every formula of every kind, as parameters."""
    return [
        pytest.param(cls, id=f"{noun}-{name}")
        for noun, kind in Formula.kinds.items()
        for name, cls in kind.entries().items()
    ]


def example(cls: type[Formula], **given: Any) -> Any:
    """An instance: the defaults, and what has none from the middle of its range or kind."""
    for f in fields(cls):
        if f.default is MISSING and f.name not in given:
            given[f.name] = inside(f)
    return cls(**given)


def inside(f: Field[Any], share: float = 0.5) -> Any:
    """A value that a field allows and that is not its default: within the range, or another formula of the kind."""
    if "kind" in f.metadata:
        kind, only = f.metadata["kind"], f.metadata["only"]
        plain = [cls for cls in kind.entries().values() if not any("kind" in g.metadata for g in fields(cls))]
        return next(inner for inner in map(example, reversed(plain)) if only is None or only(inner))
    if "flag" in f.metadata:
        return not f.default
    if "choices" in f.metadata:
        return next(choice for choice in f.metadata["choices"] if choice != f.default)
    if "each" in f.metadata:
        # Four, as the networks of tests have outputs; rising, as times do.
        return tuple(sorted(_within(f.metadata["each"], (share + i / 4) % 1, MISSING) for i in range(4)))
    return _within(f.metadata, share, f.default)


def _within(interval: Mapping[str, Any], share: float, default: Any) -> float:
    low, high = interval["low"], interval["high"]
    if math.isfinite(low) and math.isfinite(high):
        value = low + share * (high - low)
    elif math.isfinite(low):
        value = low + 2 + share
    elif math.isfinite(high):
        value = high - 2 - share
    else:
        value = share + (0 if default is MISSING else default)
    return math.ceil(value) if interval["whole"] else value


def variants(cls: type[Formula]) -> list[Any]:
    """The formula as it is by default, and once with every hyper-parameter at another value."""
    other = {f.name: inside(f, 0.25 + 0.5 * i / len(fields(cls))) for i, f in enumerate(fields(cls))}
    return [example(cls), *([cls(**other)] if other else [])]


def formulas(kind: type[Formula]) -> list[Any]:
    """`variants` of every formula of a kind, as parameters."""
    return [pytest.param(f, id=repr(f)) for cls in kind.entries().values() for f in variants(cls)]


def static_methods(cls: type[Formula]) -> dict[str, Any]:
    """The mathematics of a formula by name."""
    names = {name for base in cls.__mro__ for name, m in vars(base).items() if isinstance(m, staticmethod)}
    return {name: getattr(cls, name) for name in sorted(names)}


def arguments(function: Any) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def forget(*classes: type[Formula]) -> None:
    """Take formulas that a test defined out of their catalogues."""
    for cls in classes:
        for name in [name for name, known in cls.catalogue.items() if known is cls]:
            del cls.catalogue[name]
