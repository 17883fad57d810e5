"""What a task is usually learnt with, where nobody says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset, Scaler

# The output layer is added to the hidden ones.
USUAL: dict[str, Any] = {"hidden": "64, relu", "epochs": 50, "batch": 32, "scale": "none"}

# Where a task differs.
ALL_PATTERNS = {"batch": "all", "test": 0.0, "validation": 0.0, "optimizer": "adam(lr=0.03)", "epochs": 300}
TASKS: dict[str, dict[str, Any]] = {
    "xor": {**ALL_PATTERNS, "hidden": "8, tanh"},
    "parity": {**ALL_PATTERNS, "hidden": "32, tanh"},
    "spiral": {"hidden": "128, relu", "epochs": 100, "batch": 128, "drop_last": True},
    "circles": {"optimizer": "adam(lr=0.01)"},
    "moons": {"optimizer": "adam(lr=0.01)"},
    "gaussians": {},
    "plane": {"hidden": "", "optimizer": "adam(lr=0.03)"},
    "sine": {"hidden": "64, tanh", "optimizer": "adam(lr=0.01)", "epochs": 500, "batch": 16, "schedule": "cosine"},
    "sum_product": {"hidden": "32, tanh", "optimizer": "adam(lr=0.01)"},
    "digits": {"hidden": "128, relu", "epochs": 30},
    "iris": {"scale": "standardise", "optimizer": "adam(lr=0.01)"},
    "wine": {"scale": "standardise", "optimizer": "adam(lr=0.003)"},
    "breast_cancer": {"scale": "standardise", "optimizer": "adam(lr=0.003)"},
    "diabetes": {"scale": "standardise", "hidden": "16, relu", "weight_decay": 0.01},
}


def of_own(data: Dataset) -> dict[str, Any]:
    """What data of one's own are learnt with."""
    if data.image_shape:
        between_0_and_1 = data.x.min() >= 0 and data.x.max() <= 1
        return {"scale": "none" if between_0_and_1 else "min-max"}
    return {"scale": "standardise", "optimizer": "adam(lr=0.003)"}


def net(hidden: str, data: Dataset) -> str:
    """The layers as text, the output with them."""
    return f"{hidden}, {data.n_out}" if hidden else str(data.n_out)


def scaler(scale: str, values: Any) -> Scaler | None:
    """Fitted to the training part."""
    if scale == "none":
        return None
    return Scaler.standardise(values) if scale == "standardise" else Scaler.min_max(values)


def has_test_part(path: Path) -> bool:
    """Whether a file or folder comes with samples for the test."""
    if path.is_dir():
        return any(path.glob("t10k-images*"))
    if path.suffix.lower() != ".npz":
        return False
    with np.load(path, allow_pickle=False) as archive:
        return "x_test" in archive
