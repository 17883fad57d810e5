"""How units are wired: layers are values without state, a network owns the layout of one flat vector θ."""

from .encoders import Bernoulli, Delta, Latency, Poisson, Population, Repeat
from .layers import EVALUATE, Activate, Dense, Dropout, Flatten, Layer, LayerNorm, Mode, RmsNorm
from .mlp import mlp, relu_interpolation
from .network import Network
from .rates import RateBounds
from .readouts import FirstSpike, LastMembrane, MaxMembrane, MeanRate, PopulationRate, SpikeCount
from .signed import Blocks, Excitatory, OnOff, SignedDense
from .spiking import Recurrent, Spiking
from .units import GeGlu, Glu, Maxout, PRelu, SwiGlu

__all__ = [
    "EVALUATE", "Activate", "Bernoulli", "Blocks", "Delta", "Dense", "Dropout", "Excitatory", "FirstSpike", "Flatten",
    "GeGlu", "Glu", "LastMembrane", "Latency", "Layer", "LayerNorm", "MaxMembrane", "Maxout", "MeanRate", "Mode",
    "Network", "OnOff", "PRelu", "Poisson", "Population", "PopulationRate", "RateBounds", "Recurrent", "Repeat",
    "RmsNorm", "SignedDense", "SpikeCount", "Spiking", "SwiGlu", "mlp", "relu_interpolation",
]  # fmt: skip
