"""A run's epochs for TensorBoard, written with tensorboardX."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .extras import library

if TYPE_CHECKING:
    from ..training import Run


class TensorBoard:
    """`fit(…, log=TensorBoard("runs/a"))`, then `tensorboard --logdir runs`.

    For each column of the history the mean over the replicas, `loss/mean`, and every replica, `loss/seed_0`, over the
    epochs; the settings, and who diverged or stopped early, as text. What is not finite is left out. In a folder with
    events, these are purged, and all epochs that the run knows are written: whenever a run was killed that goes on,
    none is there twice or missing.

    Parameters
    ----------
    folder : path
        Of one run; TensorBoard shows the folders in a folder side by side.
    seeds : bool
        With False, the means alone.

    Raises
    ------
    ModuleNotFoundError
        Where tensorboardX is missing: `pip install 'omomi[tensorboard]'`.
    """

    def __init__(self, folder: str | Path, seeds: bool = True) -> None:
        self.folder, self.seeds = Path(folder).expanduser(), seeds
        self._writer: Any = None

    def begin(self, run: Run) -> None:
        board = library("tensorboardX", "tensorboard", "omomi.adapters.tensorboard")
        again = any(self.folder.glob("events*")) if self.folder.is_dir() else False
        self._writer = board.SummaryWriter(
            str(self.folder), purge_step=1 if again else None, max_queue=1000, flush_secs=1
        )
        said = run.settings.as_text()
        table = "".join(f"| {name} | {str(value).replace('|', '¦')} |\n" for name, value in said.items())
        self._writer.add_text("settings", f"| | |\n|---|---|\n{table}", 0)
        for epoch in range(1, run.epoch + 1):
            self._write(run, epoch)

    def epoch(self, run: Run) -> None:
        self._write(run, run.epoch)

    def end(self, run: Run) -> None:
        if self._writer is not None:
            if report := run.report():
                self._writer.add_text("report", "\n\n".join(report), run.epoch)
            self._writer.close()
            self._writer = None

    def _write(self, run: Run, epoch: int) -> None:
        for tag, value in scalars(run, epoch, self.seeds):
            self._writer.add_scalar(tag, value, epoch)


def scalars(run: Run, epoch: int, seeds: bool = True) -> list[tuple[str, float]]:
    """The finite numbers of an epoch, each with the name that loggers take: `loss/mean`, `angle.0/seed_7`."""
    found = []
    for name, values in run.history.row(epoch).items():
        kept, name = values[np.isfinite(values)], name.replace("[", ".").replace("]", "")
        if len(kept):
            found.append((f"{name}/mean", float(kept.mean())))
        if seeds:
            pairs = zip(run.settings.seeds, values.tolist(), strict=True)
            found += [(f"{name}/seed_{seed}", value) for seed, value in pairs if math.isfinite(value)]
    return found
