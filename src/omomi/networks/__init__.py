"""How units are wired: layers are values without state, a network owns the layout of one flat vector θ."""

from .layers import EVALUATE, Activate, Dense, Dropout, Flatten, Layer, LayerNorm, Mode
from .mlp import mlp, relu_interpolation
from .network import Network

__all__ = [
    "EVALUATE",
    "Activate",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LayerNorm",
    "Mode",
    "Network",
    "mlp",
    "relu_interpolation",
]
