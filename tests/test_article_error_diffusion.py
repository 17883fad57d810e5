"""Article 000: its three programs, step by step as recorded, and repaired.

The record kept no copies of the weights of the two programs that use torch: what it calls those after 1 and 10 updates
are those at the end, and so are the first ones of the program that learns in batches. Torch's generator gives these.
In batches β was a number in single precision.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import omomi as om
from catalogue import forget

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "reference" / "000_ed.json").read_text())


@pytest.fixture(scope="module")
def programs():
    """The example, whose class is forgotten again."""
    found = runpy.run_path(str(HERE.parent / "examples" / "6_error_diffusion.py"))
    yield found
    forget(found["AsPublished"])


def torch_rand(shapes, seed=0):
    """What `torch.rand` draws in single precision after `torch.manual_seed`: 24 bits of each number of MT19937."""
    rng = np.random.RandomState(seed)
    return [(rng.randint(0, 2**32, s, np.uint32) & 0xFFFFFF) * 2.0**-24 for s in shapes]


def halves(n):
    """The article's order of units, excitatory ones at even places, as ours."""
    return np.r_[0:n:2, 1:n:2]


def put(run, weights):
    """The article's signed, interleaved weights (K, m, n) or (m, n) of each layer, into the run; β stands in a row."""
    for layer, p, w in zip(run.settings.net.layers[::2], run.params[::2], weights, strict=True):
        magnitudes = np.abs(np.array(w).reshape(-1, *np.shape(w)[-2:]))
        rows, columns = halves(magnitudes.shape[1]), halves(magnitudes.shape[2]) if not layer.readout else [0]
        p["W"][0] = magnitudes[:, rows][:, :, columns]


def assert_weights(run, weights, **within):
    for layer, p, w in zip(run.settings.net.layers[::2], run.params[::2], weights, strict=True):
        wanted = np.array(w).reshape(-1, *np.shape(w)[-2:])
        rows, columns = halves(wanted.shape[1]), halves(wanted.shape[2]) if not layer.readout else [0]
        assert_allclose(layer.signed_weights(p)[0], wanted[:, rows][:, :, columns], **within)


def bare(hidden, width, outputs=1):
    """Three inputs, of which the first is the bias."""
    layers = [layer for _ in range(hidden) for layer in (om.Dense(width), om.Sigmoid())]
    rule = om.ArticleErrorDiffusion(bias="none")
    return rule.wired(om.Network(3, *layers, om.Dense(outputs), om.Sigmoid()))


def train(net, x, y, rule, **more):
    return om.Run(net, x, y, loss="squared_error", optimizer="sgd(lr=1)", rule=rule, seeds=[0], dtype="float64", **more)


def test_the_program_with_four_blocks(programs):
    recorded = RECORDED["numpy_program"]
    run, x = programs["four_blocks"]()
    for wanted in recorded["outputs_before_each_update"]:
        assert_allclose(run.predict(x)[0, :, 0], wanted, rtol=1e-9)
        run.train(1, progress=False)
    assert_allclose(run.predict(x)[0, :, 0], recorded["outputs"], rtol=1e-9)
    assert run.predict(x)[0, 0, 0] == pytest.approx(2.799539561514132e-15, rel=1e-9)
    for at, name in ((0, "first_layer_final"), (-3, "last_layer_final")):
        blocks = run.settings.net.layers[at].blocks(run.params[at])
        for kind, block in blocks._asdict().items():
            assert_allclose(block[0, 0], recorded[name][kind], rtol=1e-9, err_msg=f"{name} {kind}")


def test_the_program_that_learns_pattern_by_pattern_with_its_slip(programs):
    recorded = RECORDED["online_program"]["seed_0"]
    patterns = np.column_stack([np.full(4, 0.8), programs["PATTERNS"]])
    order = np.array(recorded["sample_order"])
    run = train(
        bare(4, 32), patterns[order], programs["XOR"][order].astype(float), programs["AsPublished"](slip=True),
        epochs=1, batch_size=1, shuffle=False,
    )  # fmt: skip
    put(run, recorded["initial_weights"])
    start = run.theta.copy()
    said = [run.predict(patterns[order[:1]])[0, 0, 0]]
    said += [run.predict(patterns[order[step.t % 1000]][None])[0, 0, 0] for step in run.steps()]
    assert_allclose(said[:1000], recorded["outputs_float64"], rtol=0, atol=1e-9)
    assert_weights(run, recorded["weights_float64_after"]["10"], rtol=0, atol=1e-9)
    assert_allclose(run.predict(patterns)[0, :, 0], recorded["final_outputs_float64"], rtol=0, atol=1e-9)
    assert (run.theta >= start).all()


@pytest.mark.parametrize("case", ["xor", "xor_and_or"])
def test_the_program_that_learns_in_batches(programs, case):
    recorded = RECORDED["batch_program"]["cases"][case]
    patterns = np.column_stack([np.full(4, np.float32(0.8)), programs["PATTERNS"]])
    y = np.column_stack([RECORDED["batch_program"]["targets"][name] for name in case.split("_")]).astype(float)
    run = train(bare(3, 8, y.shape[1]), patterns, y, programs["AsPublished"](), epochs=50, batch_size=None)
    put(run, torch_rand(np.shape(w) for w in recorded["initial_weights"]))
    for wanted in recorded["outputs_before_each_update"]:
        assert_allclose(run.predict(patterns)[0], wanted, rtol=1e-12, atol=1e-12)
        run.train(1, progress=False)
    assert_allclose(run.predict(patterns)[0], recorded["final_outputs"], rtol=1e-12, atol=1e-12)
    assert_weights(run, recorded["weights_after"]["10"], rtol=1e-12, atol=1e-12)


def test_torchs_numbers_are_those_recorded():
    recorded = RECORDED["online_program"]["seed_0"]["initial_weights"]
    for drawn, wanted in zip(torch_rand(map(np.shape, recorded)), recorded, strict=True):
        assert_allclose(drawn, np.abs(wanted), rtol=0)


def test_repaired_they_learn_with_every_seed(programs):
    """20 of 20 seeds each, as the recorded programs."""
    net, xor = programs["network"], programs["XOR"]
    run = programs["train"](net(4, 32), xor, epochs=250, batch_size=1).train(progress=False)
    assert (run.evaluate(programs["PATTERNS"], xor)["accuracy"] == 1).all()
    three = np.column_stack([xor, programs["AND"], programs["OR"]])
    run = programs["train"](net(3, 32, outputs=3), three, epochs=20, batch_size=None).train(progress=False)
    assert ((run.predict(programs["PATTERNS"]) > 0.5) == three).all()
