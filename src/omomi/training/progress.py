"""A progress bar for whoever watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from .run import Run

# Who draws a run on its way to an epoch in a notebook; None where there is none. `plots` knows how.
in_notebook: Callable[[Run, float], Any] = lambda run, last: None


def watching(run: Run, last: float, shown: bool | None = None) -> Any:
    """What shows a run on its way to the epoch `last`: curves in a notebook, elsewhere a `Bar`."""
    watcher = None if shown is False else in_notebook(run, last)
    return Bar(last, shown) if watcher is None else watcher


class Bar:
    """`with Bar(total, shown) as bar: bar.to(epochs, "loss 0.12")`; silent where nobody watches."""

    def __init__(self, total: float, shown: bool | None = None, label: str = "epochs") -> None:
        self.total, self.label = total, label
        self.shown = sys.stderr.isatty() if shown is None else shown
        self._progress: Any = None
        self._next = 0.0

    def __enter__(self) -> Self:
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn(self.label),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task("", total=self.total, note="")
            self._progress.start()
        return self

    def due(self) -> bool:
        """Whether it is time to draw: at most ten times a second."""
        if self._progress is None or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + 0.1
        return True

    def to(self, done: float, note: str = "") -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=done, note=note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
