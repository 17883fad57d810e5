"""Tensors as arrays and back, in the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..extras import library

PRECISIONS = (torch.float32, torch.float64)


def array(tensor: torch.Tensor) -> Any:
    """The tensor's numbers as an array that shares its memory: NumPy's, or CuPy's of a tensor on a CUDA device."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"omomi.adapters.torch takes tensors, got {type(tensor).__name__}")
    if tensor.dtype not in PRECISIONS or tensor.layout is not torch.strided:
        kind = tensor.dtype if tensor.layout is torch.strided else tensor.layout
        raise TypeError(f"omomi computes in dense float32 and float64, got a tensor of {kind}")
    if tensor.is_cpu:
        try:
            return tensor.numpy(force=True)  # detached; no copy of a tensor that is here
        except RuntimeError:
            raise TypeError("omomi computes in a tensor's memory, and inside torch.func it has none") from None
    if tensor.device.type == "cuda":
        return library("cupy", "cuda", "a CUDA tensor in omomi").from_dlpack(tensor.detach())
    raise TypeError(f"omomi computes on the CPU and on CUDA devices, got a tensor on {tensor.device}")


def tensor(values: Any) -> torch.Tensor:
    """The array as a tensor that shares its memory."""
    return torch.from_numpy(values) if isinstance(values, np.ndarray) else torch.from_dlpack(values)
