"""Schedules: what the formulas give at ends and middle, by hand, and that nothing jumps where nothing should."""

import numpy as np
import pytest

from catalogue import entries, formulas
from omomi.formulas.schedules import Constant, Cosine, Exponential, OneCycle, Schedule, Step, WarmUp


@pytest.mark.parametrize(
    ("schedule", "epoch", "epochs", "factor"),
    [
        (Constant(), 3.7, 10, 1),
        # torch's StepLR(step_size=30, gamma=0.1)
        (Step(), 0, 90, 1),
        (Step(), 29.99, 90, 1),
        (Step(), 30, 90, 0.1),
        (Step(), 59.99, 90, 0.1),
        (Step(), 60, 90, 0.01),
        (Step(2.5, 0.5), 5, 10, 0.25),
        # torch's ExponentialLR at whole epochs
        (Exponential(0.5), 0, 10, 1),
        (Exponential(0.5), 3, 10, 0.125),
        (Exponential(0.25), 0.5, 10, 0.5),
        # torch's CosineAnnealingLR: η_min + (η - η_min) (1 + cos(π T/T_max)) / 2
        (Cosine(), 0, 12, 1),
        (Cosine(), 6, 12, 0.5),
        (Cosine(), 4, 12, 0.75),
        (Cosine(), 12, 12, 0),
        (Cosine(), 15, 12, 0),
        (Cosine(0.2), 6, 12, 0.6),
        (Cosine(0.2), 12, 12, 0.2),
        # a straight line, torch's LinearLR
        (WarmUp(4.0), 0, 10, 0),
        (WarmUp(4.0), 1, 10, 0.25),
        (WarmUp(4.0), 4, 10, 1),
        (WarmUp(4.0), 9, 10, 1),
        (WarmUp(4.0, start=0.5), 1, 10, 0.625),
        (WarmUp(4.0, then=Cosine()), 7, 10, 0.5),
        (WarmUp(4.0, then=Cosine()), 10, 10, 0),
        (WarmUp(4.0, then=Step(2.0)), 6, 10, 0.1),
        (WarmUp(20.0, then=Cosine()), 10, 10, 0.5),
        (WarmUp(20.0, then=Cosine()), 25, 10, 0),
        # torch's OneCycleLR(pct_start=0.3, div_factor=25, final_div_factor=1e4), anneal_strategy="cos"
        (OneCycle(), 0, 100, 1 / 25),
        (OneCycle(), 15, 100, (1 + 1 / 25) / 2),
        (OneCycle(), 30, 100, 1),
        (OneCycle(), 65, 100, (1 + 1 / 25e4) / 2),
        (OneCycle(), 100, 100, 1 / 25e4),
        (OneCycle(), 120, 100, 1 / 25e4),
        (OneCycle(rise=0.5, start=0, final=0), 25, 100, 0.5),
    ],
    ids=repr,
)
def test_closed_values(schedule, epoch, epochs, factor):
    assert schedule.factor(epoch, epochs) == pytest.approx(factor, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("schedule", formulas(Schedule))
def test_factors_are_positive_numbers_up_to_one(schedule):
    for epoch in np.linspace(0, 25, 501):  # also beyond the planned total
        factor = schedule.factor(float(epoch), 20)
        assert isinstance(factor, float)
        assert 0 <= factor <= max(1, getattr(schedule, "gamma", 0) ** 25)


@pytest.mark.parametrize(
    "schedule",
    [
        WarmUp(3.0),
        WarmUp(3.0, then=Cosine()),
        WarmUp(3.0, 0.5, Exponential()),
        OneCycle(),
        OneCycle(0.6, 0.5, 0.2),
        Cosine(),
        Exponential(),
    ],
    ids=repr,
)
def test_nothing_jumps(schedule):
    epochs = np.linspace(0, 20, 20001)
    factors = np.array([schedule.factor(e, 20) for e in epochs])
    assert np.abs(np.diff(factors)).max() < 2e-3  # the steepest, cosine up over 6 epochs, climbs π / 12 per epoch
    assert np.ptp(factors) > 0.3


@pytest.mark.parametrize("schedule", [OneCycle(), WarmUp(6.0, then=Cosine())], ids=repr)
def test_up_then_down_with_the_top_at_one(schedule):
    factors = np.array([schedule.factor(e, 20) for e in np.linspace(0, 20, 2001)])
    assert factors.argmax() == 600
    assert factors.max() == 1
    assert (np.diff(factors[:601]) > 0).all()
    assert (np.diff(factors[600:]) < 0).all()


@pytest.mark.parametrize("cls", entries(Schedule))
def test_a_plan_of_no_epochs_is_no_mistake(cls):
    """`Run(epochs=0)` plans nothing, and `train(3)` trains nevertheless."""
    assert 0 <= cls().factor(0.0, 0) <= 1
    assert 0 <= cls().factor(2.5, 0) <= 1
