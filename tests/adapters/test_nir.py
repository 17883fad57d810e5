"""NIR's reference implementation reads what we write; recorded spikes are those of Norse and snnTorch."""

import json
from pathlib import Path

import nir
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import omomi as om
from omomi.adapters.nir import graph, read, write
from omomi.networks import Network

REFERENCE = Path(__file__).parent.parent / "reference"
KNOWN = json.loads((REFERENCE / "nir_spikes.json").read_text(encoding="utf8"))
T = 20
LIF = om.Lif(tau=3.3, exact=True, subtract=True)
NETS = [
    Network(6, om.Dense(5), om.Spiking(LIF, steps=T), om.Dense(3, bias=None), om.Li(), om.LastMembrane()),
    Network((2, 3), om.Flatten(), om.Dropout(0.2), om.Dense(5), om.Spiking(LIF, steps=T), om.SpikeCount()),
    Network(6, om.Bernoulli(T), om.Dense(5), om.CurrentLif(7.7, Rm=3.3, Cm=1.7, strict=True), om.RateBounds(0, 1),
            om.Recurrent(om.Plif(Rm=2.0)), om.Dense(4), om.Plif(), om.MeanRate(), om.Softmax()),
]  # fmt: skip


def drawn(net, dtype=np.float32):
    theta = net.init([0, 1], dtype)
    theta += np.random.default_rng(0).normal(0.3, 0.5, size=theta.shape)
    return theta


def answers(net, theta, x):
    """In extended precision, in which NumPy computes, not the loops."""
    return net.forward(net.views(theta.astype(np.longdouble)), x.astype(np.longdouble))[0][0]


def same(a, b):
    """Node for node and edge for edge."""
    assert a.nodes.keys() == b.nodes.keys()
    assert sorted(map(tuple, a.edges)) == sorted(map(tuple, b.edges))
    for name, one in a.nodes.items():
        mine, other = one.to_dict(), b.nodes[name].to_dict()
        assert mine.keys() == other.keys()
        for key in mine:
            assert_array_equal(mine[key], other[key], err_msg=f"{name}.{key}")


@pytest.mark.parametrize("who", ["norse", "snntorch"])
def test_norse_and_snntorch_make_the_same_spikes_of_what_we_write(who):
    path, known = REFERENCE / f"nir_{who}.nir", KNOWN[who]
    net, theta = read(path)
    assert repr(net) == known["net"]
    same(graph(net, theta), nir.read(path))
    x, spikes = (np.array([list(map(int, row)) for row in known[name]]) for name in ("x", "spikes"))
    y = answers(net, theta, x.reshape(len(x), *net.shapes[0]))
    assert spikes.mean() > 0.1
    assert_array_equal(y.reshape(len(x), -1), spikes)


@pytest.mark.parametrize("net", NETS, ids=range(len(NETS)))
def test_a_network_comes_back_bit_for_bit(net, tmp_path):
    theta = drawn(net)
    again, weights = read(write(net, theta, tmp_path / "net.nir", replica=1))
    assert [p.name for p in tmp_path.iterdir()] == ["net.nir"]
    assert repr(again) == repr(net)
    assert weights.dtype == theta.dtype
    assert_array_equal(weights, theta[1:])
    x = np.random.default_rng(3).normal(size=(4, *net.shapes[0])) * 3
    y = answers(net, theta[1:], x)
    assert np.ptp(y) > 0
    assert_array_equal(answers(again, weights, x), y)


def test_nodes_have_seconds_and_say_how_a_step_goes():
    neuron = om.Lif(20.0, 0.5, rest=-0.1, v_reset=-0.2, Rm=3.0, strict=True)
    net = Network(2, om.Repeat(9), om.Dense(3), om.Recurrent(neuron, dt=0.5), om.Dense(1), om.Spiking(om.If(), dt=0.5))
    theta = drawn(net)[0]
    g = graph(net, theta)
    assert g.edges == [
        ("input", "dense_1"), ("dense_1", "recurrent_2.neurons"), ("recurrent_2.neurons", "recurrent_2.weights"),
        ("recurrent_2.weights", "recurrent_2.neurons"), ("recurrent_2.neurons", "dense_3"), ("dense_3", "spiking_4"),
        ("spiking_4", "output"),
    ]  # fmt: skip
    lif, params = g.nodes["recurrent_2.neurons"], net.views(theta[None])
    assert type(lif) is nir.LIF
    for field, value in (("tau", 0.02), ("r", 3), ("v_leak", -0.1), ("v_threshold", 0.5), ("v_reset", -0.2)):
        assert_array_equal(getattr(lif, field), [value] * 3)
    assert lif.metadata == {"dt": 0.0005, "integration": "euler", "reset": "v_reset", "fires": ">"}
    assert_array_equal(g.nodes["dense_1"].weight, params[1]["W"][0].T)
    assert_array_equal(g.nodes["dense_1"].bias, params[1]["b"][0, 0])
    assert_array_equal(g.nodes["recurrent_2.weights"].weight, params[2]["V"][0].T)
    assert_array_equal(g.nodes["spiking_4"].r, [1000])  # per s
    assert {k: g.metadata[k] for k in ("dt", "steps", "input", "before", "after")} == {
        "dt": 0.0005, "steps": 9, "input": "sequence", "before": "Repeat(9)", "after": "",
    }  # fmt: skip


def test_learned_parameters_are_lif_nodes():
    net = Network((T, 2), om.Plif())
    theta = np.array([[0.0, np.log(3), 0.7, 1.3]])  # σ(0) = 1/2, σ(log 3) = 3/4
    lif = graph(net, theta).nodes["spiking_0"]
    assert_allclose(lif.tau, [0.002, 0.004 / 3], rtol=1e-14)
    assert_array_equal(lif.v_threshold, [0.7, 1.3])


def by_its_equations(x, weight, bias, lif, back, gain, li):
    """NIR's equations by Euler's steps of 1 ms: (membranes of the last layer, spikes of the first)."""
    v, u, s, out, spikes = np.zeros(3), np.zeros(2), np.zeros(3), [], []
    for now in x:
        i = weight @ now + bias + back @ s
        v = v + 0.001 / lif.tau * (lif.v_leak - v + lif.r * i)
        s = (v > lif.v_threshold).astype(float)
        v = np.where(s > 0, lif.v_reset, v)
        u = u + 0.001 / li.tau * (li.v_leak - u + li.r * (gain @ s))
        out.append(u)
        spikes.append(s)
    return np.array(out), np.array(spikes)


def test_graphs_of_others_go_by_nirs_equations(tmp_path):
    rng, alike = np.random.default_rng(5), np.ones(3)
    weight, bias, back, gain = (rng.normal(size=s) for s in ((3, 2), 3, (3, 3), (2, 3)))
    lif = nir.LIF(np.array([0.004, 0.01, 0.02]), 2 * alike, 0.1 * alike, np.array([0.5, 0.7, 0.9]), -0.3 * alike)
    li = nir.LI(np.full(2, 0.03), np.full(2, 1.5), np.zeros(2))
    nodes = {
        "i": nir.Input(np.array([2])), "a": nir.Affine(weight, bias), "n": lif, "w": nir.Linear(back),
        "b": nir.Linear(gain), "l": li, "o": nir.Output(np.array([2])),
    }  # fmt: skip
    edges = [("i", "a"), ("a", "n"), ("n", "w"), ("w", "n"), ("n", "b"), ("b", "l"), ("l", "o")]
    nir.write(tmp_path / "theirs.nir", nir.NIRGraph(nodes, edges))
    net, theta = read(tmp_path / "theirs.nir", steps=50)
    x = rng.normal(size=(50, 2))
    membranes, spikes = by_its_equations(x, weight, bias, lif, back, gain, li)
    assert 0.1 < spikes.mean() < 0.9
    assert_allclose(answers(net, theta, x[None])[0].astype(float), membranes, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="does not say for how many steps"):
        read(tmp_path / "theirs.nir")


def test_gains_go_where_omomi_has_them(tmp_path):
    two = np.ones(2)
    synapse = nir.CubaLIF(0.005 * two, 0.01 * two, 3 * two, 0 * two, two, w_in=2 * two)
    g = nir.NIRGraph.from_list(
        nir.Linear(np.eye(2)), nir.IF(np.array([500.0, 2000]), two), nir.Linear(np.eye(2)), synapse
    )
    nir.write(tmp_path / "gains.nir", g)
    net, theta = read(tmp_path / "gains.nir", steps=5, dt=0.5)
    assert net.text == (
        "Dense(2, bias=None), Spiking(If(), dt=0.5), Dense(2, bias=None), "
        "Spiking(CurrentLif(Rm=6.0, strict=True), dt=0.5)"
    )
    assert_array_equal(net.views(theta)[0]["W"][0], [[0.5, 0], [0, 2]])


def test_what_someone_changed_counts(tmp_path):
    net = NETS[1]
    g = graph(net, drawn(net)[0])
    g.nodes["spiking_3"].tau *= 2
    nir.write(tmp_path / "changed.nir", g)
    changed, _ = read(tmp_path / "changed.nir")
    assert repr(changed) == f"Network(({T}, 6), Dense(5), Spiking(Lif(tau=6.6, exact=True, subtract=True)))"


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([om.Dense(2), om.Tanh()], "has no neurons; omomi.adapters.onnx"),
        ([om.Dense(2), om.AdaptiveLif()], "its threshold adapts"),
        ([om.Dense(2), om.Lif(tau_ref=2.0)], "refractory times"),
        ([om.Dense(2), om.Spiking(om.Lif(), soft=True)], "soft spikes"),
        ([om.Dense(2), om.Tanh(), om.Lif()], r"no word for Tanh\(\)"),
        ([om.Lif(), om.Flatten(), om.Dense(2)], "mixes steps"),
        ([om.Lif(), om.LayerNorm()], r"LayerNorm\(\) has weights"),
        ([om.Lif(), om.Spiking(om.Lif(), dt=0.5)], "must all have the same dt"),
    ],
)
def test_what_nir_has_no_word_for_is_refused(layers, why):
    net = Network((T, 3), *layers)
    with pytest.raises(ValueError, match=why) as error:
        graph(net, net.init([0]))
    assert "\n" not in str(error.value)


def test_files_that_are_no_chain_of_ours_are_refused(tmp_path):
    (tmp_path / "noise.nir").write_bytes(b"no graph")
    with pytest.raises(ValueError, match="damaged or no NIR file"):
        read(tmp_path / "noise.nir")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing.nir")
    one, path = np.ones(2), tmp_path / "other.nir"
    lif = nir.LIF(np.array([0.0005, 0.01]), one, 0 * one, one)
    for of, why in (
        (nir.Scale(one), "no layer for 'scale', a Scale"),
        (lif, "τ > 1 ms"),
        (nir.IF(one, one), "r of 'if' must be 1000 per s"),
        (nir.LI(one, np.array([1.0, 2]), one), "r must be the same for all of 'li', got 1.0 … 2.0"),
    ):
        nir.write(path, nir.NIRGraph.from_list(of))
        with pytest.raises(ValueError, match=why):
            read(path, steps=3)
    forked = {
        "i": nir.Input(np.array([2])),
        "a": nir.Linear(np.eye(2)),
        "b": nir.Linear(np.eye(2)),
        "o": nir.Output(np.array([2])),
    }
    nir.write(path, nir.NIRGraph(forked, [("i", "a"), ("i", "b"), ("a", "o"), ("b", "o")]))
    with pytest.raises(ValueError, match="must be a chain, got 2 ways on from 'i'"):
        read(path, steps=3)
