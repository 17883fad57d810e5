"""Numbers in sentences."""

from __future__ import annotations

import math

import numpy as np

from ..networks.layers import Layer

IDLE = 0.1  # of a layer's units: from here on worth a sentence


def called(at: int, layer: Layer) -> str:
    return f"layer {at} ({repr(layer).removesuffix('()')})"


def over(values: np.ndarray) -> str:
    return f" (mean over {len(values)} replicas)" if len(values) > 1 else ""


def count(share: float, n: int) -> str:
    """
    >>> count(0.53, 64), count(0.1, 8)
    ('34 of 64', '0.8 of 8')
    """
    mean = share * n
    return f"{mean:.0f} of {n}" if mean >= 10 or round(mean) == mean else f"{mean:.2g} of {n}"


def duration(seconds: float | None) -> str:
    """
    >>> duration(0.0123), duration(1.234), duration(75), duration(3700), duration(None)
    ('12 ms', '1.2 s', '1 min 15 s', '1 h 1 min', '')
    """
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, s = divmod(round(seconds), 60)
    return f"{minutes} min {s} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
