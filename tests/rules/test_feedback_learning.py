"""What networks learn whose error comes back through other weights: success rates over 32 seeds."""

import pytest

from omomi import data, fit
from omomi.formulas.activations import Tanh
from omomi.networks import Dense, Network
from omomi.rules import Backprop, Rule
from omomi.rules.direct_feedback_alignment import DirectFeedbackAlignment
from omomi.rules.feedback_alignment import FeedbackAlignment
from omomi.rules.kolen_pollack import KolenPollack
from omomi.rules.sign_symmetry import BatchwiseRandomSignFeedback, FixedRandomSignFeedback, UniformSignFeedback
from omomi.rules.target_projection import DirectRandomTargetProjection
from omomi.rules.weight_mirror import WeightMirror

RULES = [
    FeedbackAlignment, DirectFeedbackAlignment, UniformSignFeedback, FixedRandomSignFeedback,
    BatchwiseRandomSignFeedback, KolenPollack, WeightMirror,
]  # fmt: skip


def solved(rule):
    """Of 32 networks, how many know the parity of three bits after 400 steps."""
    parity = data.parity(3)
    net = Network(3, Dense(8), Tanh(), Dense(8), Tanh(), Dense(2))
    how = {"optimizer": "adam(lr=0.01)", "epochs": 400, "batch_size": None}
    run = fit(net, 2 * parity.x - 1, parity.y, rule=rule, seeds=range(32), **how)
    return (run.classify(2 * parity.x - 1) == parity.y).all(axis=1).sum()


@pytest.mark.parametrize("cls", RULES)
def test_parity_is_learned(cls):
    """Measured: 32 of 32 with each, as with backpropagation."""
    assert solved(cls()) >= 30


def mute():
    """A rule that teaches the last layer alone."""
    return type("Mute", (Rule,), {"send_back": lambda self, at, delta, seen: 0 * Backprop().send_back(at, delta, seen)})


def test_parity_is_not_learned_without_feedback():
    """Measured: 4 of 32 have random hidden units that do."""
    assert solved(mute()()) <= 10


def test_projected_targets_teach_hidden_layers():
    """Measured: 31 of 32 networks know 80 % of 500 digits after 250 steps, and none whose hidden layers rest."""
    digits = data.digits()
    x, y = ((digits.x - digits.x.mean(axis=0)) / digits.x.std())[:500], digits.y[:500]
    net = Network(64, Dense(16), Tanh(), Dense(16), Tanh(), Dense(10))
    how = {"optimizer": "sgd(lr=0.05)", "epochs": 10, "batch_size": 20, "seeds": range(32)}
    known = [
        fit(net, x, y, rule=rule, **how).evaluate(x, y)["accuracy"]
        for rule in (DirectRandomTargetProjection(), mute()())
    ]
    assert (known[0] > 0.8).sum() >= 28
    assert not (known[1] > 0.8).any()
