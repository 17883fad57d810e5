"""A comparison in rows, paired differences and sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..training.words import duration
from .outcome import Cell, Comparison, Outcome
from .statistics import holm, interval, paired
from .words import with_interval

Array = np.ndarray
NEARLY = 0.02  # a baseline's accuracy so near to the best says that the task is nearly linear; of an error, the share


@dataclass(frozen=True)
class Row:
    """How a cell did, over all splits and seeds."""

    cell: Cell
    label: str  # what differs among the cells: "ed" or "ed · adam"
    mean: float  # of the metric on the test part
    half: float  # half the width of its 95 % interval; NaN of a single unit
    lr: str  # the tuned learning rate, "0.3", or over splits, "0.1 … 0.3"
    reached: int  # replicas that reached the target
    of: int  # … out of so many
    epochs_to: float | None  # median over those that reached it
    seconds_to: float | None
    seconds: float  # per replica, of the final training
    parameters: int
    diverged: int
    baseline: bool


@dataclass(frozen=True)
class Difference:
    """Two cells on the same units: a - b."""

    a: str  # labels
    b: str
    mean: float
    half: float
    p: float
    p_holm: float  # corrected for the number of pairs


def rows(c: Comparison) -> list[Row]:
    """One for each cell, in the order of the grid; baselines last."""
    named = labels([cell for cell, _ in _by_cell(c)])
    return [_row(c, cell, found, named[cell]) for cell, found in _by_cell(c)]


def differences(c: Comparison) -> list[Difference]:
    """Of all pairs of cells, in the order of the rows; baselines are left out."""
    cells = [(cell, found) for cell, found in _by_cell(c) if not found[0].baseline]
    named = labels([cell for cell, _ in cells])
    tests = [
        (a, b, paired(_units(c, of_a), _units(c, of_b), _overlap(c))) for (a, of_a), (b, of_b) in combinations(cells, 2)
    ]
    corrected = holm([p for _, _, (_, _, p) in tests])
    return [
        Difference(named[a], named[b], *found, p_holm) for (a, b, found), p_holm in zip(tests, corrected, strict=True)
    ]


def labels(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Each cell by what differs among them; a baseline, which has no network, by its name.

    >>> labels([Cell("8, 2", "ed", "sgd", "mse"), Cell("8, 2", "ed", "adam", "mse")]).values()
    dict_values(['sgd', 'adam'])
    """
    cells = list(cells)
    own = [cell for cell in cells if cell.net]
    differ = [
        name for name in ("rule", "optimizer", "net", "loss") if len({getattr(cell, name) for cell in own}) > 1
    ] or ["rule"]
    without = [name for name in differ if name != "loss"]
    if without and len({tuple(getattr(cell, name) for name in without) for cell in own}) == len(set(own)):
        differ = without  # each network has its own loss
    return {cell: " · ".join(getattr(cell, name) for name in differ) if cell.net else cell.rule for cell in cells}


def remarks(c: Comparison) -> list[str]:
    """What a reader should know before believing the table."""
    found = rows(c)
    said = [_what_the_interval_means(c)]
    if c.settings.get("test") == 0:
        said.append("nothing was held back for a test: what is measured is how well the training samples are learnt")
    if c.metric == "mse" and c.settings.get("scale", "none") != "none":
        said.append("mse: of the scaled targets; standardised, always saying the mean gives about 1")
    said += _on_divergence(c, found) + _on_tuning(c, found) + _on_wiring(c, found)
    return said + _on_baselines(c, found)


def _by_cell(c: Comparison) -> list[tuple[Cell, list[Outcome]]]:
    grouped: dict[Cell, list[Outcome]] = {}
    for outcome in sorted(c.outcomes, key=lambda outcome: outcome.baseline):
        grouped.setdefault(outcome.cell, []).append(outcome)
    return list(grouped.items())


def _row(c: Comparison, cell: Cell, found: Sequence[Outcome], label: str) -> Row:
    mean, half = interval(_units(c, found), _overlap(c))
    epochs, seconds = _to_target(c, found)
    rates = [outcome.lr for outcome in found if outcome.lr is not None]
    low, high = (f"{f(rates):.3g}" if rates else "" for f in (min, max))
    return Row(
        cell=cell,
        label=label,
        mean=mean,
        half=half,
        lr=low if low == high else f"{low} … {high}",
        reached=len(epochs),
        of=sum(len(outcome.seeds) for outcome in found),
        epochs_to=float(np.median(epochs)) if epochs else None,
        seconds_to=float(np.median(seconds)) if seconds else None,
        seconds=sum(o.seconds for o in found) / sum(len(o.seeds) for o in found),
        parameters=found[0].parameters,
        diverged=sum(len(outcome.diverged) for outcome in found),
        baseline=found[0].baseline,
    )


def _values(c: Comparison, outcome: Outcome) -> Array:
    """The metric of each replica (R,); a network that answers NaN has nothing right, and its error has no bound."""
    values = np.asarray(outcome.metrics[c.metric], np.float64)
    return np.where(np.isfinite(values), values, 0.0 if c.metric == "accuracy" else math.inf)


def _units(c: Comparison, found: Sequence[Outcome]) -> Array:
    """What is independent, or nearly so: the seeds of the one split, else the splits, each the mean of its seeds."""
    values = [_values(c, outcome) for outcome in found]
    return values[0] if len(values) == 1 else np.array([v.mean() for v in values])


def _overlap(c: Comparison) -> float:
    """Test samples over training samples, where the units are splits of the same data."""
    return c.samples["test"] / c.samples["training"] if c.settings["splits"] > 1 else 0.0


def _to_target(c: Comparison, found: Sequence[Outcome]) -> tuple[list[float], list[float]]:
    """Epochs and seconds of the replicas that reached the target, on the validation part."""
    epochs: list[float] = []
    seconds: list[float] = []
    for outcome in found:
        first = [e for e in outcome.epochs_to(c.settings.get("target")) if e is not None]
        epochs += [float(e) for e in first]
        seconds += [e * outcome.seconds / (len(outcome.history["val_accuracy"]) * len(outcome.seeds)) for e in first]
    return epochs, seconds


def _what_the_interval_means(c: Comparison) -> str:
    splits, n = c.settings["splits"], len(c.settings["seeds"])
    if splits > 1:
        return (
            f"±: 95 % interval over {splits} splits of the data, each the mean of {n} seeds; their training parts "
            "overlap, which the corrected resampled t-test takes into account (Nadeau, Bengio 2003)"
        )
    if n == 1:
        return "one split and one seed: there is no interval, and a difference may be chance"
    return f"±: 95 % interval over {n} seeds on one split of the data: of another split it says nothing"


def _on_divergence(c: Comparison, found: Sequence[Row]) -> list[str]:
    counts = "counts as accuracy 0" if c.metric == "accuracy" else "leaves its row without a mean"
    return [
        f"{row.label}: {row.diverged} of {row.of} replicas diverged, which {counts}" for row in found if row.diverged
    ]


def _on_tuning(c: Comparison, found: Sequence[Row]) -> list[str]:
    said = []
    for pick, edge in ((min, "smallest"), (max, "largest")):
        at_edge = {
            f"{o.lr:.3g} of {row.label}": None
            for row in found
            for o in c.outcomes
            if o.cell == row.cell and o.lr is not None and len(o.tried) > 1 and o.lr == pick(o.tried)
        }
        if at_edge:
            said.append(
                f"the {edge} learning rate tried was the best, more trials may find a better: {', '.join(at_edge)}"
            )
    return said


def _on_wiring(c: Comparison, found: Sequence[Row]) -> list[str]:
    said = []
    for row in found:
        wired = next(o.wired for o in c.outcomes if o.cell == row.cell)
        same = [r.parameters for r in found if r.cell.net == row.cell.net and not r.baseline]
        if not row.baseline and row.parameters != min(same):
            said.append(f"{row.label} teaches a network of its own, with {row.parameters:,} parameters: {wired}")
    return said


def _on_baselines(c: Comparison, found: Sequence[Row]) -> list[str]:
    baselines, own = [r for r in found if r.baseline], [r for r in found if not r.baseline and math.isfinite(r.mean)]
    if c.settings.get("baseline") and not baselines:
        return ["no straight-line baseline: it needs scikit-learn (pip install 'omomi[datasets]')"]
    said = []
    for row in baselines if own else ():
        value, near = _against(c, own)(row.mean)
        kind = "straight-line classifier" if c.metric == "accuracy" else "straight line"
        said.append(
            f"a {kind} ({row.label}) reaches {value}"
            + (": this task is nearly linear, so it says little about which way to learn is better" if near else "")
        )
    return said


def _against(c: Comparison, own: Sequence[Row]) -> Callable[[float], tuple[str, bool]]:
    """How to say a baseline's value, and whether it is nearly as good as the best cell's."""
    if c.metric == "accuracy":
        best = max(row.mean for row in own)
        return lambda mean: (f"{100 * mean:.1f} %", mean >= best - NEARLY)
    best = min(row.mean for row in own)
    return lambda mean: (f"{c.metric} {mean:.4g}", mean <= best * (1 + NEARLY))


def table(c: Comparison) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, in words."""
    found, target = rows(c), c.settings.get("target")
    to = f"{100 * target:g} %" if target is not None else ""
    head = ["", f"{'test' if c.samples['test'] else 'training'} {c.metric}", "lr"]
    head += ["parameters", "time per replica", *([f"epochs to {to}", f"time to {to}"] if to else [])]
    return head, [_in_words(c, row, bool(to)) for row in found]


def as_text(c: Comparison) -> str:
    """The table with columns set to the right, then what a reader should know."""
    head, lines = table(c)
    wide = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]
    shown = [
        "  ".join(word.rjust(w) if i else word.ljust(w) for i, (word, w) in enumerate(zip(line, wide, strict=True)))
        for line in (head, *lines)
    ]
    return "\n".join([*(line.rstrip() for line in shown), "", *remarks(c)])


def _in_words(c: Comparison, row: Row, to: bool) -> list[str]:
    said = [row.label, with_interval(c.metric, row.mean, row.half), row.lr]
    said += [f"{row.parameters:,}", duration(row.seconds)]
    if not to or row.baseline:
        return said + [""] * (2 * to)
    some = "" if row.reached == row.of else f" ({row.reached} of {row.of})"
    epochs = "never" if row.epochs_to is None else f"{row.epochs_to:g}{some}"
    return [*said, epochs, duration(row.seconds_to)]
