"""omomi's optimizers as PyTorch's own: groups, schedulers, closures and state_dict as everywhere in torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from ...formulas import optimizers
from ...formulas.formula import Formula
from ...formulas.optimizers import Context
from .arrays import array
from .parameters import Own, Tensors, Vector, deal, gradient_of, joined

ELEMENTWISE = (optimizers.Optimizer.step, optimizers.ScheduleFreeAdamW.step)


class Optimizer(torch.optim.Optimizer):
    """An omomi optimizer that moves the parameters of torch modules.

    Groups hold the hyper-parameters under omomi's names, the learning rate as `lr`, an optimizer within another as
    text. They are read at each step: torch's schedulers and one's own hand work on them. `state[p]` holds the number of
    steps, `step`, and what the formula remembers: tensors in the shape of p, and numbers. What has no gradient rests.

    Elementwise optimizers go through the memory of each parameter, without a copy. Where one looks further (the norm of
    Sam, the matrices of Muon, the noise of Santa), the parameters of a group are one vector, in which tensors of two
    axes, (O, I) in torch, lie as omomi's W (I, O): these are the weight matrices.

    Eve needs `step(closure)` for the loss, Sam and NesterovLookAhead for a second gradient. ScheduleFreeAdamW and
    Lookahead answer with other weights than they learn at: `with opt.answering(): …`.

    Parameters
    ----------
    params : iterable
        Parameters, with names or without, or dicts of groups; float32 or float64, their gradients dense.
    formula : om.Optimizer or str
        `om.Adam(lr=1e-2)`, or as text: "adam(lr=1e-2)".
    seed : int
        Of the noise, for those that draw some: group i draws from `np.random.default_rng((seed, i))`.

    Differs: beta1 and beta2 for torch's betas; so OneCycleLR wants cycle_momentum=False, but for those with momentum.
             Sam's ‖g‖ is that of a group. Another lr of a group changes that of Muon's `others` in proportion.
    """

    def __init__(self, params: Any, formula: optimizers.Optimizer | str, *, seed: int = 0) -> None:
        self.formula, self.seed = optimizers.Optimizer.of(formula), seed
        self._forget()
        super().__init__(params, _values(self.formula))

    def __repr__(self) -> str:
        return super().__repr__().replace(type(self).__name__, type(self.formula).__name__, 1)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"formula": self.formula, "seed": self.seed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._forget()

    def _forget(self) -> None:
        self._fields = [name for name in _values(self.formula) if name != "lr"]  # that is scaled
        self._made: dict[int, _Made] = {}  # by group
        self._own: dict[torch.Tensor, Own] = {}
        self._answers = False

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Another group of parameters; the values that it gives are checked as the formula's own are."""
        if isinstance(param_group, dict):
            ours = _values(self.formula)
            given = {name: param_group[name] for name in ours if name != "lr" and name in param_group}
            param_group |= _values(replace(self.formula, **given)) | {"lr": param_group.get("lr", ours["lr"])}
            self._rate(param_group)
        super().add_param_group(param_group)
        try:
            for p in self.param_groups[-1]["params"]:
                array(p)
        except TypeError:
            self.param_groups.pop()
            raise

    @torch._disable_dynamo
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another one is. What is given is copied."""
        super().load_state_dict(deepcopy(state_dict))

    @torch._disable_dynamo  # a compiled training step has its graph broken here
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step. A closure clears the gradients, computes the loss, takes its gradients and returns it."""
        name = type(self.formula).__name__
        if self._answers:
            raise RuntimeError(f"{name} takes no step while the weights are those to answer with")
        made = [self._make(i, group) for i, group in enumerate(self.param_groups)]
        needs_loss, whole = any(m.looks_at_loss for m in made), not all(m.elementwise for m in made)
        if needs_loss and closure is None:
            raise ValueError(f"{name} looks at the loss: it needs step(closure)")
        loss: Any = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if needs_loss and loss is None:
            raise ValueError(f"{name} looks at the loss: the closure must return it")
        seen = Context(loss=self._as_array(loss) if needs_loss else None)
        with np.errstate(all="ignore"):
            vectors, moved = [], []
            for i, (m, group) in enumerate(zip(made, self.param_groups, strict=True)):
                scale, rest = self._rate(group) / m.formula.rate, []
                for p in group["params"]:
                    if p.grad is not None:
                        own = None if whole else self._vector_of(p, m.formula)
                        if own is None:
                            rest.append(p)
                        else:
                            own.step(m.formula, scale, seen)
                            moved.append(p)
                if rest:
                    vectors += [Vector(i, ps, self.state, m.formula, scale) for ps in self._alike(rest)]
            torch.autograd.graph.increment_version(moved)
            if vectors:
                self._step_together(vectors, seen, closure)
        return loss

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Put the weights to answer with in place, and afterwards those to learn at back."""
        if self._answers:
            raise RuntimeError(f"{type(self.formula).__name__}: the weights are those to answer with already")
        vectors = []
        for i, group in enumerate(self.param_groups):
            formula, stepped = self._make(i, group).formula, [p for p in group["params"] if self.state.get(p)]
            vectors += [Vector(i, ps, self.state, formula, 1.0) for ps in self._alike(stepped)]
        try:
            self._answers = True
            for v in vectors:
                v.answer()
            yield
        finally:
            self._answers = False
            for v in vectors:
                deal(v.theta, v.params)

    def _as_array(self, loss: Any) -> Any:
        where = self.param_groups[0]["params"][0].device
        return array(torch.as_tensor(loss, dtype=torch.float64, device=where).reshape(1))

    def _make(self, i: int, group: dict[str, Any]) -> _Made:
        values = [group.get(name, self.defaults[name]) for name in self._fields]
        if i not in self._made or self._made[i].values != values:
            formula = _with_rate_1(replace(self.formula, **dict(zip(self._fields, values, strict=True))))
            self._made[i] = _Made(values, formula, _looks_at_loss(formula), _elementwise(formula))
        return self._made[i]

    def _rate(self, group: dict[str, Any]) -> float:
        lr = float(group["lr"])
        if not 0 <= lr < np.inf:
            raise ValueError(f"{type(self.formula).__name__}: lr of a group must lie in [0, inf), got {group['lr']!r}")
        return lr

    def _vector_of(self, p: torch.Tensor, formula: optimizers.Optimizer) -> Own | None:
        """The parameter as a vector of its own, if its elements lie in order."""
        own, held = self._own.get(p), self.state[p]
        if own is None or not own.holds(held):
            if not p.is_contiguous():
                return None
            own = self._own[p] = Own(p, held, formula)
        return own

    def _alike(self, params: Tensors) -> list[list[torch.Tensor]]:
        """Those that are of one kind and have come the same way, so that they can be one vector."""
        found: dict[Any, list[torch.Tensor]] = {}
        for p in params:
            numbers = {name: value for name, value in self.state[p].items() if not isinstance(value, torch.Tensor)}
            found.setdefault((p.dtype, p.device, repr(numbers)), []).append(p)
        return list(found.values())

    def _step_together(self, vectors: list[Vector], seen: Context, closure: Callable[[], Any] | None) -> None:
        """Try the step until all gradients are there that the formulas ask for on the way; then keep it."""
        answers: list[list[torch.Tensor]] = []  # by question, then by vector
        while True:
            noise = {v.group: self._noise(v.group) for v in vectors}
            places = [v.attempt(seen, noise[v.group], [a[k] for a in answers]) for k, v in enumerate(vectors)]
            if all(place is None for place in places):
                break
            if closure is None:
                name = type(self.formula).__name__
                raise ValueError(f"{name} takes the gradient at another place, too: it needs step(closure)")
            answers.append(_gradients_at(places, vectors, closure))
        for v in vectors:
            v.keep()
        for i, rng in noise.items():
            if rng.bit_generator.state != self._noise(i).bit_generator.state:  # it has drawn some
                now = rng.bit_generator.state
                self.param_groups[i]["noise"] = [*now["state"].values(), now["has_uint32"], now["uinteger"]]

    def _noise(self, i: int) -> np.random.Generator:
        """The group's generator, as the step before has left it."""
        bits = np.random.PCG64((self.seed, i))
        if "noise" in self.param_groups[i]:
            state, inc, has_half, half = self.param_groups[i]["noise"]
            bits.state = bits.state | {
                "state": {"state": state, "inc": inc},
                "has_uint32": has_half,
                "uinteger": half,
            }
        return np.random.Generator(bits)


class _Made(NamedTuple):
    """A group's formula, with the learning rate 1, and the values that it was made of."""

    values: list[Any]
    formula: optimizers.Optimizer
    looks_at_loss: bool
    elementwise: bool


def _gradients_at(
    places: Sequence[torch.Tensor | None], vectors: list[Vector], closure: Callable[[], Any]
) -> list[torch.Tensor]:
    """The closure's gradients with all vectors at their places; they go back afterwards."""
    try:
        for v, place in zip(vectors, places, strict=True):
            deal(v.theta if place is None else place, v.params)
        with torch.enable_grad():
            closure()
        none = torch.zeros_like
        return [joined([none(p) if p.grad is None else gradient_of(p) for p in v.params]) for v in vectors]
    finally:
        for v in vectors:
            deal(v.theta, v.params)


def _values(formula: optimizers.Optimizer) -> dict[str, Any]:
    """What a group says: the learning rate, and the fields beside it, an inner formula as text."""
    own = {f.name: getattr(formula, f.name) for f in fields(formula)}
    first, value = next(iter(own.items()))
    if not isinstance(value, Formula):
        del own[first]
    return {"lr": formula.rate} | {n: repr(v) if isinstance(v, Formula) else v for n, v in own.items()}


def _with_rate_1(formula: optimizers.Optimizer) -> optimizers.Optimizer:
    """With the learning rate 1, so that a scale is a learning rate to the last bit; itself where 1 is not allowed."""
    try:
        return formula.with_lr(1.0)
    except (TypeError, ValueError):
        return formula


def _inner(formula: optimizers.Optimizer) -> list[optimizers.Optimizer]:
    return [value for value in formula.hyper if isinstance(value, optimizers.Optimizer)]


def _elementwise(formula: optimizers.Optimizer) -> bool:
    """Whether a step of several parameters is the steps of each."""
    looks_ahead = isinstance(formula, optimizers.Lookahead) and _elementwise(formula.inner)
    return type(formula).step in ELEMENTWISE or looks_ahead


def _looks_at_loss(formula: optimizers.Optimizer) -> bool:
    return formula.looks_at_loss or any(map(_looks_at_loss, _inner(formula)))
