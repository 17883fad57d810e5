"""Backpropagation."""

from __future__ import annotations

from .rule import Rule


class Backprop(Rule):
    """The error goes back through the transposed weights: what the weights get is the gradient of the loss.

    Reference: Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors,
        doi:10.1038/323533a0.
    """

    also = ("backpropagation", "bp")
