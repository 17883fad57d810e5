"""What a comparison found: one outcome for each cell of its grid and each split of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Cell:
    """One way to learn, as text: a point of the grid."""

    net: str  # as asked for, "64, relu, 10"
    rule: str
    optimizer: str  # without its tuned rate
    loss: str


@dataclass(frozen=True)
class Outcome:
    """How a cell did on one split of the data: R replicas, E epochs."""

    cell: Cell
    split: int  # counts from 0; also the seed of the split
    seeds: tuple[int, ...]
    lr: float | None  # the tuned learning rate; None for a baseline
    tried: Mapping[float, float]  # learning rate → validation score, in the order of the search; NaN: diverged
    metrics: Mapping[str, Array]  # on the test part, once: "accuracy" or "mse" and "r2", "loss"; each (R,)
    history: Mapping[str, Array]  # of the final training: "loss", "val_loss", "val_accuracy", …; each (E, R)
    seconds: float  # of the final training, all replicas together
    diverged: Mapping[int, int]  # seed → epoch
    wired: str  # the network that the rule taught
    parameters: int  # of one replica
    baseline: bool = False  # a yardstick from elsewhere, such as logistic regression; its `cell.rule` is its name

    def epochs_to(self, target: float | None) -> list[int | None]:
        """Of each replica, the first epoch after which its validation accuracy is at the target; None: never."""
        curve = self.history.get("val_accuracy")
        if target is None or curve is None or not len(curve):
            return [None] * len(self.seeds)
        there = np.asarray(curve) >= target  # (E, R); NaN is not there
        return [int(column.argmax()) + 1 if column.any() else None for column in there.T]


@dataclass(frozen=True, repr=False)
class Comparison:
    """All outcomes, and what they are about. `compare` makes one."""

    task: str
    about: str  # the data in one line
    metric: str  # what is compared: "accuracy" (more is better) or "mse" (less is better)
    samples: Mapping[str, int]  # "training", "validation", "test"
    settings: Mapping[str, Any]  # what was asked for: epochs, batch_size, seeds, splits, tuning, target, …
    outcomes: Sequence[Outcome] = field(default_factory=list)  # by cell, then by split; baselines last

    def __repr__(self) -> str:
        cells = len({outcome.cell for outcome in self.outcomes})
        return f"<Comparison: {self.task}, {cells} ways to learn>"

    def table(self) -> str:
        """The rows, best read in a fixed-width font."""
        from .summary import as_text

        return as_text(self)

    def report(self, folder: str | Path) -> Path:
        """Write report.html into a folder; its path."""
        from .report import write

        return write(self, Path(folder))
