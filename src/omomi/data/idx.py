"""Image sets in the IDX format of MNIST, Fashion-MNIST and their kin."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .lookup import one_of

PREFIXES = {"train": "train", "test": "t10k"}
UNSIGNED_BYTE = 0x08


def read_idx(folder: str | Path, part: str = "train") -> Dataset:
    """Read images and labels from a folder with the files of MNIST, packed by gzip or not.

    Parameters
    ----------
    folder : str or Path
        Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the same with ``t10k``; each may end in
        ``.gz`` and have a dot before ``idx``.
    part : "train" or "test"

    Returns
    -------
    Dataset
        x (N, height·width) scaled from 0 … 255 to 0 … 1, y (N,) with at least ten classes; called as the folder is.

    Reference: LeCun, Cortes, Burges, The MNIST database of handwritten digits, "file formats".
    """
    folder = Path(folder).expanduser()
    prefix = PREFIXES[one_of("read_idx", "part", part, PREFIXES)]
    images = _read(_find(folder, f"{prefix}-images", 3), 3)
    labels = _read(_find(folder, f"{prefix}-labels", 1), 1)
    if len(images) != len(labels):
        raise ValueError(f"{folder.name}: every image needs a label, got {len(images)} images and {len(labels)} labels")
    if images.size == 0:
        raise ValueError(f"{folder.name}: images are needed, got the shape {images.shape}")
    _, height, width = images.shape
    return Dataset(
        images.reshape(-1, height * width) / 255,
        labels,
        folder.resolve().name,
        classes=tuple(map(str, range(max(10, int(labels.max()) + 1)))),
        image_shape=(height, width),
    )


def _find(folder: Path, stem: str, ndim: int) -> Path:
    names = [f"{stem}{mark}idx{ndim}-ubyte{packed}" for packed in ("", ".gz") for mark in "-."]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"there is no {names[0]} in {str(folder)!r}, nor one with .gz")


def _read(file: Path, ndim: int) -> NDArray[Any]:
    """The array in an IDX file: 0, 0, type code, number of axes, their lengths (big-endian uint32), the values."""
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file.name}: the file must be a whole gzip file, got {error}") from error
    start = 4 + 4 * ndim
    if len(data) < start:
        raise ValueError(f"{file.name}: the header must have {start} bytes, got {len(data)}")
    if data[:2] != b"\0\0" or data[3] != ndim:
        raise ValueError(
            f"{file.name}: the magic number must be 0x{UNSIGNED_BYTE << 8 | ndim:08x}, got 0x{data[:4].hex()}"
        )
    if data[2] != UNSIGNED_BYTE:
        raise ValueError(f"{file.name}: the type code must be 0x08 (unsigned bytes), got 0x{data[2]:02x}")
    shape = tuple(map(int, np.frombuffer(data, ">u4", ndim, offset=4)))
    if len(data) != start + prod(shape):
        raise ValueError(f"{file.name}: an array of shape {shape} needs {start + prod(shape)} bytes, got {len(data)}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
