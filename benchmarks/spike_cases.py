"""What `spikes.py` times: the parts, the numbers that everybody gets, and who takes part."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TAU, SLOPE = 2.0, 1.0  # of LIF neurons, in steps; of the fast sigmoid 1 / (1 + SLOPE |x|)²


@dataclass(frozen=True)
class Layer:
    """LIF neurons forward and backward: u = v + (i - v) / τ, a spike where u ≥ 1, then v = 0; the reset is detached."""

    name: str
    steps: int
    batch: int
    units: int
    warm_up: int = 3
    per_call: int = 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Currents and dL/ds, (T, B, N) float32; about a sixth of the neurons fires at a time."""
        rng = np.random.default_rng(0)
        i, ds = rng.standard_normal((2, self.steps, self.batch, self.units), dtype=np.float32)
        return i + np.float32(0.6), ds


@dataclass(frozen=True)
class Training:
    """784-1000-10 of LIF neurons, the pixels as constant currents; softmax cross-entropy on spike counts, SGD."""

    name: str = "784-1000-10"
    sizes: tuple[int, int, int] = (784, 1000, 10)
    steps: int = 25
    batch: int = 128
    per_call: int = 5  # batches, in the same order for everyone
    warm_up: int = 3
    lr: float = 0.05

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """W (inputs, outputs) and b (outputs,) of both layers, so large that both fire."""
        rng, made = np.random.default_rng(0), []
        for n, m, gain in ((*self.sizes[:2], 3.0), (*self.sizes[1:], 8.0)):
            bound = np.float32(gain / np.sqrt(n))
            made.append(tuple(bound * (2 * rng.random(shape, dtype=np.float32) - 1) for shape in ((n, m), (m,))))
        return made

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixels from U(0, 1), labels of a random linear map."""
        rng = np.random.default_rng(1)
        x = rng.random((self.per_call * self.batch, self.sizes[0]), dtype=np.float32)
        return x, ((x - 0.5) @ rng.standard_normal((self.sizes[0], self.sizes[2]), dtype=np.float32)).argmax(axis=1)

    def batches(self) -> Iterator[slice]:
        for k in range(self.per_call):
            yield slice(k * self.batch, (k + 1) * self.batch)


@dataclass(frozen=True)
class Article:
    """300-500 integrate-and-fire neurons for 10 steps; the squared mean of the spikes, SGD with momentum 0.9."""

    name: str = "300-500"
    inputs: int = 300
    units: int = 500
    steps: int = 10
    per_call: int = 100
    warm_up: int = 1
    lr: float = 0.1
    momentum: float = 0.9

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """W from U(±1/√300), b from U(0, 1)."""
        rng, bound = np.random.default_rng(0), np.float32(1 / np.sqrt(self.inputs))
        w = bound * (2 * rng.random((self.inputs, self.units), dtype=np.float32) - 1)
        return w, rng.random(self.units, dtype=np.float32)

    def inputs_of_all(self) -> np.ndarray:
        """Zeros and ones, new in each iteration: (iterations, T, inputs)."""
        return np.random.default_rng(1).integers(0, 2, (self.per_call, self.steps, self.inputs)).astype(np.float32)


@dataclass(frozen=True)
class Simulation:
    """LIF neurons, τ = 10 ms, at constant currents for 1 s in steps of 0.1 ms (Euler, double); spikes are counted."""

    name: str
    neurons: int
    T: float = 1000.0
    dt: float = 0.1
    tau: float = 10.0
    warm_up: int = 1
    per_call: int = 1

    def currents(self) -> np.ndarray:
        """Silent below 1; 1.05 gives 33 Hz, 1.6 102 Hz."""
        return np.linspace(0.95, 1.6, self.neurons)


@dataclass(frozen=True)
class FICurve:
    """Spikes in 1 s at ten currents, as the source article counts them: Rm = 1, τ = 10 ms, τ_ref = 1 ms, dt = 1 ms."""

    name: str = "10 currents"
    warm_up: int = 1
    per_call: int = 1


TORCH = ("snntorch", "spikingjelly", "norse", "torch", "torch-compile")
PARTS = {
    "layers": (
        (
            Layer("25 × 12,800", 25, 128, 100),
            Layer("100 × 1,000", 100, 10, 100),
            Layer("100 × 128,000", 100, 128, 1000),
        ),
        ("omomi", *TORCH, "jax", "memory"),
    ),
    "modules": (
        (
            Layer("25 × 128 × 128", 25, 128, 128),
            Layer("100 × 128 × 1,000", 100, 128, 1000),
            Layer("10 × 32 × 128", 10, 32, 128),
        ),
        ("omomi", "snntorch", "spikingjelly"),
    ),
    "training": ((Training(),), ("omomi", "snntorch", "snntorch-hoisted", "torch", "jax", "gemm-only")),
    "article": ((Article(),), ("omomi", "article", "torch", "torch-compile", "jax")),
    "simulation": (
        (Simulation("1,000 neurons", 1_000), Simulation("100,000 neurons", 100_000)),
        ("omomi", "omomi-float32", "brian2-cython", "brian2-cpp", "brian2-cpp-2"),
    ),
    "fi-curve": ((FICurve(),), ("omomi", "article")),
}
MODULES = {
    "omomi": "spikes_omomi",
    "omomi-float32": "spikes_omomi",
    "snntorch": "spikes_libraries",
    "snntorch-hoisted": "spikes_libraries",
    "spikingjelly": "spikes_libraries",
    "norse": "spikes_libraries",
    "torch": "spikes_torch",
    "torch-compile": "spikes_torch",
    "article": "spikes_article",
    "jax": "spikes_jax",
    "memory": "spikes_limits",
    "gemm-only": "spikes_limits",
    "brian2-cython": "spikes_brian2",
    "brian2-cpp": "spikes_brian2",
    "brian2-cpp-2": "spikes_brian2",
}
