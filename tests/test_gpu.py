"""On a GPU, with CuPy itself: what test_device.py shows of the stand-in."""

import time

import numpy as np
import pytest

from catalogue import entries, formulas
from omomi.formulas.activations import Activation
from omomi.formulas.losses import Loss
from omomi.formulas.optimizers import Optimizer
from omomi.networks.network import Network
from omomi.rules import Rule
from omomi.training import Run, fit

pytestmark = pytest.mark.gpu
X, LABELS = np.random.default_rng(0).random((11, 3)), np.arange(11) % 3
UNSTEADY = ("santa_e", "santa_sss")  # they divide by what comes near 0


def alike(net, y=LABELS, **how):
    how = {"epochs": 2, "batch_size": 4, "seeds": range(2), "dtype": "float64", "progress": False} | how
    here, there = (fit(net, X, y, device=device, **how) for device in ("cpu", "cuda"))
    assert type(there._theta).__module__.startswith("cupy")
    assert there._theta.dtype == here._theta.dtype
    np.testing.assert_allclose(there.theta, here.theta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(there.history["loss"], here.history["loss"], rtol=1e-7)
    np.testing.assert_allclose(there.predict(X), here.predict(X), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("cls", entries(Rule))
def test_rules(cls):
    alike(cls().wired(Network.parse(3, "4, sigmoid, 4, sigmoid, 3"), X), rule=cls(), optimizer="momentum(lr=0.1)")


@pytest.mark.parametrize("name", [name for name in Optimizer.entries() if name not in UNSTEADY])
def test_optimizers(name):
    alike(Network.parse(3, "4, tanh, 3"), optimizer=name)


@pytest.mark.parametrize("f", formulas(Activation))
def test_activations(f):
    alike(Network(3, *Network.parse(3, "4").layers, f, *Network.parse(4, "3").layers), optimizer="sgd(lr=0.1)")


@pytest.mark.parametrize("f", formulas(Loss))
def test_losses(f):
    targets = {"values": X, "binary": (X > 0.5).astype(float), "counts": np.rint(3 * X)}
    y = targets.get(f.targets, LABELS)
    if type(f).__name__ == "Weighted":  # the weights of the examples are four
        y = np.arange(11) % 4 if f.targets == "classes" else np.tile(y, 2)[:, :4]
    outputs = f.outputs_per_target * (y.shape[1] if y.ndim > 1 else max(LABELS.max(), y.max()) + 1)
    last = ", softmax" if f.takes == "probabilities" else ""
    alike(Network.parse(3, f"4, tanh, {outputs}{last}"), loss=f, y=y, optimizer="sgd(lr=0.1)")


@pytest.mark.parametrize(
    "text",
    [
        "6, glu, maxout(4), p_relu, layer_norm, dropout(0.3), 3",
        "population(3), bernoulli(5), 4, lif(tau_ref=2), first_spike, 3",
        "latency(5), 4, recurrent(adaptive_lif, truncate=2), max_membrane, 3",
    ],
)  # fmt: skip
def test_layers(text):
    alike(Network.parse(3, text), optimizer="sgd(lr=0.1)")


def test_a_run_goes_on_elsewhere(tmp_path):
    run = Run(
        Network.parse(3, "4, tanh, dropout(0.2), 3"), X, LABELS, epochs=2, batch_size=4, device="cuda", dtype="float64"
    )
    for _, _step in zip(range(4), run.steps(), strict=False):
        pass
    path = run.save(tmp_path / "run")
    run.train(progress=False)
    for device in ("cuda", "cpu"):
        again = Run.load(path, X, LABELS, device=device).train(progress=False)
        np.testing.assert_allclose(again.theta, run.theta, rtol=1e-7, atol=1e-9)


def test_it_learns_what_torch_learns_on_the_gpu(capsys):
    """784-1000-10 by SGD from the same weights in the same order: the same weights; both times are shown."""
    import torch

    rng = np.random.default_rng(0)
    x, labels = rng.random((6400, 784), np.float32), rng.integers(0, 10, 6400)
    how = {"optimizer": "sgd(lr=0.1)", "epochs": 2, "batch_size": 128, "seeds": [0], "shuffle": False}
    run = Run(Network.parse(784, "1000, relu, 10"), x, labels, device="cuda", **how)
    W1, b1, W2, b2 = (torch.tensor(w[0], device="cuda", requires_grad=True) for p in run.params for w in p.values())
    sgd = torch.optim.SGD([W1, b1, W2, b2], lr=0.1)
    data, classes = torch.tensor(x, device="cuda"), torch.tensor(labels, device="cuda")
    times = {"omomi": [], "torch": []}
    for _ in range(2):
        began = time.perf_counter()
        run.train(1, progress=False)
        times["omomi"].append(time.perf_counter() - began)
        began = time.perf_counter()
        for a, t in zip(data.split(128), classes.split(128), strict=True):
            sgd.zero_grad()
            torch.nn.functional.cross_entropy(torch.relu(a @ W1 + b1) @ W2 + b2, t).backward()
            sgd.step()
        torch.cuda.synchronize()
        times["torch"].append(time.perf_counter() - began)
    for ours, theirs in zip([w for p in run.params for w in p.values()], (W1, b1, W2, b2), strict=True):
        np.testing.assert_allclose(ours[0], theirs.detach().cpu().numpy(), atol=2e-4)
    with capsys.disabled():
        print("".join(f"\n{who}: {1e6 * min(each) / 50:.0f} us per step" for who, each in times.items()))
