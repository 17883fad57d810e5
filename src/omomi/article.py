"""The catalogue as its source article has it: get_act, get_opt, get_err with its names, arguments and defaults; and the
neuron of another: run_LIF and plot_IF_curve.

`Optimizer.named("adam")` is the field's standard, as the paper, PyTorch and optax have it; `get_opt("Adam")` is the
article's: the same formulas, with their fields set to its conventions. Its mistakes are repaired.

>>> get_act("leaky-ReLU", alpha=0.2)
LeakyRelu(alpha=0.2)
>>> get_opt("SGD", 0.1) == get_opt("SDG", eta=0.1)  # the article's slip of the pen is a spelling, too
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .formulas import activations as a
from .formulas import losses as e
from .formulas import optimizers as o
from .formulas.activations import Activation
from .formulas.formula import near_miss, squash
from .formulas.initializers import Uniform
from .formulas.losses import Loss
from .formulas.neurons import Lif
from .formulas.optimizers import Optimizer
from .networks.units import Maxout
from .simulation import fi_curve, simulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEEDED: Any = object()  # an argument without a default


class Entry(NamedTuple):
    """A formula, the article's arguments in their order with their defaults, and the fields that they and it set."""

    formula: Callable[..., Any]
    arguments: dict[str, Any] = {}
    fields: dict[str, Any] = {}


ACTIVATIONS = {
    "step": Entry(a.Heaviside),
    "identity": Entry(a.Identity),
    "bent-identity": Entry(a.BentIdentity),
    "hard-shrink": Entry(a.HardShrink, {"lambda_": 0.5}, {"threshold": "lambda_"}),
    "soft-shrink": Entry(a.SoftShrink, {"lambda_": 0.5}, {"threshold": "lambda_"}),
    "threshold": Entry(
        a.Threshold, {"threshold": NEEDED, "value": NEEDED}, {"threshold": "threshold", "replacement": "value"}
    ),
    "sigmoid": Entry(a.Sigmoid),
    "hard-sigmoid": Entry(a.HardSigmoid),
    "log-sigmoid": Entry(a.LogSigmoid),
    "tanh": Entry(a.Tanh),
    "tanh-shrink": Entry(a.TanhShrink),
    "hard-tanh": Entry(a.HardTanh),
    "ReLU": Entry(a.Relu),
    "ReLU6": Entry(a.Relu6),
    "leaky-ReLU": Entry(a.LeakyRelu, {"alpha": 1e-2}, {"alpha": "alpha"}),
    "ELU": Entry(a.Elu, {"alpha": 1.0}, {"alpha": "alpha"}),
    "SELU": Entry(a.Selu, {"lambda_": 1.0507, "alpha": 1.67326}, {"scale": "lambda_", "alpha": "alpha"}),
    "CELU": Entry(a.Celu, {"alpha": 1.0}, {"alpha": "alpha"}),
    "softmax": Entry(a.Softmax),
    "softmin": Entry(a.Softmin),
    "log-softmax": Entry(a.LogSoftmax),
    "softplus": Entry(a.Softplus),
    "softsign": Entry(a.Softsign),
    "Swish": Entry(a.Swish, {"beta": 1.0}, {"beta": "beta"}),
    "Mish": Entry(a.Mish),
    "tanhExp": Entry(a.TanhExp),
    # A layer, which learns the number of its inputs, n_prev, from the network that it stands in.
    "maxout": Entry(
        lambda n, k, width: Maxout(n, k, weights=Uniform(0, width), bias=Uniform(0, width)),
        {"n_prev": NEEDED, "n": NEEDED, "k": NEEDED, "wb_width": 5e-2},
        {"n": "n", "k": "k", "width": "wb_width"},
    ),
}

# The article's anne_func is fixed to its default, t ** anne_rate.
SANTA = {"eta": 1e-2, "sigma": 0.95, "lambda_": 1e-8, "anne_rate": 0.5, "burnin": 100, "C": 5, "N": 16}
SANTA_FIELDS = {"lr": "eta", "sigma": "sigma", "lam": "lambda_", "anneal": "anne_rate"} | {
    "burn_in": "burnin",
    "C": "C",
    "N": "N",
}
BOUND = {"alpha": 1e-3, "eta": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
BOUND_FIELDS = {"lr": "alpha", "final_lr": "eta", "beta1": "beta1", "beta2": "beta2"} | {
    "eps": 0.0,
    "eps_bound": "eps",
    "corrected": False,
    "falling": True,
}
OPTIMIZERS = {
    "SGD": Entry(o.Sgd, {"eta": 1e-2}, {"lr": "eta"}),
    "MSGD": Entry(o.Momentum, {"eta": 1e-2, "mu": 0.9}, {"lr": "eta", "momentum": "mu", "dampening": "mu"}),
    "NAG": Entry(o.NesterovLookAhead, {"eta": 1e-2, "mu": 0.9}, {"lr": "eta", "momentum": "mu", "dampening": "mu"}),
    "AdaGrad": Entry(o.Adagrad, {"eta": 1e-3}, {"lr": "eta", "eps": 0.0}),
    "RMSprop": Entry(
        o.Rmsprop, {"eta": 1e-2, "rho": 0.99, "eps": 1e-8}, {"lr": "eta", "decay": "rho", "eps": 0.0, "eps_root": "eps"}
    ),
    "AdaDelta": Entry(o.Adadelta, {"rho": 0.95, "eps": 1e-6}, {"lr": 1.0, "decay": "rho", "eps": "eps"}),
    "Adam": Entry(
        o.Adam,
        {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"lr": "alpha", "beta1": "beta1", "beta2": "beta2", "eps": 0.0, "eps_root": "eps", "eps_early": True},
    ),
    "RMSpropGraves": Entry(
        o.RmspropGraves,
        {"eta": 1e-4, "rho": 0.95, "eps": 1e-4},
        {"lr": "eta", "decay": "rho", "momentum": 0.0, "eps_root": "eps"},
    ),
    "SMORMS3": Entry(o.Smorms3, {"eta": 1e-3, "eps": 1e-8}, {"lr": "eta", "eps": 0.0, "eps_root": "eps"}),
    "AdaMax": Entry(
        o.Adamax,
        {"alpha": 2e-3, "beta1": 0.9, "beta2": 0.999},
        {"lr": "alpha", "beta1": "beta1", "beta2": "beta2", "eps": 0.0},
    ),
    "Nadam": Entry(
        o.Nadam,
        {"alpha": 2e-3, "mu": 0.975, "nu": 0.999, "eps": 1e-8},
        {"lr": "alpha", "beta1": "mu", "beta2": "nu", "eps": 0.0, "eps_root": "eps", "nu_factor": True},
    ),
    "Eve": Entry(
        o.Eve,
        {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999, "beta3": 0.999, "c": 10.0, "eps": 1e-8, "fstar": 0.0},
        {
            "lr": "alpha",
            "beta1": "beta1",
            "beta2": "beta2",
            "beta3": "beta3",
            "c": "c",
            "eps": "eps",
            "f_star": "fstar",
        },
    ),
    "SantaE": Entry(o.SantaE, SANTA, SANTA_FIELDS),
    "SantaSSS": Entry(o.SantaSss, SANTA, SANTA_FIELDS),
    "AMSGrad": Entry(
        o.Amsgrad,
        {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"lr": "alpha", "beta1": "beta1", "beta2": "beta2", "eps": 0.0, "eps_root": "eps"}
        | {"corrected": False, "falling": True},
    ),
    "AdaBound": Entry(o.AdaBound, BOUND, BOUND_FIELDS),
    "AMSBound": Entry(o.AmsBound, BOUND, BOUND_FIELDS),
}
OPTIMIZERS["SDG"] = OPTIMIZERS["SGD"]  # the article's slip of the pen

LOSSES = {
    "Square": Entry(e.SquaredError),
    "Binary": Entry(e.BinaryCrossEntropy),
    "Cross": Entry(e.CategoricalCrossEntropy),
}


def get_act(name: str, *args: Any, **kwds: Any) -> Activation | Maxout:
    """The activation of that name in the article; "maxout" is a layer."""
    return _get(ACTIVATIONS, "activation", name, args, kwds)


def get_err(name: str, *args: Any, **kwds: Any) -> Loss:
    """The loss of that name in the article; its total is `total_error`, the mean over all elements."""
    return _get(LOSSES, "loss", name, args, kwds)


def get_opt(name: str, *args: Any, **kwds: Any) -> Optimizer:
    """The optimizer of that name in the article, with its conventions."""
    return _get(OPTIMIZERS, "optimizer", name, args, kwds)


def _get(table: dict[str, Entry], noun: str, name: str, args: tuple[Any, ...], kwds: dict[str, Any]) -> Any:
    known = {squash(key): key for key in table}
    if squash(name) not in known:
        raise ValueError(
            f"the article has no {noun} named {name!r}{near_miss(name, table)} (known: {', '.join(table)})"
        )
    entry = table[known[squash(name)]]
    if len(args) > len(entry.arguments):
        raise ValueError(f"{name} takes {', '.join(entry.arguments) or 'nothing'}, got {len(args)} values")
    given = dict(zip(entry.arguments, args, strict=False))
    for key, value in kwds.items():
        if key not in entry.arguments:
            raise ValueError(f"{name} has no {key!r}; it takes {', '.join(entry.arguments) or 'nothing'}")
        if key in given:
            raise ValueError(f"{name}: {key} is given twice")
        given[key] = value
    values = entry.arguments | given
    missing = [key for key, value in values.items() if value is NEEDED]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return entry.formula(**{f: values[v] if isinstance(v, str) else v for f, v in entry.fields.items()})


def run_LIF(
    I: float,
    T: float = 50,
    dt: float = 0.1,
    tau_ref: float = 10,
    Rm: float = 1,
    Cm: float = 10,
    Vth: float = 1,
    V_spike: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and membrane potentials (V) of a leaky integrate-and-fire neuron at a constant current (mA).

    The refractory time counts whole steps, and a spike always resets: the article's sums of float times lost steps, and
    with tau_ref < dt its neuron was never reset.

    >>> time, Vm = run_LIF(1.5)
    >>> len(time), round(float(Vm.max()), 10)  # 1.5034503937 in the article's single precision
    (501, 1.5034503675)
    """
    neuron = Lif(Rm=Rm, Cm=Cm, threshold=Vth, V_spike=V_spike, tau_ref=tau_ref)
    run = simulate(neuron, I, T, dt)
    return run.times, run.voltages


def plot_IF_curve(Rm: float = 1.0, tau_ref: float = 1.0, ax: Axes | None = None) -> Axes:
    """Draw how often the neuron spikes within a second, at ten currents from 0 to 2 mA."""
    from .plots.style import canvas

    curve = fi_curve(Lif(Rm=Rm, Cm=10, tau_ref=tau_ref), np.linspace(0, 2, 10), T=1000, dt=1)
    ax = canvas("plot_IF_curve", ax)
    ax.plot(curve.currents, curve.counts)
    ax.set(title="LIF Neuron: Transfer Function", ylabel="Spike count", xlabel="I (mA)", xlim=(0, 2))
    ax.set_ylim(bottom=0)
    return ax
