"""Intervals and paired tests, beside SciPy's; Holm's correction, beside a published example."""

import math

import numpy as np
import pytest
from scipy import stats

from omomi.comparisons.statistics import holm, interval, paired

RNG = np.random.default_rng(3)
A, B = RNG.normal(0.9, 0.02, 9), RNG.normal(0.88, 0.02, 9)


def test_the_paired_test_is_scipys():
    mean, half, p = paired(A, B)
    theirs = stats.ttest_rel(A, B)
    assert p == pytest.approx(theirs.pvalue, rel=1e-12)
    assert (mean - half, mean + half) == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-12)


def test_overlapping_splits_are_worth_fewer():
    """Nadeau, Bengio (2003): t shrinks by √((1/J) / (1/J + n_test/n_train))."""
    theirs = stats.ttest_rel(A, B)
    shrunk = theirs.statistic * math.sqrt((1 / 9) / (1 / 9 + 0.25))
    _, half, p = paired(A, B, overlap=0.25)
    assert p == pytest.approx(2 * stats.t.sf(abs(shrunk), 8), rel=1e-12)
    assert half == pytest.approx(paired(A, B)[1] * math.sqrt(1 + 9 * 0.25), rel=1e-12)


def test_what_has_no_variance():
    assert paired(A, A) == (0, 0, 1)
    mean, half, p = paired(np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, 2.5]))
    assert (mean, half, p) == (0.5, 0, 0)
    assert interval(np.full(7, 0.1))[1] == 0  # its mean is rounded, its spread is not


def test_one_unit_or_none_finite_says_nothing():
    assert np.isnan(paired(A[:1], B[:1])[1:]).all()
    assert interval(A[:1])[0] == A[0]
    assert math.isnan(paired(np.array([1.0, np.inf]), np.array([1.0, np.inf]))[2])


def test_holm_as_published():
    """The worked example of the encyclopedias: of 0.01, 0.04, 0.03, 0.005 at 5 % the first and the last are rejected.

    Corrected by R's formula, the largest of (m + 1 - j) p_j for j ≤ i: 0.02, 0.03, 0.06, 0.06 in the order of size.
    """
    corrected = holm([0.01, 0.04, 0.03, 0.005])
    assert [p <= 0.05 for p in corrected] == [True, False, False, True]
    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_at_its_ends():
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []
    nothing, alone = holm([math.nan, 0.03])  # what has no p does not count
    assert math.isnan(nothing)
    assert alone == 0.03
