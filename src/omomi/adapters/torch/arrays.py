"""Tensors as arrays and back, in the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..extras import library


def array(tensor: torch.Tensor) -> Any:
    """The tensor's numbers as an array that shares its memory: NumPy's, or CuPy's of a tensor on a CUDA device."""
    if not tensor.is_floating_point() or tensor.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"omomi computes in float32 and float64, got a tensor of {tensor.dtype}")
    if tensor.device.type == "cpu":
        return tensor.detach().numpy()
    if tensor.device.type == "cuda":
        return library("cupy", "cuda", "a CUDA tensor in omomi").from_dlpack(tensor.detach())
    raise TypeError(f"omomi computes on the CPU and on CUDA devices, got a tensor on {tensor.device}")


def tensor(values: Any) -> torch.Tensor:
    """The array as a tensor that shares its memory."""
    return torch.from_numpy(values) if isinstance(values, np.ndarray) else torch.from_dlpack(values)
