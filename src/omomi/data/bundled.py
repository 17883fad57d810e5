"""Small measured data sets that come with scikit-learn."""

from __future__ import annotations

from typing import Any

from .dataset import Dataset


def digits() -> Dataset:
    """Handwritten digits of 8×8 pixels, grey values scaled from 0 … 16 to 0 … 1.

    Returns
    -------
    Dataset
        x (1797, 64), y (1797,), ten classes.

    Reference: Alpaydin, Kaynak (1998), UCI repository, doi:10.24432/C50P49 (its test part).
    """
    bunch = _sklearn("digits", "the digits")
    return _classes(bunch, "digits", bunch.data / 16, (8, 8))


def iris() -> Dataset:
    """Three kinds of iris by four lengths in cm; one kind is linearly separable, the others are not.

    Returns
    -------
    Dataset
        x (150, 4), y (150,), three classes.

    Reference: Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x
    """
    bunch = _sklearn("iris", "the iris data")
    return _classes(bunch, "iris", bunch.data)


def wine() -> Dataset:
    """Wines of three growers by their chemistry. The columns differ in size a thousandfold: scale them.

    Returns
    -------
    Dataset
        x (178, 13), y (178,), three classes.

    Reference: Aeberhard, Forina (1992), UCI repository, doi:10.24432/C5PC7J
    """
    bunch = _sklearn("wine", "the wine data")
    return _classes(bunch, "wine", bunch.data)


def breast_cancer() -> Dataset:
    """Malignant and benign tumours by the shape of their cells' nuclei. The columns differ in size: scale them.

    Returns
    -------
    Dataset
        x (569, 30), y (569,), class 0 malignant, class 1 benign.

    Reference: Wolberg et al. (1993), UCI repository, doi:10.24432/C5DW2B
    """
    bunch = _sklearn("breast_cancer", "the breast cancer data")
    return _classes(bunch, "breast_cancer", bunch.data)


def diabetes() -> Dataset:
    """The progress of diabetes within a year, a score from 25 to 346, by ten measurements.

    The features come as scikit-learn ships them, already centred and with a sum of squares of 1 per column, so they are
    small: about ±0.05. The score is not scaled.

    Returns
    -------
    Dataset
        x (442, 10), y (442, 1).

    Reference: Efron et al. (2004), Least angle regression, doi:10.1214/009053604000000067
    """
    bunch = _sklearn("diabetes", "the diabetes data")
    return Dataset(bunch.data, bunch.target.astype(float), "diabetes", bunch.feature_names, targets=("progression",))


def _sklearn(name: str, what: str) -> Any:
    try:
        from sklearn import datasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{what} need scikit-learn: pip install 'omomi[datasets]'") from error
    return getattr(datasets, f"load_{name}")()


def _classes(bunch: Any, name: str, x: Any, image_shape: tuple[int, int] | None = None) -> Dataset:
    return Dataset(x, bunch.target, name, bunch.feature_names, bunch.target_names, image_shape=image_shape)
