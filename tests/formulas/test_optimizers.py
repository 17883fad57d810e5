"""Optimizers: the fused loop against plain NumPy, replicas alone and in a crowd, kept states, goals reached."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import entries, formulas
from omomi.formulas.optimizers import (
    AdaBound,
    Adam,
    AdamW,
    AmsBound,
    Context,
    Lion,
    Lookahead,
    Momentum,
    Muon,
    Optimizer,
    Sam,
    SantaE,
    SantaSss,
    Sgd,
    State,
)
from omomi.formulas.optimizers.muon import orthogonal

PRECISIONS = ["float32", "float64"]
FUSED = [p for p in formulas(Optimizer) if type(p.values[0]).step is Optimizer.step]
STEADY = [p for p in entries(Optimizer) if p.values[0].steady]


def steady(f):
    """Whether it, and what it is put around, keeps its feet."""
    return f.steady and all(steady(getattr(f, g.name)) for g in fields(f) if g.metadata.get("kind") is Optimizer)


def rated(cls, lr, **given):
    """With that learning rate; an optimizer around others passes it on."""
    for f in fields(cls):
        if f.name == "lr":
            given.setdefault("lr", lr)
        elif f.metadata.get("kind") is Optimizer:
            given.setdefault(f.name, rated(type(f.default), lr))
    return cls(**given)


def walk(optimizer, theta_RP, grads_TRP, state=None, first=1, rngs=None, **how):
    """θ after each step, (T, R, P), and the state. The gradients are given, wherever they are asked for."""
    theta_RP = theta_RP.copy()
    state = optimizer.state(theta_RP) if state is None else state
    rngs = [np.random.default_rng(r) for r in range(len(theta_RP))] if rngs is None else rngs
    seen = Context(loss=np.ones(len(theta_RP)), rngs=rngs, gradient=lambda: None)
    path = []
    for t, grad_RP in enumerate(grads_TRP, first):
        optimizer.step(t, theta_RP, np.ascontiguousarray(grad_RP, theta_RP.dtype), state, seen=seen, **how)
        path.append(theta_RP.copy())
    return np.array(path), state


def plain_walk(optimizer, theta_RP, grads_TRP):
    """The same with the formula as it stands in the class, on whole arrays."""
    w, state, path = theta_RP.copy(), optimizer.state(theta_RP), []
    slots, memory = list(state.slots), list(state.memory)
    for t, g in enumerate(grads_TRP.astype(theta_RP.dtype), 1):
        if memory:
            memory = optimizer.remember(t, np.ones(len(w)), *memory, *optimizer.hyper)
        known = [np.asarray(m, w.dtype)[:, None] for m in memory]
        new = optimizer.update(t, w, g, *slots, *known, *optimizer.hyper)
        w, *slots = new if optimizer.slots else (new,)
        path.append(w.copy())
    return np.array(path)


def slopes(seed, *shape):
    """Gradients of every size, with zeros."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * 10.0 ** rng.integers(-6, 4, shape) * (rng.random(shape) > 0.1)


# The fused loop


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-13), ("float32", 2e-5)])
@pytest.mark.parametrize("optimizer", FUSED)
def test_fused_is_plain(optimizer, dtype, rtol):
    theta_RP = np.random.default_rng(0).normal(size=(3, 67)).astype(dtype)
    grads_TRP = slopes(1, 25, 3, 67)
    path, state = walk(optimizer, theta_RP, grads_TRP)
    assert path.dtype == state.slots.dtype == dtype
    wanted = plain_walk(optimizer, theta_RP, grads_TRP)
    size = np.maximum(np.abs(wanted), np.abs(wanted - theta_RP))  # what was added up
    assert (np.abs(path - wanted) <= rtol * np.maximum.accumulate(size)).all()


@pytest.mark.parametrize("optimizer", [p for p in formulas(Optimizer) if steady(p.values[0])])
def test_single_precision_follows_double(optimizer):
    theta_RP, grads_TRP = np.zeros((1, 50)), slopes(2, 20, 1, 50).astype(np.float32)
    path, _ = walk(optimizer, theta_RP.astype(np.float32), grads_TRP)
    wanted, _ = walk(optimizer, theta_RP, grads_TRP)
    assert_allclose(path, wanted, rtol=5e-5, atol=1e-5 * np.abs(wanted).max(axis=0).min())


@pytest.mark.parametrize("dtype", ["float16", "longdouble"])
@pytest.mark.parametrize("cls", STEADY)
def test_other_precisions_take_the_plain_path(cls, dtype):
    f, grads_TRP = rated(cls, 0.125), np.full((3, 2, 3), 0.5)
    with np.errstate(over="ignore"):  # an ε below the smallest float16
        path, state = walk(f, np.ones((2, 3), dtype), grads_TRP)
    assert path.dtype == state.slots.dtype == np.dtype(dtype)
    assert_allclose(np.float64(path), walk(f, np.ones((2, 3)), grads_TRP)[0], rtol=5e-3, atol=2e-3)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", entries(Optimizer))
def test_a_replica_does_not_see_the_others(cls, dtype):
    theta_RP, grads_TRP = np.random.default_rng(3).normal(size=(3, 21)).astype(dtype), slopes(4, 9, 3, 21)
    path, _ = walk(cls(), theta_RP, grads_TRP)
    for r in range(3):
        alone, _ = walk(cls(), theta_RP[r : r + 1].copy(), grads_TRP[:, r : r + 1], rngs=[np.random.default_rng(r)])
        assert_array_equal(alone[:, 0], path[:, r])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", [p for p in entries(Optimizer) if p.values[0].step is Optimizer.step])
def test_a_parameter_does_not_see_the_others(cls, dtype):
    theta_RP, grads_TRP = np.random.default_rng(3).normal(size=(3, 21)).astype(dtype), slopes(4, 9, 3, 21)
    path, _ = walk(cls(), theta_RP, grads_TRP)
    for size in (1, 4, 13):
        few, _ = walk(cls(), theta_RP[:, :size].copy(), grads_TRP[..., :size])
        assert_array_equal(few, path[..., :size])


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_the_gradient_is_not_written_to(cls):
    grads_TRP = slopes(5, 2, 1, 5)
    kept = grads_TRP.copy()
    path, _ = walk(cls(), np.ones((1, 5)), grads_TRP)
    assert_array_equal(grads_TRP, kept)
    assert not (path[-1] == 1).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", entries(Optimizer))
def test_scale_multiplies_the_learning_rate(cls, dtype):
    theta_RP, grads_TRP = np.random.default_rng(6).normal(size=(2, 9)).astype(dtype), slopes(7, 6, 2, 9)
    with np.errstate(all="ignore"):
        scaled, _ = walk(rated(cls, 0.5), theta_RP, grads_TRP, scale=0.25)
        lower, _ = walk(rated(cls, 0.125), theta_RP, grads_TRP)
        whole, _ = walk(rated(cls, 0.5), theta_RP, grads_TRP)
    assert_array_equal(scaled, lower)
    assert not np.array_equal(scaled, whole)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", STEADY)
def test_a_schedule_may_start_at_zero(cls, dtype):
    f, rngs = cls(), [np.random.default_rng(0)]
    path, state = walk(f, np.ones((1, 4), dtype), np.ones((2, 1, 4)), scale=0.0, rngs=rngs)
    path, state = walk(f, path[-1], np.ones((3, 1, 4)), state=state, first=3, rngs=rngs)
    assert np.isfinite(path).all()
    assert np.isfinite(f.answering(path[-1], state)).all()
    assert (path[-1] < 1).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", entries(Optimizer))
def test_a_kept_state_goes_on_bit_for_bit(cls, dtype):
    theta_RP, grads_TRP = np.random.default_rng(8).normal(size=(2, 9)).astype(dtype), slopes(9, 12, 2, 9)
    path, end = walk(cls(), theta_RP, grads_TRP)
    rngs = [np.random.default_rng(r) for r in range(2)]
    _, state = walk(cls(), theta_RP, grads_TRP[:5], rngs=rngs)
    rest, state = walk(cls(), path[4], grads_TRP[5:], state=State(*(a.copy() for a in state)), first=6, rngs=rngs)
    assert_array_equal(rest, path[5:])
    assert_array_equal(state.slots, end.slots)
    assert_array_equal(state.memory, end.memory)


@pytest.mark.parametrize("cls", [p for p in entries(Optimizer) if p.values[0].state is Optimizer.state])
def test_the_state_starts_with_one_number_per_slot(cls):
    state = cls().state(np.ones((3, 5), np.float32))
    assert state.slots.dtype == np.float32
    assert state.slots.shape == (len(cls.slots), 3, 5)
    assert state.memory.shape == (len(cls.memory), 3)
    assert set(cls.starts) <= {*cls.slots, *cls.memory}
    for name, row in zip((*cls.slots, *cls.memory), (*state.slots, *state.memory), strict=True):
        assert_array_equal(row, np.full(row.shape, cls.starts.get(name, 0), row.dtype))


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_threads_may_share_an_optimizer(cls):
    """A run moves some replicas in each thread, all with one optimizer; they are not always at the same step."""
    optimizer, often, grads_TRP = cls(), sys.getswitchinterval(), slopes(10, 1000, 1, 3)

    def last(scale):
        with np.errstate(all="ignore"):
            return walk(optimizer, np.ones((1, 3)), grads_TRP, scale=scale)[0][-1]

    wanted = [last(scale) for scale in (1.0, 0.5)]
    try:
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(2) as pool:
            found = [list(pool.map(last, (1.0, 0.5))) for _ in range(2)]
    finally:
        sys.setswitchinterval(often)
    for pair in found:
        assert_array_equal(pair, wanted)


# Goals


def descend(optimizer, slope, start_P, steps):
    """Where the answers are after so many steps down a slope."""
    theta_RP, grad_RP = np.array([start_P], float), np.empty((1, len(start_P)))
    state = optimizer.state(theta_RP)

    def again():
        grad_RP[0] = slope(theta_RP[0])

    seen = Context(loss=np.ones(1), rngs=[np.random.default_rng(0)], gradient=again)
    with np.errstate(all="ignore"):  # some rates are too large
        for t in range(1, steps + 1):
            again()
            optimizer.step(t, theta_RP, grad_RP, state, seen=seen)
        return optimizer.answering(theta_RP, state)[0]


# What else must be set on the way to a goal: noise that ends, a last rate that a steep valley bears, a small ball.
ON_THE_WAY = {
    SantaE: {"lam": 1e-2, "N": 1},
    SantaSss: {"lam": 1e-2, "N": 1},
    AdaBound: {"final_lr": 1e-3},
    AmsBound: {"final_lr": 1e-3},
    Sam: {"rho": 1e-4},
}
RATES = (0.1, 1e-2, 1e-3, 1.0, 10.0, 1e-4)  # those that suit most come first


def comes(cls, slope, start_P, goal_P, near):
    """Whether it ends so near to the goal by some rate of a rough grid."""
    return any(
        np.abs(descend(rated(cls, lr, **ON_THE_WAY.get(cls, {})), slope, start_P, 10_000) - goal_P).max() < near
        for lr in RATES
    )


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_a_parabola_is_reached(cls):
    goal_P, curvature_P = np.array([1.0, -1.0, 3.0]), np.array([2.0, 1.0, 0.5])
    assert comes(cls, lambda x: curvature_P * (x - goal_P), [-1, 10, 1], goal_P, near=1e-2)


def banana(p):
    """The slope of Rosenbrock's valley, (1 - x)² + 100 (y - x²)²."""
    return np.array([-2 * (1 - p[0]) - 400 * p[0] * (p[1] - p[0] ** 2), 200 * (p[1] - p[0] ** 2)])


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_rosenbrocks_valley_is_followed_to_its_goal(cls):
    assert comes(cls, banana, [-1.2, 1], 1, near=0.2)


@pytest.mark.parametrize("cls", STEADY)
def test_no_gradient_no_step_but_decay(cls):
    f = cls()
    path, _ = walk(f, np.array([[1.0, -2.0]]), np.zeros((5, 1, 2)))
    inner = getattr(f, "others", f)
    shrunk = (1 - inner.rate * getattr(inner, "weight_decay", 0)) ** 5
    assert_allclose(path[-1], [[shrunk, -2 * shrunk]], rtol=1e-12)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cls", STEADY)
def test_gradients_of_zero_give_no_nan_even_without_an_epsilon(cls, dtype):
    none = {f.name: 0.0 for f in fields(cls) if f.name in ("eps", "eps_root") and f.metadata["closed"][0] == "["}
    grads_TRP = slopes(11, 30, 1, 40) * (np.arange(40) > 5) * (np.arange(30)[:, None, None] > np.arange(40) // 2)
    for size in (1.0, 1e-30):  # whose square is 0 in single precision
        path, state = walk(cls(**none), np.ones((1, 40), dtype), size * grads_TRP)
        assert np.isfinite(path).all()
        assert np.isfinite(state.slots).all()
        assert np.abs(path).max() < 1e6


# By hand


def test_closed_forms():
    g = np.array([[0.5, -3.0, 1e-9]])
    path, _ = walk(Adam(lr=0.01, eps=1e-8), np.zeros((1, 3)), g[None])
    assert_allclose(path[0], -0.01 * g / (np.abs(g) + 1e-8), rtol=1e-13)
    path, _ = walk(Momentum(lr=0.1, momentum=0.75), np.zeros((1, 3)), np.repeat(g[None], 200, axis=0))
    assert_allclose(path[-1] - path[-2], -0.1 * g / (1 - 0.75), rtol=1e-10)
    assert_allclose(path[2], -0.1 * g * (1 + 1.75 + 2.3125), rtol=1e-14)
    path, _ = walk(Sgd(lr=0.25), np.ones((1, 3)), g[None])
    assert_array_equal(path[0], 1 - 0.25 * g)
    path, _ = walk(Lion(lr=0.5), np.zeros((1, 3)), np.array([[[1e-9, -5.0, 0.0]]]))
    assert_array_equal(path[0], [[-0.5, 0.5, 0]])


def test_muon_makes_steps_orthogonal_and_leaves_the_rest_to_the_others():
    rng = np.random.default_rng(12)
    theta_RP, grad_RP = rng.normal(size=(2, 2, 6 * 4 + 4))
    f, moved_RP = Muon(lr=0.25, weight_decay=0, others=Sgd(0.5)), theta_RP.copy()
    f.step(1, moved_RP, grad_RP, f.state(moved_RP), seen=Context(matrices=[(slice(0, 24), (6, 4))]))
    assert_allclose(moved_RP[:, 24:], (theta_RP - 0.5 * grad_RP)[:, 24:], rtol=1e-14)
    for r in range(2):
        step = (theta_RP[r, :24] - moved_RP[r, :24]).reshape(6, 4) / 0.25
        singular = np.linalg.svd(step)[1]
        assert 0.65 < singular.min() <= singular.max() < 1.25
        u, _, vt = np.linalg.svd(grad_RP[r, :24].reshape(6, 4), full_matrices=False)
        assert (step * (u @ vt)).sum() > 0.97 * np.linalg.norm(step) * np.linalg.norm(u @ vt)  # along U Vᵀ


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 4), (4, 1)])
def test_orthogonal_of_an_orthogonal_matrix_is_along_it(shape):
    u, _, vt = np.linalg.svd(np.random.default_rng(13).normal(size=shape), full_matrices=False)
    found = orthogonal(u @ vt)
    assert_allclose(found, (u @ vt) * found.flat[0] / (u @ vt).flat[0], rtol=1e-9, atol=1e-12)
    assert_array_equal(orthogonal(np.zeros(shape)), np.zeros(shape))


def test_lookahead_goes_back_to_the_slow_weights():
    g_TRP = np.ones((7, 1, 2))
    path, _ = walk(Lookahead(Sgd(0.5), k=3, alpha=0.25), np.zeros((1, 2)), g_TRP)
    assert_allclose(path[:, 0, 0], [-0.5, -1, -0.375, -0.875, -1.375, -0.75, -1.25])
    inner, _ = walk(Adam(), np.zeros((1, 2)), slopes(14, 7, 1, 2))
    assert_allclose(walk(Lookahead(Adam(), k=2, alpha=1), np.zeros((1, 2)), slopes(14, 7, 1, 2))[0], inner, rtol=1e-14)


def test_sam_takes_the_gradient_at_the_worst_place_nearby():
    """On f = ½ x² it sees x + ρ x / ‖x‖."""
    theta_RP, grad_RP, asked = np.array([[3.0, 4.0]]), np.empty((1, 2)), []

    def again():
        asked.append(theta_RP[0].copy())
        grad_RP[0] = theta_RP[0]

    f = Sam(Sgd(0.5), rho=0.25)
    again()
    f.step(1, theta_RP, grad_RP, f.state(theta_RP), seen=Context(gradient=again))
    assert_allclose(asked[1], [3 + 0.25 * 0.6, 4 + 0.25 * 0.8], rtol=1e-15)
    assert_allclose(theta_RP[0], [3 - 0.5 * 3.15, 4 - 0.5 * 4.2], rtol=1e-15)
    assert Sam(AdamW(lr=0.125)).rate == 0.125


@pytest.mark.parametrize("precision", ["f", "d", "g"])
def test_an_average_that_nothing_feeds_ends_at_zero(precision):
    """Subnormal numbers are a hundred times slower than others; what is lost stays lost. Compiled, and plain NumPy."""
    optimizer = Optimizer.named("momentum", momentum=0.5)
    smallest = np.finfo(precision).tiny
    theta = np.zeros((1, 4), precision)
    state = optimizer.state(theta)
    state.slots[0, 0] = [3 * smallest, 1.5 * smallest, -1.5 * smallest, np.nan]
    optimizer.step(1, theta, np.zeros_like(theta), state)
    np.testing.assert_array_equal(state.slots[0, 0], np.array([1.5 * smallest, 0, 0, np.nan], precision))


@pytest.mark.parametrize("optimizer", [p for p in formulas(Optimizer) if p.values[0].memory])
def test_who_looks_at_the_loss_says_so(optimizer):
    """What the others remember is the same for any loss."""
    memory = np.array([[optimizer.starts.get(name, 0.5)] for name in optimizer.memory])
    found = [optimizer.remember(3, np.array([loss]), *memory, *optimizer.hyper) for loss in (0.1, 7.0)]
    assert np.array_equal(*found) != optimizer.looks_at_loss
