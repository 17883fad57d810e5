"""What is trained: the data, the network, the optimizer and who takes part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Entrant:
    """One contestant: a module of `contestants` in one of its variants, training `networks` at once."""

    name: str
    module: str
    variant: str = ""
    networks: int = 1


@dataclass(frozen=True)
class Case:
    """A two-layer perceptron with softmax cross-entropy, the same for everyone in every number given here."""

    title: str
    sizes: tuple[int, ...]
    hidden: str
    optimizer: str
    lr: float
    data: Callable[[], tuple[np.ndarray, np.ndarray]]  # x (samples, inputs) float32, labels (samples,) int64
    samples: int
    warm_up: int  # epochs before the first timing; the loss after them shows that everybody learns
    entrants: tuple[Entrant, ...]
    batch_size: int = 128

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches only: the rest of each shuffled epoch is dropped."""
        return self.samples // self.batch_size

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """W (inputs, outputs) and b (outputs,) of both layers, from U(±1/√inputs), float32."""
        rng = np.random.default_rng(0)
        return [
            tuple(rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(n)) for shape in ((n, m), (m,)))
            for n, m in zip(self.sizes, self.sizes[1:], strict=False)
        ]


def spiral(classes: int = 4, points: int = 1000, sigma: float = 0.16, held_out: float = 0.2):
    """The four-armed spiral, shuffled, without its test fifth: (3200, 2)."""
    rng = np.random.default_rng(0)
    k = np.repeat(np.arange(classes), points)
    t = np.tile(np.linspace(0, 1, points), classes)
    turn = 2 * np.pi / classes * (2 * t + k)
    noise = sigma * rng.standard_normal((k.size, 2))
    x = t[:, None] * (np.stack([np.sin(turn), np.cos(turn)], axis=1) + noise)
    train = rng.permutation(k.size)[int(held_out * k.size) :]
    return x[train].astype(np.float32), k[train]


def pixels(samples: int = 640):
    """As MNIST's shape below, from U(0, 1)."""
    x, labels = mnist_shape(samples)
    return (x + 1) / 2, labels


def mnist_shape(samples: int = 60_000, inputs: int = 784, classes: int = 10):
    """Pixels from U(-1, 1) in MNIST's shape; labels of a random linear map, so that there is something to learn."""
    rng = np.random.default_rng(0)
    x = 2 * rng.random((samples, inputs), dtype=np.float32) - 1
    teacher = rng.standard_normal((inputs, classes), dtype=np.float32)
    return x, (x @ teacher).argmax(axis=1)


def error_diffusion(width: int) -> Case:
    variants = {"article-torch": "broadcast", "article-numpy": "blocks", "torch-bmm": "bmm", "gemm-only": "products"}
    return Case(
        f"error diffusion: 10 networks 784-{width}-1, batches of 32",
        sizes=(784, width, 10), hidden="sigmoid", optimizer="error_diffusion", lr=0.8, data=pixels, samples=640,
        warm_up=3, batch_size=32,
        entrants=(
            Entrant("omomi", "omomi_", "ed"), *(Entrant(n, "error_diffusion", v) for n, v in variants.items())
        ),
    )  # fmt: skip


OMOMI = Entrant("omomi", "omomi_")
SCIKIT_LEARN = Entrant("scikit-learn", "sklearn_")
JAX = Entrant("jax", "jax_")
GEMM = Entrant("gemm-only", "gemm")
TORCH = Entrant("torch", "torch_", "eager")
TORCH_FOREACH = Entrant("torch-foreach", "torch_", "foreach")
TORCH_FUSED = Entrant("torch-fused", "torch_", "fused")
TORCH_COMPILE = Entrant("torch-compile", "torch_", "compile")
TORCH_DATALOADER = Entrant("torch-dataloader", "torch_", "dataloader")

PEERS = (OMOMI, TORCH, TORCH_FOREACH, TORCH_FUSED, TORCH_COMPILE, JAX, SCIKIT_LEARN, GEMM)

SPIRAL = {
    "sizes": (2, 128, 4),
    "hidden": "relu",
    "optimizer": "adam",
    "lr": 1e-3,
    "data": spiral,
    "samples": 3200,
    "warm_up": 100,
}
MNIST_SHAPE = {"sizes": (784, 500, 10), "hidden": "sigmoid", "data": mnist_shape, "samples": 60_000, "warm_up": 2}

CASES = {
    "spiral": Case("spiral: 2-128-4, ReLU, Adam", **SPIRAL, entrants=(*PEERS, TORCH_DATALOADER)),
    "mnist-shape-adam": Case(
        "MNIST's shape: 784-500-10, sigmoid, Adam", **MNIST_SHAPE, optimizer="adam", lr=1e-3, entrants=PEERS
    ),
    "mnist-shape-sgd": Case(
        "MNIST's shape: 784-500-10, sigmoid, SGD", **MNIST_SHAPE, optimizer="sgd", lr=0.1, entrants=PEERS
    ),
    "rules": Case(
        "MNIST's shape: 784-500-500-10, sigmoid, SGD, by rule",
        **MNIST_SHAPE | {"sizes": (784, 500, 500, 10)},
        optimizer="sgd",
        lr=0.1,
        entrants=(
            Entrant("omomi", "omomi_"),
            *(Entrant(f"omomi-{r}", "omomi_", r) for r in ("fa", "dfa", "usf", "kp")),
        ),
    ),
    "error-diffusion-32": error_diffusion(32),
    "error-diffusion-128": error_diffusion(128),
    "spiral-replicas": Case(
        "spiral: 32 networks at once, per network",
        **SPIRAL,
        entrants=(OMOMI, Entrant("omomi-x32", "omomi_", "replicas", networks=32)),
    ),
}
