"""The words of formulas: on arrays NumPy's own, in compiled loops within 2 ulp of 50 digits."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from omomi.formulas import vocabulary
from omomi.formulas.vocabulary import exp, expm1, indicator, tanh, tiny, where
from truth import ulps

PRECISIONS = [np.float32, np.float64]
WORDS = ["exp", "expm1", "tanh"]
LARGEST = {  # the last argument whose exponential is finite, by the precision's largest number
    np.float32: np.float32(88.72283),
    np.float64: np.float64(709.782712893384),
}


@numba.njit(fastmath={"contract"}, error_model="numpy")
def speak(x, out):
    """The words in a loop as kernels have them."""
    for i in range(x.size):
        out[0, i] = exp(x[i])
        out[1, i] = expm1(x[i])
        out[2, i] = tanh(x[i])


@numba.njit
def choose(x, out):
    for i in range(x.size):
        out[0, i] = where(x[i] > 0, x[i], -x[i])
        out[1, i] = indicator(x[i] > 0, x[i])
        out[2, i] = tiny(x[i])


def spoken(word, x):
    out = np.empty((3, x.size), x.dtype)
    speak(np.ascontiguousarray(x), out)
    return out[WORDS.index(word)]


def samples(dtype):
    """Arguments of every size up to where eˣ is infinite, tiny ones, and the edges of the reduction."""
    rng = np.random.default_rng(0)
    top = float(LARGEST[dtype])
    near_steps = np.arange(-20, 21)[:, None] * np.log(2) / 2 + np.array([-1e-6, 0, 1e-6])
    x = np.concatenate(
        [
            rng.uniform(-3, 3, 800),
            rng.uniform(-1.08 * top, top, 800),
            rng.choice([-1, 1], 400) * 10.0 ** rng.uniform(np.log10(np.finfo(dtype).tiny), 1, 400),
            near_steps.ravel(),
            [0.0, 1.0, -1.0, top, -top, 19.0625, -17.3, 9.01, -9.01, -20.0, -45.0],
        ]
    ).astype(dtype)
    return x[x <= LARGEST[dtype]]


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
@pytest.mark.parametrize("word", WORDS)
def test_within_two_ulps_of_the_truth(word, dtype):
    x = samples(dtype)
    assert len(x) > 2000
    assert ulps(spoken(word, x), word, x) <= 2


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
def test_exp_ends_in_subnormals_and_infinity(dtype):
    info, top = np.finfo(dtype), LARGEST[dtype]
    last = np.log(np.float64(info.smallest_subnormal) if dtype == np.float32 else 0.5) + (
        0 if dtype == np.float32 else -744.44
    )
    x = np.linspace(last, float(np.log(info.tiny)), 200).astype(dtype)
    y = spoken("exp", x)
    assert ((y > 0) & (y < info.tiny)).sum() > 150
    assert ulps(y, "exp", x) <= 2
    edge = np.array([top, np.nextafter(top, dtype(np.inf)), 2 * top, np.inf, -2 * top, -1e4, -np.inf], dtype)
    assert_array_equal(np.isinf(spoken("exp", edge)), [False, True, True, True, False, False, False])
    assert_array_equal(np.isinf(spoken("expm1", edge)), [False, True, True, True, False, False, False])
    assert_array_equal(spoken("exp", edge)[4:], 0)
    assert_array_equal(spoken("expm1", edge)[4:], -1)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
@pytest.mark.parametrize("word", WORDS)
def test_special_values(word, dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).max, np.finfo(dtype).min], dtype)
    top = dtype(1) if word == "tanh" else dtype(np.inf)
    bottom = {"exp": 0, "expm1": -1, "tanh": -1}[word]
    middle = 1 if word == "exp" else 0
    with np.errstate(over="ignore"):
        for y in (spoken(word, x), getattr(vocabulary, word)(x)):
            assert_array_equal(y, [np.nan, top, bottom, middle, middle, top, bottom])


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
def test_tanh_is_odd_and_stays_inside(dtype):
    x = samples(dtype)
    assert_array_equal(spoken("tanh", -x), -spoken("tanh", x))
    assert np.abs(spoken("tanh", x)).max() == 1


@pytest.mark.parametrize("word", WORDS)
def test_whole_numbers_are_taken_in_double(word):
    out = np.empty((3, 3))
    speak(np.array([0, 1, 2]), out)
    assert_array_equal(out[WORDS.index(word)], spoken(word, np.array([0.0, 1.0, 2.0])))


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
def test_where_indicator_and_tiny(dtype):
    x = np.array([-2, -0.0, 0, 3, np.nan, np.inf], dtype)
    out = np.empty((3, x.size), dtype)
    choose(x, out)
    assert_array_equal(out[0], [2, 0, 0, 3, np.nan, np.inf])
    assert_array_equal(out[1], [0, 0, 0, 1, 0, 1])
    assert_array_equal(out[2], np.full(x.size, {np.float32: 2.0**-126, np.float64: 2.0**-1022}[dtype]))
    assert_array_equal(where(x > 0, x, -x), out[0])
    assert_array_equal(indicator(x > 0, x), out[1])
    assert where(x > 0, x, 0).dtype == indicator(x > 0, x).dtype == dtype
    assert tiny(x) == out[2, 0]


@pytest.mark.parametrize("dtype", PRECISIONS, ids=lambda d: d.__name__)
@pytest.mark.parametrize("word", WORDS)
def test_subnormal_arguments(word, dtype):
    x = np.array([1, 2, 3, 1000, 12345], dtype) * np.finfo(dtype).smallest_subnormal
    assert ulps(spoken(word, x), word, x) <= 1
    assert ulps(spoken(word, -x), word, -x) <= 1
