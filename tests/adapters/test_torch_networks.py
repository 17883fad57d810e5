"""Networks to torch and from there: against omomi's own passes, torch's modules and difference quotients."""

import copy

import numpy as np
import pytest
import torch
import torchinfo
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.autograd import gradcheck

import omomi as om
from catalogue import example
from omomi.adapters.torch.layers import Layer
from omomi.adapters.torch.networks import ACTIVATIONS, ALONG, from_torch, to_torch
from omomi.networks import EVALUATE, Mode
from omomi.rules import Backprop, Pass

RNG = np.random.default_rng(0)


def cases():
    """Every layer, with every shape of sample it takes."""
    for cls in om.Layer.entries().values():
        layer = example(cls)
        for shape in ((6,), (2, 4)):
            try:
                layer.shapes(shape)
            except ValueError:
                continue
            yield pytest.param(layer, shape, id=f"{cls.__name__}-{len(shape)}d")


def away_from_0(*shape):
    return torch.tensor(RNG.uniform(0.1, 1, shape) * RNG.choice([-1, 1], shape))


@pytest.mark.parametrize(("layer", "shape"), list(cases()))
def test_every_layer_says_the_same_and_sends_back_its_derivative(layer, shape):
    net = om.Network(shape, layer)
    theta = np.random.default_rng(1).uniform(0.2, 0.8, (2, net.size))
    module, x = to_torch(net, theta, replica=1).eval(), away_from_0(3, *shape).requires_grad_()
    p = net.views(theta[1:])
    assert_allclose(module(x).detach(), net.forward(p, x.detach().numpy())[0][0], rtol=1e-14, atol=1e-14)
    named = dict(module.named_parameters())
    if layer.exact:
        assert gradcheck(lambda x, *_: module(x), (x, *named.values()))  # it moves the parameters in place
        return
    dy, g = torch.tensor(RNG.normal(size=module(x).shape)), net.views(np.full((1, net.size), np.nan))[0]
    rows = x.detach().numpy()[None]
    wanted = dy.numpy() if isinstance(layer, om.RateBounds) else None  # it pulls in training alone
    if wanted is None:
        _, tape = layer.forward(p[0], rows, Mode(True))
        layer.backward_weights(g, tape, dy.numpy()[None])
        wanted = layer.backward_input(p[0], tape, dy.numpy()[None])[0]
    for _ in range(2):  # a retained graph goes back as often as one likes
        dx, *dw = torch.autograd.grad(module(x), (x, *named.values()), dy, retain_graph=True)
        assert_array_equal(dx, wanted)
        assert all(torch.equal(a, torch.tensor(b[0])) for a, b in zip(dw, g.values(), strict=True))


NET = om.Network(
    (2, 3), om.Flatten(), om.Dense(8), om.Mish(), om.LayerNorm(), om.Dense(8, bias=None), om.Glu(), om.Maxout(4),
    om.PRelu(), om.RmsNorm(), om.Dense(3),
)  # fmt: skip


def test_a_whole_network_gets_the_gradient_of_backpropagation():
    """Linear, LayerNorm and RMSNorm are torch's; all of it by torch's cross-entropy against omomi's."""
    theta, x, labels = NET.init([4]), RNG.normal(size=(7, 2, 3)), RNG.integers(3, size=7)
    params, grad = NET.views(theta), np.full_like(theta, np.nan)
    y, tapes = NET.forward(params, x, Mode(True))
    loss = om.SoftmaxCrossEntropy()
    error = loss.measure(y, np.eye(3)[labels][None])[1]
    Backprop().gradient(Pass(NET, loss, params, x=x[None], y=y, tapes=tapes, error=error), NET.views(grad))
    module = to_torch(NET, seed=4, dtype=torch.float64)
    nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(labels)).backward()
    found = np.full_like(theta, np.nan)
    for at, views in enumerate(NET.views(found)):
        own = dict(module[at].named_parameters())
        for name, view in views.items():
            torchs = {"W": "weight", "b": "bias", "gain": "weight", "shift": "bias"}.get(name, name)
            g = (own[name] if isinstance(module[at], Layer) else own[torchs]).grad
            view[...] = (g.T if isinstance(module[at], nn.Linear) and name == "W" else g).reshape(view.shape)
    assert_allclose(found, grad, rtol=1e-9, atol=1e-13)


def test_a_run_goes_to_torch():
    """By its place or its seed, with the weights that it answers with, not those at which it takes gradients."""
    x, y = RNG.normal(size=(90, 4)), RNG.integers(3, size=90)
    net = om.Network(4, om.Dense(6), om.Tanh(), om.Dropout(0.2), om.Dense(3))
    run = om.fit(net, x, y, optimizer="lookahead(sgd(lr=0.5))", epochs=2, seeds=[3, 5], progress=False)
    said, x = run.predict(x), torch.tensor(x, dtype=torch.float32)
    assert np.abs(run.answering - run.theta).max() > 1e-3
    for module in (to_torch(run, replica=1), to_torch(net, run, seed=5), to_torch(net, run.answering[1:])):
        assert_allclose(module.eval()(x).detach(), said[1], rtol=1e-4, atol=1e-6)
    again, theta = from_torch(to_torch(run, seed=3))
    assert repr(again) == repr(net)
    assert_array_equal(theta, run.answering[:1])
    with pytest.raises(ValueError, match=r"seed must be one of the run's, \(3, 5\), got 4"):
        to_torch(run, seed=4)
    with pytest.raises(ValueError, match=r"the run must be of Network\(2"):
        to_torch(om.Network(2, om.Dense(1)), run)
    with pytest.raises(ValueError, match=r"weights must be \(R, 51\) and replica one of the R, got \(2, 51\) and 2"):
        to_torch(run, replica=2)


def test_it_is_a_module_like_others():
    module, x = to_torch(NET, seed=0), torch.tensor(RNG.normal(size=(5, 2, 3)), dtype=torch.float32)
    assert list(module.state_dict())[:3] == ["1.weight", "1.bias", "3.weight"]
    assert {"6.W", "6.b", "7.a"} < set(module.state_dict())
    twin, other = copy.deepcopy(module), to_torch(NET, seed=1)
    other.load_state_dict(module.state_dict())
    assert torch.equal(twin(x), module(x))
    assert torch.equal(other(x), module(x))
    torch.testing.assert_close(twin.double()(x.double()).float(), module(x), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(module(x[0]), module(x)[0])  # a sample alone
    with pytest.raises(TypeError, match=r"Maxout\(4\) has weights of torch.float32, got a tensor of torch.float64"):
        module[6](torch.ones(2, 4).double())
    with pytest.raises(ValueError, match=r"Maxout\(4\) takes samples of shape \(4,\), got a tensor of shape \(2, 5\)"):
        module[6](torch.ones(2, 5))
    assert torch.equal(
        module[6](x.mT @ torch.ones(2, 4))[1], module[6](x[1].T @ torch.ones(2, 4))
    )  # two axes of samples


def test_weights_that_were_moved_make_no_wrong_gradients():
    layer, x = Layer("maxout(3)", 4, seed=0), torch.ones(2, 4, requires_grad=True)
    y = layer(x)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    y = layer(x).sum()
    y.backward(retain_graph=True)
    with torch.no_grad():
        layer.W += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    same = Layer(om.RateBounds(low=0, high=1), 4)
    seen = same(x)
    seen.detach().zero_()  # what came out is not what went in
    assert x.sum() == 8


def test_what_is_drawn_comes_from_torch():
    layer, x = Layer("bernoulli(20)", 5), torch.full((3, 5), 0.5, requires_grad=True)

    def drawn(seed):
        torch.manual_seed(seed)
        return layer(x)

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert torch.equal(layer.eval()(x), layer(x))
    x = torch.tensor([[0.5, 2.0]], requires_grad=True)  # beyond 1 the probability is cut off
    Layer("bernoulli(20)", 2)(x).sum().backward()
    assert_array_equal(x.grad, [[20, 0]])
    torch.manual_seed(0)
    first = to_torch(NET)[1].weight
    torch.manual_seed(0)
    assert torch.equal(to_torch(NET)[1].weight, first)


def test_torchinfo_prints_the_article_s_table():
    """The article's: Model [10, 500], Linear 150,500, 0.60 MB. It counts 752.50 M, as if 500 neurons were a batch."""
    net = om.Network((10, 300), om.Dense(500, bias="uniform(0, 1)"), om.Spiking(om.If(), surrogate="spike_mask"))
    table = torchinfo.summary(to_torch(net, seed=0), input_size=(10, 300), verbose=0)
    assert [list(row.output_size) for row in table.summary_list] == [[10, 500]] * 3
    assert "Linear: 1-1                            [10, 500]                 150,500" in str(table)
    assert table.total_params == table.trainable_params == net.size == 150_500
    assert table.total_mult_adds == 10 * 150_500
    assert "Params size (MB): 0.60" in str(table)


# From torch


@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_stack_of_torch_says_the_same(dtype, within):
    torch.manual_seed(1)
    norm = nn.BatchNorm1d(8)
    norm.running_mean[:], norm.running_var[:] = torch.rand(8), torch.rand(8) + 0.5
    nn.init.uniform_(norm.weight), nn.init.normal_(norm.bias)
    affine = nn.LayerNorm(8)
    nn.init.normal_(affine.weight), nn.init.normal_(affine.bias)
    module = nn.Sequential(
        nn.Flatten(), nn.Sequential(nn.Linear(6, 8, bias=False), norm, nn.ReLU(), nn.Dropout(0.5), nn.Identity()),
        affine, nn.Linear(8, 8), nn.PReLU(8, 0.3), nn.LayerNorm(8, bias=False), nn.GLU(),
        nn.RMSNorm(4, elementwise_affine=False), nn.Linear(4, 5), nn.BatchNorm1d(5, affine=False),
        nn.LayerNorm(5, elementwise_affine=False),
    ).to(dtype).eval()  # fmt: skip
    net, theta = from_torch(module, (2, 3))
    x = torch.randn(6, 2, 3, dtype=dtype)
    y, _ = net.forward(net.views(theta), x.numpy(), EVALUATE)
    assert y.dtype == x.numpy().dtype
    assert_allclose(y[0], module(x).detach(), rtol=within, atol=within)
    back = to_torch(net, theta)
    torch.testing.assert_close(back.eval()(x), module(x), rtol=10 * within, atol=10 * within)


MADE = {
    nn.LeakyReLU: [{"negative_slope": 0.2}], nn.ELU: [{"alpha": 0.7}], nn.CELU: [{"alpha": 1.3}],
    nn.GELU: [{}, {"approximate": "tanh"}], nn.Hardtanh: [{}, {"min_val": 0.0, "max_val": 6.0}],
    nn.Hardshrink: [{"lambd": 0.3}], nn.Softshrink: [{"lambd": 0.3}], nn.Threshold: [{"threshold": 0.1, "value": 2.0}],
    nn.Softplus: [{"threshold": 50.0}], nn.Softmax: [{"dim": -1}, {"dim": 1}], nn.Softmin: [{"dim": -1}],
    nn.LogSoftmax: [{"dim": -1}],
}  # fmt: skip


@pytest.mark.parametrize("kind", [*ACTIVATIONS, *ALONG], ids=lambda kind: kind.__name__)
def test_torch_s_activations_are_found(kind):
    z = np.linspace(-7, 7, 60).reshape(4, 15) + 0.013
    for given in MADE.get(kind, [{}]):
        module = kind(**given)
        net, _ = from_torch(nn.Sequential(nn.Linear(2, 15), module))
        f = net.layers[1].activation
        assert_allclose(f.value(z, *f.hyper), module(torch.tensor(z)), rtol=1e-12, atol=1e-14, err_msg=repr(module))


REFUSED = [
    (nn.Conv2d(1, 1, 2), r"no layer of omomi's for 1, Conv2d\(1, 1, kernel_size=\(2, 2\), stride=\(1, 1\)\)$"),
    (nn.Sequential(nn.Hardsigmoid()), r"1\.0, Hardsigmoid\(\)"),
    (nn.Softplus(beta=2), r"1, Softplus\(beta=2, threshold=20.0\), with these values"),
    (nn.Softmax(0), r"1, Softmax\(dim=0\), along another axis than the last"),
    (nn.Linear(5, 2), r"1, Linear\(in_features=5, out_features=2, bias=True\), behind samples of shape \(4,\)"),
    (nn.LayerNorm(3), r"1, LayerNorm\(.*behind samples of shape \(4,\)"),
    (nn.RMSNorm(4), r"with a gain; elementwise_affine=False leaves it out"),
    (nn.PReLU(3), r"1, PReLU\(num_parameters=3\), behind samples of shape \(4,\)"),
    (nn.Flatten(0), r"1, Flatten\(start_dim=0, end_dim=-1\), which leaves axes of a sample"),
    (nn.BatchNorm1d(4), r"1, BatchNorm1d\(4, .*\), in train\(\) mode; say module.eval\(\) first"),
    (nn.BatchNorm1d(4, track_running_stats=False).eval(), r"1, BatchNorm1d\(4, .*\), has no running statistics"),
    (nn.Sequential(nn.ReLU(), nn.BatchNorm1d(4).eval()), r"1\.1, BatchNorm1d\(4, .*\), but behind a Linear"),
]


@pytest.mark.parametrize(
    ("module", "sentence"), REFUSED, ids=[type(m).__name__ + str(i) for i, (m, _) in enumerate(REFUSED)]
)
def test_what_omomi_does_not_have_is_named(module, sentence):
    stack = nn.Sequential(nn.Linear(3, 4), module)
    with pytest.raises(ValueError, match=sentence):
        from_torch(stack)


def test_what_makes_no_stack_is_named():
    linear = nn.Linear(3, 3)
    with pytest.raises(ValueError, match="2 stands twice in the stack"):
        from_torch(nn.Sequential(linear, nn.ReLU(), linear))
    with pytest.raises(ValueError, match="give n_in"):
        from_torch(nn.Sequential(nn.ReLU()))
    with pytest.raises(ValueError, match=r"for the module, ModuleList\(\)"):
        from_torch(nn.ModuleList([linear]), 3)
    with pytest.raises(TypeError, match=r"float32 and float64, got a tensor of torch.float16"):
        from_torch(nn.Linear(3, 3).half())
    assert from_torch(nn.Linear(3, 2))[0].shapes == [(3,), (2,)]
