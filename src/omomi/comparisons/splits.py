"""The data of a comparison, taken apart in the same way for every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..data import Dataset, Scaler
from ..training.usual import scaler

Pair = tuple[Any, Any]  # x (N, …) and y


@dataclass(frozen=True)
class Splits:
    """What is held back for tuning and for the test; a share of 0 means the training part itself."""

    data: Dataset
    own: Dataset | None  # the test part that comes with the data
    test: float
    validation: float
    scale: str

    def parts(self, seed: int) -> dict[str, Dataset]:
        """Training, validation and test part of the split of that seed, as they are."""
        rest, test = self.data, self.own
        if test is None and self.test:
            rest, test = rest.split(self.test, seed)
        training, validation = rest.split(self.validation, seed) if self.validation else (rest, rest)
        return {"training": training, "validation": validation, "test": rest if test is None else test}

    def scaled(self, seed: int) -> dict[str, Pair]:
        """The same as x and y, scaled by what the training part says; labels stay labels."""
        parts = self.parts(seed)
        x = scaler(self.scale, parts["training"].x)
        y = None if self.data.is_classification else scaler(self.scale, parts["training"].y)
        return {name: (_apply(x, part.x), _apply(y, part.y)) for name, part in parts.items()}

    def samples(self) -> dict[str, int]:
        """How many there are in each part; 0 where the training part is used."""
        counts = {name: part.n for name, part in self.parts(0).items()}
        held = {"training": True, "validation": self.validation, "test": self.test or self.own}
        return {name: n if held[name] else 0 for name, n in counts.items()}


def _apply(scale: Scaler | None, values: Any) -> Any:
    return values if scale is None else scale.apply(values)
