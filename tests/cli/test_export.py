"""`omomi export`."""

import nir
import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from omomi.cli import app
from omomi.networks import Network
from omomi.training import Run


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


def kept(net, folder):
    """The folder of a run of seeds 5 and 6, at its very beginning."""
    run = Run(Network.parse(2, net), np.zeros((4, 2)), np.arange(4), seeds=[5, 6])
    run.save(folder / "checkpoint.safetensors")
    (folder / "config.toml").write_text('scale = "standardise"')
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return kept("8, relu, 4", tmp_path_factory.mktemp("exported"))


def test_the_suffix_says_what_is_written(folder, tmp_path):
    model, weights = tmp_path / "model.onnx", tmp_path / "weights.safetensors"
    said = omomi("export", folder, "--to", model, "--seed", 6)
    assert said.exit_code == 0
    assert said.stdout == f"{model}: Network(2, Dense(8), Relu(), Dense(4)), seed 6, after 0 epochs\n"
    assert said.stderr == "note: it takes inputs as it learned from them, scaled as results.json says (standardise)\n"
    first, _, last = Run.load(folder).params
    x = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    y = onnxruntime.InferenceSession(model.read_bytes()).run(None, {"x": x})[0]
    hidden = np.maximum(x @ first["W"][1] + first["b"][1], 0)
    np.testing.assert_allclose(y, hidden @ last["W"][1] + last["b"][1], rtol=1e-5, atol=1e-6)
    assert omomi("export", folder, "--to", weights, "--replica", 0, "--style", "keras").exit_code == 0
    np.testing.assert_array_equal(load_file(weights)["dense_1/kernel"], last["W"][0])


def test_spiking_networks_become_graphs(tmp_path):
    folder, path = kept("8, spiking(if_, steps=5), 4, li, last_membrane", tmp_path / "run"), tmp_path / "net.nir"
    assert omomi("export", folder, "--to", path).exit_code == 0
    assert [type(node).__name__ for node in nir.read(path).nodes.values()].count("IF") == 1
    said = omomi(
        "export", kept("8, spiking(if_, steps=5), spike_count, 4", tmp_path / "other"), "--to", path, "--force"
    )
    assert said.stderr == "error: nir: NIR has no word for SpikeCount()\n"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--to", "model.pt"), "--to must end in .onnx, .nir, .safetensors, got 'model.pt'"),
        (("--to", "m.onnx", "--style", "keras"), "--style is for .safetensors, got 'm.onnx'"),
        (("--to", "m.onnx", "--replica", 2), "--replica must be a whole number from 0 to 1, got 2"),
        (("--to", "m.onnx", "--seed", 7), "--seed must be one of the run's, 5, 6, got 7"),
        (("--to", "m.onnx", "--seed", 5, "--replica", 0), "--replica and --seed both choose a network; leave one out"),
        (("--to", "m.safetensors", "--style", "jax"), "weights: style must be 'torch', 'keras' or 'omomi', got 'jax'"),
        (("--to", "there.onnx"), "there.onnx is there already; --force replaces it, --to FILE chooses another"),
    ],
)  # fmt: skip
def test_mistakes_are_a_sentence(folder, tmp_path, monkeypatch, args, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.onnx").write_text("mine")
    said = omomi("export", folder, *args)
    assert (said.exit_code, said.stderr) == (2, f"error: {why}\n")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("there.onnx", "mine")]
    assert omomi("export", folder, "--to", "there.onnx", "--force").exit_code == 0
