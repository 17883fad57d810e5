"""Error diffusion, one network for each output: the article's two ways to write it, torch.bmm, and the products alone.

Units alternate between excitatory and inhibitory as in the article; with `bmm` and `products` they come in halves.
All minimise squared error by sigmoids σ(2 z / 0.4), in batches, with α = 0.8 and a bias of 0.8 at the input.
"""

import numpy as np
import torch

LIBRARIES = ("torch", "numpy")
GAIN, ALPHA, BETA = 5.0, 0.8, 0.8


def prepare(case, entrant):
    x, labels = case.data()
    x = np.concatenate([np.full((len(x), 1), BETA, np.float32), x], axis=1)
    targets = np.eye(case.sizes[2], dtype=np.float32)[labels]
    learn = {"broadcast": broadcast, "blocks": blocks, "bmm": bmm, "products": products}[entrant.variant](case)
    if entrant.variant in ("broadcast", "bmm"):
        x, targets = torch.from_numpy(x), torch.from_numpy(targets)

    def train(epochs):
        for _ in range(epochs):
            order, total = np.random.permutation(case.samples), 0.0
            for start in range(0, case.steps_per_epoch * case.batch_size, case.batch_size):
                index = order[start : start + case.batch_size]
                y, t = learn(x[index], targets[index]), targets[index]
                total += 0.5 * float(((y - t) ** 2).sum()) / case.batch_size if y is not None else 0.0
        return total / case.steps_per_epoch if y is not None else None

    return train


def magnitudes(case, rng):
    """(K, 2 inputs, width) and (K, width, 1): inputs with the bias among them, twice."""
    inputs, width, classes = case.sizes
    shapes = (classes, 2 * (inputs + 1), width), (classes, width, 1)
    return [rng.random(shape).astype(np.float32) / np.float32(shape[1] ** 0.5) for shape in shapes]


def broadcast(case):
    """As the article's program for batches: f′ by autograd in every pass, ΔW spread out as (K, B, m, n)."""
    kinds, weights = [], []
    for a in magnitudes(case, np.random.default_rng(0)):
        before, after = (torch.arange(n) % 2 == 0 for n in a.shape[1:])
        kinds.append((before, (before[:, None] == after).float() * 2 - 1))
        weights.append(torch.from_numpy(a) * kinds[-1][1])

    def learn(x, t):
        x, seen = x.repeat_interleave(2, -1), []
        for w in weights:
            z = (GAIN * (x @ w)).detach().requires_grad_()
            y = torch.sigmoid(z)
            y.sum().backward()
            seen.append((x, z.grad))
            x = y.detach()
        said = x.squeeze(-1).T
        d = torch.stack([(t - said).clamp(min=0), (said - t).clamp(min=0)])
        for w, (before, sign), (x, slope) in zip(weights, kinds, seen, strict=True):
            step = ALPHA * slope[:, :, None] * x[..., None] * sign
            w[:, before] += (d[0].T[..., None, None] * step[:, :, before]).mean(1)
            w[:, ~before] += (d[1].T[..., None, None] * step[:, :, ~before]).mean(1)
        return said

    return learn


def blocks(case):
    """As the article's program with NumPy: four blocks, ΔW of every sample by einsum; one such network per output."""
    rng, classes = np.random.default_rng(0), case.sizes[-1]
    nets = []
    for k in range(classes):
        layers = []
        for a in magnitudes(case, rng):
            columns = max(a.shape[2] // 2, 1)
            half = a.shape[1] // 2
            layers.append({"pp": a[k, :half, :columns].copy(), "np": a[k, half:, :columns].copy(),
                           "pn": a[k, :half, -columns:].copy(), "nn": a[k, half:, -columns:].copy()})  # fmt: skip
        nets.append(layers)

    def learn(x, t):
        said = np.empty_like(t)
        for k, layers in enumerate(nets):
            p, n, seen = x, x, []
            for w in layers:
                before = p, n
                p = 1 / (1 + np.exp(-GAIN * (p @ w["pp"] - n @ w["np"])))
                n = 1 / (1 + np.exp(-GAIN * (before[1] @ w["nn"] - before[0] @ w["pn"])))
                seen.append((*before, p, n))
            said[:, k] = p[:, 0]
            up, down = np.clip(t[:, k] - p[:, 0], 0, None), np.clip(p[:, 0] - t[:, k], 0, None)
            for w, (p, n, to_p, to_n) in zip(layers, seen, strict=True):
                for d, name, x_, y in (
                    (up, "pp", p, to_p),
                    (down, "np", n, to_p),
                    (up, "pn", p, to_n),
                    (down, "nn", n, to_n),
                ):
                    w[name] += ALPHA * np.einsum("b,bo,bi->bio", d, y * (1 - y), x_).mean(0)
        return said

    return learn


def bmm(case):
    """The same mathematics in PyTorch's batched products."""
    first, last = (torch.from_numpy(a) for a in magnitudes(case, np.random.default_rng(0)))
    half, units = first.shape[1] // 2, first.shape[2] // 2
    signs = torch.cat([torch.ones(units), -torch.ones(units)])

    def learn(x, t):
        z = torch.matmul(x, first[:, :half] - first[:, half:]) * signs
        hidden = torch.sigmoid(GAIN * z)
        y = torch.sigmoid(GAIN * torch.bmm(hidden * signs, last))
        said = y[..., 0].T
        d = (t - said).T[..., None]
        up, down = d.clamp(min=0) * (ALPHA / len(x)), (-d).clamp(min=0) * (ALPHA / len(x))
        slope, x = hidden * (1 - hidden), x.T.expand(len(first), -1, -1)
        first[:, :half].baddbmm_(x, up * slope)
        first[:, half:].baddbmm_(x, down * slope)
        slope = y * (1 - y)
        last[:, :units].baddbmm_(hidden[..., :units].transpose(1, 2), up * slope)
        last[:, units:].baddbmm_(hidden[..., units:].transpose(1, 2), down * slope)
        return said

    return learn


def products(case):
    """No learning, only the products of a step with NumPy, the first one folded, into arrays that are there."""
    first, last = magnitudes(case, np.random.default_rng(0))
    half, units = first.shape[1] // 2, first.shape[2] // 2
    folded = first[:, :half] - first[:, half:]
    hidden = np.full((len(first), case.batch_size, first.shape[2]), 0.5, np.float32)
    y = np.full((len(first), case.batch_size, 1), 0.5, np.float32)
    d_first, d_last, drive = np.empty_like(first), np.empty_like(last), hidden.copy()
    plus, minus = (np.ascontiguousarray(part) for part in (hidden[..., :units], hidden[..., units:]))

    def learn(x, t):
        np.matmul(x, folded, out=hidden)
        np.matmul(hidden, last, out=y)
        np.matmul(x.T, drive, out=d_first[:, :half])
        np.matmul(x.T, drive, out=d_first[:, half:])
        np.matmul(plus.swapaxes(1, 2), y, out=d_last[:, :units])
        np.matmul(minus.swapaxes(1, 2), y, out=d_last[:, units:])

    return learn
