"""Losses: derivatives against difference quotients, values against 50 digits, the compiled mean against both."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from catalogue import formulas
from differences import gradient
from omomi.formulas.activations import Sigmoid, Softmax
from omomi.formulas.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from truth import reference

PRECISIONS = ["float32", "float64"]
LOSSES = formulas(Loss)
# What training calls; measure() is the mean over the samples, compiled.
PLAIN, MEASURED = "plain", "measured"


def answers(loss, rng, *shape):
    """Outputs that a loss takes."""
    z = rng.normal(size=shape)
    if loss.takes == "probabilities":
        return Softmax()(z) if loss.targets == "classes" else Sigmoid()(z)
    return 2 * z


def wanted(loss, rng, *shape):
    """Targets that a loss takes: soft ones, where it takes such."""
    z = rng.normal(size=shape)
    return {"values": z, "binary": Sigmoid()(z), "classes": Softmax()(z)}[loss.targets]


def both(loss, y_BO, t_BO):
    """Losses of the samples and their derivatives, plain and as training measures them one by one."""
    y_BO, t_BO = np.asarray(y_BO), np.asarray(t_BO, np.asarray(y_BO).dtype)
    mean_B, dy_B1O = loss.measure(np.ascontiguousarray(y_BO[:, None]), np.ascontiguousarray(t_BO[:, None]))
    return {PLAIN: (loss(y_BO, t_BO), loss.gradient(y_BO, t_BO)), MEASURED: (mean_B, dy_B1O[:, 0])}


# The derivative


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_the_difference_quotient(loss):
    rng = np.random.default_rng(0)
    y_BO, t_BO = answers(loss, rng, 6, 4), wanted(loss, rng, 6, 4)
    for b in range(len(y_BO)):
        found = gradient(lambda y: loss(y, t_BO[b]), y_BO[b], h=1e-4)  # noqa: B023
        for name, (_, dy_BO) in both(loss, y_BO, t_BO).items():
            assert_allclose(dy_BO[b], found, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("loss", LOSSES)
def test_measure_is_the_mean_over_samples_and_its_gradient(loss):
    rng = np.random.default_rng(1)
    y_RBO, t_RBO = answers(loss, rng, 2, 5, 3), wanted(loss, rng, 2, 5, 3)
    mean_R, dy_RBO = loss.measure(y_RBO, t_RBO)
    assert mean_R.shape == (2,)
    for r in range(2):
        assert_allclose(mean_R[r], sum(loss(y_RBO[r, b], t_RBO[r, b]) for b in range(5)) / 5, rtol=1e-14)
        found = gradient(lambda y: loss.measure(y[None], t_RBO[r : r + 1])[0][0], y_RBO[r], h=1e-4)  # noqa: B023
        assert_allclose(dy_RBO[r], found, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loop_is_the_plain_formula(loss):
    rng = np.random.default_rng(2)
    y_BO, t_BO = answers(loss, rng, 300, 7), wanted(loss, rng, 300, 7)
    found = both(loss, y_BO, t_BO)
    assert_allclose(found[MEASURED][0], found[PLAIN][0], rtol=1e-13)
    assert_allclose(found[MEASURED][1], found[PLAIN][1], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("loss", LOSSES)
def test_single_precision_is_close_to_double_and_stays_single(loss):
    rng = np.random.default_rng(3)
    y_RBO, t_RBO = answers(loss, rng, 2, 50, 7), wanted(loss, rng, 2, 50, 7)
    y_RBO, t_RBO = y_RBO.astype(np.float32), t_RBO.astype(np.float32)
    mean_R, dy_RBO = loss.measure(y_RBO, t_RBO)
    assert dy_RBO.dtype == loss(y_RBO, t_RBO).dtype == loss.gradient(y_RBO, t_RBO).dtype == np.float32
    assert mean_R.dtype == np.float64
    mean, dy = loss.measure(y_RBO.astype(np.float64), t_RBO.astype(np.float64))
    assert_allclose(mean_R, mean, rtol=1e-6)
    assert_allclose(dy_RBO, dy, rtol=3e-6, atol=3e-9)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_replica_does_not_see_the_others(loss, dtype):
    rng = np.random.default_rng(4)
    for samples, n_out in ((7, 13), (5, 1), (1, 3), (16, 10)):
        y_RBO = answers(loss, rng, 3, samples, n_out).astype(dtype)
        t_RBO = wanted(loss, rng, 3, samples, n_out).astype(dtype)
        mean_R, dy_RBO = loss.measure(y_RBO, t_RBO)
        for r in range(3):
            mean, dy = loss.measure(y_RBO[r : r + 1].copy(), t_RBO[r : r + 1].copy())
            assert_array_equal(mean[0], mean_R[r])
            assert_array_equal(dy[0], dy_RBO[r])


@pytest.mark.parametrize("dtype", ["float16", "longdouble"])
@pytest.mark.parametrize("loss", LOSSES)
def test_other_precisions_take_the_plain_path(loss, dtype):
    rng = np.random.default_rng(5)
    y_RBO, t_RBO = answers(loss, rng, 1, 4, 3), wanted(loss, rng, 1, 4, 3)
    mean_R, dy_RBO = loss.measure(y_RBO.astype(dtype), t_RBO.astype(dtype))
    assert dy_RBO.dtype == np.dtype(dtype)
    assert_allclose(np.float64(mean_R), loss.measure(y_RBO, t_RBO)[0], rtol=1e-2)
    assert_allclose(np.float64(dy_RBO), loss.measure(y_RBO, t_RBO)[1], rtol=2e-2, atol=2e-3)


# Right answers


@pytest.mark.parametrize("dtype", ["float16", *PRECISIONS])
@pytest.mark.parametrize("n_out", [2, 3, 10])
@pytest.mark.parametrize("loss", LOSSES)
def test_right_answers_are_largest_where_the_target_is(loss, n_out, dtype):
    rng = np.random.default_rng(8)
    y_RBO, labels_RB = answers(loss, rng, 4, 50, n_out).astype(dtype), rng.integers(0, n_out, (4, 50))
    t_RBO, before_R2 = np.eye(n_out, dtype=dtype)[labels_RB], np.array([[0.0, 5], [1, 0], [2, 7], [3, 0]])
    tally_R2 = before_R2.copy()
    mean_R, _ = loss.measure(y_RBO, t_RBO, tally_R2)
    assert_allclose((tally_R2 - before_R2)[:, 0], 50 * np.float64(mean_R), rtol=1e-2 if dtype == "float16" else 1e-12)
    found = np.array([max(range(n_out), key=row.__getitem__) for row in y_RBO.reshape(-1, n_out).tolist()])
    assert_array_equal((tally_R2 - before_R2)[:, 1], (found.reshape(4, 50) == labels_RB).sum(axis=1))


@pytest.mark.parametrize("loss", [p for p in LOSSES if p.values[0].targets != "classes"])
def test_one_output_is_right_on_the_right_side_of_the_threshold(loss):
    bound = {"any": 0.5, "probabilities": 0.5, "logits": 0.0}[loss.takes]
    y_RBO = np.array([[[bound - 0.3], [bound - 0.01], [bound + 0.01], [bound + 0.3], [bound]]])
    for target, right in (([0, 0, 1, 1, 0], 5), ([0, 1, 1, 1, 0], 4), ([1, 1, 0, 0, 1], 0)):
        tally_R2 = np.zeros((1, 2))
        loss.measure(y_RBO, np.array(target, float).reshape(1, 5, 1), tally_R2)
        assert tally_R2[0, 1] == right


@pytest.mark.parametrize("loss", [p for p in LOSSES if p.values[0].takes != "probabilities"])
def test_the_first_of_equals_is_chosen(loss):
    y_RBO = np.array([[[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]]])
    tally_R2 = np.zeros((1, 2))
    loss.measure(y_RBO, np.array([[[1.0, 0, 0], [0, 0, 1.0]]]), tally_R2)
    assert tally_R2[0, 1] == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_may_be_shared_read_only_or_of_another_precision(loss):
    rng = np.random.default_rng(9)
    for replicas in (1, 3):
        y_RBO, t_BO = answers(loss, rng, replicas, 6, 4), wanted(loss, rng, 6, 4)
        mean_R, dy_RBO = loss.measure(y_RBO, np.repeat(t_BO[None], replicas, axis=0))
        for shared in (np.broadcast_to(t_BO, y_RBO.shape), np.asfortranarray(np.broadcast_to(t_BO, y_RBO.shape))):
            assert_array_equal(loss.measure(y_RBO, shared)[0], mean_R)
            assert_array_equal(loss.measure(np.asfortranarray(y_RBO), shared)[1], dy_RBO)
        single, _ = loss.measure(y_RBO.astype(np.float32), np.broadcast_to(t_BO, y_RBO.shape))
        assert_allclose(single, mean_R, rtol=1e-5)


# Extremes

LOGITS = [-1000.0, -750.0, -104.0, -1.0, 0.0, 1.0, 104.0, 750.0, 1000.0]


def extremes(loss, dtype):
    """Every pair of extreme output and extreme target, as rows of two outputs."""
    first = np.array([0.0, 1.0] if loss.takes == "probabilities" else LOGITS)
    second = 1 - first if loss.takes == "probabilities" else -first
    rows = np.stack([first, second], axis=-1)
    targets = np.array([[0.0, 1.0], [1.0, 0.0], *([] if loss.targets == "values" else [[0.5, 0.5]])])
    y_BO = np.repeat(rows, len(targets), axis=0)
    return y_BO.astype(dtype), np.tile(targets, (len(rows), 1)).astype(dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_finite_and_silent_at_extremes(loss, dtype):
    y_BO, t_BO = extremes(loss, dtype)
    with np.errstate(all="raise", under="ignore"):
        found = both(loss, y_BO, t_BO)
    for value, dy in found.values():
        assert np.isfinite(value).all()
        assert np.isfinite(dy).all()
        assert (value >= 0).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("loss", [p for p in LOSSES if p.values[0].takes == "probabilities"])
def test_zero_times_log_zero_is_zero(loss, dtype):
    y_BO = np.array([[1, 0], [0, 1]], dtype)
    for value, _ in both(loss, y_BO, y_BO).values():
        assert_array_equal(value, 0)


@pytest.mark.parametrize("loss", [p for p in LOSSES if p.values[0].takes == "logits"])
def test_a_diverged_replica_shows(loss):
    y_RBO, t_RBO = np.zeros((2, 2, 2)), np.full((2, 2, 2), 0.5)
    y_RBO[1, 0, 1] = np.nan
    with np.errstate(invalid="ignore"):
        mean_R, _ = loss.measure(y_RBO, t_RBO)
    assert_array_equal(np.isnan(mean_R), [False, True])


# Values from elsewhere

TABLES = {"Square": SquaredError(), "Binary": BinaryCrossEntropy(), "Cross": CategoricalCrossEntropy()}
RTOL, ATOL = 1e-14, 1e-300  # what the tables state


def test_every_loss_has_a_table():
    assert {type(f) for f in TABLES.values()} | {SigmoidCrossEntropy, SoftmaxCrossEntropy} >= set(
        Loss.entries().values()
    )


@pytest.mark.parametrize("name", TABLES)
def test_reference_points(name):
    rows = reference("losses")["pointwise"][name]
    y, t = (np.array([[row[k]] for row in rows]) for k in ("y", "t"))
    value = np.array([row.get("clipped_forward", row["forward"]) for row in rows])
    slope = np.array([[row.get("clipped_backward", row["backward"])] for row in rows])
    for got, dy in both(TABLES[name], y, t).values():
        assert_allclose(got, value, rtol=RTOL, atol=ATOL)
        assert_allclose(dy, slope, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("name", TABLES)
def test_reference_batches(name):
    loss = TABLES[name]
    for case in reference("losses")["batch"]:
        y_BO, t_BO, known = np.array(case["y"]), np.array(case["t"]), case[name]
        assert_allclose(loss.value(y_BO, t_BO), known["forward"], rtol=RTOL, atol=ATOL)
        assert_allclose(loss.gradient(y_BO, t_BO), known["backward"], rtol=RTOL, atol=ATOL)
        mean, dy = loss.measure(y_BO[None], t_BO[None])
        assert_allclose(mean[0], known["sum_over_classes_mean_over_samples"], rtol=RTOL)
        assert_allclose(dy[0] * len(y_BO), known["backward"], rtol=RTOL, atol=ATOL)


def test_reference_sigmoid_cross_entropy():
    rows = reference("losses")["fused_sigmoid_binary"]
    z, t = (np.array([[row[k]] for row in rows]) for k in ("x", "t"))
    for got, dz in both(SigmoidCrossEntropy(), z, t).values():
        assert_allclose(got, [row["forward"] for row in rows], rtol=RTOL, atol=ATOL)
        assert_allclose(dz[:, 0], [row["backward"] for row in rows], rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("way", [PLAIN, MEASURED])
def test_reference_softmax_cross_entropy(way):
    for case in reference("losses")["fused_softmax_cross"]:
        z_BO, t_BO = np.array(case["x"]), np.array(case["t"])
        got_B, dz_BO = both(SoftmaxCrossEntropy(), z_BO, t_BO)[way]
        assert_allclose(got_B, case["per_sample"], rtol=RTOL, atol=ATOL)
        assert_allclose(dz_BO, case["dx"], rtol=RTOL, atol=1e-16)
        mean, _ = SoftmaxCrossEntropy().measure(z_BO[None], t_BO[None])
        assert_allclose(mean[0], case["mean_over_samples"], rtol=RTOL)


def test_the_cross_entropy_of_the_article():
    known = reference("002_mlp_lif")["cross_entropy"]
    assert known["exact"] == 0.3467275002646234
    z_RBO, t_RBO = np.array([known["x"]]), np.eye(4)[known["labels"]][None]
    mean, _ = SoftmaxCrossEntropy().measure(z_RBO, t_RBO)
    assert_allclose(mean[0], 0.3467275002646234, rtol=1e-15)
    single, _ = SoftmaxCrossEntropy().measure(z_RBO.astype(np.float32), t_RBO.astype(np.float32))
    assert_allclose(single[0], 0.3467275002646234, rtol=1e-7)


# Closed forms

PAIRS = [
    (SoftmaxCrossEntropy(), CategoricalCrossEntropy(), Softmax()),
    (SigmoidCrossEntropy(), BinaryCrossEntropy(), Sigmoid()),
]


@pytest.mark.parametrize(("stable", "loss", "squash"), PAIRS, ids=repr)
def test_the_stable_pair_is_the_composition(stable, loss, squash):
    rng = np.random.default_rng(6)
    z_BO, t_BO = 3 * rng.normal(size=(50, 5)), wanted(stable, rng, 50, 5)
    y_RBO, tape = squash.forward(z_BO[None].copy())
    dz_BO = squash.backward(tape, loss.gradient(y_RBO, t_BO))[0]
    for value, dz in both(stable, z_BO, t_BO).values():
        assert_allclose(value, loss(y_RBO[0], t_BO), rtol=1e-12)
        assert_allclose(dz, dz_BO, rtol=1e-9, atol=1e-13)


def test_values_known_by_hand():
    assert SquaredError()([3.0, -1.0], [1.0, 2.0]) == 6.5
    assert_allclose(BinaryCrossEntropy()([0.25, 0.25], [1.0, 0.0]), np.log(4) + np.log(4 / 3), rtol=1e-15)
    assert_allclose(CategoricalCrossEntropy()([0.5, 0.25, 0.25], [0.5, 0.5, 0.0]), 1.5 * np.log(2), rtol=1e-15)
    assert_allclose(SigmoidCrossEntropy()([0.0, np.log(3)], [1.0, 1.0]), np.log(2) + np.log(4 / 3), rtol=1e-15)
    for n_out in (2, 3, 10):
        assert_allclose(SoftmaxCrossEntropy()(np.full(n_out, 7.0), np.eye(n_out)[0]), np.log(n_out), rtol=1e-15)


def right_answers(loss, t_BO):
    """The outputs that say exactly t."""
    if loss.takes == "logits":
        return np.log(t_BO / (1 - t_BO)) if loss.targets == "binary" else np.log(t_BO)
    return t_BO


@pytest.mark.parametrize("loss", LOSSES)
def test_the_right_answer_is_a_minimum(loss):
    rng = np.random.default_rng(7)
    t_BO = wanted(loss, rng, 20, 4)
    y_BO = right_answers(loss, t_BO)
    other_BO = right_answers(loss, wanted(loss, rng, 20, 4))
    for least, dy in both(loss, y_BO, t_BO).values():
        assert (loss(other_BO, t_BO) > least).all()
        # Probabilities of classes sum to 1: along that plane the loss is level where all slopes are equal.
        assert_allclose(dy - dy[:, :1], 0, atol=1e-13)
