"""Tables in text files: what is a header, a number, a category, a class."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from itertools import islice
from math import nan
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .lookup import existing_file, near_miss

DELIMITERS = "\t;,"  # the earlier one where two fit, as in 1;2,5
MISSING = ("", "?", "na", "n/a", "nan", "null", "none")  # how others write a number they do not have
WITH_COMMAS = re.compile(r"[+-]?\d+(,\d+)+(\.\d*)?")  # 2,5 or 1,234.5
MOST_CLASSES = 20  # whole numbers with more values than this are a quantity
MOST_CATEGORIES = 100  # a text column with more is a mistake: a name, a date, a number with a typing error


def read_csv(
    path: str | Path,
    target: str | Sequence[str] | None = None,
    classes: str | Sequence[str] | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
) -> Dataset:
    """Read a table of one sample per line, in UTF-8.

    Numeric columns stay as they are; a text column ``colour`` becomes one column of zeros and ones per value,
    ``colour=blue``, ``colour=red``, … in sorted order. Read one file and split it, rather than two files whose values
    may differ. Numbers have a decimal point; one that is missing or not finite is refused with its line and column.

    Parameters
    ----------
    path : str or Path
    target : str or sequence of str, optional
        Name of the column to learn, the last one if not given. Several, ``"a,b"`` or ``["a", "b"]``, are a regression.
    classes : str or sequence of str, optional
        Names of the classes in their order, ``"no,yes"``; an empty sequence asks for a regression. If not given, a text
        target has its values as classes, as has a target of at most 20 different whole numbers; the rest is regression.
    header : bool, optional
        Whether the first line names the columns. If not given: it does when one of its cells is text above a column of
        numbers or, in a table of text alone, when none of its cells is repeated below. Otherwise the columns are called
        x1, x2, ….
    delimiter : str, optional
        The character between cells; if not given, the comma, semicolon or tab that fits the first lines.

    Returns
    -------
    Dataset
        x (N, columns), y (N,) labels or (N, targets); called as the file is, without its ending.
    """
    path = existing_file(path)
    if delimiter is not None and len(delimiter) != 1:
        raise ValueError(f"read_csv: delimiter must be one character, got {delimiter!r}")
    columns = _columns(path, header, delimiter)
    chosen = _targets(path.name, columns, target)
    features = [c for c in columns.values() if c.name not in chosen]
    if not features:
        raise ValueError(f"{path.name}: x needs at least one column besides the target, got {', '.join(columns)}")
    blocks = [c.features() for c in features]
    names = [name for block, _ in blocks for name in block]
    x = np.concatenate([values for _, values in blocks], axis=1)
    outputs = [columns[name] for name in chosen]
    if len(outputs) == 1:
        given = _split(classes) if classes is not None else outputs[0].classes()
        if given:
            return Dataset(x, outputs[0].labels(given), path.stem, tuple(names), tuple(given))
    elif classes:
        raise ValueError(f"{path.name}: classes need a single target, got {', '.join(chosen)}")
    y = np.stack([c.quantity() for c in outputs], axis=1)
    return Dataset(x, y, path.stem, tuple(names), targets=tuple(chosen))


@dataclass(frozen=True)
class _Column:
    """The cells of a column (N,) and where they stand."""

    file: str
    name: str
    cells: tuple[str, ...]
    lines: tuple[int, ...]

    @cached_property
    def numbers(self) -> NDArray[np.float64] | None:
        """The cells as numbers (N,), or None for a column of text. A number that is missing is refused."""
        if (numbers := _numbers(self.cells)) is None:
            return None
        values = np.array(numbers)
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            self._refuse(wrong[0], "a finite number is needed")
        return values

    def features(self) -> tuple[list[str], NDArray[np.float64]]:
        """What x gets of it: names and values (N, columns)."""
        if self.numbers is not None:
            return [self.name], self.numbers[:, None]
        values = self._categories()
        one_hot = np.array(self.cells)[:, None] == np.array(values)
        return [f"{self.name}={value}" for value in values], one_hot.astype(np.float64)

    def classes(self) -> list[str]:
        """The classes it seems to hold; none if it is a quantity."""
        if self.numbers is None:
            return self._categories()
        values = np.unique(self.numbers)
        whole = len(values) <= MOST_CLASSES and not np.any(values % 1)
        return [str(int(value)) for value in values] if whole else []

    def labels(self, classes: Sequence[str]) -> NDArray[np.int64]:
        """The place of every cell among the classes (N,)."""
        place = {name: i for i, name in enumerate(classes)}
        # 1, 1.0 and +1 are the same class
        cells = self.cells if self.numbers is None else [str(v if v % 1 else int(v)) for v in self.numbers]
        for i, cell in enumerate(cells):
            if cell not in place:
                self._refuse(i, f"one of the classes {', '.join(classes)} is needed")
        return np.array([place[cell] for cell in cells])

    def quantity(self) -> NDArray[np.float64]:
        """The numbers to regress (N,)."""
        if self.numbers is None:
            self._refuse(self._first_text(), "a regression needs a number")
        return self.numbers

    def _categories(self) -> list[str]:
        if "" in self.cells:
            self._refuse(self.cells.index(""), "a value is needed")
        values = sorted(set(self.cells))
        if all(_is_number(value) or WITH_COMMAS.fullmatch(value) for value in values):
            self._refuse(self._first_text(), "numbers are written with a point and without commas")
        if len(values) > MOST_CATEGORIES:
            self._refuse(self._first_text(), f"{len(values)} different values must be numbers")
        return values

    def _first_text(self) -> int:
        return next(i for i, cell in enumerate(self.cells) if not _is_number(cell))

    def _refuse(self, i: int, what: str) -> NoReturn:
        raise ValueError(f"{self.file} line {self.lines[i]}, column {self.name!r}: {what}, got {self.cells[i]!r}")


def _columns(path: Path, header: bool | None, delimiter: str | None) -> dict[str, _Column]:
    lines, rows = _rows(path, delimiter)
    if not rows:
        raise ValueError(f"{path.name}: a table is needed, got an empty file")
    width = len(rows[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise ValueError(f"{path.name} line {line}: {width} cells are needed as in line {lines[0]}, got {len(row)}")
    names = [f"x{i + 1}" for i in range(width)]
    if _is_header(rows) if header is None else header:
        names, lines, rows = rows[0], lines[1:], rows[1:]
        _check_names(path.name, names)
        if not rows:
            raise ValueError(f"{path.name}: samples are needed, got nothing but the header")
    cells = zip(*rows, strict=True)
    return {name: _Column(path.name, name, column, tuple(lines)) for name, column in zip(names, cells, strict=True)}


def _rows(path: Path, delimiter: str | None) -> tuple[list[int], list[list[str]]]:
    """The lines that are not blank: their numbers and their cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(f"{path.name}: the text must be UTF-8, got the byte 0x{byte:02x} at {error.start}") from None
    lines, rows, start = [], [], 1
    try:
        reader = csv.reader(StringIO(text), delimiter=delimiter or _delimiter(text), skipinitialspace=True, strict=True)
        for row in reader:
            cells = list(map(str.strip, row))
            if cells not in ([], [""]):
                lines.append(start)
                rows.append(cells)
            start = reader.line_num + 1  # a quoted cell may span lines
    except csv.Error as error:
        raise ValueError(f"{path.name} line {start}: a table is needed, got {error}") from None
    return lines, rows


def _delimiter(text: str) -> str:
    """The one that cuts the first lines alike, and then into most cells."""

    def fit(delimiter: str) -> tuple[bool, int]:
        reader = csv.reader(StringIO(text), delimiter=delimiter, skipinitialspace=True)
        widths = [len(row) for row in islice(reader, 20) if row] or [0]
        return len(set(widths)) == 1 < widths[0], widths[0]

    return max(DELIMITERS, key=fit)


def _is_header(rows: list[list[str]]) -> bool:
    first, below = rows[0], rows[1:]
    text = [i for i, cell in enumerate(first) if not _is_number(cell) and cell.lower() not in MISSING]
    if any(_numbers([row[i] for row in below]) is not None for i in text):
        return True
    return len(text) == len(first) and not any(row[i] == first[i] for row in below for i in text)


def _numbers(cells: Sequence[str]) -> list[float] | None:
    """The cells as numbers, NaN where one is missing; None if there is text among them."""
    try:
        return list(map(float, cells))
    except ValueError:
        present = {cell for cell in cells if cell.lower() not in MISSING}
        if not present or not all(map(_is_number, present)):
            return None
        return [nan if cell.lower() in MISSING else float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_names(file: str, names: list[str]) -> None:
    for i, name in enumerate(names):
        if not name:
            raise ValueError(f"{file}: the header must name every column, got none for column {i + 1}")
        if name in names[:i]:
            raise ValueError(f"{file}: column names must differ, got {name!r} twice")


def _targets(file: str, columns: dict[str, _Column], target: str | Sequence[str] | None) -> list[str]:
    if target is None:
        return [list(columns)[-1]]
    # a name may contain a comma itself
    names = [target] if isinstance(target, str) and target in columns else _split(target)
    for name in names:
        if name not in columns:
            raise ValueError(f"{file}: no column is named {name!r}{near_miss(name, columns)}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{file}: target must name different columns, got {target!r}")
    return names


def _split(names: str | Sequence[str]) -> list[str]:
    return (
        [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(map(str, names))
    )
