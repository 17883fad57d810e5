"""Losses in torch: derivatives against difference quotients, values against torch's own, targets in every form."""

import copy
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.autograd import gradcheck

import omomi as om
import omomi.adapters.torch as omt
from catalogue import formulas
from questions import answers, wanted, width

F = torch.nn.functional
pytestmark = pytest.mark.usefixtures("double")
N_OUT = 4


def drawn(loss, *samples, seed=0):
    """Outputs and targets that a loss takes."""
    rng, n_out = np.random.default_rng(seed), width(loss, N_OUT)
    y, t = answers(loss, rng, *samples, n_out), wanted(loss, rng, *samples, n_out // loss.outputs_per_target)
    return torch.tensor(y, requires_grad=True), torch.tensor(t)


@pytest.mark.parametrize("loss", formulas(om.Loss))
def test_derivatives_are_difference_quotients(loss):
    y, t = drawn(loss, 2, 3)
    assert gradcheck(lambda y: omt.Loss(loss, reduction="none")(y, t), y, eps=1e-6, atol=1e-8, rtol=1e-6)
    each = omt.Loss(loss, reduction="none")(y, t)
    assert each.shape == (2, 3)
    (known,) = torch.autograd.grad(each.sum(), y)
    for reduction, n in (("mean", 6), ("sum", 1)):
        value = omt.Loss(loss, reduction)(y, t)
        assert_allclose(value.item() * n, each.sum().item(), rtol=1e-14)
        (found,) = torch.autograd.grad(3 * value, y)
        assert_allclose(found * n, 3 * known, rtol=1e-13, atol=1e-15)
        with torch.no_grad():
            assert torch.equal(omt.functional.cost(y, t, loss, reduction), value)


SMOOTH = om.Smoothed("cross_entropy", 0.2)
# torch's function, and what its mean is multiplied by to be ours.
PEERS = {
    "mse": (F.mse_loss, N_OUT / 2),
    "huber(0.3)": (lambda y, t, **how: F.huber_loss(y, t, delta=0.3, **how), N_OUT),
    "sigmoid_cross_entropy": (F.binary_cross_entropy_with_logits, N_OUT),
    "softmax_cross_entropy": (F.cross_entropy, 1),
    "smoothed(softmax_cross_entropy, 0.2)": (lambda y, t, **how: F.cross_entropy(y, t, label_smoothing=0.2, **how), 1),
    "kl_divergence": (lambda y, t: F.kl_div(y.log(), t, reduction="batchmean"), 1),
    "poisson_nll": (F.poisson_nll_loss, N_OUT),
}


@pytest.mark.parametrize("text", PEERS)
def test_torch_agrees(text):
    peer, scale = PEERS[text]
    y, t = drawn(om.Loss.of(text), 6, seed=1)
    found, known = omt.Loss(text)(y, t), scale * peer(y, t)
    assert_allclose(found.item(), known.item(), rtol=1e-12)
    assert_allclose(*(torch.autograd.grad(value, y)[0] for value in (found, known)), rtol=1e-11, atol=1e-15)


def test_labels_are_rows_of_0_and_1():
    y = torch.randn(2, 3, N_OUT, requires_grad=True)
    labels = torch.tensor([[0, 3, 1], [1, 1, 2]])
    known = F.cross_entropy(y.movedim(-1, 1), labels, reduction="none")
    for whole in (torch.int64, torch.uint8):
        each = omt.SoftmaxCrossEntropy(reduction="none")(y, labels.to(whole))
        assert_allclose(each.detach(), known.detach(), rtol=1e-12)
    one_sample = omt.SoftmaxCrossEntropy()(y[0, 1], labels[0, 1])
    assert_allclose(one_sample.item(), known[0, 1].item(), rtol=1e-12)
    rows = torch.eye(N_OUT)[labels]
    for name in ("hinge", "squared_error", "weighted(softmax_focal, (1, 2, 3, 4))"):
        assert torch.equal(omt.functional.cost(y, labels, name), omt.functional.cost(y, rows, name))
    for wrong in (4, -100):
        with pytest.raises(ValueError, match=f"SoftmaxCrossEntropy: classes must lie in 0 … 3 .* got .*{wrong}"):
            omt.SoftmaxCrossEntropy()(y, labels.where(labels != 2, wrong))


def test_one_output_takes_one_number_a_sample():
    y, yes = torch.randn(5, 1), torch.tensor([True, False, True, True, False])
    known = F.binary_cross_entropy_with_logits(y[:, 0], yes.double()).item()
    for t in (yes, yes.long(), yes.double(), yes[:, None]):
        assert_allclose(omt.SigmoidCrossEntropy()(y, t).item(), known, rtol=1e-12)
    counts = torch.tensor([0, 3, 1, 2, 7])
    assert_allclose(omt.PoissonNll()(y, counts).item(), F.poisson_nll_loss(y[:, 0], counts).item(), rtol=1e-12)


def test_two_outputs_for_a_target():
    y, t = torch.randn(5, 6), torch.randn(5, 3)
    known = F.gaussian_nll_loss(y[:, :3], t, y[:, 3:].exp() + 1e-6)
    assert_allclose(omt.GaussianNll()(y, t).item(), 3 * known.item(), rtol=1e-12)
    with pytest.raises(ValueError, match=r"GaussianNll: targets must be of shape \(5, 3\), got \(5,\)"):
        omt.GaussianNll()(y, t[:, 0].long())


def test_no_samples_cost_nothing():
    for name in ("huber", "softmax_focal"):
        y = torch.randn(0, 3, requires_grad=True)
        for reduction, known in (
            ("sum", torch.tensor(0.0)),
            ("none", torch.zeros(0)),
            ("mean", torch.tensor(torch.nan)),
        ):
            value = omt.Loss(name, reduction)(y, torch.zeros(0, 3))
            assert torch.equal(value.nan_to_num(5), known.nan_to_num(5))
            (dy,) = torch.autograd.grad(value.sum(), y)
            assert dy.shape == (0, 3)


def test_float32_stays_and_the_graph_can_be_gone_through_again():
    y, t = torch.randn(3, 2, dtype=torch.float32, requires_grad=True), torch.randn(2, 3).T
    value = omt.Huber()(y, t)
    assert value.dtype == torch.float32
    value.backward(retain_graph=True)
    once = y.grad.clone()
    value.backward()
    assert torch.equal(y.grad, 2 * once)
    (slope,) = torch.autograd.grad(omt.Huber()(y, t), y, create_graph=True)
    with pytest.raises(RuntimeError, match="Huber can be differentiated once, not further"):
        slope.sum().backward()


def test_a_loss_is_copied_and_says_what_it_is():
    loss = omt.Huber(0.5, reduction="sum")
    for same in (loss, omt.Loss("huber(0.5)", "sum"), copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert repr(same) == "Loss(Huber(delta=0.5), reduction='sum')"
        assert same(torch.tensor([[3.0]]), torch.tensor([[0.0]])) == 1.375  # ½ (3 - ¼)
    assert repr(omt.Loss(SMOOTH)) == "Loss(Smoothed(SoftmaxCrossEntropy(), by=0.2))"
    assert omt.functional.huber(torch.tensor([[3.0]]), torch.tensor([[0.0]]), delta=0.5, reduction="sum") == 1.375


Y = torch.zeros(5, 3, requires_grad=True)
REFUSED = {
    "shape": (lambda: omt.Huber()(Y, torch.zeros(5, 1)), r"Huber: targets must be of shape \(5, 3\), got \(5, 1\)"),
    "one number": (lambda: omt.Huber()(Y, torch.zeros(5)), r"Huber: targets must be of shape \(5, 3\), got \(5,\)"),
    "no axes": (lambda: omt.Huber()(Y.sum(), Y.sum()), r"Huber takes outputs \(…, O\), got shape \(\)"),
    "gradient": (lambda: omt.Huber()(Y, Y), r"Huber: targets get no gradient here, .* detach\(\) them"),
    "device": (lambda: omt.Huber()(Y, Y.detach().to("meta")), "targets must be on cpu, .* got meta"),
    "reduction": (lambda: omt.Huber(reduction="average"), "reduction must be 'mean', 'sum' or 'none', got 'average'"),
    "weights": (lambda: omt.Loss("weighted(hinge, (1, 2))")(Y, Y.detach()), "Weighted needs 3 weights for 3 outputs"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_questions_are_refused_in_one_sentence(what):
    ask, sentence = REFUSED[what]
    with pytest.raises(ValueError, match=sentence):
        ask()


def test_only_tensors_of_real_numbers():
    with pytest.raises(TypeError, match="Huber takes tensors, got Tensor and ndarray"):
        omt.Huber()(Y, np.zeros((5, 3)))
    with pytest.raises(TypeError, match=r"dense float32 and float64, got a tensor of torch\.float16"):
        omt.Huber()(Y.half(), Y.detach())
