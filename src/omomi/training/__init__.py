"""Runs: the loop, metrics, history and checkpoints."""

from .fit import fit
from .history import History
from .metrics import confusion_matrix, mean_and_interval, mean_squared_error, r2
from .run import Run, Step

__all__ = ["History", "Run", "Step", "confusion_matrix", "fit", "mean_and_interval", "mean_squared_error", "r2"]
