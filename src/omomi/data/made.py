"""Data sets made from a formula, from four points to spirals and sequences of spikes.

Wherever ``n`` is asked for it counts the samples of each class, or of the whole set in a regression. The classes follow
one another: `Dataset.split` shuffles.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset

MOST_BITS = 16
BURST = 5  # steps
PLANE = (2.0, -3.0, 1.0)  # slopes along x1 and x2, height at the origin


def xor() -> Dataset:
    """Exclusive or: the smallest problem that no single neuron solves.

    Returns
    -------
    Dataset
        x (4, 2), y (4,): the class is 1 where exactly one input is 1.

    Reference: Minsky, Papert (1969), Perceptrons.

    >>> xor().y
    array([0, 1, 1, 0])
    """
    return Dataset(_bit_patterns(2), np.array([0, 1, 1, 0]), "xor", ("x1", "x2"), ("0", "1"))


def parity(n_bits: int = 4) -> Dataset:
    """All patterns of bits; the class says whether their sum is odd. Every neighbour has the other class.

    Returns
    -------
    Dataset
        x (2ⁿ, n) in counting order, y (2ⁿ,).

    Reference: Minsky, Papert (1969), Perceptrons.

    >>> parity(3).y
    array([0, 1, 1, 0, 1, 0, 0, 1])
    """
    _check_count("parity", "n_bits", n_bits, 1, MOST_BITS)
    x = _bit_patterns(n_bits)
    return Dataset(x, x.sum(axis=1).astype(int) % 2, "parity", _names(n_bits), ("even", "odd"))


def spiral(classes: int = 4, noise: float = 0.16, n: int = 1000, seed: int = 0) -> Dataset:
    """Interleaved spiral arms, one per class k = 0 … K-1.

    x1 = t (sin(2π/K (2t + k)) + σξ),  x2 = t (cos(2π/K (2t + k)) + σξ),  t from 0 to 1 in n steps, ξ normal.

    Every arm starts in the origin, where the classes cannot be told apart.

    Returns
    -------
    Dataset
        x (K·n, 2), y (K·n,).

    Differs: the numbers come from NumPy's generator, n for x1 and then n for x2 of each arm, not from torch's.
    Reference: Neuromatch Academy, Deep Learning, tutorial on multi-layer perceptrons; its K, σ, n are the defaults.

    >>> spiral(noise=0).x[999].round(6)     # the tip of arm 0: t = 1, angle π
    array([ 0., -1.])
    """
    _check_count("spiral", "classes", classes, 2)
    _check_spread("spiral", "noise", noise)
    _check_sampling("spiral", n, seed)
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, n)
    arms = []
    for k in range(classes):
        angle = 2 * np.pi / classes * (2 * t + k)
        x1 = t * (np.sin(angle) + noise * rng.standard_normal(n))
        x2 = t * (np.cos(angle) + noise * rng.standard_normal(n))
        arms.append(np.stack([x1, x2], axis=1))
    return _classes("spiral", arms)


def circles(n: int = 250, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """Two rings around the origin with radius 1 (class 0) and ``factor`` (class 1), both blurred by normal noise.

    Returns
    -------
    Dataset
        x (2n, 2), y (2n,).

    Differs: from scikit-learn's make_circles in that n counts one ring; default noise and factor.
    """
    _check_spread("circles", "noise", noise)
    if not (isinstance(factor, Real) and 0 <= factor < 1):
        raise ValueError(f"circles: factor must lie in [0, 1), got {factor!r}")
    _check_sampling("circles", n, seed)
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _classes("circles", _blurred([ring, factor * ring], noise, seed))


def moons(n: int = 250, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half circles that reach into each other, both blurred by normal noise.

    Class 0: (cos φ, sin φ), class 1: (1 - cos φ, ½ - sin φ), φ from 0 to π.

    Returns
    -------
    Dataset
        x (2n, 2), y (2n,).

    Differs: from scikit-learn's make_moons in that n counts one moon; default noise.
    """
    _check_spread("moons", "noise", noise)
    _check_sampling("moons", n, seed)
    angle = np.linspace(0, np.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _classes("moons", _blurred([upper, np.array([1, 0.5]) - upper], noise, seed))


def gaussians(classes: int = 3, n: int = 200, spread: float = 0.3, seed: int = 0) -> Dataset:
    """Normal clouds of standard deviation ``spread`` around K points of the unit circle, at the angles 2πk/K.

    Returns
    -------
    Dataset
        x (K·n, 2), y (K·n,).

    Check: for two classes the best border is x1 = 0, and it errs with probability Φ(-1/spread).
    """
    _check_count("gaussians", "classes", classes, 2)
    _check_spread("gaussians", "spread", spread)
    _check_sampling("gaussians", n, seed)
    angle = 2 * np.pi / classes * np.arange(classes)
    centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _classes("gaussians", _blurred([np.tile(c, (n, 1)) for c in centres], spread, seed))


def plane(n: int = 200, noise: float = 0.0, seed: int = 0) -> Dataset:
    """A plane to regress: y = 2 x1 - 3 x2 + 1 + σξ, x uniform in [-1, 1)², ξ normal.

    Returns
    -------
    Dataset
        x (n, 2), y (n, 1).

    Check: without noise, least squares finds 2, -3 and 1.
    """
    _check_spread("plane", "noise", noise)
    _check_sampling("plane", n, seed)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    y = x @ PLANE[:2] + PLANE[2] + noise * rng.standard_normal(n)
    return Dataset(x, y, "plane", ("x1", "x2"), targets=("y",))


def sine(n: int = 100, noise: float = 0.0, seed: int = 0) -> Dataset:
    """One period of y = sin x + σξ, x from 0 to 2π in n steps, ξ normal.

    Returns
    -------
    Dataset
        x (n, 1), y (n, 1).

    >>> sine(n=5).y[:, 0].round(6) + 0.0
    array([ 0.,  1.,  0., -1.,  0.])
    """
    _check_spread("sine", "noise", noise)
    _check_sampling("sine", n, seed)
    x = np.linspace(0, 2 * np.pi, n)
    y = np.sin(x) + noise * np.random.default_rng(seed).standard_normal(n)
    return Dataset(x[:, None], y, "sine", ("x",), targets=("sin x",))


def sum_product(n: int = 1500, seed: int = 0) -> Dataset:
    """Two numbers, uniform in [0, 1), to their sum and their product: (x1, x2) → (x1 + x2, x1 x2).

    The sum is linear and learnt at once; the product needs the hidden layer.

    Returns
    -------
    Dataset
        x (n, 2), y (n, 2).
    """
    _check_sampling("sum_product", n, seed)
    x = np.random.default_rng(seed).random((n, 2))
    y = np.stack([x.sum(axis=1), x.prod(axis=1)], axis=1)
    return Dataset(x, y, "sum_product", ("x1", "x2"), targets=("x1 + x2", "x1 x2"))


def temporal_xor(
    n: int = 250, gap: int = 10, width: int = 5, rate: float = 0.5, noise: float = 0.01, seed: int = 0
) -> Dataset:
    """Exclusive or in time: a burst of one of two groups of units, a pause, a burst. Was it another group?

    A sample is a sequence of spikes, 0 or 1 for each step and unit. The bursts last 5 steps, in which each of the
    ``width`` units of the group spikes with probability ``rate``; at all other times units do so with probability
    ``noise``. The four orders have equal shares, and every unit is as active in both classes.

    Returns
    -------
    Dataset
        x (2n, 10 + gap, 2·width), y (2n,).
    """
    _check_bursts("temporal_xor", "gap", gap, width, rate, noise)
    _check_sampling("temporal_xor", n, seed)
    first = np.tile(np.arange(n) % 2, 2)
    y = np.repeat([0, 1], n)
    bursts = {0: first, BURST + gap: first ^ y}
    x = _spikes(2 * BURST + gap, 2, bursts, width, rate, noise, seed)
    return Dataset(x, y, "temporal_xor", classes=("same", "other"))


def remember(
    n: int = 250,
    delay: int = 20,
    classes: int = 2,
    width: int = 5,
    rate: float = 0.5,
    noise: float = 0.01,
    seed: int = 0,
) -> Dataset:
    """Store and recall: a burst of one of K groups of units, a delay, a burst of the last group. Which was the first?

    A sample is a sequence of spikes as in `temporal_xor`, with K + 1 groups. The burst of the last group is the cue
    that asks for the answer: read it out at the last step, and the network must remember for ``delay`` steps.

    Returns
    -------
    Dataset
        x (K·n, 10 + delay, (K + 1)·width), y (K·n,).

    Reference: Salaj, Subramoney, Kraisnikovic, Bellec, Legenstein, Maass (2021), Spike frequency adaptation supports
        network computations on temporally dispersed information, doi:10.7554/eLife.65459.
    """
    _check_count("remember", "classes", classes, 2)
    _check_bursts("remember", "delay", delay, width, rate, noise)
    _check_sampling("remember", n, seed)
    y = np.repeat(np.arange(classes), n)
    bursts = {0: y, BURST + delay: np.full_like(y, classes)}
    x = _spikes(2 * BURST + delay, classes + 1, bursts, width, rate, noise, seed)
    return Dataset(x, y, "remember", classes=tuple(map(str, range(classes))))


def random_bits(n: int = 100, steps: int = 10, inputs: int = 300, seed: int = 0) -> Dataset:
    """Sequences of fair coins, with the target 0: a network is to fall silent.

    In batches of 1, an epoch of the defaults is the training of the source article of the integrate-and-fire network:
    100 iterations, new bits in each.

    Returns
    -------
    Dataset
        x (n, steps, inputs) of 0 and 1, y (n, 1) of zeros.
    """
    _check_count("random_bits", "steps", steps, 1)
    _check_count("random_bits", "inputs", inputs, 1)
    _check_sampling("random_bits", n, seed)
    x = np.random.default_rng(seed).integers(0, 2, (n, steps, inputs)).astype(np.float64)
    return Dataset(x, np.zeros((n, 1)), "random_bits", targets=("rate",))


def _bit_patterns(n_bits: int) -> NDArray[np.float64]:
    """All rows of zeros and ones, counting upwards, (2ⁿ, n)."""
    return np.indices((2,) * n_bits).reshape(n_bits, -1).T.astype(np.float64)


def _blurred(clouds: Sequence[NDArray[np.float64]], noise: float, seed: int) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return [cloud + noise * rng.standard_normal(cloud.shape) for cloud in clouds]


def _classes(name: str, clouds: Sequence[NDArray[np.float64]]) -> Dataset:
    """A data set of equally large clouds, each a class of its own."""
    labels = np.repeat(np.arange(len(clouds)), len(clouds[0]))
    return Dataset(np.concatenate(clouds), labels, name, ("x1", "x2"), tuple(map(str, range(len(clouds)))))


def _spikes(
    steps: int, groups: int, bursts: dict[int, NDArray[np.int64]], width: int, rate: float, noise: float, seed: int
) -> NDArray[np.float64]:
    """Spikes (N, T, groups · width); `bursts` says which group of each sample, (N,), has one from that step on."""
    samples = np.arange(len(bursts[0]))
    chance = np.full((len(samples), steps, groups, 1), noise)
    for start, group in bursts.items():
        chance[samples, start : start + BURST, group] = rate
    drawn = np.random.default_rng(seed).random((*chance.shape[:3], width))
    return (drawn < chance).reshape(len(samples), steps, -1).astype(np.float64)


def _names(n: int) -> tuple[str, ...]:
    return tuple(f"x{i + 1}" for i in range(n))


def _check_sampling(owner: str, n: int, seed: int) -> None:
    _check_count(owner, "n", n, 1)
    _check_count(owner, "seed", seed, 0)


def _check_count(owner: str, name: str, value: int, low: int, high: float = inf) -> None:
    if not (isinstance(value, Integral) and low <= value <= high):
        limits = f"≥ {low}" if high == inf else f"in {low}..{high}"
        raise ValueError(f"{owner}: {name} must be a whole number {limits}, got {value!r}")


def _check_spread(owner: str, name: str, value: float) -> None:
    if not (isinstance(value, Real) and 0 <= value < inf):
        raise ValueError(f"{owner}: {name} must be ≥ 0, got {value!r}")


def _check_bursts(owner: str, pause: str, steps: int, width: int, rate: float, noise: float) -> None:
    _check_count(owner, pause, steps, 0)
    _check_count(owner, "width", width, 1)
    for name, value in (("rate", rate), ("noise", noise)):
        if not (isinstance(value, Real) and 0 <= value <= 1):
            raise ValueError(f"{owner}: {name} must lie in [0, 1], got {value!r}")
