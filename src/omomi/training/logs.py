"""Logs: what a run tells while it trains, epoch by epoch, for other programs to read."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

from .files import write

if TYPE_CHECKING:
    from .run import Run


@runtime_checkable
class Log(Protocol):
    """Whom a run tells what happens: any object with these methods will do as `fit(…, log=…)`.

    `run.history.row(run.epoch)` has the numbers of the last epoch, (R,) each.
    """

    def begin(self, run: Run) -> None:
        """Before the first step. A run that goes on has epochs behind it; what was told of later ones is void."""

    def epoch(self, run: Run) -> None:
        """After each epoch."""

    def end(self, run: Run) -> None:
        """After the last step, or when training was interrupted."""


class _File(ABC):
    """A file with a line for each epoch and seed. It is written anew from what the run knows, then appended to."""

    starts: ClassVar[tuple[str, ...]]  # how such a file begins

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._file: IO[str] | None = None

    @abstractmethod
    def lines(self, run: Run, epochs: Iterable[int]) -> str:
        """What the file says of these epochs."""

    def begin(self, run: Run) -> None:
        if self.path.exists():
            with self.path.open("rb") as file:
                first = file.read(64).decode(errors="replace")
            if not first.startswith(self.starts) and first:
                raise ValueError(f"log: {self.path} is there already and is no log of a run; choose another file")
        write(self.path, self.lines(run, range(1, run.epoch + 1)))
        self._file = self.path.open("a", encoding="utf8", newline="")

    def epoch(self, run: Run) -> None:
        if self._file is not None:
            self._file.write(self.lines(run, [run.epoch]))
            self._file.flush()

    def end(self, run: Run) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Csv(_File):
    """A table as `History.to_csv` has it: epoch, seed, and a column for each that the history has."""

    starts = ("epoch,seed",)

    def lines(self, run: Run, epochs: Iterable[int]) -> str:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        for epoch, rows in _rows(run, epochs):
            if epoch == 1:
                table.writerow(rows[0])
            table.writerows(row.values() for row in rows)
        return text.getvalue()


class JsonLines(_File):
    """An object for each epoch and seed, a line each; null stands for what is not finite."""

    starts = ('{"epoch": ',)

    def lines(self, run: Run, epochs: Iterable[int]) -> str:
        objects = (row for _, rows in _rows(run, epochs) for row in rows)
        return "".join(json.dumps({name: _finite(value) for name, value in row.items()}) + "\n" for row in objects)


def _rows(run: Run, epochs: Iterable[int]) -> Iterator[tuple[int, list[dict[str, float]]]]:
    for epoch in epochs:
        columns = {name: values.tolist() for name, values in run.history.row(epoch).items()}
        yield (
            epoch,
            [
                {"epoch": epoch, "seed": seed, **{name: values[r] for name, values in columns.items()}}
                for r, seed in enumerate(run.settings.seeds)
            ],
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


FILES: dict[str, type[_File]] = {".csv": Csv, ".jsonl": JsonLines}
Given = str | Path | Log | Sequence[str | Path | Log] | None


def of(given: Any) -> list[Log]:
    """The logs that a path, a Log or several of them stand for."""
    if given is None:
        return []
    if isinstance(given, list | tuple):
        return [log for one in given for log in of(one)]
    if isinstance(given, str | Path):
        if (kind := FILES.get(Path(given).suffix.lower())) is None:
            raise ValueError(f"log: a path must end in {' or '.join(FILES)}, got {str(given)!r}")
        return [kind(given)]
    if not isinstance(given, Log) or isinstance(given, type):
        raise ValueError(f"log must be a path, a Log such as TensorBoard(…), or several of them, got {given!r}")
    return [given]


class Logs:
    """`with Logs(given, run) as logs: …; logs.epoch()`.

    What fails at the beginning is raised. Later, hours of training weigh more than a log: it is left out, with a
    warning.
    """

    def __init__(self, given: Any, run: Run) -> None:
        self._logs, self._run = of(given), run

    def epoch(self) -> None:
        for log in tuple(self._logs):
            self._tell(log, log.epoch)

    def _tell(self, log: Log, method: Any) -> None:
        try:
            method(self._run)
        except Exception as error:
            self._logs.remove(log)
            what = f"{type(error).__name__}: {error}"
            warnings.warn(f"the log {type(log).__name__} failed ({what}); training goes on", RuntimeWarning, 4)

    def __enter__(self) -> Self:
        begun: list[Log] = []
        try:
            for log in self._logs:
                log.begin(self._run)
                begun.append(log)
        except BaseException:
            for log in begun:
                self._tell(log, log.end)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for log in tuple(self._logs):
            self._tell(log, log.end)
