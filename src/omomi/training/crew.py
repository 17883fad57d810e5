"""The replicas that one thread moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np

from ..formulas.arrays import on_host
from ..formulas.kernels import cores
from ..formulas.optimizers import Context, Sgd
from ..networks.layers import Mode
from ..rules import Pass, Rule
from .targets import measure

if TYPE_CHECKING:
    from .run import Run

Array = np.ndarray

# Measured on two cores: with less arithmetic than this per step and thread, threads cost more than they bring (each
# NumPy call gives the interpreter's lock away and asks for it again); with larger matrices BLAS has threads of its own.
LEAST_WORK, LARGEST_PRODUCT = 6_500_000, 2**18
CACHE, ARRAYS_PER_UNIT = 2**22, 3  # bytes that a core can call its own; arrays (R, B, N) in use at a time


class Crew:
    """Some replicas of a run, as views of its arrays, and all that a step needs. Crews do not meet in any array."""

    def __init__(self, run: Run, rows: slice) -> None:
        s = self.settings = run.settings
        self.rows, self.theta, self.grad = rows, run._theta[rows], run._grad[rows]
        self.state = s.optimizer.state(self.theta)
        self.params, self.grads = s.net.views(self.theta), s.net.views(self.grad)
        self.mode = Mode(True, run._noise_rngs[rows])
        self.tally = run._tally[rows]
        decay = s.weight_decay * s.net.matrices().astype(s.dtype)
        self.decay = np.asarray(decay, like=self.theta) if s.weight_decay else None
        rngs = run._rule_rngs[rows]
        self.own = s.rule.prepare(s.net, self.params, rngs)
        self._pass = Pass(s.net, s.loss, self.params, self.own, rngs, self.mode)
        self._settles = type(s.rule).settle is not Rule.settle
        plain = type(s.optimizer) is Sgd and s.clip_norm is None and self.decay is None
        self._at_once = plain and s.rule.descends  # half of a step's way through memory, where there are many weights
        self._context = Context(rngs=self.mode.rngs, matrices=s.net.weights_between_units(), gradient=self._again)
        self._at_hand: tuple[Array, Array] = (np.empty(0), np.empty(0))  # the batch: inputs and targets
        self._weights: Array | None = None  # of its samples, (R, B)
        self._buffers: dict[int, tuple[Array, Array]] = {}

    def advance(self, run: Run, start: int, stop: int) -> Array:
        """Take the steps from sample `start` of the epoch to sample `stop`; the loss of the last one, (R,)."""
        s, t = self.settings, run.t
        order, (x_N, y_N) = run._order[self.rows], run._beside  # type: ignore[index]
        with np.errstate(all="ignore"):  # a diverging replica is reported, the others go on
            for at in range(start, stop, run._batch):
                index, t = order[:, at : min(at + run._batch, stop)], t + 1
                size = index.shape[1]
                x, target = self._at_hand = self._buffers.get(size) or self._make_buffers(size)
                y_N.gather(x_N, index, x, target)
                self._weights = None if y_N.weights is None else y_N.weights[index]
                scale = s.schedule.factor(run.epoch + at / run._end, s.epochs) if run.scheduled else 1.0
                if self._at_once:
                    loss = self._look(x, target, self.tally)
                    s.rule.descend(self._pass, s.optimizer.rate * scale)
                else:
                    loss = self._context.loss = self._take_gradient(x, target, self.tally)
                    s.optimizer.step(t, self.theta, self.grad, self.state, scale=scale, seen=self._context)
                if self._settles:
                    s.rule.settle(self._pass)
        return on_host(loss)

    def _look(self, x: Array, target: Array, tally: Array | None = None) -> Array:
        """Pass forward and measure; the loss of the batch, (R,)."""
        s, seen = self.settings, self._pass
        seen.x, seen.target = x, target
        seen.y, seen.tapes = s.net.run(self.params, x, self.mode)
        if self._weights is None:
            loss, seen.error = s.loss.measure(seen.y, target, tally)
        else:
            tally = np.zeros((len(target), 2), like=target) if tally is None else tally
            loss, seen.error = measure(s.loss, seen.y, target, self._weights, tally)
        return loss

    def _take_gradient(self, x: Array, target: Array, tally: Array | None = None) -> Array:
        """Fill the gradient; the loss of the batch, (R,)."""
        s = self.settings
        loss = self._look(x, target, tally)
        s.rule.gradient(self._pass, self.grads)
        if s.clip_norm is not None:
            self._clip(s.clip_norm)
        if self.decay is not None:
            self.grad += self.decay * self.theta
        return loss

    def _again(self) -> Array:
        """The gradient of the same batch at the weights as they are now, for an optimizer that asks for it."""
        return self._take_gradient(*self._at_hand)

    def _make_buffers(self, size: int) -> tuple[Array, Array]:
        shapes, n = self.settings.net.shapes, len(self.theta)
        x, target = (
            np.empty((n, size, *shape), self.settings.dtype, like=self.theta) for shape in (shapes[0], shapes[-1])
        )
        return self._buffers.setdefault(size, (x, target))

    def _clip(self, limit: float) -> None:
        """Shorten each replica's gradient to the limit. Reference: Pascanu et al. (2013), arXiv:1211.5063."""
        for row in self.grad:
            norm = float(np.sqrt(np.dot(row, row)))
            if norm > limit:
                row *= limit / norm


class Crewed:
    """What the crews of a run carry from step to step, as one array of all replicas."""

    _crews: list[Crew]
    _theta: Array

    @property
    def _slots(self) -> Array:
        """The optimizer's numbers of each parameter, of all crews, (S, R, P)."""
        return np.concatenate([c.state.slots for c in self._crews], axis=1)

    @_slots.setter
    def _slots(self, values: Array) -> None:
        for c in self._crews:
            c.state.slots[...] = np.asarray(values[:, c.rows], like=self._theta)

    @property
    def _memory(self) -> Array:
        """The optimizer's numbers of each replica, (M, R)."""
        return np.concatenate([c.state.memory for c in self._crews], axis=1)

    @_memory.setter
    def _memory(self, values: Array) -> None:
        for c in self._crews:
            c.state.memory[...] = np.asarray(values[:, c.rows], like=self._theta)

    @property
    def _own(self) -> dict[str, Array]:
        """The rule's own arrays of all crews, by layer and name."""
        named = [{f"{at}.{k}": a for at, own in enumerate(c.own) for k, a in own.items()} for c in self._crews]
        return {name: np.concatenate([arrays[name] for arrays in named]) for name in named[0]}

    @_own.setter
    def _own(self, values: dict[str, Array]) -> None:
        for c in self._crews:
            for at, own in enumerate(c.own):
                for name, mine in own.items():
                    mine[...] = np.asarray(values[f"{at}.{name}"][c.rows], like=mine)


class Threads:
    """`each(f, crews)` as map, in n threads."""

    def __init__(self, n: int) -> None:
        self._pool = ThreadPoolExecutor(n) if n > 1 else None

    def each(self, f: Callable[[Crew], Array], crews: Sequence[Crew]) -> list[Array]:
        if self._pool is None:
            return [f(crew) for crew in crews]
        sent = [self._pool.submit(f, crew) for crew in crews]
        return [future.result() for future in sent]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown()


def split(run: Run) -> tuple[list[slice], int]:
    """The rows of each crew, and how many threads they are worth."""
    s, n = run.settings, len(run.settings.seeds)
    if s.device != "cpu":  # which has threads of its own
        return [slice(0, n)], 1
    batch = s.batch_size or 256  # the data is not known yet
    products = [batch * work for work in s.net.multiply_adds()]
    units = batch * sum(math.prod(shape) for shape in s.net.shapes)
    # The activations and errors of a crew should stay in the cache.
    crews = n * units * 4 * ARRAYS_PER_UNIT / CACHE
    work = n * (3 * sum(products) + 16 * units)  # an activation weighs some multiply-adds
    threads = min(cores(), n, work // LEAST_WORK) if max(products) <= LARGEST_PRODUCT else 1
    ends = np.linspace(0, n, min(n, max(threads, math.ceil(crews), 1)) + 1).astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(ends)], max(threads, 1)
