"""Schedules: by what the learning rate is multiplied as training goes on."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from .formula import Formula, between, of_kind


class Schedule(Formula, root=True):
    """`factor(epoch, epochs)`: epoch counts from 0 in fractions of an epoch, epochs is the planned total."""

    @abstractmethod
    def factor(self, epoch: float, epochs: float) -> float: ...


class Constant(Schedule):
    """1, throughout."""

    def factor(self, epoch: float, epochs: float) -> float:
        return 1.0


class Step(Schedule):
    """γ to the number of completed intervals of `every` epochs."""

    every: float = between(0, np.inf, default=30.0, closed="()")
    gamma: float = between(0, np.inf, default=0.1, closed="()")

    def factor(self, epoch: float, epochs: float) -> float:
        return self.gamma ** (epoch // self.every)


class Exponential(Schedule):
    """γ^epoch, continuously."""

    gamma: float = between(0, np.inf, default=0.95, closed="()")

    def factor(self, epoch: float, epochs: float) -> float:
        return self.gamma**epoch


class Cosine(Schedule):
    """From 1 down to `final` along half a cosine.

    Reference: Loshchilov, Hutter (2017), SGDR, arXiv:1608.03983, eq. 5 (one period).
    """

    final: float = between(0, 1, default=0.0, closed="[]")

    def factor(self, epoch: float, epochs: float) -> float:
        return _glide(1.0, self.final, _done(epoch, epochs))


class WarmUp(Schedule):
    """A straight rise from `start` to 1 over the first epochs, then another schedule over the rest."""

    warm: float = between(0, np.inf, default=5.0, closed="()")
    start: float = between(0, 1, default=0.0, closed="[]")
    then: Schedule = of_kind(Schedule, default=Constant())

    def factor(self, epoch: float, epochs: float) -> float:
        if epoch < self.warm:
            return self.start + (1 - self.start) * epoch / self.warm
        return self.then.factor(epoch - self.warm, max(epochs - self.warm, 0.0))


class OneCycle(Schedule):
    """Up from `start` to 1 over the first share of the epochs, then down to `final`, both along half a cosine.

    Differs: torch's OneCycleLR also cycles the momentum; this one leaves it alone.
    Reference: Smith, Topin (2018), Super-convergence, arXiv:1708.07120; defaults as torch's OneCycleLR.
    """

    rise: float = between(0, 1, default=0.3, closed="()")
    start: float = between(0, 1, default=1 / 25, closed="[]")
    final: float = between(0, 1, default=1 / 25e4, closed="[]")

    def factor(self, epoch: float, epochs: float) -> float:
        done = _done(epoch, epochs)
        if done < self.rise:
            return _glide(self.start, 1.0, done / self.rise)
        return _glide(1.0, self.final, (done - self.rise) / (1 - self.rise))


def _done(epoch: float, epochs: float) -> float:
    """The share of the plan that is behind; all of it where nothing was planned."""
    return epoch / epochs if epochs > 0 else 1.0


def _glide(begin: float, end: float, done: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
