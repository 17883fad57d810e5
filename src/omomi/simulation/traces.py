"""What is recorded: in memory, or on disk, written piece by piece beside its name and renamed when it is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Array = np.ndarray
SHARE = 0.5  # of the memory that traces may take


class InMemory:
    """Rows of samples for each name, (names, steps + 1, N)."""

    chunk = None

    def __init__(self, names: Sequence[str], steps: int, n: int, real: np.dtype) -> None:
        size = len(names) * (steps + 1) * n * real.itemsize
        if size > SHARE * _memory():
            raise ValueError(
                f"simulate: the traces take {size / 2**30:.3g} GiB, more than half of the memory; "
                "out= writes them to disk, record=() keeps the spikes alone"
            )
        self.names, self.array = names, np.empty((len(names), steps + 1, n), real)

    def place(self, sample: int, rows: int) -> tuple[Array, int]:
        """An array, and the row in it of that sample; so many rows are about to be written."""
        return self.array, sample

    def wrote(self, rows: int) -> None:
        """The rows are there."""

    def done(self, samples: int) -> dict[str, Array]:
        """What there is of each, (samples, N)."""
        return {name: trace[:samples] for name, trace in zip(self.names, self.array, strict=True)}

    def drop(self) -> None:
        """Leave nothing behind."""


class OnDisk:
    """An .npy file for each name, grown by pieces."""

    def __init__(self, out: str | Path, names: Sequence[str], n: int, real: np.dtype, chunk: int) -> None:
        self.names, self.chunk = names, chunk
        self.array = np.empty((len(names), chunk, n), real)
        self.files: list[_File] = []
        self.paths = _paths(Path(out).expanduser(), names)
        try:
            for path in self.paths:
                self.files.append(_File(path, n, real))
        except BaseException:
            self.drop()
            raise

    def place(self, sample: int, rows: int) -> tuple[Array, int]:
        return self.array, 0

    def wrote(self, rows: int) -> None:
        for file, trace in zip(self.files, self.array, strict=True):
            file.write(trace[:rows])

    def done(self, samples: int) -> dict[str, Array]:
        return {name: file.finish(samples) for name, file in zip(self.names, self.files, strict=True)}

    def drop(self) -> None:
        for file in self.files:
            file.drop()


class _File:
    def __init__(self, path: Path, n: int, real: np.dtype) -> None:
        self.path, self.n, self.real = path, n, real
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, self.aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        self.file = os.fdopen(handle, "wb")
        self._head(0)

    def _head(self, rows: int) -> None:
        """NumPy's header, which is as long for any number of rows."""
        self.file.seek(0)
        header = {"descr": self.real.str, "fortran_order": False, "shape": (rows, self.n)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def write(self, rows: Array) -> None:
        self.file.write(rows.data)

    def finish(self, rows: int) -> Array:
        """The file under its name, with so many rows, as an array that stays on disk."""
        self._head(rows)
        self.file.truncate(self.file.tell() + rows * self.n * self.real.itemsize)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        os.chmod(self.aside, 0o644)
        os.replace(self.aside, self.path)
        return np.load(self.path, mmap_mode="r")

    def drop(self) -> None:
        self.file.close()
        Path(self.aside).unlink(missing_ok=True)


def _paths(out: Path, names: Sequence[str]) -> list[Path]:
    if out.suffix != ".npy":
        return [out / f"{name}.npy" for name in names]
    if len(names) != 1:
        raise ValueError(f"simulate: out must be a folder where {len(names)} states are recorded, got {str(out)!r}")
    return [out]


def _memory() -> float:
    """Bytes of this machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # no POSIX: nobody knows
        return np.inf
