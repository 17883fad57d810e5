"""omomi: a layer by itself and as a module of PyTorch, networks in a Run, neurons in `simulate` and `fi_curve`."""

import numpy as np
from spike_cases import SLOPE, TAU

import omomi as om
from omomi.formulas.losses import Loss
from omomi.formulas.neurons import If, Lif
from omomi.formulas.surrogates import FastSigmoid
from omomi.networks.layers import Mode
from omomi.networks.readouts import PopulationRate, SpikeCount
from omomi.networks.spiking import Spiking


def libraries(name):
    return ("omomi", "numpy", "numba")


def layers(case, name):
    i, ds = (np.ascontiguousarray(a.swapaxes(0, 1))[None] for a in case.arrays())
    layer, learning, seen = Spiking(Lif(tau=TAU), surrogate=FastSigmoid(k=SLOPE)), Mode(train=True), {}

    def once():
        seen["s"], tape = layer.forward({}, i, learning)
        seen["di"] = layer.backward_input({}, tape, ds)

    def outcome():
        spikes = seen["s"][0].swapaxes(0, 1).reshape(case.steps, -1) > 0
        return {"spikes": spikes, "gradient": seen["di"][0].sum(axis=1).ravel()}

    return once, outcome


def modules(case, name):
    """The layer as a module of PyTorch, with the surrogate 1 / (1 + (π x)²)."""
    import torch

    from omomi.adapters.torch.neurons import Spiking as Module

    i, ds = map(torch.from_numpy, case.arrays())
    i.requires_grad_()
    lif, seen = Module(Lif(tau=TAU), surrogate="arctan"), {}

    def once():
        i.grad = None
        seen["s"], _ = lif(i)
        seen["s"].backward(ds)

    def outcome():
        return {"spikes": seen["s"].detach().flatten(1).numpy() > 0, "gradient": i.grad.sum(0).flatten().numpy()}

    return once, outcome


class SquaredMean(Loss):
    """L = y²: of the mean rate over all neurons, what the source article lets fall."""

    @staticmethod
    def value(y, t):
        return y * y

    @staticmethod
    def derivative(y, t):
        return 2 * y


def training(case, name):
    neurons = {"surrogate": FastSigmoid(k=SLOPE)}
    first, second = Spiking(Lif(tau=TAU), steps=case.steps, **neurons), Spiking(Lif(tau=TAU), **neurons)
    net = om.Network(case.sizes[0], om.Dense(case.sizes[1]), first, om.Dense(case.sizes[2]), second, SpikeCount())
    return running(om.Run(net, *case.data(), loss="softmax_cross_entropy", optimizer=om.Sgd(lr=case.lr),
                          batch_size=case.batch, seeds=[0], shuffle=False), case.weights())  # fmt: skip


def article(case, name):
    """With the reset detached."""
    net = om.Network((case.steps, case.inputs), om.Dense(case.units), Spiking(If()), PopulationRate())
    momentum, inputs = om.Momentum(lr=case.lr, momentum=case.momentum), case.inputs_of_all()
    run = om.Run(net, inputs, np.zeros((len(inputs), 1)), loss=SquaredMean(), optimizer=momentum, batch_size=1,
                 seeds=[0], shuffle=False)  # fmt: skip
    return running(run, [case.weights()])


def running(run, weights):
    """An epoch at a time, from those weights on."""
    for p, (w, b) in zip([p for p in run._params if p], weights, strict=True):
        p["W"][...], p["b"][...] = w, b
    losses = []

    def once():
        losses.extend(float(step.loss[0]) for step in run.steps(epochs=1))

    return once, lambda: {"losses": losses}


def simulation(case, name):
    neuron, currents, seen = Lif(tau=case.tau), case.currents(), {}
    precision = "float32" if name.endswith("float32") else "float64"

    def once():
        seen["run"] = om.simulate(neuron, currents, case.T, case.dt, record=(), dtype=precision)

    return once, lambda: {"counts": seen["run"].counts()}


def fi_curve(case, name):
    neuron, currents, seen = Lif(tau=10.0, tau_ref=1.0), np.linspace(0, 2, 10), {}

    def once():
        seen["curve"] = om.fi_curve(neuron, currents, T=1000.0, dt=1.0)

    return once, lambda: {"counts": seen["curve"].counts}
