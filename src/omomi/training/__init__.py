"""Runs: the loop, metrics, history and checkpoints."""

from .diagnosis import Diagnosis, diagnose
from .energy import Energy, energy
from .fit import fit
from .history import History
from .metrics import confusion_matrix, mean_and_interval, mean_squared_error, r2
from .run import Run, Step

__all__ = [
    "Diagnosis", "Energy", "History", "Run", "Step", "confusion_matrix", "diagnose", "energy", "fit",
    "mean_and_interval", "mean_squared_error", "r2",
]  # fmt: skip
