"""Rules as modules: against Runs, torch's own gradients, and formulas written out."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi.adapters.torch.networks import to_torch
from omomi.adapters.torch.rules import Taught
from omomi.rules import Rule

RNG = np.random.default_rng(0)
X = torch.tensor(RNG.uniform(0, 1, (7, 4)), dtype=torch.float32)
LABELS = np.arange(7) % 3
T = torch.eye(3)[LABELS]
NET = om.Network(4, om.Dense(6), om.Relu(), om.Dense(6), om.Sigmoid(), om.Dense(3))
LOSS = om.SoftmaxCrossEntropy()
DRAWING = {  # something anew in each step
    "batchwise_random_sign_feedback", "forward_forward", "node_perturbation", "weight_mirror", "weight_perturbation",
}  # fmt: skip


def step(net, optimizer):
    """One step of torch's optimizer, on omomi's derivative of the loss."""
    optimizer.zero_grad()
    y = net(X, T)
    y.backward(torch.tensor(LOSS.measure(y.detach().numpy()[None], T.numpy()[None])[1][0]))
    optimizer.step()


def sgd(net, lr=1.0):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    optimizer.register_step_post_hook(net.settle)
    return optimizer


@pytest.mark.parametrize("rule", Rule.entries())
def test_a_rule_moves_the_weights_as_in_a_run(rule):
    """Three steps of SGD(lr=1), bit for bit, with what the rule keeps; what is drawn is another thing, but repeats."""
    net = Taught(NET, rule, LOSS, seed=5)
    before, optimizer = net.theta, sgd(net)
    torch.manual_seed(1)
    for _ in range(3):
        step(net, optimizer)
    if rule in DRAWING:
        again = Taught(NET, rule, LOSS, seed=5)
        optimizer = sgd(again)
        torch.manual_seed(1)
        for _ in range(3):
            step(again, optimizer)
        assert_array_equal(again.theta, net.theta)
        assert (np.abs(net.theta - before) > 0).any()
        return
    run = om.Run(
        net.net, X.numpy(), LABELS, rule=rule, loss=LOSS, optimizer="sgd(lr=1)", batch_size=None, epochs=3, seeds=[5]
    )
    assert_array_equal(before, run.theta)
    run.train(progress=False)
    assert_array_equal(net.theta, run.theta)
    kept = {name.removeprefix("own."): buffer.numpy() for name, buffer in net.named_buffers()}
    assert kept.keys() == run._own.keys()
    for name, values in run._own.items():
        assert_array_equal(kept[name], values[0])


def test_backpropagation_is_torch_s_own():
    x, labels = X.double(), torch.tensor(LABELS)
    taught, plain = Taught(NET, seed=1, dtype=torch.float64), to_torch(NET, seed=1, dtype=torch.float64)
    for net in (taught, plain):
        torch.nn.functional.cross_entropy(net(x), labels).backward()
    for at in (0, 2, 4):
        assert_allclose(taught.weights[at].W.grad, plain[at].weight.grad.T, rtol=1e-10, atol=1e-16)
        assert_allclose(taught.weights[at].b.grad[0], plain[at].bias.grad, rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_the_feedback_brings_the_error(rule):
    """The paper's equations, written out in torch: δ₂ = e B₂ᵀ ∘ σ′, δ₁ = δ₂ B₁ᵀ ∘ f′ or e B₁ᵀ ∘ f′."""
    net = Taught(NET, rule, seed=2, dtype=torch.float64)
    x, (b1, b2) = X.double(), net.buffers()
    w1, c1, w2, c2, *_ = (w.detach() for w in net.parameters())
    h1 = torch.relu(x @ w1 + c1)
    h2 = torch.sigmoid(h1 @ w2 + c2)
    y = net(x)
    ((y - T) ** 2).sum().backward()
    e = 2 * (y.detach() - T)
    d2 = (e @ b2.T) * h2 * (1 - h2)
    d1 = ((d2 if rule == "fa" else e) @ b1.T) * (h1 > 0)
    for at, seen, delta in ((0, x, d1), (2, h1, d2), (4, h2, e)):
        assert_allclose(net.weights[at].W.grad, seen.T @ delta, rtol=1e-10, atol=1e-14)
        assert_allclose(net.weights[at].b.grad[0], delta.sum(0), rtol=1e-10, atol=1e-14)


def test_error_diffusion_learns_xor_under_torch_s_sgd():
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    t = torch.tensor([[0.0], [1], [1], [0]])
    net = Taught(om.Network(2, om.Dense(8), om.Sigmoid(), om.Dense(1), om.Sigmoid()), "ed", seed=0)
    assert [type(layer).__name__ for layer in net.net.layers[::2]] == ["SignedDense", "SignedDense"]
    optimizer = sgd(net)
    for _ in range(300):
        optimizer.zero_grad()
        (0.5 * (net(x) - t).square()).mean().backward()
        optimizer.step()
    assert (net.eval()(x) - t).abs().max() < 0.1
    assert all((w >= 0).all() for w in net.parameters())


def test_settle_holds_the_magnitudes():
    for hold in (True, False):
        net = Taught(om.Network(4, om.Dense(6), om.Sigmoid(), om.Dense(3)), "ed(mode=bidirectional)", seed=0)
        optimizer = sgd(net, lr=50) if hold else torch.optim.SGD(net.parameters(), lr=50)
        step(net, optimizer)
        assert (min(w.min() for w in net.parameters()) >= 0) == hold
    y = net(X)
    y.backward(torch.ones_like(y), retain_graph=True)
    net.settle()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):  # the weights are others now
        y.backward(torch.ones_like(y))
    with pytest.warns(RuntimeWarning, match="inputs should be ≥ 0"):
        Taught(om.Network(4, om.Dense(6), om.Sigmoid(), om.Dense(3)), "ed", seed=0)(-X)


def test_feedback_is_in_the_state():
    net, other = Taught(NET, "kp", seed=0), Taught(NET, "kp", seed=1)
    assert set(net.state_dict()) > {"weights.0.W", "weights.0.b", "own.2.W", "own.4.W"}
    step(net, sgd(net, lr=0.1))
    before = net.theta
    net.settle()  # nothing went back since
    assert_array_equal(net.theta, before)
    twin = copy.deepcopy(net)
    other.load_state_dict(net.state_dict())
    for each in (net, twin, other):
        step(each, sgd(each, lr=0.1))
    assert_array_equal(twin.theta, net.theta)
    assert_array_equal(other.theta, net.theta)
    assert twin.double()(X.double()).dtype == torch.float64
    step(net, sgd(net))  # what was copied is another's
    assert_allclose(twin.theta, other.theta)


def test_a_retained_graph_learns_the_same_again():
    net = Taught(om.Network(4, om.Dense(6), om.Relu(), om.Dropout(0.5), om.Dense(3)), "np", LOSS, seed=0)
    y = net(X, T)
    first, second = (torch.autograd.grad(y.sum(), list(net.parameters()), retain_graph=True) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert any(g.any() for g in first)
    assert not torch.equal(net(X, T), y)  # dropout is drawn anew
    net.weights[0].W.requires_grad_(False)
    net(X, T).sum().backward()
    assert net.weights[0].W.grad is None
    assert net.weights[0].b.grad.any()
    assert torch.equal(net.eval()(X), net(X))
    assert_allclose(net(X[0]).detach(), net(X)[0].detach(), rtol=1e-6)  # a sample alone
    assert not net(X).requires_grad


def test_what_a_rule_lacks_is_named():
    with pytest.raises(ValueError, match=r"NodePerturbation looks at the targets: call the module with them"):
        Taught(NET, "np", LOSS)(X).sum().backward()
    with pytest.raises(ValueError, match=r"NodePerturbation measures the loss itself, .* say Taught\(…, loss=…\)"):
        Taught(NET, "np")(X, T).sum().backward()
    Taught(NET, "ff")(X, T).sum().backward()  # needs no loss
    with pytest.raises(ValueError, match="Taught sends no error to its input, which requires a gradient; detach it"):
        Taught(NET)(X.clone().requires_grad_())
    with pytest.raises(TypeError, match=r"has weights of torch.float32, got a tensor of torch.float64"):
        Taught(NET)(X.double())
    with pytest.raises(ValueError, match=r"takes samples of shape \(4,\), got a tensor of shape \(7, 3\)"):
        Taught(NET)(X[:, :3])
    with pytest.raises(ValueError, match="takes logits, but the network ends in Softmax"):
        Taught(om.Network(4, om.Dense(3), om.Softmax()), loss=LOSS)
    with pytest.raises(ValueError, match=r"targets must be \(7, 3\), as the output, got \(7,\)"):
        Taught(NET, "drtp", LOSS)(X, torch.tensor(LABELS))
