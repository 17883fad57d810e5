"""What a run has to tell: a table, a JSON object, a folder of files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import typer

from ..training import Run, checkpoint, diagnose, mean_and_interval, mean_squared_error
from ..training.files import write
from ..training.words import duration
from . import figures
from .tables import print_table
from .tasks import Job

RESULTS = "results.json"


class Report:
    """Says what happens, in the way asked for.

    Parameters
    ----------
    folder : Path
        Of the run.
    as_json : bool
        One JSON object on stdout and nothing else there.
    progress : bool or None
        False: quiet, nothing but the folder.
    """

    def __init__(self, folder: Path, as_json: bool = False, progress: bool | None = None) -> None:
        self.folder, self.as_json, self.progress = folder, as_json, progress
        self.quiet = progress is False

    def say(self, line: str) -> None:
        if not self.quiet and not self.as_json:
            typer.echo(line)

    def announce(self, run: Run, job: Job) -> None:
        """What is going to be trained on what."""
        c, r = job.config, len(run.settings.seeds)
        shares = ", ".join(f"{part.n} for {name}" for name, part in job.parts.items())
        scaled = {"standardise": ", standardised", "min-max": ", scaled to 0 … 1"}.get(c["scale"], "")
        self.say(f"{job.about} ({shares}{scaled})")
        seeds = f"{r} replicas (seeds {c['seed']} … {c['seed'] + r - 1})" if r > 1 else f"seed {c['seed']}"
        self.say(f"{c['net']}: {run.settings.net.size:,} parameters, {seeds}, {c['epochs']} epochs")

    def deliver(self, run: Run, job: Job, seconds: float | None) -> None:
        """Measure, write everything into the folder, and show it."""
        results = measure(run, job) | {"seconds": seconds, "folder": str(self.folder)}
        checkpoint.write_results(run, self.folder)
        figures.without_a_window()
        try:
            drawn = [path.name for path in figures.draw(run, job, self.folder)]
        except ModuleNotFoundError as error:
            if error.name is not None:
                raise
            drawn = []
            typer.echo(f"note: {error}", err=True)
        tables = ["config.toml", "history.csv", "weights.safetensors", checkpoint.NAME, RESULTS]
        results["files"] = tables + sorted(drawn)
        write(self.folder / RESULTS, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        self._show(results, run.report())

    def again(self, run: Run, job: Job) -> None:
        """Show a finished run; what is missing of its files is written once more."""
        try:
            results = json.loads((self.folder / RESULTS).read_text())
            whole = results["epochs"] == run.epoch and all((self.folder / f).exists() for f in results["files"])
        except (OSError, ValueError, KeyError, TypeError):
            results, whole = {}, False
        if whole:
            self._show(results | {"folder": str(self.folder)}, run.report())
        else:
            self.deliver(run, job, results.get("seconds") if isinstance(results, dict) else None)

    def _show(self, results: dict[str, Any], said: list[str]) -> None:
        if self.as_json:
            typer.echo(json.dumps(results, indent=1, ensure_ascii=False))
        elif self.quiet:
            typer.echo(self.folder)
        else:
            self._table(results)
            for line in [*said, *results.get("diagnosis", {}).get("in_words", [])]:
                typer.echo(line)
            if results["seconds"] is not None:
                typer.echo(f"trained in {duration(results['seconds'])}")
            typer.echo(f"{self.folder}/: {', '.join(results['files'])}")

    def _table(self, results: dict[str, Any]) -> None:
        metrics = list(dict.fromkeys(m for found in results["metrics"].values() for m in found))
        rows = [
            [part, str(results["samples"][part]), *(in_words(m, found[m]) if m in found else "" for m in metrics)]
            for part, found in results["metrics"].items()
        ]
        r, lost = len(results["seeds"]), len(results["diverged"])
        whose = f"{r - lost} of {r} replicas, the others diverged" if lost else f"{r} replicas"
        title = f"mean ± 95 % interval over {whose}" if r > 1 else "one replica"
        print_table(["", "samples", *metrics], rows, title=title, right=True)


def measure(run: Run, job: Job) -> dict[str, Any]:
    """The results as JSON has them, without where and how long."""
    metrics = {name: _metrics(run, job, name) for name in job.parts}
    results = {
        "task": job.name,
        "net": job.config["net"],
        "settings": job.config,
        "samples": {name: part.n for name, part in job.parts.items()},
        "seeds": list(run.settings.seeds),
        "epochs": run.epoch,
        "metrics": {part: {m: summary(v) for m, v in found.items()} for part, found in metrics.items()},
        "diverged": {str(seed): epoch for seed, epoch in run.diverged.items()},
        "stopped": {str(seed): epoch for seed, epoch in run.stopped.items()},
        "scaling": job.scaling(),
    }
    return results | {"diagnosis": _diagnosis(run)} if run.settings.diagnose else results


def _diagnosis(run: Run) -> dict[str, Any]:
    """How the layers stand at the end, in words and in numbers."""
    found = diagnose(run)
    return {"in_words": found.in_words(), **{name: summary(values) for name, values in found.items()}}


def _metrics(run: Run, job: Job, name: str) -> dict[str, Any]:
    part = job.parts[name]
    scaled = job.scaled(part)
    found = run.evaluate(scaled.x, scaled.y)
    if job.y_scale and "mse" in found:  # in the units of the data, not of the scaled targets
        with np.errstate(all="ignore"):
            found["mse"] = mean_squared_error(job.answer(run, part.x), part.y)
    order = ["accuracy", "mse", "r2", "loss"]
    return {m: found[m] for m in sorted(found, key=lambda m: order.index(m) if m in order else len(order))}


def summary(values: Any) -> dict[str, Any]:
    """Mean, half-width of the interval and the replicas one by one; None for what is not finite."""
    mean, half = mean_and_interval(values)
    return {"mean": _finite(mean), "interval": _finite(half), "replicas": [_finite(v) for v in values]}


def in_words(metric: str, found: dict[str, Any]) -> str:
    """
    >>> in_words("accuracy", {"mean": 0.97917, "interval": 0.0021})
    '97.92 ± 0.21 %'
    >>> in_words("mse", {"mean": 2904.2, "interval": 54.3})
    '2904 ± 54'
    """
    mean, half = found["mean"], found["interval"]
    if mean is None:
        return "n.a."
    if metric == "accuracy":
        return f"{100 * mean:.2f} ± {'n.a.' if half is None else f'{100 * half:.2f}'} %"
    if half is None:
        return f"{mean:.4g} ± n.a."
    if abs(mean) < 1e-3 or abs(mean) >= 1e6:
        return f"{mean:.2e} ± {half:.1e}"
    # as many decimals as two digits of the interval ask for
    decimals = min(max(0, 1 - math.floor(math.log10(half))), 5) if half > 0 else 5
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
