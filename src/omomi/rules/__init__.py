"""How an error travels back, and what the weights get from it."""

from .backprop import Backprop
from .rule import Pass, Rule

__all__ = ["Backprop", "Pass", "Rule"]
