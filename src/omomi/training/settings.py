"""How to train: every choice of a run, checked once, and as text that a checkpoint keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Schedule
from ..networks.network import Network
from ..rules import Rule
from . import devices


@dataclass(frozen=True)
class Settings:
    """The choices of a run; see `fit` for what each means. Formulas may be given by name."""

    net: Network
    loss: Loss
    optimizer: Optimizer
    rule: Rule
    schedule: Schedule
    epochs: int
    batch_size: int | None
    seeds: tuple[int, ...]
    drop_last: bool
    clip_norm: float | None
    weight_decay: float
    patience: int | None
    dtype: str
    diagnose: bool = False
    shuffle: bool = True
    device: str = "cpu"

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if not isinstance(self.net, Network):
            raise ValueError(f"net must be a Network, got {self.net!r}")
        for name, kind in FORMULAS.items():
            put(name, kind.of(getattr(self, name)))
        put("epochs", whole("epochs", self.epochs, 0))
        put("batch_size", None if self.batch_size is None else whole("batch_size", self.batch_size, 1))
        put("patience", None if self.patience is None else whole("patience", self.patience, 1))
        put("weight_decay", positive("weight_decay", self.weight_decay, zero=True))
        put("clip_norm", None if self.clip_norm is None else positive("clip_norm", self.clip_norm))
        put("seeds", seeds(self.seeds))
        for name in ("drop_last", "diagnose", "shuffle"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(f"{name} must be True or False, got {getattr(self, name)!r}")
            put(name, bool(getattr(self, name)))
        put("dtype", precision(self.dtype))
        put("device", devices.known(self.device))

    def as_text(self) -> dict[str, Any]:
        """Numbers and texts from which `from_text` rebuilds the settings."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "net"}
        said |= {name: repr(said[name]) for name in FORMULAS} | {"seeds": list(self.seeds)}
        return {"n_in": list(self.net.shapes[0]), "net": self.net.text, **said}

    @classmethod
    def from_text(cls, said: dict[str, Any]) -> Self:
        said = dict(said)
        return cls(net=Network.parse(tuple(said.pop("n_in")), said.pop("net")), **said)


FORMULAS: dict[str, Any] = {"loss": Loss, "optimizer": Optimizer, "rule": Rule, "schedule": Schedule}


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`, or one sentence."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number ≥ {least}, got {value!r}")
    return int(value)


def positive(name: str, value: Any, zero: bool = False) -> float:
    """A finite number above 0 (or 0), or one sentence."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(f"{name} must be a number {'≥' if zero else '>'} 0, got {value!r}")
    return float(value)


def seeds(given: int | Sequence[int]) -> tuple[int, ...]:
    """The replicas' seeds: distinct whole numbers ≥ 0."""
    try:
        listed = [given] if isinstance(given, int | np.integer) else list(given)
    except TypeError:
        raise ValueError(f"seeds must be whole numbers ≥ 0, got {given!r}") from None
    checked = tuple(whole("each seed", s, 0) for s in listed)
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"seeds must be distinct, and at least one, got {listed}")
    return checked


def precision(given: Any) -> str:
    """float32 or float64."""
    try:
        name = "" if given is None else np.dtype(given).name
    except TypeError:
        name = ""
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {given!r}")
    return name
