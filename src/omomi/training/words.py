"""Numbers in sentences about layers."""

from __future__ import annotations

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
