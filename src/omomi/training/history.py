"""What happened, epoch by epoch and replica by replica."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

Array = np.ndarray


class History(Mapping[str, Array]):
    """Columns by name: `history["val_loss"]` has shape (epochs, R).

    `loss` and `accuracy` are means over the steps of an epoch, as the steps saw them; what begins with `val_`
    was measured after the epoch. A replica that has stopped early has NaN from then on.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self.seeds = list(seeds)
        self._columns: dict[str, list[Array]] = {}

    def append(self, row: Mapping[str, Array]) -> None:
        for name, values in row.items():
            self._columns.setdefault(name, []).append(np.array(values, np.float64))

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            raise KeyError(f"the history has no {name!r}; it has {', '.join(self._columns) or 'nothing yet'}")
        return np.stack(self._columns[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(next(iter(self._columns.values()), []))

    def row(self, epoch: int) -> dict[str, Array]:
        """All columns of one epoch, counted from 1, (R,) each."""
        return {name: rows[epoch - 1] for name, rows in self._columns.items()}

    def to_csv(self) -> str:
        """A table with one line per epoch and replica."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["epoch", "seed", *self])
        for e in range(self.epochs):
            for r, seed in enumerate(self.seeds):
                table.writerow([e + 1, seed, *(repr(float(self._columns[name][e][r])) for name in self)])
        return text.getvalue()

    def arrays(self) -> dict[str, Array]:
        """The columns, to be saved."""
        return {name: self[name] for name in self}

    @classmethod
    def of(cls, seeds: Sequence[int], columns: Mapping[str, Array]) -> History:
        """The history back from what `arrays` gave."""
        history = cls(seeds)
        history._columns = {name: list(rows) for name, rows in columns.items()}
        return history
