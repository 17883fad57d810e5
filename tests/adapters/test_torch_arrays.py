"""Tensors as arrays: the same memory, or one sentence."""

import importlib
import sys

import numpy as np
import pytest
import torch

import omomi.adapters.torch as omt
from device import Device
from omomi.adapters.torch import functions
from omomi.adapters.torch.arrays import array, tensor


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_memory_is_shared_both_ways(dtype):
    given = torch.zeros(3, 4, dtype=dtype, requires_grad=True)
    found = array(given.T)  # as it lies there
    found[1, 2] = 5
    assert found.shape == (4, 3)
    assert given[2, 1] == 5
    back = tensor(found)
    assert back.dtype == dtype
    assert back.data_ptr() == given.data_ptr()
    assert not back.requires_grad


class Elsewhere(torch.Tensor):
    """A tensor that says that it is on a CUDA device."""

    @staticmethod
    def __new__(cls):
        return torch.Tensor._make_wrapper_subclass(cls, (3,), dtype=torch.float32, device="cuda")

    __torch_dispatch__ = None


REFUSED = {
    "an array": (lambda: np.zeros(3), "takes tensors, got ndarray"),
    "whole numbers": (lambda: torch.arange(3), "float32 and float64, got a tensor of torch.int64"),
    "half": (lambda: torch.zeros(3).half(), "float32 and float64, got a tensor of torch.float16"),
    "complex": (lambda: torch.zeros(3, dtype=torch.complex64), "got a tensor of torch.complex64"),
    "sparse": (lambda: torch.eye(3).to_sparse(), "dense float32 and float64, got a tensor of torch.sparse_coo"),
    "meta": (lambda: torch.zeros(3, device="meta"), "on the CPU and on CUDA devices, got a tensor on meta"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_others_are_refused_in_one_sentence(what):
    make, sentence = REFUSED[what]
    with pytest.raises(TypeError, match=sentence):
        array(make())


def test_inside_torch_func_there_is_no_memory():
    with pytest.raises(TypeError, match=r"omomi computes in a tensor's memory, and inside torch\.func it has none"):
        torch.func.vmap(omt.Mish())(torch.zeros(3, 2))


def test_missing_libraries_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ModuleNotFoundError, match=r"a CUDA tensor in omomi needs cupy: pip install 'omomi\[cuda\]'"):
        array(Elsewhere())
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"omomi.adapters.torch needs torch: pip install 'omomi\[torch\]'"):
        importlib.reload(omt)


@pytest.mark.parametrize("text", ["mish", "relu", "softmax", "sparsemax"])
def test_activations_need_nothing_but_device_arrays(text, monkeypatch):
    z, y = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True), {}
    for where in ("cpu", "device"):
        out = omt.Activation(text)(z)
        (dz,) = torch.autograd.grad(out.square().sum(), z)
        with torch.no_grad():
            y[where] = out, dz, omt.Activation(text)(z)
        on_a_device(monkeypatch)
    for here, there in zip(*y.values(), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("text", ["huber", "softmax_cross_entropy", "weighted(softmax_focal, (1, 2, 3))"])
def test_losses_need_nothing_but_device_arrays(text, monkeypatch):
    y, labels, found = torch.randn(5, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0, 2, 1, 1, 0]), {}
    for where in ("cpu", "device"):
        values = [omt.Loss(text, reduction)(y, labels) for reduction in ("mean", "sum", "none")]
        found[where] = [*values, *(torch.autograd.grad(value.sum(), y)[0] for value in values)]
        on_a_device(monkeypatch)
    for here, there in zip(*found.values(), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-12, atol=1e-14)


def on_a_device(monkeypatch):
    """From here on the formulas get arrays that refuse NumPy's company, as CuPy's do."""
    monkeypatch.setattr(functions, "array", lambda t: Device(array(t).copy()))
    monkeypatch.setattr(functions, "tensor", lambda values: tensor(values.get()))
