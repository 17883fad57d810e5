"""Runs: the loop, metrics, history and checkpoints."""

from .history import History
from .metrics import confusion_matrix, mean_and_interval, mean_squared_error, r2
from .run import Run, Step, fit

__all__ = ["History", "Run", "Step", "confusion_matrix", "fit", "mean_and_interval", "mean_squared_error", "r2"]
