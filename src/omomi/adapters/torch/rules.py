"""Networks as modules whose `backward` is a learning rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...formulas.losses import Loss, SquaredError
from ...networks import EVALUATE, Mode, Network
from ...networks.layers import Weights
from ...rules import Pass, Rule
from ...training.targets import check_output
from .arrays import array, tensor
from .functions import uncompiled
from .layers import Draws, Through, apart, check_input, precision, seed_from_torch

NO_LOSS = "measures the loss itself, the same that torch does: say Taught(…, loss=…)"
NO_TARGETS = "looks at the targets: call the module with them, y = net(x, t)"


class Taught(nn.Module):
    """A network that learns as one of omomi's rules has it: `loss.backward()` asks the rule what the weights get::

        net = Taught(om.Network(64, om.Dense(128), om.Relu(), om.Dense(10)), "dfa")
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        optimizer.register_step_post_hook(net.settle)

    The loss and the optimizer are torch's, or any; the derivative that arrives at the output is the error e that the
    rule sends on. x (B, …) → y (B, O). The parameters are `weights.0.W` and so on, in omomi's layout, (I, O); what the
    rule keeps, as feedback weights, are the buffers `own.2.W` …, which the state_dict has too. Some rules want more:
    those that measure the loss need `loss`, the same that torch sees, and some need the targets as well: `net(x, t)`,
    with numbers (B, O) as omomi's losses take them.

    `settle` belongs after each step of the optimizer: constraints such as magnitudes ≥ 0, feedback that follows the
    weights. A rule gives the input no error, so it stands at the beginning of a model. In eval() mode nothing is
    learned. What is drawn on the way (dropout, noise of a rule) comes from torch's generator.

    Parameters
    ----------
    net : Network
        Wired as the rule needs it: SignedDense for error diffusion, and so on.
    rule : Rule, or its name or text
    loss : Loss, or its name or text, optional
    seed : int, optional
        Weights and feedback as a Run of this seed begins with; left out, it comes from torch's generator.
    dtype : torch.float32 or torch.float64, optional
        Left out, torch's default.

    Check:   with "backprop" it is `to_torch(net)`; gradients are those of a Run, bit for bit.
    """

    def __init__(
        self,
        net: Network,
        rule: Rule | str = "backprop",
        loss: Loss | str | None = None,
        *,
        seed: int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.rule = Rule.of(rule)
        self.net = self.rule.wired(net)
        self.loss = None if loss is None else Loss.of(loss)
        if self.loss is not None:
            check_output(self.net, self.loss)
        self.rule.check(self.net, SquaredError() if self.loss is None else self.loss)
        seed = seed_from_torch() if seed is None else seed
        params = self.net.views(self.net.init([seed], precision(dtype)))
        own = self.rule.prepare(self.net, params, [np.random.default_rng((3, seed))])  # as training.Run draws it
        self.weights = nn.ModuleList(Arrays(layer, learn=True) for layer in params)
        self.own = nn.ModuleList(Arrays(layer, learn=False) for layer in own)
        self._settles = type(self.rule).settle is not Rule.settle
        self._last: Pass | None = None  # that errors went back through since the last step

    @uncompiled
    def forward(self, x: Tensor, target: Tensor | None = None) -> Tensor:
        """y (B, O) of x (B, …); a sample alone will do. Targets (B, O) are for rules that need them."""
        given = [w for layer in self.weights for w in layer.named().values()]
        check_input(self.net, x, self.net.shapes[0], given)
        way = ThroughRule(self, Mode(True, Draws()) if self.training else EVALUATE, target)
        if not (self.training and torch.is_grad_enabled()):
            return way.forth(x, given)[0]
        if x.requires_grad:
            raise ValueError("Taught sends no error to its input, which requires a gradient; detach it")
        return Through.apply(way, x, *given)

    def settle(self, *_: Any) -> None:
        """What the rule does after a step of the optimizer: `optimizer.register_step_post_hook(net.settle)`.

        Once for each way back; without one since the last step nothing is done.
        """
        seen, self._last = self._last, None
        if seen is not None:
            seen.params, seen.own = arrays(self.weights), arrays(self.own)
            self.rule.settle(seen)
            torch.autograd.graph.increment_version([*self.parameters(), *self.buffers()])

    @property
    def theta(self) -> np.ndarray:
        """The weights as θ (1, P), for `run.theta[...] = net.theta`."""
        return np.concatenate([w.detach().cpu().numpy().reshape(1, -1) for w in self.parameters()], axis=1)

    def extra_repr(self) -> str:
        return f"{self.net}, {self.rule}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}


class Arrays(nn.Module):
    """Arrays (1, …) of a layer, as parameters or buffers (…)."""

    def __init__(self, given: Weights, learn: bool) -> None:
        super().__init__()
        for name, values in given.items():
            own = tensor(values)[0].clone()
            if learn:
                self.register_parameter(name, nn.Parameter(own))
            else:
                self.register_buffer(name, own)

    def named(self) -> dict[str, Tensor]:
        return {**self._parameters, **self._buffers}


def arrays(layers: Any) -> list[Weights]:
    """The same memory as arrays (1, …), a dict for each layer."""
    return [{name: _array(own)[None] for name, own in layer.named().items()} for layer in layers]


def _array(own: Tensor) -> Any:
    return array(own) if own.is_floating_point() else own.numpy()  # the classes of units are whole numbers


class Missing:
    """What nobody gave: it says so to a rule that asks for it."""

    def __init__(self, rule: Rule, says: str) -> None:
        self._says = f"{type(rule).__name__} {says}"

    def __call__(self, *_: Any) -> Any:
        raise ValueError(self._says)

    def __getattr__(self, name: str) -> Any:
        raise ValueError(self._says)


class ThroughRule:
    """The way of a batch through a network, and of its error through the rule. x (…, *n_in), weights of all layers."""

    def __init__(self, module: Taught, mode: Mode, target: Tensor | None) -> None:
        self.module, self.mode, self.target, self.draws = module, mode, target, Draws()
        self.source = module.rule

    def _views(self, flat: Sequence[Tensor]) -> list[Weights]:
        left = iter(flat)
        return [{name: array(next(left))[None] for name in layer.named()} for layer in self.module.weights]

    def forth(self, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Any]:
        if isinstance(self.mode.rngs, Draws):
            self.mode.rngs.rewind()
        self.draws.rewind()
        net = self.module.net
        n_in, params = net.shapes[0], self._views([w.contiguous() for w in weights])
        lead, rows = x.shape[: x.ndim - len(n_in)], array(x.contiguous()).reshape(1, -1, *n_in)
        if self.mode.train:
            self.module.rule.look(net, rows[0])
        y, tapes = net.run(params, rows, self.mode)
        loss: Any = Missing(self.module.rule, NO_LOSS) if self.module.loss is None else self.module.loss
        seen = Pass(net, loss, params, arrays(self.module.own), self.draws, self.mode, rows, y=y, tapes=tapes)
        seen.target = self._targets((*lead, *y.shape[2:]), y)
        return apart(y.reshape(*lead, *y.shape[2:]), x), seen

    def _targets(self, shape: tuple[int, ...], y: Any) -> Any:
        if self.target is None:
            return Missing(self.module.rule, NO_TARGETS)
        if tuple(self.target.shape) != shape:
            raise ValueError(f"Taught: targets must be {shape}, as the output, got {tuple(self.target.shape)}")
        return array(self.target.contiguous()).astype(y.dtype, copy=False).reshape(y.shape)

    def back(self, seen: Pass, dy: Tensor, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        got = [torch.zeros_like(w, memory_format=torch.contiguous_format) for w in weights]
        seen.error = array(dy.contiguous()).reshape(seen.y.shape).copy()  # a rule may write over it
        self.module.rule.gradient(seen, self._views(got))
        self.module._last = seen if self.module._settles else None
        return None, *(g if w.requires_grad else None for g, w in zip(got, weights, strict=True))
