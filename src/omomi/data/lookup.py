"""Finding things by name, with a helpful sentence where there is nothing of that name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def squash(name: str) -> str:
    """The name without what people spell differently.

    >>> squash("Breast-Cancer") == squash("breast_cancer")
    True
    """
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def near_miss(name: str, known: Iterable[str]) -> str:
    """The question that ends a sentence about an unknown name, or nothing.

    >>> near_miss("Spirl", ["moons", "spiral"])
    "; did you mean 'spiral'?"
    """
    spellings = {squash(k): k for k in known}
    near = get_close_matches(squash(name), spellings, n=1, cutoff=0.7)
    return f"; did you mean {spellings[near[0]]!r}?" if near else ""


def one_of(owner: str, what: str, value: str, allowed: Iterable[str]) -> str:
    """The value, if it is among those allowed."""
    if value not in (allowed := tuple(allowed)):
        raise ValueError(f"{owner}: {what} must be {' or '.join(map(repr, allowed))}, got {value!r}")
    return value


def existing_file(path: str | Path) -> Path:
    """The path of a file that is there; ``~`` is the home folder."""
    if not (file := Path(path).expanduser()).is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r}")
    return file


def call(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Call with the options given, refusing by name those the function does not have."""
    has = list(signature(function).parameters)[len(args) :]
    for option in options:
        if option not in has:
            raise ValueError(
                f"{function.__name__} takes no option {option!r}{near_miss(option, has)} "
                f"(it takes {', '.join(has) or 'none'})"
            )
    return function(*args, **options)
