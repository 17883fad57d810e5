"""The limits: the arrays of a layer read and written in two threads, the products of a training step; nothing else."""

import numba
import numpy as np


def libraries(name):
    return ("numpy", "numba")


@numba.njit(parallel=True)
def forward(i, u, s):
    for n in numba.prange(len(i)):
        u[n] = i[n]
        s[n] = i[n]


@numba.njit(parallel=True)
def backward(u, ds, di):
    for n in numba.prange(len(u)):
        di[n] = u[n] + ds[n]


def layers(case, name):
    """i is read, u and s are written; u and ds are read, di is written."""
    i, ds = (a.ravel() for a in case.arrays())
    u, s, di = np.zeros((3, i.size), np.float32)

    def once():
        forward(i, u, s)
        backward(u, ds, di)

    return once, dict


def training(case, name):
    """The five products of NumPy, into arrays that are there; the pixels are multiplied once."""
    (w1, _), (w2, _) = case.weights()
    inputs, width, classes = case.sizes
    x = np.ones((case.batch, inputs), np.float32)
    z, spikes, scores = (np.ones((n, m), np.float32) for n, m in (
        (case.batch, width), (case.steps * case.batch, width), (case.steps * case.batch, classes)))  # fmt: skip
    d_w1, d_w2, d_spikes = map(np.empty_like, (w1, w2, spikes))

    def once():
        for _ in case.batches():
            np.matmul(x, w1, out=z)
            np.matmul(spikes, w2, out=scores)
            np.matmul(spikes.T, scores, out=d_w2)
            np.matmul(scores, w2.T, out=d_spikes)
            np.matmul(x.T, z, out=d_w1)

    return once, dict
