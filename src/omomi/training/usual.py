"""What a task is usually learnt with, where nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset, Scaler

# The output layer is added to the hidden ones.
USUAL: dict[str, Any] = {"hidden": "64, relu", "epochs": 50, "batch": 32, "scale": "none"}

# Where a task differs.
ALL_PATTERNS = {"batch": "all", "test": 0.0, "validation": 0.0, "optimizer": "adam(lr=0.03)", "epochs": 300}
IN_TIME = {
    "hidden": "32, recurrent(lif(tau=5)), li(tau=2), last_membrane", "optimizer": "adam(lr=0.01)",
    "epochs": 20,
}  # fmt: skip
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
    "temporal_xor": IN_TIME,
    "remember": IN_TIME,
    # ½ y² at twice the rate is the source article's y².
    "random_bits": {
        "net": "dense(500, bias=uniform), if, population_rate",
        "optimizer": "momentum(lr=0.2)",
        "batch": 1,
        "epochs": 1,
        "test": 0.0,
        "validation": 0.0,
    },
    "digits": {"hidden": "128, relu", "epochs": 30},
    "iris": {"scale": "standardise", "optimizer": "adam(lr=0.01)"},
    "wine": {"scale": "standardise", "optimizer": "adam(lr=0.003)"},
    "breast_cancer": {"scale": "standardise", "optimizer": "adam(lr=0.003)"},
    "diabetes": {"scale": "standardise", "hidden": "16, relu", "weight_decay": 0.01},
}

# Digits by spikes, in ten steps: `omomi train digits --net "…"`.
SPIKING_DIGITS = "128, spiking(lif(tau=2), steps=10), spike_count, 10"


def of_own(data: Dataset) -> dict[str, Any]:
    """What data of one's own are learnt with."""
    if data.image_shape:
        between_0_and_1 = data.x.min() >= 0 and data.x.max() <= 1
        return {"scale": "none" if between_0_and_1 else "min-max"}
    return {"scale": "standardise", "optimizer": "adam(lr=0.003)"}


def net(how: Mapping[str, Any], data: Dataset) -> str:
    """The layers as text, the output with them."""
    whole: str | None = how.get("net")
    return whole or ", ".join(part for part in (how["hidden"], str(data.n_out)) if part)


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
