"""What every named part of omomi is: hyper-parameters as fields with ranges, found by name, never by evaluation."""

from __future__ import annotations

import ast
import math
import re
from abc import ABC
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, field, fields
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np

from ..shown import Shown

_NO_DEFAULT: Any = MISSING


def between(low: float, high: float, *, default: Any = _NO_DEFAULT, closed: str = "[]", whole: bool = False) -> Any:
    """Declare a number, its default and the interval it must lie in; `whole` asks for an integer."""
    return field(default=default, metadata={"low": low, "high": high, "closed": closed, "whole": whole})


def numbers(low: float, high: float, *, default: Any = _NO_DEFAULT, closed: str = "[]") -> Any:
    """Declare a tuple of numbers, at least one, and the interval that each must lie in."""
    return field(default=default, metadata={"each": {"low": low, "high": high, "closed": closed, "whole": False}})


def flag(*, default: bool) -> Any:
    """Declare a yes or no; the formulas take it as 1 or 0."""
    return field(default=default, metadata={"flag": True})


def one_of(*choices: str, default: str) -> Any:
    """Declare a word out of several."""
    return field(default=default, metadata={"choices": choices})


def of_kind(
    kind: type[Formula],
    *,
    default: Any = _NO_DEFAULT,
    optional: bool = False,
    only: Callable[[Any], bool] | None = None,
    which: str = "",
) -> Any:
    """Declare a field that holds another formula; its name or text will do: `weights="he_normal"`.

    `only` says which formulas of the kind it may be, and `which` says so in words.
    """
    return field(default=default, metadata={"kind": kind, "optional": optional, "only": only, "which": which})


@dataclass_transform(frozen_default=True, field_specifiers=(between, numbers, flag, one_of, of_kind, field))
class Formula(Shown, ABC):
    """A frozen dataclass that is registered by being defined.

    A direct subclass made with `root=True` is a kind (Activation, Loss, …) and owns a catalogue;
    every class below it is entered there under its name in snake case and under the spellings in `also`.
    """

    catalogue: ClassVar[dict[str, Any]]
    kinds: ClassVar[dict[str, type[Formula]]] = {}
    noun: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()
    shown_with: ClassVar[dict[str, Any]] = {}  # what pictures put in fields that have no default

    def __init_subclass__(cls, *, root: bool = False, abstract: bool = False) -> None:
        super().__init_subclass__()
        if root:
            cls.noun, cls.catalogue = snake_case(cls.__name__), {}
            cls.kinds[cls.noun] = cls
        elif not abstract:
            dataclass(frozen=True, repr=False)(cls)
            cls._enter()

    @classmethod
    def _enter(cls) -> None:
        names = (snake_case(cls.__name__), *cls.__dict__.get("also", ()))
        # A cell of a notebook run twice defines the same class again: the newer one holds.
        older = {
            n for n, k in cls.catalogue.items() if (k.__module__, k.__qualname__) == (cls.__module__, cls.__qualname__)
        }
        for name in names:
            known = cls.catalogue.get(squash(name))
            if known and squash(name) not in older:
                them = f"{cls.noun}{'es' if cls.noun[-1] == 's' else 's'}"
                raise TypeError(f"two {them} are named {name!r}: {known.__module__} and {cls.__module__}")
        for name in older - {squash(name) for name in names}:
            del cls.catalogue[name]
        cls.catalogue.update({squash(name): cls for name in names})

    def __post_init__(self) -> None:
        for f in fields(self):  # type: ignore[arg-type]
            if "low" in f.metadata:
                object.__setattr__(self, f.name, self._number(f.name, getattr(self, f.name), **f.metadata))
            elif "each" in f.metadata:
                self._check_numbers(f.name, f.metadata["each"])
            elif "flag" in f.metadata:
                self._check_flag(f.name)
            elif "choices" in f.metadata:
                self._check_choice(f.name, f.metadata["choices"])
            elif "kind" in f.metadata:
                self._check_kind(f.name, **f.metadata)

    def _check_flag(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, bool | np.bool_) and value not in (0, 1):
            raise ValueError(f"{type(self).__name__}: {name} must be True or False, got {value!r}")
        object.__setattr__(self, name, bool(value))

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, name)
        spelled = {squash(choice): choice for choice in choices}
        if not isinstance(value, str) or squash(value) not in spelled:
            raise ValueError(f"{type(self).__name__}: {name} must be {_either(choices)}, got {value!r}")
        object.__setattr__(self, name, spelled[squash(value)])

    def _check_numbers(self, name: str, each: dict[str, Any]) -> None:
        value = getattr(self, name)
        value = value.tolist() if isinstance(value, np.ndarray) else value
        if not isinstance(value, tuple | list) or not value:
            raise ValueError(f"{type(self).__name__}: {name} must be a tuple of numbers, got {value!r}")
        object.__setattr__(self, name, tuple(self._number(f"each of {name}", one, **each) for one in value))

    def _number(self, name: str, value: Any, low: float, high: float, closed: str, whole: bool) -> float:
        left, right = closed[0], closed[1]
        try:
            number = None if isinstance(value, bool | str) else int(value) if whole else float(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or number != value:
            what = "a whole number" if whole else "a number"
            raise ValueError(f"{type(self).__name__}: {name} must be {what}, got {value!r}")
        if not (low < number < high or (number == low and left == "[") or (number == high and right == "]")):
            raise ValueError(f"{type(self).__name__}: {name} must lie in {left}{low}, {high}{right}, got {value!r}")
        return number

    def _check_kind(
        self, name: str, kind: type[Formula], optional: bool, only: Callable[[Any], bool] | None, which: str
    ) -> None:
        value = getattr(self, name)
        if isinstance(value, str):
            value = kind.parse(value)
            object.__setattr__(self, name, value)
        if not (isinstance(value, kind) or (optional and value is None)):
            raise ValueError(f"{type(self).__name__}: {name} must be {_a(kind.noun)} or its name, got {value!r}")
        if only is not None and value is not None and not only(value):
            raise ValueError(f"{type(self).__name__}: {name} must be {_a(kind.noun)} {which}, got {value!r}")

    def __repr__(self) -> str:
        """The text that rebuilds the formula: what has no default, then what differs from it."""
        parts = []
        for f in fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            if f.default is MISSING:
                parts.append(repr(value))
            elif value != f.default:
                parts.append(f"{f.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled by its fields alone: the compiled loops that it has found stay here."""
        return type(self), self.hyper

    @cached_property
    def hyper(self) -> tuple[Any, ...]:
        """The hyper-parameters in the order of the fields, as the formulas take them."""
        return tuple(getattr(self, f.name) for f in fields(self))  # type: ignore[arg-type]

    @classmethod
    def entries(cls) -> dict[str, Any]:
        """The kind's formulas by their own names, without other spellings, in the order of definition."""
        return {snake_case(entry.__name__): entry for entry in cls.catalogue.values()}

    @classmethod
    def find(cls, name: str) -> type[Self]:
        """The class of that name, whatever its case, hyphens or underscores."""
        entry = cls.catalogue.get(squash(name))
        if entry is None:
            known = sorted({name for e in cls.entries().values() for name in (snake_case(e.__name__), *e.also)})
            known_as = ", ".join(cls.entries())
            raise ValueError(f"no {cls.noun} is named {name!r}{near_miss(name, known)} (known: {known_as})")
        return entry

    @classmethod
    def named(cls, name: str, **hyper: Any) -> Self:
        """Build a formula by its name: `Optimizer.named("adam", lr=1e-2)`."""
        entry = cls.find(name)
        known = [f.name for f in fields(entry)]  # type: ignore[arg-type]
        for wrong in hyper.keys() - set(known):
            raise ValueError(f"{entry.__name__} has no {wrong!r}; it takes {', '.join(known) or 'nothing'}")
        missing = [f.name for f in fields(entry) if f.default is MISSING and f.name not in hyper]  # type: ignore[arg-type]
        if missing:
            raise ValueError(f"{entry.__name__} needs {', '.join(missing)}")
        return entry(**hyper)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Build a formula from text such as `relu`, `LeakyReLU(0.1)` or `adam(lr=0.01)`. Nothing is evaluated."""
        try:
            head, bracket, rest = re.sub(r"\bif\b", "if_", text.strip()).partition("(")  # a neuron, not Python's word
            node = ast.parse(head.replace("-", "_") + bracket + rest, mode="eval").body
            name, args, keywords = (
                (node.func, node.args, node.keywords) if isinstance(node, ast.Call) else (node, [], [])
            )
            if not isinstance(name, ast.Name):
                raise ValueError
            values, named = [_literal(a) for a in args], [(k.arg or "**", _literal(k.value)) for k in keywords]
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):  # all of them are in ast's power
            raise ValueError(
                f"{_a(cls.noun)} is written as a name or as name(numbers), like 'adam(lr=0.01)', got {text!r}"
            ) from None
        order = [f.name for f in fields(cls.find(name.id))]  # type: ignore[arg-type]
        if len(values) > len(order):
            raise ValueError(
                f"{cls.find(name.id).__name__} takes {len(order) or 'no'} values, got {len(values)} in {text!r}"
            )
        given = dict(zip(order, values, strict=False))
        for key, value in named:
            if key in given:
                raise ValueError(f"{cls.find(name.id).__name__}: {key} is given twice in {text!r}")
            given[key] = value
        return cls.named(name.id, **given)

    @classmethod
    def of(cls, given: Any) -> Self:
        """The formula itself, or the one that a text names."""
        if isinstance(given, str):
            return cls.parse(given)
        if not isinstance(given, cls):
            raise ValueError(f"{_a(cls.noun)} or its name is needed, got {given!r}")
        return given


def _literal(node: ast.expr) -> Any:
    """A number, None or a formula's text; anything else is refused."""
    if isinstance(node, ast.Name) and node.id == "inf":
        return math.inf
    if isinstance(node, ast.Name | ast.Call):
        return ast.unparse(node)
    return ast.literal_eval(node)


def snake_case(name: str) -> str:
    """`LeakyRelu` → `leaky_relu`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def squash(name: str) -> str:
    """What all spellings of a name have in common: `Leaky-ReLU`, `leaky_relu` → `leakyrelu`."""
    return re.sub(r"[-_\s]", "", name).lower()


def split(text: str, at: str = ",") -> list[str]:
    """The parts of a text between commas, or what else, that stand outside parentheses.

    >>> split("sgd, adam(beta1=0.8, beta2=0.9),")
    ['sgd', 'adam(beta1=0.8, beta2=0.9)', '']
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == at and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def near_miss(name: str, known: Iterable[str]) -> str:
    """The question that ends a sentence about an unknown name, or nothing.

    Of names as near, one with the same letters comes first, and then one as long.
    """
    spellings, wanted = {squash(k): k for k in known}, squash(name)

    def nearness(k: str) -> float:
        mixed_up = sorted(k) == sorted(wanted)
        return SequenceMatcher(None, wanted, k).ratio() + 0.1 * mixed_up - 0.05 * abs(len(k) - len(wanted))

    near = get_close_matches(wanted, spellings, n=5)
    return f"; did you mean {spellings[max(near, key=nearness)]!r}?" if near else ""


def _either(choices: tuple[str, ...]) -> str:
    """
    >>> _either(("mean", "sum"))
    "'mean' or 'sum'"
    """
    return ", ".join(map(repr, choices[:-1])) + f" or {choices[-1]!r}"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
