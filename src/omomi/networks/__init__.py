"""How units are wired: layers are values without state, a network owns the layout of one flat vector θ."""

from .layers import EVALUATE, Activate, Dense, Dropout, Flatten, Layer, LayerNorm, Mode, RmsNorm
from .mlp import mlp, relu_interpolation
from .network import Network
from .signed import Blocks, Excitatory, OnOff, SignedDense
from .units import GeGlu, Glu, Maxout, PRelu, SwiGlu

__all__ = [
    "EVALUATE", "Activate", "Blocks", "Dense", "Dropout", "Excitatory", "Flatten", "GeGlu", "Glu", "Layer", "LayerNorm",
    "Maxout", "Mode", "Network", "OnOff", "PRelu", "RmsNorm", "SignedDense", "SwiGlu", "mlp", "relu_interpolation",
]  # fmt: skip
