"""A loop in plain PyTorch, as it is and compiled; the products are taken for all time steps at once."""

import os

import torch
import torch.nn.functional as F
from spike_cases import SLOPE, TAU

if "OMP_NUM_THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
LONGEST = 25  # steps that are compiled: the loop is unrolled, and 100 steps take minutes


def libraries(name):
    return ("torch",)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return (x >= 0).to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, ds):
        (x,) = ctx.saved_tensors
        return ds / (1 + SLOPE * x.abs()) ** 2


class Mask(torch.autograd.Function):
    """The source article's: only what has fired learns."""

    @staticmethod
    def forward(x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, ds):
        return ds * ctx.saved_tensors[0]


def lif(currents):
    """Spikes of an iterable of currents, one for each step."""
    v, spikes = 0.0, []
    for i in currents:
        u = v + (i - v) * (1 / TAU)
        s = Spike.apply(u - 1)
        v = u * (1 - s.detach())
        spikes.append(s)
    return torch.stack(spikes)


def as_named(name, f):
    return torch.compile(f, fullgraph=True, dynamic=False) if name == "torch-compile" else f


def layers(case, name):
    if name == "torch-compile" and case.steps > LONGEST:
        raise LookupError(f"torch.compile unrolls time: {case.steps} steps take it minutes")
    i, ds = map(torch.from_numpy, case.arrays())
    i.requires_grad_()
    run, seen = as_named(name, lambda i: lif(i.unbind(0))), {}

    def once():
        i.grad = None
        seen["s"] = run(i)
        seen["s"].backward(ds)

    def outcome():
        return {"spikes": seen["s"].detach().flatten(1).numpy() > 0, "gradient": i.grad.sum(0).flatten().numpy()}

    return once, outcome


def training(case, name):
    weights = [torch.from_numpy(a).requires_grad_() for layer in case.weights() for a in layer]
    optimizer = torch.optim.SGD(weights, lr=case.lr)
    x, labels = map(torch.from_numpy, case.data())
    losses = []

    def loss_of(x, labels):
        w1, b1, w2, b2 = weights
        hidden = lif([x @ w1 + b1] * case.steps)
        return F.cross_entropy(lif((hidden @ w2 + b2).unbind(0)).sum(0), labels)

    loss_of = as_named(name, loss_of)

    def once():
        for at in case.batches():
            optimizer.zero_grad()
            loss = loss_of(x[at], labels[at])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    return once, lambda: {"losses": losses}


def article(case, name):
    """The article's mathematics with the reset detached, and the product taken for all steps at once."""
    weights = [torch.from_numpy(a).requires_grad_() for a in case.weights()]
    optimizer = torch.optim.SGD(weights, lr=case.lr, momentum=case.momentum)
    inputs, losses = torch.from_numpy(case.inputs_of_all()), []

    def loss_of(x):
        w, b = weights
        v, spikes = 0.0, []
        for i in (x @ w + b).unbind(0):
            u = v + i
            s = Mask.apply(u - 1)
            v = u * (1 - s.detach())
            spikes.append(s)
        return torch.stack(spikes).mean() ** 2

    loss_of = as_named(name, loss_of)

    def once():
        for x in inputs:
            loss = loss_of(x)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())

    return once, lambda: {"losses": losses}
