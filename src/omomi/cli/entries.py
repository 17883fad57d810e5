"""The entries of the catalogues: formulas of every kind and data sets, found by name and in words."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from .. import data as sets
from ..data import Dataset
from ..data.lookup import near_miss, squash
from ..formulas.formula import Formula, snake_case
from .docstrings import Words, code, summary, words

DATA = "data"


@dataclass(frozen=True)
class Entry:
    """A class of a kind, or a function that gives a data set."""

    kind: str
    name: str
    thing: Any

    @property
    def also(self) -> tuple[str, ...]:
        return tuple(getattr(self.thing, "also", ()))

    @property
    def summary(self) -> str:
        return summary(self.thing)

    @property
    def words(self) -> Words:
        return words(self.thing)

    @property
    def code(self) -> str:
        return code(self.thing)

    @property
    def doc(self) -> str:
        """The docstring without its examples."""
        text = inspect.cleandoc(self.thing.__doc__ or "")
        return re.split(r"^>>> ", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip()

    @property
    def parameters(self) -> list[dict[str, Any]]:
        if self.kind == DATA:
            return [
                _parameter(p.name, p.default, p.default is p.empty, "")
                for p in inspect.signature(self.thing).parameters.values()
            ]
        return [_parameter(f.name, f.default, f.default is MISSING, _limits(f.metadata)) for f in fields(self.thing)]

    def said(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "also": list(self.also),
            "summary": self.summary,
            "doc": self.doc,
            "parameters": self.parameters,
            "source": self.words.source or None,
            "reference": self.words.reference or None,
        }


def kinds() -> list[str]:
    """The nouns that a catalogue belongs to."""
    return [*Formula.kinds, DATA]


def plural(kind: str) -> str:
    """
    >>> plural("loss"), plural("layer"), plural("data")
    ('losses', 'layers', 'data')
    """
    return kind if kind == DATA else f"{kind}{'es' if kind[-1] == 's' else 's'}"


def spelled_kind(text: str) -> str | None:
    """The kind of that name, one or many, or None."""
    found = {form: kind for kind in kinds() for form in (kind, plural(kind))} | {"datasets": DATA, "dataset": DATA}
    return found.get(squash(text))


def find_kind(text: str) -> str:
    """The kind of that name, one or many: `loss`, `losses`."""
    found = spelled_kind(text)
    if found is None:
        raise ValueError(f"there is no kind {text!r}{near_miss(text, kinds())} (known: {', '.join(kinds())})")
    return found


def entries(kind: str) -> list[Entry]:
    """All of a kind, in their order."""
    known = sets.catalogue() if kind == DATA else Formula.kinds[kind].entries()
    return [Entry(kind, name, thing) for name, thing in known.items()]


def find(name: str, kind: str | None = None) -> list[Entry]:
    """The entries of that name: of one kind, or of every one that knows it."""
    among = [e for k in ([find_kind(kind)] if kind else kinds()) for e in entries(k)]
    found = [e for e in among if squash(name) in map(squash, (e.name, *e.also))]
    if not found:
        where = f"{find_kind(kind)}: there is" if kind else "there is"
        near = near_miss(name, (n for e in among for n in (e.name, *e.also)))
        raise ValueError(f"{where} nothing named {name!r}{near} (see: omomi list)")
    return found


def build(text: str, kind: str | None = None) -> Any:
    """The formula that a text such as `leaky_relu(0.2)` writes, or the data set of a name or file."""
    path = Path(text).expanduser()
    if kind is None and (path.suffix.lower() in (".csv", ".tsv", ".txt", ".npz") or path.is_dir()):
        return sets.load(path)
    first = find(text.split("(")[0].strip(), kind)[0]
    if first.kind == DATA:
        return sets.load(first.name)
    return Formula.kinds[first.kind].parse(text)


def file_name(text: str) -> str:
    """What a file about it is called: `leaky_relu(0.2)` → `leaky_relu_0.2`."""
    stem = Path(text).stem if Path(text).suffix in (".csv", ".tsv", ".txt", ".npz") else Path(text).name
    words = [snake_case(word) for word in re.findall(r"[\w.]+", stem)]
    return "_".join(words) or "figure"


def described(data: Dataset) -> dict[str, Any]:
    """A data set as JSON has it."""
    steps = data.x.shape[1] if data.x.ndim == 3 and not data.image_shape else None
    x = data.x.reshape(-1, data.x.shape[-1]) if steps else data.x.reshape(data.n, -1)
    names = data.features or tuple(f"x{i + 1}" for i in range(x.shape[1]))
    targets = data.targets or tuple(f"y{i + 1}" for i in range(data.n_out))
    return {
        "name": data.name,
        "samples": data.n,
        "image_shape": list(data.image_shape) if data.image_shape else None,
        "steps": steps,
        "features": _columns(names, x),
        "classes": [{"name": name, "samples": int((data.y == c).sum())} for c, name in enumerate(data.classes)],
        "targets": [] if data.is_classification else _columns(targets, data.y),
    }


def _columns(names: Iterable[str], values: Any) -> list[dict[str, Any]]:
    rows = zip(
        names, values.min(axis=0).tolist(), values.mean(axis=0).tolist(), values.max(axis=0).tolist(), strict=True
    )
    return [{"name": n, "min": low, "mean": mean, "max": high} for n, low, mean, high in rows]


def _parameter(name: str, default: Any, required: bool, limits: str) -> dict[str, Any]:
    if required:
        value = None
    else:
        value = default if default is None or isinstance(default, bool | int | float | str) else repr(default)
    return {"name": name, "default": value, "required": required, "range": limits}


def _limits(metadata: Any) -> str:
    """What a field may hold, in words."""
    if "kind" in metadata:
        which = f" {metadata['which']}" if metadata.get("which") else ""
        return f"{metadata['kind'].noun}{which}{' or none' if metadata.get('optional') else ''}"
    if "each" in metadata:
        return f"numbers, each {_limits(metadata['each'])}"
    if "choices" in metadata:
        return " or ".join(metadata["choices"])
    if "flag" in metadata:
        return "True or False"
    if "low" not in metadata:
        return ""
    low, high, closed = metadata["low"], metadata["high"], metadata["closed"]
    what = "whole, " if metadata["whole"] else ""
    if low == -math.inf and high == math.inf:
        return what + "any number"
    if high == math.inf:
        return f"{what}{'≥' if closed[0] == '[' else '>'} {low:g}"
    return f"{what}{closed[0]}{low:g}, {high:g}{closed[1]}"
