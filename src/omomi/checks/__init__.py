"""Is a formula what it says? `check(MyActivation)` asks what the tests of this package ask of its own formulas.

>>> from omomi import checks, Sigmoid
>>> checks.check(Sigmoid)  # silent: nothing is wrong

The functions below it give derivatives without a formula, by difference quotients.
"""

from .check import check, example
from .measures import SHIFTS, WEIGHTS, derivative, gradient

__all__ = ["SHIFTS", "WEIGHTS", "check", "derivative", "example", "gradient"]
