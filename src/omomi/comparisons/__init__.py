"""Comparisons: many ways to learn, side by side."""

from .compare import compare
from .outcome import Cell, Comparison, Outcome

__all__ = ["Cell", "Comparison", "Outcome", "compare"]
