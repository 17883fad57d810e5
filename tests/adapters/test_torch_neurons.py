"""Spiking neurons in PyTorch: omomi's own layers bit for bit, torch's derivatives, and states that go on."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import omomi as om
from device import Device
from omomi import networks
from omomi.adapters.torch import neurons
from omomi.adapters.torch.neurons import Recurrent, Spiking
from omomi.formulas.neurons import Neuron
from omomi.networks import Mode

T, B, N = 10, 2, 3
EVERY = [cls(**({"tau": 3.0} if hasattr(cls, "tau") else {})) for cls in Neuron.entries().values()]
TRAINABLE = [neuron for neuron in EVERY if neuron.trainable]
HELD = om.CurrentLif(tau=3.0, tau_ref=2.0)


def module(neuron, kind=Spiking, **given):
    """A module of N neurons in double, each with parameters of its own."""
    torch.manual_seed(0)
    given = {"surrogate": "arctan", "units": N, "dtype": torch.float64} | given
    made = kind(neuron, **given)
    with torch.no_grad():
        for name in made.layer.neuron.learned:
            getattr(made, name).copy_(0.3 + 0.2 * torch.arange(N))
    return made


def drawn(*shape, seed=0):
    """Strong, mixed currents, and dL/ds."""
    rng = np.random.default_rng(seed)
    return torch.tensor(1 + 2 * rng.normal(size=shape), requires_grad=True), torch.tensor(rng.normal(size=shape))


def gradients(loss, *given):
    return torch.autograd.grad(loss, given, retain_graph=True)


def same(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert torch.equal(a, b)


# Derivatives


@pytest.mark.parametrize("neuron", TRAINABLE, ids=repr)
def test_through_soft_spikes_torchs_gradcheck_passes(neuron):
    """By currents, states and what is learned; of spikes and states."""
    one = module(neuron, soft=True, dt=0.5)
    if not neuron.learned:  # plain NumPy will do: what the loops compute is checked against it elsewhere
        object.__setattr__(one.layer, "_precisions", "")
    names = neuron.learned
    x, _ = drawn(3, B, N)
    state = [torch.rand(B, N, dtype=torch.float64, requires_grad=True) for _ in one.state_names]
    learned = [getattr(one, name).detach().clone().requires_grad_() for name in names]

    def run(current, *rest):
        own, begin = dict(zip(names, rest, strict=False)), rest[len(names) :]
        spikes, after = torch.func.functional_call(one, own, (current, begin))
        return spikes, *after

    assert torch.autograd.gradcheck(run, (x, *learned, *state))


class Fires(torch.autograd.Function):
    """Spikes at x ≥ 0 with the derivative that torch finds for arctan(π x) / π."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            return g * torch.autograd.grad((torch.atan(torch.pi * x) / torch.pi).sum(), x)[0]


def test_leaky_neurons_are_those_of_a_loop_in_torch():
    x, ds = drawn(T, B, N)
    v, spikes = torch.zeros(B, N, dtype=torch.float64), []
    for i in x:
        u = v + (i - v) / 3
        spikes.append(Fires.apply(u - 1))
        v = u * (1 - spikes[-1].detach())
    wanted = torch.stack(spikes)
    found, state = module("lif(tau=3)")(x)
    assert 0 < wanted.mean() < 1
    assert torch.equal(found, wanted)
    torch.testing.assert_close(state.v, v, rtol=1e-12, atol=1e-14)
    loss, theirs = ((ds * s).sum() + last.square().sum() for s, last in ((found, state.v), (wanted, v)))
    torch.testing.assert_close(gradients(loss, x), gradients(theirs, x), rtol=1e-12, atol=1e-14)


# omomi's own layers


def batch_first(a):
    """(T, B, N) as omomi has it, (1, B, T, N)."""
    return np.ascontiguousarray(a.detach().numpy().swapaxes(0, 1))[None]


@pytest.mark.parametrize("neuron", [*TRAINABLE, HELD], ids=repr)
def test_spikes_and_gradients_are_those_of_omomis_layer_bit_for_bit(neuron):
    one = module(neuron, detach_reset=neuron is not HELD)
    x, ds = drawn(T, B, N)
    spikes, _ = one(x)
    p = {name: w.detach().numpy()[None, None] for name, w in one.named_parameters()}
    y, tape = one.layer.forward(p, batch_first(x), Mode(True))
    dx, g = one.layer.backward_input(p, tape, batch_first(ds)), {name: np.empty_like(w) for name, w in p.items()}
    one.layer.backward_weights(g, tape, batch_first(ds))
    assert len(np.unique(y)) > 1
    assert np.array_equal(batch_first(spikes), y)
    found = gradients((ds * spikes).sum(), x, *one.parameters())
    assert np.array_equal(batch_first(found[0]), dx)
    for (name, wanted), own in zip(g.items(), found[1:], strict=True):
        np.testing.assert_allclose(own, wanted[0, 0], rtol=1e-13, err_msg=name)


@pytest.mark.parametrize("truncate", [0, 4])
def test_recurrent_neurons_are_omomis(truncate):
    one = module(om.AdaptiveLif(tau=3.0), Recurrent, truncate=truncate)
    x, ds = drawn(T, B, N)
    spikes, state = one(x)
    p = {"V": one.V.detach().numpy()[None]}
    layer = networks.Recurrent(one.layer.neuron, surrogate="arctan", truncate=truncate)
    y, tape = layer.forward(p, batch_first(x), Mode(True))
    dx, g = layer.backward_input(p, tape, batch_first(ds)), {"V": np.empty_like(p["V"])}
    layer.backward_weights(g, tape, batch_first(ds))
    assert np.array_equal(batch_first(spikes), y)
    found = gradients((ds * spikes).sum(), x, one.V)
    np.testing.assert_allclose(batch_first(found[0]), dx, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found[1], g["V"][0], rtol=1e-10, atol=1e-13)
    assert state._fields == ("v", "a", "s")
    assert torch.equal(state.s, spikes[-1])


# States


@pytest.mark.parametrize(
    "one",
    [
        *(module(neuron) for neuron in TRAINABLE),
        module(HELD, detach_reset=False),
        module(om.Plif(tau=3.0), Recurrent),
        module(HELD, Recurrent, detach_reset=False),
    ],
    ids=lambda one: f"{type(one).__name__} {one.layer.neuron}",
)
def test_chunks_and_single_steps_are_the_whole(one):
    """Values, and gradients through the states."""
    x, ds = drawn(T, B, N)
    whole, end = one(x)
    wanted = gradients((ds * whole).sum() + end[0].square().sum(), x, *one.parameters())
    for cuts in ([4, 6], [1] * T):
        spikes, state, start = [], None, 0
        for steps in cuts:
            now = x[start : start + steps]
            s, state = one(now, state) if steps > 1 else one.step(now[0], state)
            spikes.append(s if steps > 1 else s[None])
            start += steps
        parts = torch.cat(spikes)
        same((parts, *state), (whole, *end))
        found = gradients((ds * parts).sum() + state[0].square().sum(), x, *one.parameters())
        assert torch.equal(found[0], wanted[0])
        torch.testing.assert_close(found[1:], wanted[1:], rtol=1e-12, atol=1e-14)


def test_what_is_detached_or_truncated_sends_no_errors_back():
    one, cut = module("lif(tau=3)"), module("lif(tau=3)", truncate=5)
    x, ds = drawn(T, B, N)
    early, state = one(x[:5])
    late, _ = one(x[5:], state.detach())
    found = gradients((ds * torch.cat([early, late])).sum(), x)
    same(found, gradients((ds * cut(x)[0]).sum(), x))
    assert not torch.equal(found[0], gradients((ds * one(x)[0]).sum(), x)[0])


# On a device


@pytest.mark.parametrize("neuron", [om.Lif(tau=3.0), om.Plif(tau=3.0), HELD], ids=repr)
def test_arrays_of_a_device_give_the_same(neuron, monkeypatch):
    """As CuPy's do: with a stand-in that is as strict, from tensors and back."""
    one, (x, ds) = module(neuron, detach_reset=neuron is not HELD), drawn(T, B, N)

    def there_and_back():
        early, state = one(x[:4])
        late, end = one(x[4:], state)
        spikes = torch.cat([early, late])
        return spikes, *end, *gradients((ds * spikes).sum() + end[0].square().sum(), x, *one.parameters())

    wanted = there_and_back()
    monkeypatch.setattr(neurons, "array", lambda tensor: Device(tensor.detach().numpy()))
    monkeypatch.setattr(neurons, "tensor", lambda values: torch.from_numpy(values.get()))
    for found, own in zip(there_and_back(), wanted, strict=True):
        torch.testing.assert_close(found, own, rtol=1e-12, atol=1e-14)


# A citizen of torch


def test_a_graph_that_is_kept_goes_back_twice():
    for neuron in (om.Lif(tau=3.0), om.Plif(tau=3.0)):
        one = module(neuron)
        x, ds = drawn(T, B, N)
        loss = (ds * one(x)[0]).sum()
        first = gradients(loss, x, *one.parameters())
        same(gradients(loss, x, *one.parameters()), first)
        with torch.no_grad():
            x.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_inputs_of_any_strides_stay_as_they_are():
    one, (x, ds) = module("lif(tau=3)"), drawn(B, N, 2, T)
    along = x.permute(3, 0, 2, 1)
    before = x.detach().clone()
    spikes, state = one(along)
    assert state.v.shape == (B, 2, N)
    found = gradients((ds.permute(3, 0, 2, 1) * spikes).sum(), x)[0]
    copied = along.detach().contiguous().requires_grad_()
    wanted = gradients((ds.permute(3, 0, 2, 1) * one(copied)[0]).sum(), copied)[0]
    assert torch.equal(x, before)
    assert torch.equal(found.permute(3, 0, 2, 1), wanted)
    assert one(x.detach()[:0].reshape(0, B, N))[1].v.tolist() == [[0.0] * N] * B
    assert not one(x.detach().permute(3, 0, 2, 1))[0].requires_grad


def test_copies_and_state_dicts_give_the_same():
    one = module("plif(tau=3)")
    other = module("plif(tau=3)")
    x, _ = drawn(T, B, N)
    with torch.no_grad():
        one.threshold.add_(0.25)
        assert not torch.equal(one(x)[0], other(x)[0])
        other.load_state_dict(one.state_dict())
        same((other(x)[0], copy.deepcopy(one)(x)[0]), [one(x)[0]] * 2)
    assert repr(one) == "Spiking(Plif(tau=3.0), surrogate=Arctan(), units=3)"


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch's own, of what its graph breaks at
def test_torch_compile_goes_around():
    one, layer = module("lif(tau=3)"), nn.Linear(N, N, dtype=torch.float64)
    x, ds = drawn(T, B, N)

    def run(x):
        spikes, state = one(layer(x) * 3)
        return (ds * spikes).sum() + state.v.sum()

    compiled = torch.compile(run, backend="eager")
    torch.testing.assert_close(gradients(compiled(x), x, layer.weight), gradients(run(x), x, layer.weight))


def test_errors_say_what_must_hold():
    one, x = module("lif(tau=3)"), torch.ones(T, B, N, dtype=torch.float64)
    half = torch.zeros(B, N, dtype=torch.float16)
    for wrong, call in (
        (r"Spiking: Plif\(\) learns a and threshold of each neuron, so it needs units=", lambda: Spiking("plif")),
        (r"Spiking: currents must be \(T, …, 3\), got \(10, 2, 2\)", lambda: one(x[..., :2])),
        (r"Spiking: currents must be \(T, B, …\), got \(\)", lambda: Spiking("li")(torch.tensor(1.0))),
        (r"Spiking: the state must be \(v\), each \(2, 3\) torch.float64, got nothing", lambda: one(x, ())),
        (r"Spiking: the state must be .* got \(2, 3\) torch.float16", lambda: one(x, (half,))),
    ):
        with pytest.raises(ValueError, match=wrong):
            call()
    for wrong, call in (
        ("Spiking: currents must be torch.float64, as the parameters", lambda: module(om.Plif(tau=3.0))(x.float())),
        ("omomi computes in .*float32 and float64", lambda: Spiking("lif")(x.half())),
    ):
        with pytest.raises(TypeError, match=wrong):
            call()


class Digits(nn.Module):
    """Pixels as currents that flow for ten steps; a spike count or a mean membrane answers."""

    def __init__(self, readout):
        super().__init__()
        self.first, self.hidden = nn.Linear(64, 128), Spiking("lif(tau=2)")
        self.second, self.readout = nn.Linear(128, 10), Spiking(readout)

    def forward(self, x):
        spikes, _ = self.hidden(self.first(x).expand(10, -1, -1))
        return self.readout(self.second(spikes))[0].mean(0)


@pytest.mark.parametrize("readout", ["lif(tau=2)", "li(tau=10)"])
def test_a_network_in_torch_learns_digits(readout):
    torch.manual_seed(0)
    train, test = om.data.digits().split(test=0.2)
    x, y = torch.from_numpy(train.x).float(), torch.from_numpy(train.y)
    net = Digits(readout)
    scale = 10.0 if readout.startswith("lif") else 1.0  # counts, not rates
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(8):
        for some in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(scale * net(x[some]), y[some]).backward()
            optimizer.step()
    with torch.no_grad():
        answers = net(torch.from_numpy(test.x).float()).argmax(1)
    assert (answers == torch.from_numpy(test.y)).double().mean() >= 0.95
