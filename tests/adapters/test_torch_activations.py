"""Activations in torch: derivatives against difference quotients, values against torch's own, and life in a model."""

import copy
import io

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.autograd import gradcheck, gradgradcheck

import omomi as om
import omomi.adapters.torch as omt
from catalogue import formulas
from differences import away_from

F = torch.nn.functional
pytestmark = pytest.mark.usefixtures("double")
EXACT = {"eps": 1e-6, "atol": 1e-8, "rtol": 1e-6}


def points(f):
    """(3, 5) of any strides, between the kinks and where sparsemax does not change its support."""
    z = away_from(f.kinks, np.random.default_rng(0).normal(size=60) * 2, 0.05)[:15]
    return torch.tensor(z.reshape(5, 3)).T.requires_grad_()


@pytest.mark.parametrize("f", formulas(om.Activation))
def test_derivatives_are_difference_quotients(f):
    module, z = omt.Activation(f), points(f)
    assert gradcheck(module, z, **EXACT)
    if f.second_derivative is not None:
        assert gradgradcheck(module, z, **EXACT)
    else:
        (slope,) = torch.autograd.grad(module(z).sum(), z, create_graph=True)
        with pytest.raises(RuntimeError, match=f"{type(f).__name__} can be differentiated once, not further"):
            slope.sum().backward()


def test_three_times_is_once_too_often():
    z = torch.ones(2, requires_grad=True)
    (slope,) = torch.autograd.grad(omt.Tanh()(z).sum(), z, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), z, create_graph=True)
    assert_allclose(curvature.detach(), -2 * np.tanh(1) / np.cosh(1) ** 2, rtol=1e-14)
    with pytest.raises(RuntimeError, match="Tanh can be differentiated twice, not further"):
        curvature.sum().backward()


def wiggly(f, z):
    """f(z) and the gradient of its product with 1, 2, 3, …"""
    z = z.detach().requires_grad_()
    y = f(z)
    (y * torch.arange(1.0, y.numel() + 1).view(y.shape)).sum().backward()
    return y.detach(), z.grad


PEERS = {
    "relu": F.relu,
    "leaky_relu(0.1)": lambda z: F.leaky_relu(z, 0.1),
    "mish": F.mish,
    "gelu": F.gelu,
    "softplus": F.softplus,
    "log_softmax": lambda z: F.log_softmax(z, dim=-1),
    "softmax": lambda z: F.softmax(z, dim=-1),
}


@pytest.mark.parametrize("text", PEERS)
def test_torch_agrees(text):
    z = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    for dtype in (torch.float64, torch.float32) if text == "relu" else (torch.float64,):
        found, known = wiggly(omt.Activation(text), z.to(dtype)), wiggly(PEERS[text], z.to(dtype))
        for ours, theirs in zip(found, known, strict=True):
            assert ours.dtype == dtype
            assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("text", ["mish", "relu", "softmax"])
def test_any_shape_goes_through(text):
    f = om.Activation.of(text)
    shapes = [(0,), (3, 0), (0, 3), (4,), (1, 2, 1, 3)] + [()] * f.elementwise
    for shape in shapes:
        z = torch.randn(shape, requires_grad=True)
        before = z.detach().clone()
        y = omt.Activation(f)(z)
        y.sum().backward()
        assert y.shape == z.grad.shape == shape
        assert torch.equal(z, before)
        with torch.no_grad():
            assert torch.equal(omt.functional.activate(z, text), y)
    if not f.elementwise:
        with pytest.raises(ValueError, match="Softmax goes along the last axis, got a tensor without axes"):
            omt.Softmax()(torch.tensor(1.0))


@pytest.mark.parametrize("text", ["mish", "relu", "softmax"])
def test_a_graph_can_be_gone_through_again(text):
    z = torch.randn(3, 4, requires_grad=True)
    y = omt.Activation(text)(z).square().sum()
    y.backward(retain_graph=True)
    once = z.grad.clone()
    y.backward()
    assert torch.equal(z.grad, 2 * once)


def test_nothing_is_kept_where_no_gradient_is_needed():
    kept = []
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t)
    z = torch.randn(3, 4, requires_grad=True)
    with hooks:
        for name in ("mish", "relu", "softmax"):
            with torch.no_grad():
                assert omt.Activation(name)(z).grad_fn is None
            assert not omt.Activation(name)(z.detach()).requires_grad
        assert not kept
        omt.Relu()(z)
        assert len(kept) == 1


def test_a_formula_of_ones_own_that_gives_back_what_it_got():
    class Exponential(om.Activation):
        value = staticmethod(lambda z: np.exp(z))
        derivative = staticmethod(lambda z, y: y)
        second_derivative = staticmethod(lambda z, y: y)

    class Same(om.Activation):
        value = staticmethod(lambda z: z)
        derivative = staticmethod(lambda z, y: z**0)

    z = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    y = omt.Exponential()(z)
    assert gradgradcheck(omt.functional.exponential, z, **EXACT)
    known = y.detach().clone()
    y.detach().zero_()  # y′ is not y's memory
    y.sum().backward()
    assert torch.equal(z.grad, known)
    omt.Same()(z.detach()).zero_()
    assert z[2] == 2


def test_every_formula_is_here_by_its_name():
    assert {"Mish", "LeakyRelu", "Huber", "Adam", "Lif", "Activation", "functional"} <= set(dir(omt))
    assert {"mish", "leaky_relu", "huber"} <= set(dir(omt.functional))
    assert (
        repr(omt.LeakyRelu(alpha=0.1)) == repr(omt.Activation(om.LeakyRelu(0.1))) == "Activation(LeakyRelu(alpha=0.1))"
    )
    weights = [torch.zeros(2, requires_grad=True)]
    assert omt.Adam(weights, lr=0.1).formula == om.Adam(lr=0.1)
    assert (omt.Lif(tau=2, dt=0.5).layer.neuron, omt.Lif(tau=2, dt=0.5).layer.dt) == (om.Lif(tau=2), 0.5)
    z = torch.tensor([-2.0, 3.0])
    assert torch.equal(omt.functional.leaky_relu(z, alpha=0.5), torch.tensor([-1.0, 3.0]))
    with pytest.raises(AttributeError, match="no attribute 'Mihs'; did you mean 'Mish'"):
        omt.Mihs()
    with pytest.raises(AttributeError, match="no attribute 'reul'; did you mean 'relu'"):
        omt.functional.reul(z)
    with pytest.raises(TypeError, match=r"dense float32 and float64, got a tensor of torch\.int64"):
        omt.Mish()(torch.arange(3))


def test_a_model_is_copied_and_saved():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), omt.Mish(), torch.nn.Linear(4, 2), omt.Softmax())
    x, file = torch.randn(5, 3), io.BytesIO()
    copied = copy.deepcopy(model)
    assert torch.equal(copied(x), model(x))
    torch.save(model.state_dict(), file)
    file.seek(0)
    for p in copied.parameters():
        torch.nn.init.zeros_(p)
    copied.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(copied(x), model(x))
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x), model(x))
    assert str(model[1]) == "Activation(Mish())"


def test_a_network_learns_as_with_torchs_own():
    def losses(activation, loss):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), activation, torch.nn.Linear(8, 3))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        x, labels = torch.randn(16, 4), torch.randint(3, (16,))
        for _ in range(20):
            optimizer.zero_grad()
            cost = loss(model(x), labels)
            cost.backward()
            optimizer.step()
            yield cost.item()

    found = list(losses(omt.Mish(), omt.SoftmaxCrossEntropy()))
    assert_allclose(found, list(losses(torch.nn.Mish(), torch.nn.CrossEntropyLoss())), rtol=1e-9)
    assert found[-1] < 0.7 * found[0]


# torch looks for .grad behind a filter of its own, which errors from warnings do not pass.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_torch_compile_breaks_its_graph_and_says_the_same():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), omt.Mish(), torch.nn.Linear(4, 2))
    loss = omt.Huber()

    def step(x, t):
        return loss(model(x) + 1, t)

    x, t = torch.randn(5, 3), torch.randn(5, 2)
    found = []
    for f in (step, torch.compile(step, backend="eager")):
        model.zero_grad()
        y = f(x, t)
        y.backward()
        found.append([y.detach(), *(p.grad.clone() for p in model.parameters())])
    assert all(map(torch.equal, *found))
