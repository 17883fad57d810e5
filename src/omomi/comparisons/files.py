"""A comparison as tables for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..training.files import write as write_whole
from .outcome import Comparison
from .results import WHERE, curves, lines

TEXTS = (*WHERE, "wired")
WHOLE = ("parameters", "split", "seed", "epoch", "epochs_to_target", "diverged_in_epoch")


def write(c: Comparison, folder: str | Path) -> list[Path]:
    """Write results.csv, a line for each cell, split and seed, and curves.csv, a line for each epoch of these.

    The same tables as .parquet, if pyarrow is installed. Numbers are kept to the last bit; what there is not is empty
    or null, and what is no number, as after a divergence, is nan.
    """
    folder, found = Path(folder), list(lines(c))
    results = {name: [line[name] for line in found] for name in (found[0] if found else ())}
    tables = {name: table for name, table in (("results", results), ("curves", curves(c))) if any(table.values())}
    written = [write_whole(folder / f"{name}.csv", _csv(table)) for name, table in tables.items()]
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        return written
    return written + [write_whole(folder / f"{name}.parquet", _parquet(table)) for name, table in tables.items()]


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        table.writerow(repr(value) if isinstance(value, float) else value for value in row)
    return text.getvalue()


def _parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    content = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: pa.array(values, _type(name)) for name, values in columns.items()}), content)
    return content.getvalue().to_pybytes()


def _type(name: str) -> Any:
    import pyarrow as pa

    if name in TEXTS:
        return pa.dictionary(pa.int32(), pa.string())
    if name in WHOLE:
        return pa.int64()
    return pa.bool_() if name == "baseline" else pa.float64()
