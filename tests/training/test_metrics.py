"""Metrics: against scikit-learn and SciPy, which know nothing of replicas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from omomi.training import confusion_matrix, mean_and_interval, mean_squared_error, r2

peers = pytest.importorskip("sklearn.metrics")


def test_confusion_matrix_is_sklearns():
    rng = np.random.default_rng(1)
    predicted_RN, labels_N = rng.integers(0, 4, (3, 60)), rng.integers(0, 4, 60)
    found_RCC = confusion_matrix(predicted_RN, labels_N, 5)  # one class that nobody says
    for found_CC, predicted_N in zip(found_RCC, predicted_RN, strict=True):
        assert_array_equal(found_CC, peers.confusion_matrix(labels_N, predicted_N, labels=range(5)))


@pytest.mark.parametrize("n_out", [1, 3])
def test_errors_of_numbers_are_sklearns(n_out):
    rng = np.random.default_rng(2)
    y_RNO, t_NO = rng.normal(size=(4, 50, n_out)), rng.normal(size=(50, n_out))
    assert_allclose(r2(y_RNO, t_NO), [peers.r2_score(t_NO, y) for y in y_RNO], rtol=1e-13)
    assert_allclose(mean_squared_error(y_RNO, t_NO), [peers.mean_squared_error(t_NO, y) for y in y_RNO], rtol=1e-14)
    single = r2(y_RNO.astype(np.float32), t_NO.astype(np.float32))
    assert single.dtype == np.float64
    assert_allclose(single, r2(y_RNO, t_NO), rtol=1e-5)


@pytest.mark.parametrize("missed", [0.0, 1.0])
def test_outputs_that_never_vary(missed):
    t_NO = np.column_stack([np.full(5, 2.0), np.arange(5.0)])
    y_NO = t_NO + np.array([missed, 0.5])
    assert_allclose(r2(y_NO[None], t_NO), [peers.r2_score(t_NO, y_NO)], rtol=1e-13)


def test_r2_of_what_is_not_finite():
    t_NO = np.arange(5.0)[:, None]
    y_RNO = np.stack([t_NO, t_NO * np.nan, t_NO + np.inf])
    with np.errstate(invalid="ignore"):
        assert_array_equal(r2(y_RNO, t_NO), [1, np.nan, np.nan])


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [2, 3, 8, 100])
def test_interval_is_scipys(n, level):
    values = np.random.default_rng(n).normal(5, 2, n)
    mean, half = mean_and_interval(values, level)
    low, high = stats.t.interval(level, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert_allclose([mean - half, mean + half], [low, high], rtol=1e-12)


def test_interval_by_hand_and_of_little():
    assert_allclose(mean_and_interval([1.0, 3.0]), (2.0, 12.7062047), rtol=1e-8)
    assert mean_and_interval([1.0, np.nan, 3.0, np.inf]) == mean_and_interval([1.0, 3.0])
    assert mean_and_interval([4.0])[0] == 4.0
    assert np.isnan(mean_and_interval([4.0])[1])
    assert np.isnan(mean_and_interval([])).all()
    assert np.isnan(mean_and_interval([np.nan])).all()
