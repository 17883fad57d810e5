"""Training steps of MNIST's shape on a GPU: omomi on CuPy beside torch, eager and compiled, and omomi on the CPU.

    python benchmarks/gpu.py

Needs an NVIDIA GPU, CuPy and torch with CUDA. Steps end when the GPU has done them: the last loss is fetched.
"""

import platform
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from cases import mnist_shape

import omomi as om
from omomi.training import Run

SIZES, BATCH, STEPS, REPEATS = (784, 1000, 10), 128, 200, 5


def main() -> None:
    import cupy
    import torch

    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{name}, CuPy {cupy.__version__}, torch {torch.__version__}, Python {platform.python_version()}")
    print(f"{'-'.join(map(str, SIZES))}, relu, Adam, batches of {BATCH}, float32: microseconds per step\n")
    x, labels = mnist_shape(STEPS * BATCH)
    for replicas in (1, 8):
        print(f"{replicas} network{'s' if replicas > 1 else ''}")
        for who, steps in (
            ("omomi, CuPy", ours(x, labels, replicas, "cuda")),
            ("torch, eager", torchs(x, labels, replicas, compiled=False)),
            ("torch, compiled", torchs(x, labels, replicas, compiled=True)),
            ("omomi, CPU", ours(x, labels, replicas, "cpu")),
        ):
            print(f"  {who:<16} {per_step(steps):8.0f}")


def per_step(epoch: Callable[[], None]) -> float:
    """Microseconds, the best of some epochs after one to warm up."""
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - began)
    return min(times[1:]) / STEPS * 1e6


def ours(x: np.ndarray, labels: np.ndarray, replicas: int, device: str) -> Callable[[], None]:
    net = om.Network.parse(SIZES[0], f"{SIZES[1]}, relu, {SIZES[2]}")
    run = Run(net, x, labels, batch_size=BATCH, seeds=range(replicas), device=device)
    return lambda: run.train(1, progress=False) and None


def torchs(x: np.ndarray, labels: np.ndarray, replicas: int, compiled: bool) -> Callable[[], None]:
    """The networks as batched products, as ours are; each sees the samples in an order of its own."""
    import torch

    torch.set_float32_matmul_precision("highest")
    place = {"device": "cuda", "dtype": torch.float32}
    bounds = [(n, m, n**-0.5) for n, m in pairwise(SIZES)]
    weights = [
        torch.empty(replicas, *shape, **place).uniform_(-b, b).requires_grad_()
        for n, m, b in bounds for shape in ((n, m), (1, m))
    ]  # fmt: skip
    adam = torch.optim.Adam(weights, lr=1e-3)
    data, classes = torch.tensor(x, device="cuda"), torch.tensor(labels, device="cuda")

    def loss_of(a: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        W1, b1, W2, b2 = weights
        y = torch.relu(a @ W1 + b1) @ W2 + b2
        return torch.nn.functional.cross_entropy(y.flatten(0, 1), t.flatten()) * replicas

    loss_of = torch.compile(loss_of) if compiled else loss_of

    def epoch() -> None:
        order = torch.stack([torch.randperm(len(data), device="cuda") for _ in range(replicas)])
        for index in order.split(BATCH, dim=1):
            adam.zero_grad()
            loss = loss_of(data[index], classes[index])
            loss.backward()
            adam.step()
        float(loss)

    return epoch


if __name__ == "__main__":
    main()
