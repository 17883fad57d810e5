"""Activations of a whole vector, along the last axis."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import rows
from .activation import VectorActivation


class Softmax(VectorActivation):
    """yᵢ = eᶻⁱ / Σⱼ eᶻʲ along the last axis: positive, sum 1.

    Numerics: the largest z is subtracted first, so that no exponential overflows.
    Check:    adding a constant to z changes nothing.
    Reference: Bridle (1990), Probabilistic interpretation of feedforward classification network outputs,
              doi:10.1007/978-3-642-76153-9_28.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    loops = partial(rows.softmax, ""), partial(rows.softmax_backward, "")

    @staticmethod
    def value(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    @staticmethod
    def derivative(z, y):
        return y * (1 - y)

    @staticmethod
    def backward_vector(y, dy):
        return y * (dy - (y * dy).sum(axis=-1, keepdims=True))


class Softmin(VectorActivation):
    """yᵢ = e^-zᵢ / Σⱼ e^-zⱼ along the last axis: softmax of -z, the smallest z gets the most.

    Check:    for two elements, y₁ = σ(z₂ - z₁).

    >>> Softmin()([0.0, 0.0])
    array([0.5, 0.5])
    """

    loops = partial(rows.softmax, "-"), partial(rows.softmax_backward, "-")

    @staticmethod
    def value(z):
        e = np.exp(z.min(axis=-1, keepdims=True) - z)
        return e / e.sum(axis=-1, keepdims=True)

    @staticmethod
    def derivative(z, y):
        return -y * (1 - y)

    @staticmethod
    def backward_vector(y, dy):
        return -y * (dy - (y * dy).sum(axis=-1, keepdims=True))


class LogSoftmax(VectorActivation):
    """yᵢ = zᵢ - log Σⱼ eᶻʲ along the last axis: the logarithm of softmax, taken directly.

    Numerics: the largest term is taken out of the sum, and log Σ is log1p of the rest: where one z is far above the
              others its y is -Σ of theirs, not 0.
    Check:    eʸ is softmax.

    >>> LogSoftmax()([0.0, 0.0])
    array([-0.69314718, -0.69314718])
    """

    loops = rows.log_softmax, rows.log_softmax_backward

    @staticmethod
    def value(z):
        z = z - z.max(axis=-1, keepdims=True)
        rest = np.where(z == 0, 0, np.exp(z)).sum(axis=-1, keepdims=True)
        ties = (z == 0).sum(axis=-1, keepdims=True, dtype=z.dtype)
        return z - np.log1p(rest + (ties - 1))

    @staticmethod
    def derivative(z, y):
        return -np.expm1(y)

    @staticmethod
    def backward_vector(y, dy):
        return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


class Sparsemax(VectorActivation):
    """y = argmin ‖p - z‖² over the simplex, along the last axis: yᵢ = max(zᵢ - τ, 0) with the τ for which Σ y = 1.

    Numerics: τ comes from the sorted z; the largest z is subtracted first. An element that lies at τ counts as 0.
    Check:    for two elements, y₁ = hard_tanh(z₁ - z₂) / 2 + 1/2; adding a constant to z changes nothing.
    Reference: Martins, Astudillo (2016), From softmax to sparsemax, arXiv:1602.02068, algorithm 1 and eq. 14.

    >>> Sparsemax()([0.5, 0.0, -1.0])
    array([0.75, 0.25, 0.  ])
    """

    @staticmethod
    def value(z):
        # Elements 1 below the largest have no share; raised to it they leave the sums small.
        z = np.maximum(z - z.max(axis=-1, keepdims=True), -1)
        falling = -np.sort(-z, axis=-1)
        rank = np.arange(1, z.shape[-1] + 1, dtype=z.dtype, like=z)
        above = falling.cumsum(axis=-1) - 1
        support = np.maximum((rank * falling > above).sum(axis=-1, keepdims=True), 1)
        return np.maximum(z - np.take_along_axis(above, support - 1, axis=-1) / support.astype(z.dtype), 0)

    @staticmethod
    def derivative(z, y):
        support = (y > 0).astype(y.dtype)
        return support * (1 - 1 / support.sum(axis=-1, keepdims=True))

    @staticmethod
    def backward_vector(y, dy):
        support = (y > 0).astype(y.dtype)
        return support * (dy - (support * dy).sum(axis=-1, keepdims=True) / support.sum(axis=-1, keepdims=True))
