"""Logs by their texts."""

from __future__ import annotations

from pathlib import Path

from ..adapters.mlflow import MLflow
from ..adapters.tensorboard import TensorBoard
from ..training.logs import FILES, Log, of


def log_of(text: str) -> Log:
    """`run.csv`, `run.jsonl`, `tensorboard:FOLDER` or `mlflow:EXPERIMENT`."""
    kind, sign, rest = text.partition(":")
    if sign and rest and kind == "tensorboard":
        return TensorBoard(rest)
    if sign and rest and kind == "mlflow":
        return MLflow(rest)
    if Path(text).suffix.lower() not in FILES:
        raise ValueError(f"must be a .csv or .jsonl file, tensorboard:FOLDER or mlflow:EXPERIMENT, got {text!r}")
    return of(text)[0]


def settled(text: str) -> str:
    """The same with its path in full, so that the run can go on from elsewhere."""
    kind, sign, rest = text.partition(":")
    if kind == "mlflow" and sign:
        return text
    if kind == "tensorboard" and sign:
        return f"{kind}:{Path(rest).expanduser().resolve()}"
    return str(Path(text).expanduser().resolve())
