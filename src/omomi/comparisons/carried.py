"""Formulas of the user's own, on their way to other processes."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from typing import Any

from ..formulas.formula import Formula
from ..networks.network import Network

_KNOWN: set[bytes] = set()  # what this process has made or unpacked


def classes(given: Iterable[Formula | Network]) -> tuple[type[Formula], ...]:
    """The classes among these formulas, and those in them, that are not omomi's."""
    found = (cls for one in given for inner in _all(one) for cls in type(inner).__mro__ if issubclass(cls, Formula))
    return tuple(dict.fromkeys(cls for cls in found if cls.__module__.partition(".")[0] != "omomi"))


def source(cls: type[Formula]) -> str:
    """The text of a class: a training that is kept holds for this text alone. Empty if typed at a bare prompt."""
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def pack(found: Iterable[type[Formula]]) -> bytes:
    """The classes by value, with the text that loops are compiled from: another process need not have their files."""
    import cloudpickle

    listed = list(dict.fromkeys(found))
    if not listed:
        return b""
    registered = set(cloudpickle.list_registry_pickle_by_value())
    modules = {cls.__module__ for cls in listed} & sys.modules.keys() - registered - {"__main__"}
    for name in modules:
        cloudpickle.register_pickle_by_value(sys.modules[name])
    try:
        packed = cloudpickle.dumps((listed, _texts(listed)))
    except Exception as error:  # whatever stands in the user's module
        names = ", ".join(cls.__name__ for cls in listed)
        raise ValueError(f"{names} cannot be sent to other processes ({error}); use jobs=1") from error
    finally:
        for name in modules:
            cloudpickle.unregister_pickle_by_value(sys.modules[name])
    _KNOWN.add(packed)
    return packed


def unpack(packed: bytes) -> None:
    """Define the classes here, unless they are."""
    if not packed or packed in _KNOWN:
        return
    import cloudpickle

    found, texts = cloudpickle.loads(packed)
    for file, lines in texts.items():
        linecache.cache.setdefault(file, (sum(map(len, lines)), None, lines, file))
    for cls in found:
        for f in fields(cls):
            for name in ("default", "default_factory"):  # dataclasses know "no default" by identity
                if isinstance(getattr(f, name), type(MISSING)):
                    setattr(f, name, MISSING)
        cls._enter()  # it was empty when it was defined, without its other spellings
    _KNOWN.add(packed)


def _all(one: Any) -> Iterator[Formula]:
    if isinstance(one, Network):
        for layer in one.layers:
            yield from _all(layer)
    elif isinstance(one, Formula):
        yield one
        for value in one.hyper:
            yield from _all(value)


def _texts(found: Iterable[type[Formula]]) -> dict[str, list[str]]:
    functions = (getattr(value, "__func__", value) for cls in found for value in vars(cls).values())
    files = {f.__code__.co_filename for f in functions if hasattr(f, "__code__")}
    return {file: lines for file in sorted(files) if (lines := linecache.getlines(file))}
