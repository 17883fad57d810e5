"""Everything that learns, on arrays as strict as CuPy's (see device.py): the numbers are NumPy's."""

import sys

import numpy as np
import pytest

from catalogue import entries, formulas
from device import Device
from omomi.formulas import kernels
from omomi.formulas.activations import Activation
from omomi.formulas.arrays import on_host
from omomi.formulas.losses import Loss
from omomi.formulas.optimizers import Context, Optimizer
from omomi.formulas.surrogates import Surrogate
from omomi.networks.layers import Mode
from omomi.networks.network import Network
from omomi.rules import Rule
from omomi.training import Run, devices, fit

CLOSE = {np.float32: 1e-6, np.float64: 1e-12}
PRECISIONS = [pytest.param(np.float32, id="float32"), pytest.param(np.float64, id="float64")]
TARGETS = {"classes": np.eye(4)[[0, 2, 1]], "binary": np.eye(4)[[3, 2, 3]], "counts": np.arange(12.0).reshape(3, 4) % 5}


@pytest.fixture
def plain(monkeypatch):
    """Without compiled loops, which the other tests hold against plain NumPy."""
    monkeypatch.setattr(kernels, "takes", lambda x, among: False)


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setitem(devices.DEVICES, "stand-in", Device)


def agree(compute, *arrays, dtype=np.float64):
    """compute(to, *arrays) gives the same numbers of the same precision on both; `to` brings an array there."""
    given = [np.asarray(a, dtype) for a in arrays]
    with np.errstate(all="ignore"):
        here, there = (compute(to, *(to(a.copy()) for a in given)) for to in (np.asarray, Device))
    assert len(here) == len(there) > 0
    for a, b in zip(here, there, strict=True):
        assert isinstance(b, Device)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(b.get(), a, rtol=CLOSE[dtype], atol=0)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("f", formulas(Activation))
def test_activations(f, dtype, plain):
    def compute(to, z, b, dy):
        y, tape = f.forward(z.copy(), b)
        found = [y.copy(), f.backward(tape, dy), f(z), f.slope(z)]
        return [*found, f.curvature(z)] if f.second_derivative else found

    agree(compute, 3 * numbers(2, 3, 4), numbers(2, 1, 4), numbers(2, 3, 4, seed=1), dtype=dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("f", formulas(Surrogate))
def test_surrogates(f, dtype):
    agree(lambda to, x: [f(x), f.slope(x)], numbers(20), dtype=dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("f", formulas(Loss))
def test_losses(f, dtype, plain):
    t = np.broadcast_to(TARGETS.get(f.targets, numbers(3, 4, seed=1)), (2, 3, 4))
    y = np.tile(np.exp(numbers(2, 3, 4)), f.outputs_per_target)
    y = y / y.sum(-1, keepdims=True) if f.takes == "probabilities" else y

    def compute(to, y, t):
        tally = to(np.zeros((2, 2)))
        mean, dy = f.measure(y, t, tally)
        assert mean.dtype == np.float64
        return [mean, dy, tally, f(y, t), f.gradient(y, t)]

    agree(compute, y, np.tile(t, f.outputs_per_target), dtype=dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("f", formulas(Optimizer))
def test_optimizers(f, dtype, plain):
    def compute(to, theta, grad):
        rngs = [np.random.default_rng(seed) for seed in range(2)]

        def again():
            grad[...] = 0.9 * theta

        state = f.state(theta)
        for t in range(1, 4):
            again()
            seen = Context(to(np.array([1.0, 2.0]) / t), rngs, [(slice(0, 6), (2, 3))], again)
            f.step(t, theta, grad, state, scale=0.5, seen=seen)
        return [theta, state.slots, state.memory, f.answering(theta, state)]

    agree(compute, numbers(2, 8), np.zeros((2, 8)), dtype=dtype)


LAYERS = {
    "units": ((3,), "6, glu, maxout(4), p_relu, p_relu(shared=False), rms_norm, swi_glu, 3"),
    "norms": ((2, 3), "flatten, 6, relu, dropout(0.3), layer_norm, rate_bounds(0.1, 0.2), 3"),
    "codes": ((3,), "population(3), on_off, bernoulli(5), 4, lif, first_spike, 3"),
    "draws": ((3,), "poisson(5, rate=500), 4, lif(tau_ref=2), max_membrane, 3"),
    "times": ((3,), "latency(5), delta(off=True), 4, plif, last_membrane, 3"),
    "soft": ((3,), "4, spiking(adaptive_lif, steps=5, soft=True), spike_count, 3"),
    "cuts": ((5, 3), "4, recurrent(synaptic, truncate=2), leaky_integrator, mean_rate, 3"),
    "signs": ((3,), "signed_dense(6, nets=2), sigmoid, signed_dense(4, bias='free'), sigmoid, excitatory, 3"),
    "readouts": ((3,), "signed_dense(6, bias='none'), tanh, signed_dense(3, readout=True)"),
    "rates": ((3,), "repeat(4), 5, current_lif(tau_ref=2), population_rate"),
}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, dtype, plain):
    net = Network.parse(*LAYERS[name])

    def compute(to, theta, x):
        params, grad = net.views(theta), np.zeros_like(theta)
        y, tapes = net.forward(params, x, Mode(True, [np.random.default_rng(seed) for seed in range(2)]))
        d = y * 2
        for at in range(len(net.layers) - 1, -1, -1):
            net.layers[at].backward_weights(net.views(grad)[at], tapes[at], d)
            d = net.layers[at].backward_input(params[at], tapes[at], d)
        return [y, net.forward(params, x)[0], grad, d]

    agree(compute, net.init(range(2)), np.abs(numbers(2, 6, *net.shapes[0])), dtype=dtype)


# Runs

X, LABELS = np.random.default_rng(0).random((11, 3)), np.arange(11) % 3


def alike(net, rtol, **how):
    """The same run here and on the device."""
    how = {"epochs": 2, "batch_size": 4, "seeds": range(2), "progress": False} | how
    here, there = (fit(net, X, LABELS, device=device, **how) for device in ("cpu", "stand-in"))
    assert {type(a) for a in (there._theta, *there._own.values())} == {Device}
    for name in here.history:
        np.testing.assert_allclose(there.history[name], here.history[name], rtol=rtol, err_msg=name)
    for a, b in ((there.theta, here.theta), (there.answering, here.answering), (there.predict(X), here.predict(X))):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol / 100)


@pytest.mark.parametrize("cls", entries(Rule))
def test_every_rule_learns_the_same_there(cls, stand_in, plain):
    net = cls().wired(Network.parse(3, "4, sigmoid, 4, sigmoid, 3"), X)
    alike(net, 1e-12, rule=cls(), optimizer="momentum(lr=0.1)", dtype="float64")


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"rule": "forward_forward(negatives='hybrids')"}, id="hybrids"),
        pytest.param({"rule": "ed", "optimizer": "sgd(lr=1)"}, id="at-once"),
        pytest.param({"rule": "eprop(random=True)"}, id="eprop"),
        pytest.param({"clip_norm": 0.1, "weight_decay": 0.01, "schedule": "cosine", "optimizer": "sam"}, id="clipped"),
        pytest.param(
            {"validation": 0.3, "patience": 1, "optimizer": "lookahead(sgd(lr=9))", "epochs": 4}, id="patience"
        ),
        pytest.param({"sample_weight": np.arange(11.0), "diagnose": True, "shuffle": False}, id="weights"),
    ],
)
def test_runs_by_compiled_loops_here(how, stand_in):
    how = {"optimizer": "sgd(lr=0.1)"} | how
    net = Network.parse(3, "4, sigmoid, dropout(0.2), 4, sigmoid, 3")
    alike(Rule.of(how.get("rule", "backprop")).wired(net, X), 1e-4, **how)


def test_a_run_goes_on_where_it_is_loaded(stand_in, plain, tmp_path):
    net = Network.parse(3, "4, tanh, dropout(0.2), 3")
    how = {"epochs": 2, "batch_size": 4, "seeds": range(2), "optimizer": "eve", "rule": "weight_mirror"}
    there = Run(net, X, LABELS, device="stand-in", dtype="float64", **how)
    for _, _step in zip(range(4), there.steps(), strict=False):
        pass
    path = there.save(tmp_path / "run")
    there.train(progress=False)
    for device in (None, "cpu"):
        resumed = Run.load(path, X, LABELS, device=device)
        assert resumed.settings.device == (device or "stand-in")
        np.testing.assert_allclose(resumed.train(progress=False).theta, there.theta, rtol=1e-10)
        np.testing.assert_allclose(resumed.history["loss"], there.history["loss"], rtol=1e-10)


def test_what_comes_out_is_numpys(stand_in):
    run = Run(Network.parse(3, "4, relu, 3"), X, LABELS, epochs=1, device="stand-in", seeds=range(2))
    first = next(run.steps())
    found = [first.loss, run.predict(X), run.classify(X), run.theta, run.answering, run.params[0]["W"]]
    assert {type(a) for a in [*found, *run.evaluate(X, LABELS).values()]} == {np.ndarray}
    with pytest.raises(ValueError, match="read-only"):
        run.theta[...] = 0
    run.theta = np.zeros_like(run.theta)
    assert not on_host(run._theta).any()
    assert not run.params[0]["W"].any()


def test_devices_are_named_and_what_is_missing_is_said(monkeypatch):
    net = Network.parse(3, "3")
    with pytest.raises(ValueError, match=r"^device must be 'cpu' or 'cuda', got 'tpu'$"):
        Run(net, X, LABELS, device="tpu")
    monkeypatch.setitem(sys.modules, "cupy", None)
    devices._cupy.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"^device='cuda' needs cupy: pip install 'omomi\[cuda\]'$"):
        Run(net, X, LABELS, device="cuda")


def test_the_stand_in_is_as_strict_as_cupy():
    x, host = Device(np.arange(3.0)), np.arange(3)
    for wrong in (
        lambda: x + host, lambda: np.add(x, x, out=host.astype(float)), lambda: np.asarray(x), lambda: x[host],
        lambda: np.add.reduce(x), lambda: np.ascontiguousarray(x), lambda: np.stack([x, host]),
        lambda: np.where(True, x, x), lambda: np.sum(x, where=x > 0), lambda: np.median(x),
        lambda: x.__setitem__(slice(None), host),
    ):  # fmt: skip
        with pytest.raises((TypeError, AttributeError)):
            wrong()
    assert {type(a) for a in (x.sum(), x[0], np.zeros(2, like=x))} == {Device}
    assert float(np.sum(x)) == 3
