"""A comparison as one page: nothing to load, nothing that runs."""

from __future__ import annotations

import math
import platform
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..training.files import write as write_whole
from ..training.words import duration
from . import figures
from .outcome import Cell, Comparison
from .results import WHERE, lines, metrics_of
from .summary import Difference, Row, differences, remarks, rows
from .words import (
    NOT_TOLD,
    SURE,
    TOLD,
    counted,
    difference,
    is_share,
    listed,
    number,
    probability,
    with_interval,
)

NAME = "report.html"
MATRIX = 4  # from so many cells on, the differences stand in a matrix
CROWDED = 70  # letters above the columns of a matrix; with more, or with a tenth as many columns, these are numbered
FORMULAS = {"rule": "rules", "optimizer": "optimizers", "net": "nets", "loss": "losses"}
HERE_ONLY = {"task", "data", "out", "jobs", "progress", "about"}  # say where and how, not what
SCALED = {"standardise": "inputs standardised", "min-max": "inputs scaled to 0 … 1"}
LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Pair:
    """A difference in words."""

    title: str
    mean: str
    half: str
    p: str
    sure: bool


def write(c: Comparison, folder: str | Path) -> Path:
    """Write report.html: whole or not at all, and the same bytes for the same comparison."""
    return write_whole(Path(folder) / NAME, page(c))


def page(c: Comparison) -> str:
    """The page as text. Every name in it is escaped."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("reports need jinja2: pip install 'omomi[compare]'") from error
    template = files(__package__).joinpath("template.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(template).render(_contents(c))


def _contents(c: Comparison) -> dict[str, Any]:
    found, apart = rows(c), differences(c)
    own = [row for row in found if not row.baseline]
    best = _best(c, own)
    pictures, missing = _figures(c, found)
    return {
        "title": f"Comparison: {_task(c)}",
        "facts": list(_facts(c, own)),
        "metric": c.metric,
        "measured": figures.measured(c),
        "points": is_share(c.metric),
        "sure": any(math.isfinite(row.half) for row in found),
        "target": _target(c),
        "table": [_in_words(c, row, row is best) for row in found],
        "lost": any(row.diverged for row in found),
        "verdict": _verdict(c, best, own, apart),
        "figures": pictures,
        "no_figures": missing,
        "pairs": [_pair(c, d) for d in apart],
        "matrix": _matrix(c, own, apart) if len(own) >= MATRIX else [],
        "crowded": sum(len(row.label) for row in own) > CROWDED or len(own) > CROWDED // 10,
        "how": _how_paired(c, len(apart)),
        "remarks": remarks(c),
        "trials": list(_trials(c, own)),
        "ways": [(row.label, row.cell, _wired(c, row), f"{row.parameters:,}") for row in own],
        "each": _each(c, found),
        "command": _command(c),
        "call": _call(c),
        "versions": _versions(),
    }


def _task(c: Comparison) -> str:
    """Of own data the name of the file, not where it lies."""
    return Path(c.task).name or c.task


def _facts(c: Comparison, own: Sequence[Row]) -> Iterator[tuple[str, str]]:
    s = c.settings
    yield "Data", c.about
    shares = [f"{n:,} for {part}" for part, n in c.samples.items() if n]
    if shares:
        yield "Samples", ", ".join(shares)
    shared = {name: {getattr(row.cell, name) for row in own} for name in FORMULAS}
    same = [f"{name} {texts.pop()}" for name, texts in shared.items() if len(texts) == 1]
    if same:
        yield "The same for all", "; ".join(same)
    seeds, splits = _seeds(c), s.get("splits", 1)
    yield (
        "Replicas",
        f"{len(seeds)} (seed{'s' if len(seeds) > 1 else ''} {counted(seeds)})"
        + (f" on each of {splits} splits of the data" if splits > 1 else ", on one split of the data"),
    )
    batch = s.get("batch_size", s.get("batch"))
    trained = [f"{s['epochs']} epochs"] if s.get("epochs") else []
    trained += ["all samples at once" if batch == "all" else f"batches of {batch}"] if batch is not None else []
    trained += [SCALED[s["scale"]]] if s.get("scale") in SCALED else []
    trained += [str(s["dtype"])] if s.get("dtype") else []
    if trained:
        yield "Training", ", ".join(trained)
    yield "Learning rates", _tuning(c)
    if _target(c):
        yield "Target", f"validation {c.metric} {_target(c)}"


def _tuning(c: Comparison) -> str:
    trials = max((len(o.tried) for o in c.outcomes), default=0)
    if trials < 2:
        return "as given, not tuned"
    seeds = c.settings.get("tuning_seeds")
    whom = f" of {seeds} other replicas" if seeds else ""
    return f"the best of {trials} trainings{whom} on the validation part, for each way to learn and each split"


def _target(c: Comparison) -> str:
    target = c.settings.get("target")
    return f"{100 * target:g} %" if target is not None else ""


def _seeds(c: Comparison) -> tuple[int, ...]:
    return tuple(c.settings.get("seeds") or next((o.seeds for o in c.outcomes if not o.baseline), ()))


def _in_words(c: Comparison, row: Row, best: bool) -> dict[str, Any]:
    return {
        "label": row.label,
        "best": best,
        "baseline": row.baseline,
        "value": with_interval(c.metric, row.mean, row.half),
        "lr": row.lr,
        "reached": "" if row.baseline else f"{row.reached} of {row.of}",
        "epochs_to": "" if row.epochs_to is None else f"{row.epochs_to:g}",
        "seconds_to": duration(row.seconds_to),
        "seconds": duration(row.seconds),
        "parameters": f"{row.parameters:,}",
        "diverged": f"{row.diverged} of {row.of}" if row.diverged else "",
    }


def _best(c: Comparison, own: Sequence[Row]) -> Row | None:
    sound = [row for row in own if math.isfinite(row.mean)]
    sign = 1 if c.metric == "accuracy" else -1
    return max(sound, key=lambda row: sign * row.mean) if len(sound) > 1 else None


def _verdict(c: Comparison, best: Row | None, own: Sequence[Row], apart: Sequence[Difference]) -> str:
    """Who leads, and before whom that is more than chance."""
    if best is None:
        return ""
    p = {d.b if d.a == best.label else d.a: d.p_holm for d in apart if best.label in (d.a, d.b)}
    p = {row.label: p[row.label] for row in own if row.label in p and math.isfinite(row.mean)}
    even = [label for label in p if not p[label] < SURE]
    if all(math.isnan(found) for found in p.values()):
        return f"{best.label} has the best value; whether by chance, a single one cannot say."
    if not even:
        return f"{best.label} is best, and told apart from {'all others' if len(p) > 1 else listed(list(p))} ({TOLD})."
    if len(even) == len(p):
        return f"{best.label} has the best mean, but is told apart from none of the others ({NOT_TOLD})."
    return f"{best.label} has the best mean; not told apart from it ({NOT_TOLD}): {listed(even)}."


def _figures(c: Comparison, found: Sequence[Row]) -> tuple[list[figures.Figure], str]:
    try:
        return figures.draw(c, found), ""
    except ModuleNotFoundError as error:
        if error.name is not None:
            raise
        return [], str(error)


def _pair(c: Comparison, d: Difference, sign: int = 1) -> Pair:
    a, b = (d.a, d.b) if sign > 0 else (d.b, d.a)
    mean, _, half = difference(c.metric, sign * d.mean, d.half).partition(" ± ")
    return Pair(f"{a} − {b}", mean, f"± {half}" if half else "", probability(d.p_holm), d.p_holm < SURE)


def _matrix(c: Comparison, own: Sequence[Row], apart: Sequence[Difference]) -> list[tuple[str, list[Pair | None]]]:
    """Row minus column; None on the diagonal."""
    of = {(d.a, d.b): _pair(c, d) for d in apart} | {(d.b, d.a): _pair(c, d, -1) for d in apart}
    return [(a.label, [of.get((a.label, b.label)) for b in own]) for a in own]


def _how_paired(c: Comparison, n: int) -> str:
    splits = c.settings.get("splits", 1) > 1
    who = "split by split, on the means of the seeds" if splits else "seed by seed, on the same data"
    test = "the corrected resampled t-test (Nadeau, Bengio 2003)" if splits else "Student's t"
    holm = f", corrected for {n} comparisons (Holm 1979)" if n > 1 else ""
    return (
        f"The difference of the {figures.measured(c)}, {who}, with its 95 % interval; p by {test}{holm}: how often "
        f"chance alone would give a difference as large. Bold: {TOLD}; the others are not proven to be equal."
    )


def _trials(c: Comparison, own: Sequence[Row]) -> Iterator[tuple[str, int, list[tuple[str, bool]]]]:
    """Label, split, and what was tried, in the order of the search: text, and whether it was taken."""
    for row in own:
        for o in figures.of(c, row):
            said = figures.scores(c, o).items()
            tried = [(f"{lr:.3g}: {_score(c, score)}", lr == o.lr) for lr, score in said]
            if tried:
                yield row.label, o.split, tried


def _score(c: Comparison, score: float) -> str:
    return number(c.metric, score) if math.isfinite(score) else "diverged"


def _wired(c: Comparison, row: Row) -> str:
    """The network that the rule taught, in full."""
    return "; ".join(dict.fromkeys(o.wired for o in figures.of(c, row)))


def _each(c: Comparison, found: Sequence[Row]) -> dict[str, Any]:
    """Every replica for itself."""
    named = {row.cell: row.label for row in found}
    metrics = metrics_of(c)
    every = list(lines(c))
    shown = ["split", "seed", "lr", *metrics]
    shown += [n for n in ("epochs_to_target", "diverged_in_epoch") if any(line[n] is not None for line in every)]
    table = [
        (named[Cell(*(line[name] for name in WHERE))], [_entry(name, line[name], metrics) for name in shown])
        for line in every
    ]
    return {"head": [name.replace("_", " ") for name in shown], "lines": table}


def _entry(name: str, value: Any, metrics: Sequence[str]) -> str:
    if value is None:
        return ""
    if name in metrics:
        return number(name, value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _asked(c: Comparison) -> dict[str, Any]:
    """What was asked for, in full: the formulas as they were compared, then the settings that say what, not where."""
    cells = list(dict.fromkeys(o.cell for o in c.outcomes if not o.baseline))
    grid = {plural: list(dict.fromkeys(getattr(cell, name) for cell in cells)) for name, plural in FORMULAS.items()}
    rest = {name: v for name, v in c.settings.items() if name not in HERE_ONLY | grid.keys() and v is not None}
    if math.prod(map(len, grid.values())) != len(cells):  # each network has the usual loss, and not all have one
        del grid["losses"]
    return grid | rest


def _call(c: Comparison) -> str:
    """As Python."""
    said = [repr(_task(c)), *(f"{name}={_python(value)}" for name, value in _asked(c).items())]
    return "import omomi as om\n\nom.compare(\n" + "".join(f"    {one},\n" for one in said) + ")"


def _python(value: Any) -> str:
    numbers = list(value) if isinstance(value, Sequence | range) and not isinstance(value, str) else []
    if (
        len(numbers) > 2
        and all(isinstance(v, int) for v in numbers)
        and numbers == list(range(numbers[0], numbers[-1] + 1))
    ):
        return f"range({numbers[-1] + 1})" if numbers[0] == 0 else f"range({numbers[0]}, {numbers[-1] + 1})"
    return repr(value)


def _command(c: Comparison) -> str:
    """As a command, as far as it can say so."""
    asked = _asked(c)
    seeds = list(_seeds(c))
    words = ["omomi", "compare", _task(c)]
    for plural, between in (("rules", ", "), ("optimizers", ", "), ("nets", "; "), ("losses", ", ")):
        words += [f"--{plural}", between.join(asked[plural])] if plural in asked else []
    asked["batch"] = asked.get("batch", asked.get("batch_size"))
    for name in (
        "epochs",
        "batch",
        "splits",
        "test",
        "validation",
        "scale",
        "tuning",
        "tuning_seeds",
        "target",
        "dtype",
    ):
        words += [f"--{name.replace('_', '-')}", f"{asked[name]}"] if asked.get(name) is not None else []
    if seeds and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        words += ["--seed", str(seeds[0]), "--replicas", str(len(seeds))]
    if asked.get("baseline") is False:
        words.append("--no-baseline")
    return shlex.join(words)


def _versions() -> list[tuple[str, str]]:
    from .. import __version__

    found = [("omomi", __version__)]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return [*found, ("Python", platform.python_version()), ("platform", f"{platform.system()} {platform.machine()}")]
