"""Data sets of one's own: which reader a path needs, and NumPy's archives."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import MOST_UNNAMED_CLASSES, Dataset
from .idx import read_idx
from .lookup import call, existing_file, one_of
from .tables import read_csv


def read_npz(path: str | Path, part: str = "train") -> Dataset:
    """Read an archive written by `np.savez`, without unpickling anything.

    Parameters
    ----------
    path : str or Path
        An archive with the arrays ``x`` (N, ...) and ``y`` (N,) or (N, O); ``x_train`` and ``y_train`` do as well.
        Arrays of text called ``features``, ``classes`` and ``targets`` give the names, where they are there.
    part : "train" or "test"
        "test" takes ``x_test`` and ``y_test``, which "train" leaves alone.

    Returns
    -------
    Dataset
        Whole numbers in y of shape (N,) are class labels, anything else is a regression. Nothing is scaled; pictures
        of bytes (N, height, width) become rows (N, height·width). Called as the file is, without its ending.
    """
    path = existing_file(path)
    one_of("read_npz", "part", part, ("train", "test"))
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name}: the file must be an archive of np.savez, got something else")
    with np.load(path, allow_pickle=False) as archive:
        x = _array(path, archive, *(("x", "x_train") if part == "train" else ("x_test",)))
        y = _array(path, archive, *(("y", "y_train") if part == "train" else ("y_test",)))
        given = [key for key in ("features", "classes", "targets") if key in archive]
        names = {key: tuple(map(str, _array(path, archive, key).ravel())) for key in given}
        # a rare class may be missing in one of the parts: count over both
        labels = [_array(path, archive, key) for key in ("y", "y_train", "y_test") if key in archive]
    if "classes" not in names and y.ndim == 1 and all(each.dtype.kind in "bui" for each in labels):
        n_classes = 1 + max(int(each.max(initial=0)) for each in labels)
        if n_classes <= MOST_UNNAMED_CLASSES:
            names["classes"] = tuple(map(str, range(n_classes)))
    image_shape = None
    if x.ndim == 3 and x.dtype == np.uint8:
        image_shape = x.shape[1:]
        x = x.reshape(len(x), prod(image_shape))
    return Dataset(x, y, path.stem, image_shape=image_shape, **names)


def _array(path: Path, archive: Any, *keys: str) -> NDArray[Any]:
    """The first array there is of these names."""
    for key in keys:
        if key in archive:
            try:
                return np.asarray(archive[key])
            except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
                raise ValueError(f"{path.name}: {key} must be a plain array, got: {error}") from error
    raise ValueError(f"{path.name}: an array {keys[0]!r} is needed, got {', '.join(archive.files) or 'none'}")


READERS: dict[str, Callable[..., Dataset]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".npz": read_npz,
}


def read(path: str | Path, target: str | Sequence[str] | None = None, **options: Any) -> Dataset:
    """Read what lies at a path: a table, an archive of arrays, or a folder of images.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.tsv`` or ``.txt`` goes to `read_csv`, ``.npz`` to `read_npz`, a folder to `read_idx`.
    target, **options
        What that reader takes besides the path.
    """
    place = Path(path).expanduser()
    if not place.exists():
        raise FileNotFoundError(f"there is no file or folder {str(path)!r}")
    if target is not None:
        options["target"] = target
    if place.is_dir():
        return call(read_idx, place, **options)
    if place.suffix.lower() not in READERS:
        raise ValueError(
            f"{place.name}: the file must end in {', '.join(READERS)}, got {place.suffix or 'no ending'!r}"
        )
    return call(READERS[place.suffix.lower()], place, **options)
