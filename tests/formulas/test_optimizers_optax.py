"""Optimizers against the paths that optax took in double, which tests/reference keeps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from omomi.formulas.optimizers import (
    AdaBelief,
    Adagrad,
    Adam,
    Adamax,
    Adopt,
    Lion,
    Lookahead,
    Nadam,
    Nesterov,
    Rmsprop,
    RmspropGraves,
    ScheduleFreeAdamW,
    Sgd,
    Yogi,
)
from truth import reference

KNOWN = reference("optax")
START_P, LAST = np.array(KNOWN["start"]), KNOWN["steps"][-1]
# What optax calls it, and ours. Its lookahead leaves the inner optimizer alone at the jump, as ours does.
CASES = {
    "sgd(0.1, momentum=0.8, nesterov=True)": Nesterov(0.1, 0.8),
    "adagrad(0.1, initial_accumulator_value=0, eps=1e-300)": Adagrad(0.1, eps=0),
    "rmsprop(0.01, decay=0.9, eps=1e-4, eps_in_sqrt=True)": Rmsprop(0.01, 0.9, 0, 1e-4),
    "rmsprop(0.01, decay=0.9, eps=1e-4, centered=True, eps_in_sqrt=True)": RmspropGraves(0.01, 0.9, 0.0, eps_root=1e-4),
    "adam(0.01, eps=0, eps_root=1e-4)": Adam(0.01, eps=0, eps_root=1e-4),
    "adamax(2e-3)": Adamax(),
    "nadam(2e-3)": Nadam(),
    "nadam(0.01 / 0.999**0.5, 0.975, 0.999, eps=0, eps_root=1e-8 / 0.999)": Nadam(
        0.01, 0.975, eps=0, eps_root=1e-8, nu_factor=True
    ),
    "adabelief(1e-3)": AdaBelief(),
    "lion(1e-4, weight_decay=0.01)": Lion(weight_decay=0.01),
    "contrib.adopt(1e-3)": Adopt(),
    "lookahead(optax.sgd(0.1), 4, 0.3)": Lookahead(Sgd(0.1), k=4, alpha=0.3),
}


def walk(ours, start_P, slope, state=None):
    """The weights after the steps that were kept, and the last of the states."""
    theta_RP, path = start_P[None].copy(), []
    state = ours.state(theta_RP) if state is None else state
    for t in range(1, LAST + 1):
        ours.step(t, theta_RP, slope(t, theta_RP), state)
        if t in KNOWN["steps"]:
            path.append(theta_RP[0].copy())
    return path, state


def test_every_path_is_walked():
    assert set(KNOWN["paths"]) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_as_optax(name):
    path, _ = walk(CASES[name], START_P, lambda t, _: np.array([KNOWN["gradients"][t - 1]]))
    assert_allclose(path, KNOWN["paths"][name], rtol=1e-9, atol=1e-12)


def test_yogi_as_optax_but_for_its_first_m():
    """optax starts m at 1e-6, whose part of the step fades as 0.9ᵗ / (1 - 0.9ᵗ)."""
    start_P = np.zeros_like(START_P)
    state = Yogi().state(start_P[None])
    state.slots[0] = 1e-6
    path, _ = walk(Yogi(), start_P, lambda t, _: np.array([KNOWN["calm"][t - 1]]), state)
    assert_allclose(path[-1], KNOWN["yogi"][-1], rtol=1e-9)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_schedule_free_as_optax(weight_decay):
    """Both walk down a parabola; y and x agree. optax takes the inner Adam's step without its momentum."""
    ours = ScheduleFreeAdamW(0.05, weight_decay=weight_decay)
    their_path, answers = KNOWN["schedule_free"][f"contrib.schedule_free_adamw(0.05, weight_decay={weight_decay})"]
    assert_allclose(ours.answering(START_P[None], ours.state(START_P[None]))[0], START_P)
    path, state = walk(ours, START_P, lambda _, theta_RP: np.array(KNOWN["a"]) * theta_RP)
    assert_allclose(path, their_path, rtol=1e-8, atol=1e-10)
    assert_allclose(ours.answering(path[-1][None], state)[0], answers, rtol=1e-8, atol=1e-10)
