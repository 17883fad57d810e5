"""omomi's formulas, neurons, optimizers and rules as PyTorch modules; networks from there and to there.

The derivatives are omomi's own, written by hand: each is a `torch.autograd.Function` around a formula.

Every activation, loss, optimizer and neuron is here under its own name, users' own as well: `Mish()` is
`Activation("mish")`, `Huber(0.5, reduction="sum")` is `Loss("huber(0.5)", reduction="sum")`,
`Adam(model.parameters(), lr=1e-2)` is `Optimizer(model.parameters(), "adam(lr=1e-2)")` and `Lif(tau=2, dt=0.5)` is
`Spiking("lif(tau=2)", dt=0.5)`. In `functional` activations and losses are functions.
"""

from typing import Any

from ..extras import library

library("torch", "torch", "omomi.adapters.torch")

from ...formulas.formula import near_miss as _near_miss  # noqa: E402
from . import functional  # noqa: E402
from . import named as _named  # noqa: E402
from .activations import Activation  # noqa: E402
from .layers import Layer  # noqa: E402
from .losses import Loss  # noqa: E402
from .networks import from_torch, to_torch  # noqa: E402
from .neurons import Recurrent, Spiking  # noqa: E402
from .optimizers import Optimizer  # noqa: E402
from .rules import Taught  # noqa: E402

__all__ = [
    "Activation", "Layer", "Loss", "Optimizer", "Recurrent", "Spiking", "Taught", "from_torch", "functional",
    "to_torch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if cls := _named.classes().get(name):
        return _named.maker(cls)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near_miss(name, __dir__())}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_named.classes()])
