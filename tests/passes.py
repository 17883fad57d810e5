"""One forward pass as a rule sees it, and what the weights get from it."""

from __future__ import annotations

from typing import Any

import numpy as np

import omomi as om
from omomi.formulas.losses import Loss
from omomi.networks import Mode, Network
from omomi.rules import Pass, Rule

Array = np.ndarray


def generators(seeds: Any) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def forward_pass(rule: Rule, net: Network, theta: Array, x: Array, t: Array, loss: str = "squared_error") -> Pass:
    """Of θ (R, P), x (B, …) and t (B, O), the same for all; replica r has generators of seed r."""
    params, measured = net.views(theta), Loss.of(loss)
    rows = range(len(theta))
    x, t = (np.repeat(np.asarray(a, theta.dtype)[None], len(theta), axis=0) for a in (x, t))
    mode = Mode(True, generators(rows))
    y, tapes = net.run(params, x, mode)
    own = rule.prepare(net, params, generators(rows))
    error = measured.measure(y, t)[1]
    return Pass(net, measured, params, own, generators(rows), mode, x, t, y, tapes, error)


def taught(rule: Rule, net: Network, theta: Array, x: Array, t: Array, loss: str = "squared_error") -> Array:
    """What the weights get, (R, P)."""
    grads = np.full_like(theta, np.nan)
    rule.gradient(forward_pass(rule, net, theta, x, t, loss), net.views(grads))
    return grads


def weights_of_a_crowd_and_alone(rule: Rule, net: Network, dtype: str) -> tuple[Array, Array]:
    """θ (3, P) after three steps: of seeds that learn together, and of each by itself."""
    rng = np.random.default_rng(3)
    x, t = rng.normal(size=(12, *net.shapes[0])), np.arange(12) % net.shapes[-1][0]

    def theta(seeds: list[int]) -> Array:
        run = om.Run(net, x, t, rule=rule, seeds=seeds, epochs=1, batch_size=4, dtype=dtype)
        run.train(progress=False)
        return run.theta

    return theta([2, 7, 1]), np.concatenate([theta([seed]) for seed in (2, 7, 1)])
