"""Every replica of a comparison as one line of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .outcome import Comparison, Outcome

FIRST = ("accuracy", "mse", "r2", "loss")  # metrics in this order, then others
WHERE = ("net", "rule", "optimizer", "loss_formula")  # a cell; `loss` itself is a metric
COLUMNS = (*WHERE, "wired", "parameters", "split", "seed", "lr")
AFTER = ("epochs_to_target", "seconds", "diverged_in_epoch", "baseline")


def lines(c: Comparison) -> Iterator[dict[str, Any]]:
    """One for each cell, split and seed; None where there is nothing."""
    metrics = metrics_of(c)
    for o in c.outcomes:
        reached = o.epochs_to(c.settings.get("target"))
        where = (*_cell(o), o.wired, o.parameters, o.split)
        for r, seed in enumerate(o.seeds):
            found = {name: float(o.metrics[name][r]) if name in o.metrics else None for name in metrics}
            after = (reached[r], o.seconds / len(o.seeds), o.diverged.get(seed), o.baseline)
            yield dict(zip(COLUMNS, (*where, seed, o.lr), strict=True)) | found | dict(zip(AFTER, after, strict=True))


def curves(c: Comparison) -> dict[str, list[Any]]:
    """The histories as columns, one entry for each cell, split, seed and epoch; None where there is nothing."""
    names = list(dict.fromkeys(name for o in c.outcomes for name in o.history))
    table: dict[str, list[Any]] = {name: [] for name in (*WHERE, "split", "seed", "epoch", *names)}
    for o in c.outcomes:
        n, r = max(map(len, o.history.values()), default=0), len(o.seeds)
        for name, value in zip((*WHERE, "split"), (*_cell(o), o.split), strict=True):
            table[name] += [value] * (n * r)
        table["seed"] += [seed for seed in o.seeds for _ in range(n)]
        table["epoch"] += list(range(1, n + 1)) * r
        for name in names:
            known = name in o.history
            table[name] += np.asarray(o.history[name], np.float64).T.ravel().tolist() if known else [None] * (n * r)
    return table


def _cell(o: Outcome) -> tuple[str, str, str, str]:
    return o.cell.net, o.cell.rule, o.cell.optimizer, o.cell.loss


def metrics_of(c: Comparison) -> list[str]:
    there = dict.fromkeys(name for o in c.outcomes for name in o.metrics)
    return [name for name in FIRST if name in there] + [name for name in there if name not in FIRST]
