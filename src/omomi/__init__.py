"""omomi (重み, "weights"): a workbench for how neural networks learn.

>>> import omomi as om
>>> xor = om.data.xor()
>>> net = om.Network(2, om.Dense(8), om.Tanh(), om.Dense(2))
>>> run = om.fit(net, xor.x, xor.y, epochs=300, optimizer=om.Adam(lr=0.03), seeds=[0])
>>> float(run.evaluate(xor.x, xor.y)["accuracy"][0])
1.0
"""

from . import checks, data, plots, rules, widgets
from .article import get_act, get_err, get_opt, plot_IF_curve, run_LIF
from .comparisons import Comparison, compare
from .formulas import activations, initializers, losses, neurons, optimizers, schedules, surrogates
from .formulas.activations import *  # noqa: F403
from .formulas.formula import Formula
from .formulas.losses import *  # noqa: F403
from .formulas.neurons import *  # noqa: F403
from .formulas.optimizers import *  # noqa: F403
from .networks import (
    Bernoulli, Delta, Dense, Dropout, Excitatory, FirstSpike, Flatten, GeGlu, Glu, LastMembrane, Latency, Layer,
    LayerNorm, MaxMembrane, Maxout, MeanRate, Network, OnOff, PRelu, Poisson, Population, PopulationRate, RateBounds,
    Recurrent, Repeat, RmsNorm, SignedDense, SpikeCount, Spiking, SwiGlu, mlp, relu_interpolation,
)  # fmt: skip
from .rules import *  # noqa: F403
from .simulation import FICurve, PhasePlane, Simulation, currents, fi_curve, phase_plane, simulate
from .training import Diagnosis, Energy, History, Run, Step, diagnose, energy, fit

__version__ = "0.1.0"

__all__ = [
    *activations.__all__, *losses.__all__, *neurons.__all__, *optimizers.__all__, *rules.__all__,
    "Bernoulli", "Comparison", "Delta", "Dense", "Diagnosis", "Dropout", "Energy", "Excitatory", "FICurve",
    "FirstSpike", "Flatten", "Formula", "GeGlu", "Glu", "History", "LastMembrane", "Latency", "Layer", "LayerNorm",
    "MaxMembrane", "Maxout", "MeanRate", "Network", "OnOff", "PRelu", "PhasePlane", "Poisson", "Population",
    "PopulationRate", "RateBounds", "Recurrent", "Repeat", "RmsNorm", "Run", "SignedDense", "Simulation", "SpikeCount",
    "Spiking", "Step", "SwiGlu", "activations", "checks", "compare", "currents", "data", "diagnose", "energy",
    "fi_curve", "fit", "get_act", "get_err", "get_opt", "initializers", "losses", "mlp", "neurons", "optimizers",
    "phase_plane", "plot_IF_curve", "plots", "relu_interpolation", "rules", "run_LIF", "schedules", "simulate",
    "surrogates", "widgets",
]  # fmt: skip
