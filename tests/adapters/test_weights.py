"""torch itself loads what goes under its names."""

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load_file, save_file

import omomi as om
from omomi.adapters.weights import chosen, load, save

NET = om.Network((2, 3), om.Flatten(), om.Dense(5), om.PRelu(), om.LayerNorm(), om.Dense(4, bias=None))


def drawn(dtype=np.float32):
    theta = NET.init([0, 1], dtype)
    return theta + np.random.default_rng(0).normal(size=theta.shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_torchs_modules_load_them_and_answer_alike(tmp_path, dtype):
    theta, path = drawn(dtype), tmp_path / "weights.safetensors"
    module = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(6, 5), torch.nn.PReLU(), torch.nn.LayerNorm(5),
        torch.nn.Linear(5, 4, bias=False),
    ).to(torch.from_numpy(theta).dtype)  # fmt: skip
    module.load_state_dict(safetensors.torch.load_file(save(NET, theta, path, replica=1)))
    x = np.random.default_rng(1).normal(size=(7, 2, 3)).astype(dtype)
    ours = NET.forward(NET.views(theta[1:].astype(np.longdouble)), x.astype(np.longdouble))[0][0].astype(float)
    exact = 1e-6 if dtype == np.float32 else 1e-14
    assert_allclose(module(torch.from_numpy(x)).detach().numpy(), ours, rtol=exact, atol=exact)
    safetensors.torch.save_file(module.state_dict(), path)
    assert_array_equal(load(NET, path), theta[1:])


def test_keras_names_count_layers_of_a_kind(tmp_path):
    theta = drawn()
    found = load_file(save(NET, theta[0], tmp_path / "new" / "weights.safetensors", "keras"))
    assert {name: a.shape for name, a in found.items()} == {
        "dense/kernel": (6, 5), "dense/bias": (5,), "p_re_lu/alpha": (1,), "layer_normalization/gamma": (5,),
        "layer_normalization/beta": (5,), "dense_1/kernel": (5, 4),
    }  # fmt: skip
    assert_array_equal(found["dense_1/kernel"].ravel(), theta[0, -20:])
    assert_array_equal(load(NET, tmp_path / "new" / "weights.safetensors"), theta[:1])


def test_the_folder_of_a_run_is_read_with_all_replicas(tmp_path):
    net = om.Network(4, om.Maxout(3), om.Dense(2))
    run = om.training.Run(net, np.eye(4), [0, 1, 0, 1], seeds=[0, 1], rule="backprop")
    om.training.checkpoint.write_results(run, tmp_path)
    assert_array_equal(load(net, tmp_path), run.theta)
    save(net, run, tmp_path / "one.safetensors", "omomi", replica=1)
    assert_array_equal(load(net, tmp_path / "one.safetensors"), run.theta[1:])
    assert_array_equal(chosen(net, run, 1), run.answering[1:])
    with pytest.raises(ValueError, match="the run must be one of"):
        save(NET, run, tmp_path / "other.safetensors")


def test_what_does_not_fit_is_said(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(ValueError, match=r"torch has no layer like Maxout\(3\)"):
        save(om.Network(4, om.Maxout(3)), np.zeros((1, 30)), path)
    with pytest.raises(ValueError, match="style must be 'torch', 'keras' or 'omomi', got 'jax'"):
        save(NET, drawn(), path, "jax")
    with pytest.raises(ValueError, match="replica must be a whole number from 0 to 1, got 2"):
        save(NET, drawn(), path, replica=2)
    with pytest.raises(ValueError, match=rf"must be a Run or floats of shape \({NET.size},\)"):
        save(NET, np.zeros(3), path)
    assert not path.exists()
    save_file({"1.weight": np.zeros((5, 6))}, path)
    with pytest.raises(ValueError, match=r"must name the weights of .* got 1.weight"):
        load(NET, path)
    save_file({"0.weight": np.zeros((6, 5))}, path)
    with pytest.raises(ValueError, match=r"0.weight must have shape \(5, 6\), got \(6, 5\)"):
        load(om.Network(6, om.Dense(5, bias=None)), path)
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match="damaged or no safetensors"):
        load(NET, path)
