"""omomi's formulas, neurons, optimizers and rules as PyTorch modules; networks from there and to there.

The derivatives are omomi's own, written by hand: each is a `torch.autograd.Function` around a formula.
"""

from ..extras import library

library("torch", "torch", "omomi.adapters.torch")
