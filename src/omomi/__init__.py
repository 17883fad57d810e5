"""omomi (重み, "weights"): a workbench for how neural networks learn.

>>> import omomi as om
>>> xor = om.data.xor()
>>> net = om.Network(2, om.Dense(8), om.Tanh(), om.Dense(2))
>>> run = om.fit(net, xor.x, xor.y, epochs=300, optimizer=om.Adam(lr=0.03), seeds=[0])
>>> float(run.evaluate(xor.x, xor.y)["accuracy"][0])
1.0
"""

from . import checks, data, plots, rules
from .article import get_act, get_err, get_opt
from .comparisons import Comparison, compare
from .formulas import activations, initializers, losses, optimizers, schedules
from .formulas.activations import *  # noqa: F403
from .formulas.formula import Formula
from .formulas.losses import *  # noqa: F403
from .formulas.optimizers import *  # noqa: F403
from .networks import (
    Dense, Dropout, Excitatory, Flatten, GeGlu, Glu, Layer, LayerNorm, Maxout, Network, OnOff, PRelu, RmsNorm,
    SignedDense, SwiGlu, mlp, relu_interpolation,
)  # fmt: skip
from .rules import *  # noqa: F403
from .training import Diagnosis, History, Run, Step, diagnose, fit

__version__ = "0.1.0"

__all__ = [
    *activations.__all__, *losses.__all__, *optimizers.__all__, *rules.__all__,
    "Comparison", "Dense", "Diagnosis", "Dropout", "Excitatory", "Flatten", "Formula", "GeGlu", "Glu", "History",
    "Layer", "LayerNorm", "Maxout", "Network", "OnOff", "PRelu", "RmsNorm", "Run", "SignedDense", "Step", "SwiGlu",
    "activations", "checks", "compare", "data", "diagnose", "fit", "get_act", "get_err", "get_opt", "initializers",
    "losses", "mlp", "optimizers", "plots", "relu_interpolation", "rules", "schedules",
]  # fmt: skip
