"""The figures of a run: which of them fit the data, and their files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import Dataset
from ..training import Run

if TYPE_CHECKING:
    from .tasks import Job

FILMS = (".gif", ".mp4")
PICTURES, MISSED = 32, 8  # how many are shown, and how many of them may be wrong


def draw(run: Run, job: Job, folder: Path) -> list[Path]:
    """Write every figure that fits. ModuleNotFoundError, with a sentence, if matplotlib is missing."""
    data = job.parts.get("test", job.parts["training"])
    wanted: dict[str, Callable[[Run, Job, Dataset], Any]] = {"learning_curves": _curves}
    if data.is_classification:
        wanted["confusion_matrix"] = _confusion
        if data.image_shape:
            wanted["predictions"] = _predictions
    else:
        wanted["fit"] = _fit
    if data.x.shape[1:] == (2,) and (data.is_classification or data.n_out == 1):
        wanted["decision_map"] = _map
    if run.settings.diagnose:
        wanted["diagnosis"] = _diagnosis
    return [save(figure(run, job, data), folder / f"{name}.png") for name, figure in wanted.items()]


def save(axes: Any, path: Path, dpi: float | None = None) -> Path:
    """Write the figure that the axes belong to, as a film if the path says so, and let go of it."""
    from matplotlib import pyplot

    from .. import plots

    try:
        write = plots.film if path.suffix.lower() in FILMS else plots.save
        return write(axes, path, **({} if dpi is None else {"dpi": dpi}))
    finally:
        pyplot.close(np.ravel(axes)[0].figure)


def panels(n: int) -> Any:
    """The axes of a figure with n panels side by side."""
    from ..plots.style import pyplot

    return np.ravel(pyplot().subplots(1, n, figsize=(5.6 * n, 4.2), layout="constrained")[1])


def without_a_window() -> None:
    """Figures go to files: no window system is needed, nor started."""
    os.environ.setdefault("MPLBACKEND", "agg")


def _curves(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    metrics = ["loss"] + [m for m in ("accuracy", "r2") if m in run.history or f"val_{m}" in run.history]
    axes = panels(len(metrics))
    for metric, ax in zip(metrics, axes, strict=True):
        there = [name for name in (metric, f"val_{metric}") if name in run.history]
        losses = np.concatenate([run.history[name].ravel() for name in there])
        # A loss that falls by orders of magnitude, and is a positive number throughout.
        log = metric == "loss" and losses.min(initial=np.inf) > 0 and losses.max(initial=0) > 100 * losses.min()
        plots.learning_curves(run, there, ax, log=bool(log))
    return axes


def _diagnosis(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    return plots.diagnosis(run)


def _confusion(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    counts = run.confusion(job.scaled(data).x, data.y)
    return plots.confusion_matrix(counts[_sound(run)], data.classes)


def _predictions(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    sound = _sound(run)
    chosen = _majority(run.classify(job.scaled(data).x)[sound], data.n_out)
    wrong = np.flatnonzero(chosen != data.y)
    right = np.flatnonzero(chosen == data.y)
    some = np.concatenate([wrong[:MISSED], right])[:PICTURES]
    titles = [
        data.classes[c] + ("" if c == t else f", not {data.classes[t]}")
        for c, t in zip(chosen[some], data.y[some], strict=True)
    ]
    images = data.x[some].reshape(len(some), *data.image_shape)  # type: ignore[misc]
    ax = plots.image_grid(images, titles, wrong=chosen[some] != data.y[some])
    first = ", some of them first" if len(wrong) else ""
    ax.set_title(
        f"{len(wrong)} of {data.n} wrong by the vote of {sound.sum()} replicas{first}", loc="left", fontsize=11
    )
    return ax


def _sound(run: Run) -> Any:
    """Which replicas have not diverged, or all if every one has, (R,)."""
    sound = np.isfinite(run.theta).all(axis=1)
    return sound if sound.any() else ~sound


def _majority(chosen: Any, n_classes: int) -> Any:
    """The class that most replicas choose, the first of equals. (R, N) → (N,)."""
    return np.stack([(chosen == c).sum(axis=0) for c in range(n_classes)]).argmax(axis=0)


def _map(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    if not data.is_classification:
        return plots.decision_map(lambda x: job.answer(run, x)[..., 0], data)
    sound = _sound(run)
    return plots.decision_map(lambda x: run.classify(job.x_scale.apply(x) if job.x_scale else x)[sound], data)


def _fit(run: Run, job: Job, data: Dataset) -> Any:
    from .. import plots

    if data.x.shape[1:] == (1,):
        return plots.fit_1d(_InUnits(run, job), data)  # type: ignore[arg-type]
    return plots.predicted_against_true(job.answer(run, data.x), data.y)


class _InUnits:
    """The run as one that takes and gives what the data have, before any scaling."""

    def __init__(self, run: Run, job: Job) -> None:
        self.theta = run.theta
        self.predict = lambda x: job.answer(run, x)
