"""The loops of error diffusion: what units hear, and what the weights from either type of unit get from it.

Numbers whose products could be subnormal become 0: saturated units make many of them, each a hundred times slower than
another number, and all too small to move a weight.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..formulas import kernels

Array = np.ndarray
SMALL = {"f": 1e-19, "d": 1e-154}  # about the square roots of the smallest normal numbers
WIDE = 64  # units from which on the compiled loop is quicker than NumPy's products with two threads, as measured
FEW = 3  # of samples of which less than a third take part in a product, these are gathered


def heard(d: Array, slope: Array | None, scale: float, shape: tuple[int, ...]) -> Array:
    """scale · d ∘ slope, (R, B, K, n). d is of that shape, or 1 along K or n; no slope stands for 1."""
    u = np.empty(shape, d.dtype)
    if d.dtype.char in kernels.PRECISIONS:
        d, slope = np.ascontiguousarray(d), u if slope is None else np.ascontiguousarray(slope)
        _heard[d.dtype.char, slope is not u](d, slope.reshape(shape), u, np.array([scale]))
    else:
        np.multiply(d * scale, 1 if slope is None else slope.reshape(shape), out=u)
    return u


def grow(x: Array, d: Array, u: Array, weights: Array, bias: Array) -> None:
    """W ← x₊ᵀ u of samples with d > 0, in the rows of excitatory inputs; -x₋ᵀ u of those with d < 0, in the others.

    x (R | 1, B, K | 1, m), where a single network of inputs stands for both types; d (R, B, K), u (R, B, K, n), weights
    (R, K, rows, n); bias (R, K, 2, n) likewise from inputs of 1, or of shape (R, K, 0, n).
    """
    half = weights.shape[2] // 2
    small = x.shape[1] * half * u.shape[3] <= kernels.SMALL
    if u.dtype.char in kernels.PRECISIONS and x.flags.c_contiguous and (small or u.shape[3] >= WIDE):
        _growing[u.dtype.char](x, np.ascontiguousarray(d), u, weights, bias, kernels.NO_SCALARS)
        return
    if x.shape[2] > 1:
        x = np.where(np.abs(x) > SMALL.get(x.dtype.char, 0), x, 0)
    for r, side in np.ndindex(len(u), 2):
        rows = slice(side * half, (side + 1) * half)
        mine = x[min(r, len(x) - 1)]
        mine = (mine if x.shape[3] == half else mine[..., rows]).swapaxes(0, 1)  # (K | 1, B, half)
        now = (d[r] < 0 if side else d[r] > 0).T  # (K, B)
        drive = np.where(now[..., None], -u[r].swapaxes(0, 1) if side else u[r].swapaxes(0, 1), 0)
        if bias.shape[2]:
            np.sum(drive, axis=1, out=bias[r, :, side])
        if now.sum() * FEW > now.size:
            np.matmul(mine.swapaxes(1, 2), drive, out=weights[r, :, rows])
            continue
        for k, samples in enumerate(now):
            np.matmul(mine[min(k, len(mine) - 1), samples].T, drive[k, samples], out=weights[r, k, rows])


@cache
def _hearing(char: str, sloped: bool) -> kernels.Kernel:
    loop = f"""
    scale, small = real(k[0]), real({SMALL[char]})
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
def _growth(char: str) -> kernels.Kernel:
    # Each sample is gathered for the one product that it is in: half the work of two products over all samples. Rows of
    # weights go in blocks, so small that BLAS keeps to one thread and finds them in the cache.
    loop = f"""
    small, half, size = real({SMALL[char]}), W.shape[2] // 2, x.shape[1]
    most = max(1, min(half, {kernels.SMALL} // (size * W.shape[3])))
    xs, us = np.empty(size * most, W.dtype), np.empty((size, W.shape[3]), W.dtype)
    mine = np.empty(size, np.int64)
    for r in range(W.shape[0]):
        p = min(r, x.shape[0] - 1)
        for j in range(W.shape[1]):
            i = min(j, x.shape[2] - 1)
            for side in range(2):
                count, sign = 0, real(1 - 2 * side)
                for s in range(size):
                    if sign * d[r, s, j] > 0:
                        mine[count] = s
                        for n in range(W.shape[3]):
                            us[count, n] = sign * u[r, s, j, n]
                        count += 1
                start = 0 if x.shape[3] == half else side * half
                for first in range(0, half, most):
                    rows, at = min(most, half - first), side * half + first
                    if count:
                        block = xs[: count * rows].reshape(count, rows)
                        for c in range(count):
                            for m in range(rows):
                                v = x[p, mine[c], i, start + first + m]
                                block[c, m] = v if abs(v) > small else real(0)
                        np.dot(block.T, us[:count], contiguous(W[r, j, at : at + rows]))
                    else:
                        W[r, j, at : at + rows] = 0
                if b.shape[2]:
                    for n in range(W.shape[3]):
                        total = real(0)
                        for c in range(count):
                            total += us[c, n]
                        b[r, j, side, n] = total
    """
    return kernels.build("grow", loop, "x:4O d:3O u:4 W:4A b:4A", char)


_heard = kernels.Loops(lambda key: _hearing(*key))
_growing = kernels.Loops(_growth)
