"""The cells of a comparison, from texts, each with parts that fit together; all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from ..data import Dataset
from ..formulas.formula import Formula, split
from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..networks.network import Network
from ..rules import Rule
from ..training.targets import check_output, choose_loss, targets
from .carried import classes
from .outcome import Cell

KINDS: dict[str, Any] = {"rules": Rule, "optimizers": Optimizer, "losses": Loss}


@dataclass(frozen=True)
class Plan:
    """A cell that can be trained."""

    cell: Cell
    rule: str  # in full, as its repr has it
    optimizer: str
    loss: str
    start: float  # the learning rate where the search begins
    own: tuple[type[Formula], ...] = ()  # the user's classes in it


def texts(given: Any, at: str = ",") -> list[str]:
    """One text or several, formulas or networks, as texts; each once."""
    if isinstance(given, str):
        listed = [part for part in split(given, at) if part]
    elif isinstance(given, Formula | Network):
        listed = [_text(given)]
    else:
        listed = [_text(one) for one in given]
    return list(dict.fromkeys(listed))


def parse(data: Dataset, given: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """Rules, optimizers, nets and losses by their texts, or a ValueError with one line for each mistake."""
    mistakes = [f"{name}: at least one is needed" for name, listed in given.items() if not listed]
    kinds = {name: kind.parse for name, kind in KINDS.items()} | {"nets": partial(Network.parse, data.x.shape[1:])}
    parsed = {name: dict(_parsed(name, listed, kinds[name], mistakes)) for name, listed in given.items()}
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return parsed


def plans(data: Dataset, x: Any, metric: str, dtype: str, parsed: Mapping[str, Mapping[str, Any]]) -> list[Plan]:
    """The product of them, or a ValueError with one line for each combination that makes no sense.

    x are training inputs, scaled. Where there are no losses, each network gets the usual one for these targets.
    """
    found: dict[tuple[str, str, str], tuple[Loss, Network]] = {}
    mistakes = []
    for (rule, r), (net, n) in product(parsed["rules"].items(), parsed["nets"].items()):
        losses = parsed.get("losses") or {(usual := choose_loss(n, data.y)): Loss.parse(usual)}
        for loss, formula in losses.items():
            try:
                found[rule, net, loss] = formula, _fitting(r, n, formula, data, x, metric, dtype)
            except ValueError as error:
                mistakes.append(f"{rule} with {net} and {loss}: {error}")
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return [
        _plan(Cell(net, rule, text, loss), r, optimizer, formula, wired)
        for (rule, r), (text, optimizer) in product(parsed["rules"].items(), parsed["optimizers"].items())
        for (of, net, loss), (formula, wired) in found.items()
        if of == rule
    ]


def _parsed(
    name: str, listed: Iterable[str], parse: Callable[[str], Any], mistakes: list[str]
) -> Iterator[tuple[str, Any]]:
    for text in listed:
        try:
            yield text, parse(text)
        except ValueError as error:
            mistakes.append(f"{name}: {error}")


def _fitting(rule: Rule, net: Network, loss: Loss, data: Dataset, x: Any, metric: str, dtype: str) -> Network:
    """The network that the rule can teach, or why it cannot."""
    wired = rule.wired(net, x)
    check_output(wired, loss)
    rule.check(wired, loss)
    found, name = targets(data.y, loss, wired.shapes[-1][0], dtype), type(loss).__name__
    if metric == "accuracy" and not found.yes_or_no:
        raise ValueError(f"{name} does not tell classes apart, so there is no accuracy to compare")
    if metric == "mse" and loss.targets not in ("values", "counts"):
        raise ValueError(f"{name} is about classes, so there is no squared error to compare")
    rule.look(wired, x)
    return wired


def _plan(cell: Cell, rule: Rule, optimizer: Optimizer, loss: Loss, wired: Network) -> Plan:
    start = optimizer.rate
    usual = Optimizer.parse(rule.usual) if rule.usual else None
    # A rule whose updates have another scale than a gradient says so; a rate that somebody chose comes first.
    if type(usual) is type(optimizer) and start == type(optimizer)().rate:
        start = usual.rate
    own = classes((rule, optimizer, loss, wired))
    return Plan(cell, repr(rule), repr(optimizer), repr(loss), start, own)


def _text(given: Any) -> str:
    if isinstance(given, str):
        return given.strip()
    if not isinstance(given, Formula | Network):
        raise ValueError(f"a formula, a network or a text is needed, got {given!r}")
    return given.text if isinstance(given, Network) else repr(given)
