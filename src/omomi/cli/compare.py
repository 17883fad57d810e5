"""`omomi compare`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .train import DATA, LEARNING, OUTPUT, DataOptions, Json, Progress, _entry, _number, _option

if TYPE_CHECKING:
    from ..comparisons import Comparison

GRID, FAIR = "What is compared", "How it is made fair"
FEW = 10  # differences that are shown in full


def compare(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="A data set (see: omomi list data), a .csv, .npz or folder of images.")
    ],
    rules: Annotated[str, _option('Learning rules: "backprop, ed" (backprop).', GRID)] = "backprop",
    optimizers: Annotated[str, _option('Optimizers: "sgd, adam(beta1=0.8)" (sgd).', GRID)] = "sgd",
    nets: Annotated[str | None, _option('Networks: "64, relu, 10; 32, tanh, 10".', GRID)] = None,
    losses: Annotated[str | None, _option("Losses (see: omomi list loss).", GRID)] = None,
    epochs: Annotated[int | None, _option("How often to go through the data.", LEARNING)] = None,
    batch: Annotated[str | None, _option("Samples per step: a number, or all.", LEARNING)] = None,
    replicas: Annotated[int, _option("How many seeds to train (8).", LEARNING)] = 8,
    seed: Annotated[int, _option("The first seed (0).", LEARNING)] = 0,
    dtype: Annotated[str, _option("float32 or float64.", LEARNING)] = "float32",
    splits: Annotated[int, _option("So many splits of the data, each tuned and trained anew (1).", FAIR)] = 1,
    tuning: Annotated[int, _option("Trainings to find each learning rate (7); 0: take the optimizer's.", FAIR)] = 7,
    tuning_seeds: Annotated[int, _option("Replicas of each of these (2).", FAIR)] = 2,
    target: Annotated[float | None, _option("The validation accuracy to reach (0.9).", FAIR)] = None,
    baseline: Annotated[
        bool, _option("Measure logistic or linear regression, too.", FAIR, "--baseline/--no-baseline")
    ] = True,
    test: Annotated[str | None, _option("Share held back for the test (0.2); own: the data's own.", DATA)] = None,
    validation: Annotated[float | None, _option("Share of the rest that is held back for tuning (0.2).", DATA)] = None,
    scale: Annotated[str | None, _option("none, standardise or min-max, fitted to the training part.", DATA)] = None,
    data: DataOptions = None,
    jobs: Annotated[int, _option("Processes side by side; -1: one per core.", OUTPUT)] = -1,
    out: Annotated[
        Path | None, _option("A folder; one of an earlier call goes on. Else runs/compare-TASK-001, …", OUTPUT)
    ] = None,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Compare rules, optimizers, networks and losses: same data, splits, seeds, and a tuned learning rate for each."""
    from .. import data as sets
    from ..comparisons.compare import plan
    from .tasks import next_folder

    if replicas < 1 or seed < 0:
        raise ValueError(f"--replicas must be ≥ 1 and --seed ≥ 0, got {replicas} and {seed}")
    given: Any = sets.load(task, **dict(_entry(text) for text in data)) if data else task
    planned = plan(
        given, rules=rules, optimizers=optimizers, nets=nets, losses=losses, epochs=epochs,
        batch_size=None if batch is None else _number(batch), seeds=range(seed, seed + replicas), splits=splits,
        test=None if test is None else _number(test), validation=validation, scale=scale, tuning=tuning,
        tuning_seeds=tuning_seeds, target=target, baseline=baseline, dtype=dtype,
    )  # fmt: skip
    folder = out or next_folder(f"compare-{planned.splits.data.name}")
    quiet = progress is False
    if not quiet and not as_json:
        _announce(planned)
    try:
        found = planned.work(jobs, folder, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; what is finished is kept, go on with the same command and --out {folder}"
        ) from None
    written = _write(found, folder)
    if as_json:
        typer.echo(json.dumps(_as_json(found, folder, written), indent=1, ensure_ascii=False))
    elif quiet:
        typer.echo(folder)
    else:
        _show(found)
        typer.echo(f"{folder}/: {', '.join(path.name for path in written)}")


def _announce(planned: Any) -> None:
    samples, s = planned.splits.samples(), planned.settings
    shares = ", ".join(f"{n} for {name}" for name, n in samples.items() if n)
    typer.echo(f"{planned.task} ({shares})")
    cells = len(planned.cells)
    on = f" on {s['splits']} splits" if s["splits"] > 1 else ""
    trainings = cells * s["splits"] * (s["tuning"] + 1)
    typer.echo(f"{cells} way{'s' * (cells > 1)} to learn{on}: {trainings} trainings of {s['epochs']} epochs")


def _show(found: Comparison) -> None:
    from ..comparisons.summary import differences, remarks, table
    from ..comparisons.words import probability, with_interval
    from .tables import print_table

    print_table(*table(found), right=True)
    apart = differences(found)
    shown = apart if len(apart) <= FEW else [d for d in apart if d.a == apart[0].a]
    if shown:
        lines = [
            [
                f"{d.a} − {d.b}",
                with_interval(found.metric, d.mean, d.half, signed=True),
                probability(d.p),
                probability(d.p_holm),
            ]
            for d in shown
        ]
        left_out = f" ({len(apart)} in all, the others stand in report.html)" if len(shown) < len(apart) else ""
        print_table(["", "difference", "p", "p (Holm)"], lines, title=f"paired differences{left_out}", right=True)
    for line in remarks(found):
        typer.echo(line)


def _write(found: Comparison, folder: Path) -> list[Path]:
    """The tables and the page; where the extra is missing, a note says so."""
    from ..comparisons import files
    from .figures import without_a_window

    without_a_window()
    written = files.write(found, folder)
    try:
        written.append(found.report(folder))
    except ModuleNotFoundError as error:
        if error.name is not None:
            raise
        typer.echo(f"note: {error}", err=True)
    return written


def _as_json(found: Comparison, folder: Path, written: list[Path]) -> dict[str, Any]:
    from ..comparisons.summary import differences, remarks, rows

    said = {
        "task": found.task, "about": found.about, "metric": found.metric, "samples": dict(found.samples),
        "settings": dict(found.settings), "rows": [asdict(row) for row in rows(found)],
        "differences": [asdict(d) for d in differences(found)], "remarks": remarks(found), "folder": str(folder),
        "files": [path.name for path in written],
    }  # fmt: skip
    return _finite(said)


def _finite(value: Any) -> Any:
    """None for what is no number."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
