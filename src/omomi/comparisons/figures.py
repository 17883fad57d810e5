"""The figures of a comparison, and what each says in words."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .outcome import Comparison, Outcome
from .summary import Row
from .words import number, with_interval

Array = np.ndarray
SPOKEN = {
    "val_accuracy": "validation accuracy", "val_mse": "validation mse", "val_loss": "validation loss",
    "accuracy": "training accuracy", "loss": "training loss",
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A picture inside a page."""

    name: str
    source: str  # a data URI
    alt: str
    caption: str


def draw(c: Comparison, rows: Sequence[Row]) -> list[Figure]:
    """All that there is to draw. ModuleNotFoundError, with a sentence, if matplotlib is missing."""
    return [*_intervals(c, rows), *_curves(c, rows), *_tuning(c, rows)]


def of(c: Comparison, row: Row) -> list[Outcome]:
    """The outcomes of a row, split by split."""
    return [o for o in c.outcomes if o.cell == row.cell]


def measured(c: Comparison) -> str:
    """What the table is about, in words."""
    return f"{'test' if c.samples.get('test') else 'training'} {c.metric}"


def _intervals(c: Comparison, rows: Sequence[Row]) -> Iterator[Figure]:
    from .. import plots

    own, yardsticks = _taught(rows), {row.label: row.mean for row in rows if row.baseline}
    if not own:
        return
    values = {row.label: np.concatenate([_sound(o, o.metrics[c.metric]) for o in of(c, row)]) for row in own}
    axes = plots.comparison_intervals(
        values, [row.mean for row in own], [row.half for row in own], measured(c), baselines=yardsticks
    )
    found = [f"{row.label} {with_interval(c.metric, row.mean, row.half)}" for row in rows]
    yield _embedded(
        "intervals", axes, f"The {measured(c)} of each way to learn: {'; '.join(found)}.",
        _about_whiskers(own),
    )  # fmt: skip


def _about_whiskers(own: Sequence[Row]) -> str:
    if not any(np.isfinite(row.half) for row in own):
        return "◆ is the mean, a small dot one replica."
    said = "◆ is the mean, the whisker its 95 % interval, a small dot one replica."
    if len(own) == 1:
        return said
    return f"{said} Where whiskers overlap two may still differ for sure, as replicas are paired: see the differences."


def _curves(c: Comparison, rows: Sequence[Row]) -> Iterator[Figure]:
    from .. import plots

    own = [row for row in _taught(rows) if all(len(o.history) for o in of(c, row))]
    columns = [name for name in (f"val_{c.metric}", "val_loss", "loss") if _have(c, own, name)]
    one_loss = len({row.cell.loss for row in own}) == 1
    # Losses of different formulas share no axis. One curve of what is compared, one of what is minimised.
    chosen = columns[:1] + [name for name in columns[1:] if name == "loss"]
    for name in (n for n in chosen if one_loss or not n.endswith("loss")):
        histories = {row.label: _pooled(of(c, row), name) for row in own}
        target = c.settings.get("target") if name == f"val_{c.metric}" else None
        splits = max(len(of(c, row)) for row in own)
        axes = plots.comparison_curves(histories, SPOKEN.get(name, name), target=target, splits=splits)
        last = [f"{label} {_end(name, table)}" for label, table in histories.items()]
        yield _embedded(
            name, axes, f"The {SPOKEN.get(name, name)} over the epochs; in the end: {'; '.join(last)}.",
            _about_bands(histories, splits),
        )  # fmt: skip


def _about_bands(histories: dict[str, Array], splits: int) -> str:
    said = []
    if splits > 1:
        said.append(
            "Bands: the 95 % interval over the splits, as if these shared no samples; they do, and the intervals in "
            "the table are the wider for it."
        )
    elif max(table.shape[1] for table in histories.values()) > 2:
        said.append("Bands: the 95 % interval over the replicas.")
    if not all(np.isfinite(table[-1:]).all() for table in histories.values()):
        said.append("Diverged replicas are left out.")
    return " ".join(said)


def _tuning(c: Comparison, rows: Sequence[Row]) -> Iterator[Figure]:
    from .. import plots

    own = [row for row in _taught(rows) if any(len(o.tried) > 1 for o in of(c, row))]
    if not own:
        return
    searches = {row.label: [scores(c, o) for o in of(c, row)] for row in own}
    chosen = {row.label: [o.lr for o in of(c, row)] for row in own}
    axes = plots.comparison_tuning(searches, chosen, f"validation {c.metric}")
    taken = [f"{row.label} {row.lr}" for row in own]
    yield _embedded(
        "tuning", axes, f"The validation {c.metric} over the learning rates tried; taken: {'; '.join(taken)}.",
        "Every way to learn was given as many trials. A ring at the edge of what was tried says that a better rate may "
        "lie beyond.",
    )  # fmt: skip


def scores(c: Comparison, outcome: Outcome) -> dict[float, float]:
    """What the trials reached, in the metric's own direction: a score of −mse is an mse."""
    sign = 1.0 if c.metric == "accuracy" else -1.0
    return {lr: sign * score for lr, score in outcome.tried.items()}


def _taught(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.baseline]


def _have(c: Comparison, rows: Sequence[Row], name: str) -> bool:
    return bool(rows) and all(name in o.history for row in rows for o in of(c, row))


def _sound(outcome: Outcome, values: Array) -> Array:
    """NaN for who diverged, (R,)."""
    lost = np.array([seed in outcome.diverged for seed in outcome.seeds])
    return np.where(lost, np.nan, np.asarray(values, np.float64))


def _pooled(outcomes: Sequence[Outcome], name: str) -> Array:
    """The replicas of all splits side by side, (E, S R); who diverged is NaN at the end, whatever its column says."""
    tables = []
    for o in outcomes:
        table = np.array(o.history[name], np.float64)
        table[-1:] = _sound(o, table[-1]) if len(table) else table[-1:]
        tables.append(table)
    return np.concatenate(tables, axis=1)


def _end(name: str, table: Array) -> str:
    there = table[-1][np.isfinite(table[-1])] if len(table) else []
    return number(name, float(np.mean(there))) if len(there) else "diverged"


def _embedded(name: str, axes: Any, alt: str, caption: str) -> Figure:
    """As an image inside the page: nothing in it can run, and its names do not meet those of other figures."""
    from matplotlib import pyplot

    from ..plots.saving import rendered

    try:
        picture = rendered("report", axes, "svg")
    finally:
        pyplot.close(axes.figure)
    return Figure(name, f"data:image/svg+xml;base64,{b64encode(picture).decode()}", alt, caption)
