"""The libraries of spiking networks on PyTorch, each with what makes its arithmetic that of the case.

snntorch    u = β v + i: gets i / 2, or weights and biases of half the size and a quarter of the learning rate. Spikes
            where u > 1, and resets at the beginning of the next step, detached as ever.
spikingjelly  as the case; its soft sign has the slope α / 2 · (1 + α |x|)⁻², so dL/ds comes doubled.
norse       as the case with dt / τ = 1/2; spikes where u > 1; the reset is detached by a reset method of our own. 1.1
            leaves out the slope of its "super" surrogate, which is 1 here.
"""

import torch
import torch.nn.functional as F
from spike_cases import SLOPE, TAU

DECAY = 1 - 1 / TAU


def libraries(name):
    return (name.removesuffix("-hoisted"), "torch")


def layers(case, name):
    i, ds = map(torch.from_numpy, case.arrays())
    if name == "snntorch":
        i = i / TAU
    if name == "spikingjelly":
        ds = ds * (2 / SLOPE)
    i.requires_grad_()
    run = {"snntorch": snntorch_layer, "spikingjelly": spikingjelly_layer, "norse": norse_layer}[name]()
    return there_and_back(name, run, i, ds)


def modules(case, name):
    """The same with the surrogate that both have by default, 1 / (1 + (π x)²)."""
    i, ds = map(torch.from_numpy, case.arrays())
    i = (i / TAU if name == "snntorch" else i).requires_grad_()
    if name == "snntorch":
        from snntorch.surrogate import atan

        return there_and_back(name, snntorch_layer(atan(alpha=2.0)), i, ds)
    from spikingjelly.activation_based.surrogate import ATan

    return there_and_back(name, spikingjelly_layer(ATan(alpha=2.0)), i, ds)


def there_and_back(name, run, i, ds):
    seen = {}

    def once():
        i.grad = None
        seen["s"] = run(i)
        seen["s"].backward(ds)

    def outcome():
        gradient = i.grad.sum(0).flatten().numpy()
        return {"spikes": seen["s"].detach().flatten(1).numpy() > 0,
                "gradient": gradient / TAU if name == "snntorch" else gradient}  # fmt: skip

    return once, outcome


def snntorch_layer(surrogate=None):
    leaky = snntorch_neuron(surrogate)

    def run(i):
        v, spikes = leaky.init_leaky(), []
        for now in i:
            s, v = leaky(now, v)
            spikes.append(s)
        return torch.stack(spikes)

    return run


def snntorch_neuron(surrogate=None):
    import snntorch

    surrogate = surrogate or snntorch.surrogate.fast_sigmoid(slope=SLOPE)
    return snntorch.Leaky(beta=DECAY, threshold=1.0, spike_grad=surrogate, reset_mechanism="zero")


def spikingjelly_layer(slope=None):
    from spikingjelly.activation_based import functional, neuron, surrogate

    slope = slope or surrogate.SoftSign(alpha=SLOPE)
    lif = neuron.LIFNode(tau=TAU, detach_reset=True, surrogate_function=slope, step_mode="m")

    def run(i):
        functional.reset_net(lif)
        return lif(i)

    return run


def norse_layer():
    from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters, lif_box_feed_forward_step

    p = LIFBoxParameters(
        tau_mem_inv=torch.tensor(1 / TAU),
        v_th=torch.tensor(1.0),
        alpha=SLOPE,
        reset_method=lambda z, v, reset, threshold: (1 - z.detach()) * v,
    )

    def run(i):
        state, spikes = LIFBoxFeedForwardState(v=torch.zeros_like(i[0])), []
        for now in i:
            s, state = lif_box_feed_forward_step(now, state, p, dt=1.0)
            spikes.append(s)
        return torch.stack(spikes)

    return run


def training(case, name):
    """snnTorch as its tutorials have it, the layers within the loop; `hoisted` multiplies the pixels once."""
    first, second = torch.nn.Linear(*case.sizes[:2]), torch.nn.Linear(*case.sizes[1:])
    with torch.no_grad():
        for layer, (w, b) in zip((first, second), case.weights(), strict=True):
            layer.weight.copy_(torch.from_numpy(w.T) / TAU)
            layer.bias.copy_(torch.from_numpy(b) / TAU)
    lif1, lif2 = snntorch_neuron(), snntorch_neuron()
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=case.lr / TAU**2)
    x, labels = map(torch.from_numpy, case.data())
    losses = []

    def scores(x):
        v1, v2, spikes = lif1.init_leaky(), lif2.init_leaky(), []
        current = first(x) if name == "snntorch-hoisted" else None
        for _ in range(case.steps):
            s, v1 = lif1(first(x) if current is None else current, v1)
            s, v2 = lif2(second(s), v2)
            spikes.append(s)
        return torch.stack(spikes).sum(0)

    def once():
        for at in case.batches():
            optimizer.zero_grad()
            loss = F.cross_entropy(scores(x[at]), labels[at])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    return once, lambda: {"losses": losses}
