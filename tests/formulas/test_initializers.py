"""Initializers: ranges and variances by statistics, and what is drawn is drawn again from the same seed.

The statistics take n = 80,000 numbers. A sample variance then lies within 5 √((κ - 1) / n) of the true one, relatively,
κ being the fourth moment over the squared variance (3 for a normal, 9/5 for a uniform distribution): five standard
errors, and the seed is fixed.
"""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from catalogue import entries, example, formulas
from omomi.formulas.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    LecunUniform,
    Normal,
    PositiveUniform,
    TorchLinear,
    Uniform,
)

FAN_IN, FAN_OUT = 200, 400
UNIFORM, NORMAL = 9 / 5, 3  # κ


def draw(initializer, seed=0, shape=(FAN_IN, FAN_OUT), fan_in=FAN_IN, fan_out=FAN_OUT):
    return initializer.draw(np.random.default_rng(seed), shape, fan_in, fan_out)


# Variances as their papers state them, written out for these fans.
STATED = [
    (Uniform(-1.0, 3.0), 1.0, 16 / 12, UNIFORM),
    (Normal(0.5, 2.0), 0.5, 4.0, NORMAL),
    (PositiveUniform(2.0), 1 / 200**0.5, 1 / 200 / 3, UNIFORM),
    (GlorotUniform(), 0, 2 / 600, UNIFORM),
    (GlorotNormal(), 0, 2 / 600, NORMAL),
    (HeUniform(), 0, 2 / 200, UNIFORM),
    (HeNormal(), 0, 2 / 200, NORMAL),
    (LecunUniform(), 0, 1 / 200, UNIFORM),
    (LecunNormal(), 0, 1 / 200, NORMAL),
    (TorchLinear(), 0, 1 / 600, UNIFORM),
]


@pytest.mark.parametrize(("initializer", "mean", "variance", "kurtosis"), STATED, ids=lambda v: repr(v))
def test_mean_variance_and_shape_of_the_distribution(initializer, mean, variance, kurtosis):
    w = draw(initializer)
    n = w.size
    assert abs(w.mean() - mean) < 5 * (variance / n) ** 0.5
    assert abs(w.var() / variance - 1) < 5 * ((kurtosis - 1) / n) ** 0.5
    assert abs((((w - w.mean()) / w.std()) ** 4).mean() / kurtosis - 1) < 0.05
    if kurtosis == UNIFORM:
        edge = (3 * variance) ** 0.5
        assert np.abs(w - mean).max() <= edge
        assert np.abs(w - mean).max() > 0.999 * edge


def test_every_random_initializer_states_its_variance():
    assert {type(row[0]) for row in STATED} | {Constant} == set(Initializer.entries().values())


def test_closed_forms():
    assert_array_equal(draw(Constant(0.25), shape=(2, 3)), np.full((2, 3), 0.25))
    assert_array_equal(draw(Initializer.parse("zeros"), shape=(2, 3)), np.zeros((2, 3)))
    assert_array_equal(draw(Normal(2.0, 0.0), shape=(2, 3)), np.full((2, 3), 2.0))
    # torch's Linear(16, …): U(-1/√16, 1/√16).
    w = draw(TorchLinear(), shape=(16, 5000), fan_in=16, fan_out=5000)
    assert 0.2499 < np.abs(w).max() <= 0.25
    # Glorot, Bengio (2010), eq. 16: U(-√6/√(n + m), …).
    w = draw(GlorotUniform(), shape=(10, 44), fan_in=10, fan_out=44)
    assert 0.32 < np.abs(w).max() <= (6 / 54) ** 0.5


@pytest.mark.parametrize("initializer", formulas(Initializer))
def test_the_same_seed_draws_the_same(initializer):
    w = draw(initializer, seed=3, shape=(7, 5))
    assert w.shape == (7, 5)
    assert w.dtype == np.float64
    assert_array_equal(w, draw(initializer, seed=3, shape=(7, 5)))


@pytest.mark.parametrize("cls", [p for p in entries(Initializer) if p.values[0] is not Constant])
def test_another_seed_draws_something_else(cls):
    assert (draw(example(cls), seed=3, shape=(7, 5)) != draw(example(cls), seed=4, shape=(7, 5))).all()


def test_low_above_high_is_refused():
    with pytest.raises(ValueError, match=r"^Uniform: low must be ≤ high, got 2\.0 and 1\.0$"):
        Uniform(2, 1)
