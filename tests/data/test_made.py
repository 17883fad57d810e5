"""Made data sets against scikit-learn, closed forms and statistics."""

from math import erf, sqrt

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from omomi.data import (
    Scaler,
    circles,
    gaussians,
    moons,
    parity,
    plane,
    random_bits,
    remember,
    sine,
    spiral,
    sum_product,
    temporal_xor,
    xor,
)

SEQUENCES = [temporal_xor, remember, random_bits]
RANDOM = [spiral, circles, moons, gaussians, plane, sine, sum_product, *SEQUENCES]


def test_xor():
    data = xor()
    np.testing.assert_array_equal(data.x, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(data.y, [0, 1, 1, 0])


@pytest.mark.parametrize("n_bits", [1, 2, 5])
def test_parity_against_python_integers(n_bits):
    data = parity(n_bits)
    numbers = range(2**n_bits)
    np.testing.assert_array_equal(data.x, [[int(bit) for bit in f"{i:0{n_bits}b}"] for i in numbers])
    np.testing.assert_array_equal(data.y, [i.bit_count() % 2 for i in numbers])
    assert data.classes == ("even", "odd")


def test_spiral_arms_without_noise():
    data = spiral(classes=3, noise=0, n=50)
    radius = np.hypot(*data.x.T).reshape(3, 50)
    np.testing.assert_allclose(radius, np.tile(np.linspace(0, 1, 50), (3, 1)))
    # arm k ends at the angle 2π(2 + k)/K, measured from the x2 axis
    ends = data.x.reshape(3, 50, 2)[:, -1]
    half = np.sqrt(3) / 2
    np.testing.assert_allclose(ends, [[-half, -0.5], [0, 1], [half, -0.5]], atol=1e-12)
    np.testing.assert_array_equal(data.y, [0] * 50 + [1] * 50 + [2] * 50)


def test_spiral_noise_grows_along_the_arm():
    noise = (spiral(noise=0.16).x - spiral(noise=0).x).reshape(4, 1000, 2)
    t = np.linspace(0, 1, 1000)[None, :, None]
    assert np.all(noise[:, 0] == 0)
    assert np.std(noise[:, 1:] / t[:, 1:]) == pytest.approx(0.16, rel=0.03)  # 8000 numbers: 4 standard errors


def test_spiral_draws_x1_of_an_arm_then_x2():
    noise = (spiral(2, noise=1, n=3).x - spiral(2, noise=0, n=3).x).reshape(2, 3, 2)
    drawn = np.random.default_rng(0).standard_normal((2, 2, 3)).transpose(0, 2, 1)
    np.testing.assert_allclose(noise, np.array([0, 0.5, 1])[None, :, None] * drawn, atol=1e-15)


def test_circles_are_those_of_scikit_learn():
    x, y = sklearn_datasets.make_circles(100, shuffle=False, factor=0.3)
    data = circles(50, noise=0, factor=0.3)
    np.testing.assert_allclose(data.x, x, atol=1e-15)
    np.testing.assert_array_equal(data.y, y)


def test_moons_are_those_of_scikit_learn():
    x, y = sklearn_datasets.make_moons(100, shuffle=False)
    data = moons(50, noise=0)
    np.testing.assert_allclose(data.x, x, atol=1e-15)
    np.testing.assert_array_equal(data.y, y)


@pytest.mark.parametrize("make", [circles, moons])
def test_noise_is_its_standard_deviation(make):
    noise = make(5000, noise=0.2).x - make(5000, noise=0).x
    assert noise.std() == pytest.approx(0.2, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.01)


def test_gaussian_clouds_lie_around_the_unit_circle():
    data = gaussians(classes=4, n=5000, spread=0.3)
    clouds = data.x.reshape(4, 5000, 2)
    np.testing.assert_allclose(clouds.mean(axis=1), [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=0.02)
    np.testing.assert_allclose(clouds.std(axis=1), 0.3, rtol=0.05)


def test_two_gaussians_overlap_as_the_normal_distribution_says():
    data = gaussians(classes=2, n=20_000, spread=1)
    wrong = np.mean((data.x[:, 0] < 0) != data.y)
    assert wrong == pytest.approx(0.5 * (1 + erf(-1 / sqrt(2))), abs=0.01)


def test_least_squares_finds_the_plane():
    data = plane()
    design = np.column_stack([data.x, np.ones(data.n)])
    np.testing.assert_allclose(np.linalg.lstsq(design, data.y[:, 0])[0], [2, -3, 1])
    assert np.abs(data.x).max() <= 1
    residual = plane(5000, noise=0.1).y - plane(5000).y
    assert residual.std() == pytest.approx(0.1, rel=0.05)


def test_sine_is_one_period():
    data = sine(9)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(data.y[:, 0], [0, half, 1, half, 0, -half, -1, -half, 0], atol=1e-15)
    assert data.x[-1, 0] == 2 * np.pi
    assert (sine(5000, noise=0.1).y - sine(5000).y).std() == pytest.approx(0.1, rel=0.05)


def test_sum_and_product():
    data = sum_product()
    a, b = data.x.T
    total, product = data.y.T
    assert data.x.shape == (1500, 2)
    assert ((data.x >= 0) & (data.x < 1)).all()
    # the roots of z² - sum z + product are the two numbers
    np.testing.assert_allclose(a * a - total * a + product, 0, atol=1e-15)
    np.testing.assert_allclose(b * b - total * b + product, 0, atol=1e-15)


def loud(x, steps, units):
    """Which samples have all of those units spike in all of those steps, and which none of them."""
    part = x[:, steps, units].reshape(len(x), -1)
    return part.all(axis=1), ~part.any(axis=1)


def test_temporal_xor_is_the_exclusive_or_of_its_bursts():
    """With certain bursts and no noise the sequences can be read like a table."""
    data = temporal_xor(n=10, gap=4, width=3, rate=1, noise=0)
    assert data.x.shape == (20, 14, 6)
    bits = []
    for burst in (slice(0, 5), slice(9, 14)):
        one, none = loud(data.x, burst, slice(3, 6))
        zero, other = loud(data.x, burst, slice(0, 3))
        np.testing.assert_array_equal(one, ~none)
        np.testing.assert_array_equal([zero, ~other], [none, none])
        bits.append(one)
    np.testing.assert_array_equal(data.y, bits[0] ^ bits[1])
    assert loud(data.x, slice(5, 9), slice(None))[1].all()
    assert sorted(zip(*bits, strict=True)) == sorted([(False, False), (False, True), (True, False), (True, True)] * 5)


def test_remember_shows_the_class_first_and_the_cue_last():
    data = remember(n=4, delay=6, classes=3, width=2, rate=1, noise=0)
    assert data.x.shape == (12, 16, 8)
    shown = [loud(data.x, slice(0, 5), slice(2 * k, 2 * k + 2))[0] for k in range(4)]
    np.testing.assert_array_equal(np.argmax(shown, axis=0), data.y)
    assert np.sum(shown, axis=0).max() == 1
    assert loud(data.x, slice(5, 11), slice(None))[1].all()
    assert loud(data.x, slice(11, 16), slice(6, 8))[0].all()
    assert loud(data.x, slice(11, 16), slice(0, 6))[1].all()


@pytest.mark.parametrize("make", [temporal_xor, remember])
def test_spikes_come_with_their_probabilities(make):
    x = make(n=500, width=20, rate=0.5, noise=0.05).x
    assert set(np.unique(x)) == {0, 1}
    group = x[..., :20]
    assert x[:, 5:15].mean() == pytest.approx(0.05, rel=0.05)
    in_a_burst = group[group[:, :5].mean(axis=(1, 2)) > 0.25, :5]  # half of the samples; 5 deviations away from both
    assert len(in_a_burst) == 500
    assert in_a_burst.mean() == pytest.approx(0.5, rel=0.02)


def test_random_bits_are_fair_and_ask_for_silence():
    data = random_bits()
    assert data.x.shape == (100, 10, 300)
    assert set(np.unique(data.x)) == {0, 1}
    assert data.x.mean() == pytest.approx(0.5, abs=5 * 0.5 / 300_000**0.5)
    np.testing.assert_array_equal(data.y, np.zeros((100, 1)))


@pytest.mark.parametrize("make", SEQUENCES)
def test_sequences_are_split_and_scaled_like_others(make):
    data = make(n=10)
    train, test = data.split(test=0.3)
    assert (train.n, test.n) == (data.n - int(0.3 * data.n), int(0.3 * data.n))
    assert train.x.shape[1:] == data.x.shape[1:]
    scaled = Scaler.standardise(train.x).apply(test.x)
    assert scaled.shape == test.x.shape


@pytest.mark.parametrize("make", RANDOM)
def test_the_seed_decides(make):
    plain = make in (sum_product, random_bits)
    options = {} if plain else {"spread" if make is gaussians else "noise": 0.1}
    first, same, other = (make(n=10, seed=seed, **options) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.x, same.x)
    np.testing.assert_array_equal(first.y, same.y)
    assert not (np.array_equal(first.x, other.x) and np.array_equal(first.y, other.y))


@pytest.mark.parametrize("make", RANDOM)
def test_n_counts_the_samples_of_a_class_or_of_the_set(make):
    data = make(n=7)
    assert data.n == 7 * (data.n_out if data.is_classification else 1)
    assert make(n=1).n


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (spiral, {"noise": -1}, "^spiral: noise must be ≥ 0, got -1$"),
        (spiral, {"noise": float("nan")}, "^spiral: noise must be ≥ 0, got nan$"),
        (spiral, {"noise": "much"}, "^spiral: noise must be ≥ 0, got 'much'$"),
        (spiral, {"classes": 1}, "^spiral: classes must be a whole number ≥ 2, got 1$"),
        (spiral, {"n": 2.5}, "^spiral: n must be a whole number ≥ 1, got 2.5$"),
        (spiral, {"seed": -1}, "^spiral: seed must be a whole number ≥ 0, got -1$"),
        (parity, {"n_bits": 0}, r"^parity: n_bits must be a whole number in 1\.\.16, got 0$"),
        (parity, {"n_bits": 17}, r"^parity: n_bits must be a whole number in 1\.\.16, got 17$"),
        (circles, {"factor": 1}, r"^circles: factor must lie in \[0, 1\), got 1$"),
        (circles, {"n": 0}, "^circles: n must be a whole number ≥ 1, got 0$"),
        (circles, {"noise": float("inf")}, "^circles: noise must be ≥ 0, got inf$"),
        (moons, {"noise": -0.1}, "^moons: noise must be ≥ 0, got -0.1$"),
        (gaussians, {"spread": -0.1}, "^gaussians: spread must be ≥ 0, got -0.1$"),
        (gaussians, {"classes": 0}, "^gaussians: classes must be a whole number ≥ 2, got 0$"),
        (plane, {"noise": -2}, "^plane: noise must be ≥ 0, got -2$"),
        (sine, {"n": -3}, "^sine: n must be a whole number ≥ 1, got -3$"),
        (sum_product, {"n": 0}, "^sum_product: n must be a whole number ≥ 1, got 0$"),
        (temporal_xor, {"rate": 1.5}, r"^temporal_xor: rate must lie in \[0, 1\], got 1.5$"),
        (temporal_xor, {"gap": -1}, "^temporal_xor: gap must be a whole number ≥ 0, got -1$"),
        (remember, {"classes": 1}, "^remember: classes must be a whole number ≥ 2, got 1$"),
        (remember, {"width": 0}, "^remember: width must be a whole number ≥ 1, got 0$"),
        (random_bits, {"steps": 0}, "^random_bits: steps must be a whole number ≥ 1, got 0$"),
    ],
)
def test_refusals(make, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(**options)
