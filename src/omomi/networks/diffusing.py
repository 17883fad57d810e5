"""The loops of signed layers and of error diffusion.

Weights go through the cache block by block, each block so small that BLAS keeps to one thread. Numbers whose products
could be subnormal become 0: saturated units make many of them, each a hundred times slower than another number, and all
too small to move a weight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from ..formulas import kernels
from ..formulas.threads import in_halves

Array = np.ndarray
WORK = 30_000_000  # multiply-adds from which on a second thread was worth its while
NEGLIGIBLE = {"f": 1e-19, "d": 1e-154}  # about the square roots of the smallest normal numbers


def forward(x: Array, weights: Array, signs: Array, scale: Array, line: Array, z: Array) -> None:
    """z ← scale ∘ (x A) + line, where x may be there twice.

    x (R | 1, B, 1 | K, m), weights (R, K, m, n), or (R, K, 2 m, n) for an x that excites and inhibits; signs (m,) of
    the inputs, scale (n,), line (R, K, n), z (R, B, K, n).
    """
    if kernels.takes(z, kernels.PRECISIONS) and x.flags.c_contiguous:
        loop = _forward[z.dtype.char]
        _by_networks(z, weights, lambda nets: loop(x, weights, signs, scale, line, z, np.array(nets, np.float64)))
        return
    half = weights.shape[2] // 2
    doubled = x.shape[3] != weights.shape[2]
    folded = weights[:, :, :half] - weights[:, :, half:] if doubled else weights
    np.matmul((x if doubled else x * signs).swapaxes(1, 2), folded, out=z.swapaxes(1, 2))
    z *= scale
    z += line[:, None]


def heard(d: Array, slope: Array | None, scale: float, shape: tuple[int, ...]) -> Array:
    """scale · d ∘ slope, (R, B, K, n). d is of that shape, or 1 along K or n; no slope stands for 1."""
    u = np.empty(shape, d.dtype, like=d)
    if kernels.takes(d, kernels.PRECISIONS):
        d, slope = np.ascontiguousarray(d), u if slope is None else np.ascontiguousarray(slope)
        _heard[d.dtype.char, slope is not u](d, slope.reshape(shape), u, np.array([scale]))
    else:
        np.multiply(d * scale, 1 if slope is None else slope.reshape(shape), out=u)
    return u


def grow(x: Array, d: Array, u: Array, weights: Array, bias: Array, beta: float, rate: float | None = None) -> None:
    """W ← x₊ᵀ u of samples with d > 0, in the rows of excitatory inputs; -x₋ᵀ u of those with d < 0, in the others.

    With a rate, W ← W - rate · that: the step of gradient descent, for which no gradient is written out.

    x (R | 1, B, K | 1, m), where a single network of inputs stands for both types; d (R, B, K), u (R, B, K, n), weights
    (R, K, rows, n); bias (R, K, 2, n) likewise from inputs of β, or of shape (R, K, 0, n).
    """
    if kernels.takes(u, kernels.PRECISIONS) and x.flags.c_contiguous:
        loop, d = _grow[u.dtype.char, rate is not None], np.ascontiguousarray(d)
        _by_networks(u, weights, lambda nets: loop(x, d, u, weights, bias, np.array([*nets, beta, rate or 0.0])))
        return
    half, single = weights.shape[2] // 2, x.shape[3] != weights.shape[2]
    u, d = u.swapaxes(1, 2), d.swapaxes(1, 2)[..., None]
    for side, drive in enumerate((np.where(d > 0, u, 0), np.where(d < 0, -u, 0))):
        rows = slice(side * half, (side + 1) * half)
        inputs = (x if single else x[..., rows]).transpose(0, 2, 3, 1)
        for there, moved in ((weights[:, :, rows], inputs @ drive), (bias[:, :, side : side + 1], beta * drive.sum(2))):
            if there.size:
                there[...] = moved.reshape(there.shape) if rate is None else there - rate * moved.reshape(there.shape)


def _by_networks(z: Array, weights: Array, loop: Callable[[tuple[float, float]], None]) -> None:
    """Call the loop for networks from … to, in two threads where there is work enough in each replica.

    Replicas of which there is less are shared among threads by `training.crew`.
    """
    nets = weights.shape[1]
    if z.shape[1] * weights[0].size < WORK:
        loop((0, nets))
    else:
        in_halves(lambda start, end: loop((start, end)), nets)


# Rows of a block: so many that its product has at most as many multiply-adds as BLAS gives to one thread.
_ROWS = f"most = max(1, min(half, {kernels.SMALL} // (size * W.shape[3])))"


@cache
def _forwarding(char: str) -> kernels.Kernel:
    loop = f"""
    small, size, n_out, doubled = real({NEGLIGIBLE[char]}), x.shape[1], W.shape[3], x.shape[3] != W.shape[2]
    half, start, end = x.shape[3], int(k[0]), int(k[1])
    {_ROWS}
    xs, v = np.empty(size * half, z.dtype), np.empty((most, n_out), z.dtype)
    part, sums = np.empty((size, n_out), z.dtype), np.empty((size, n_out), z.dtype)
    for r in range(W.shape[0]):
        p = min(r, x.shape[0] - 1)
        for j in range(start, end):
            i = min(j, x.shape[2] - 1)
            if (p == r or r == 0) and (i == j or j == start):
                for first in range(0, half, most):
                    rows = min(most, half - first)
                    for s in range(size):
                        given, taken = x[p, s, i, first : first + rows], xs[first * size + s * rows :]
                        for m in range(rows):
                            w = given[m]
                            w = w if abs(w) > small else w * 0
                            taken[m] = w if doubled else w * signs[first + m]
            sums[:] = 0
            for first in range(0, half, most):
                rows = min(most, half - first)
                block = xs[first * size : first * size + size * rows].reshape(size, rows)
                if doubled:
                    plus = contiguous(W[r, j, first : first + rows])
                    minus = contiguous(W[r, j, half + first : half + first + rows])
                    for m in range(rows):
                        for n in range(n_out):
                            v[m, n] = plus[m, n] - minus[m, n]
                    np.dot(block, v[:rows], part)
                else:
                    np.dot(block, contiguous(W[r, j, first : first + rows]), part)
                for s in range(size):
                    for n in range(n_out):
                        sums[s, n] += part[s, n]
            for s in range(size):
                for n in range(n_out):
                    z[r, s, j, n] = scale[n] * sums[s, n] + line[r, j, n]
    """
    return kernels.build("signed_forward", loop, "x:4O W:4A signs:1O scale:1 line:3 z:4", char)


@cache
def _hearing(char: str, sloped: bool) -> kernels.Kernel:
    loop = f"""
    scale, small = real(k[0]), real({NEGLIGIBLE[char]})
    for r in range(u.shape[0]):
        for b in range(u.shape[1]):
            for j in range(u.shape[2]):
                one, i = d.shape[3] == 1, min(j, d.shape[2] - 1)
                e = scale * d[r, b, i, 0]
                for n in range(u.shape[3]):
                    v = (e if one else scale * d[r, b, i, n]) {"* f[r, b, j, n]" if sloped else ""}
                    u[r, b, j, n] = v if abs(v) > small or v != v else real(0)
    """
    return kernels.build("hear", loop, "d:4O f:4O u:4", char)


@cache
def _growing(char: str, descending: bool) -> kernels.Kernel:
    # Each sample is gathered for the one product that it is in: half the work of two products over all samples.
    into = "W[r, j, at : at + rows]"
    write = f"""
                        if count:
                            np.dot(block.T, us[:count], contiguous({into}))
                        else:
                            {into} = 0
    """
    move = """
                        if count:
                            np.dot(block.T, us[:count], part[:rows])
                            there = contiguous(W[r, j, at : at + rows])
                            for m in range(rows):
                                for n in range(n_out):
                                    there[m, n] -= rate * part[m, n]
    """
    loop = f"""
    beta, rate, small = real(k[2]), real(k[3]), real({NEGLIGIBLE[char]})
    half, size, n_out = W.shape[2] // 2, x.shape[1], W.shape[3]
    {_ROWS}
    xs, us = np.empty(size * most, W.dtype), np.empty((size, n_out), W.dtype)
    mine, part = np.empty(size, np.int64), np.empty((most, n_out), W.dtype)
    for r in range(W.shape[0]):
        p = min(r, x.shape[0] - 1)
        for j in range(int(k[0]), int(k[1])):
            i = min(j, x.shape[2] - 1)
            for side in range(2):
                count, sign = 0, real(1 - 2 * side)
                for s in range(size):
                    if sign * d[r, s, j] > 0:
                        mine[count] = s
                        given, taken = u[r, s, j], us[count]
                        for n in range(n_out):
                            taken[n] = sign * given[n]
                        count += 1
                start = 0 if x.shape[3] == half else side * half
                if count or {not descending}:
                    for first in range(0, half, most):
                        rows, at = min(most, half - first), side * half + first
                        block = xs[: count * rows].reshape(count, rows)
                        for c in range(count):
                            given, taken = x[p, mine[c], i, start + first : start + first + rows], block[c]
                            for m in range(rows):
                                v = given[m]
                                taken[m] = v if abs(v) > small else v * 0
                        {(move if descending else write).strip()}
                if b.shape[2]:
                    for n in range(n_out):
                        total = real(0)
                        for c in range(count):
                            total += us[c, n]
                        b[r, j, side, n] = {"b[r, j, side, n] - rate *" if descending else ""} (beta * total)
    """
    return kernels.build("grow", loop, "x:4O d:3O u:4 W:4A b:4A", char)


_forward = kernels.Loops(_forwarding)
_heard = kernels.Loops(lambda key: _hearing(*key))
_grow = kernels.Loops(lambda key: _growing(*key))
