"""Exported models are run by onnxruntime; erf in double, for which it has no code, by onnx's reference evaluator."""

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.testing import assert_allclose
from onnx.reference import ReferenceEvaluator

import omomi as om
from catalogue import entries, forget, formulas
from omomi.adapters.onnx import export
from omomi.formulas.activations import Activation, VectorActivation

N = om.Network
NETS = [
    N(6, om.Dense(5), om.LayerNorm(), om.Tanh(), om.Dropout(0.3), om.Dense(4, bias=None), om.RmsNorm()),
    N(6, om.Dense(5), om.PRelu(), om.PRelu(shared=False), om.OnOff(), om.Population(4), om.RateBounds(0, 1)),
    N((2, 3), om.Flatten(), om.Maxout(4, 3), om.SwiGlu(), om.Maxout(8, bias=None), om.Glu(), om.GeGlu("relu")),
    N(4, om.SignedDense(6, nets=3), om.Sigmoid(), om.SignedDense(4, bias="free"), om.SignedDense(1, readout=True)),
    N(4, om.SignedDense(6, bias="none"), om.Sigmoid(), om.Excitatory()),
    N((5, 4), om.Dense(3), om.LayerNorm(), om.PRelu(shared=False), om.SpikeCount()),
    N((5, 4), om.MeanRate(), om.Dense(3), om.Softmax()),
    N((5, 4), om.LastMembrane(), om.SignedDense(2, readout=True)),
    N((5, 4), om.Tanh(), om.MaxMembrane()),
    N((5, 4), om.PopulationRate()),
]
THROUGH_TIME = {
    "bernoulli": om.Bernoulli(3), "delta": om.Delta(), "first_spike": om.FirstSpike(), "latency": om.Latency(3),
    "poisson": om.Poisson(3), "repeat": om.Repeat(3), "spiking": om.Spiking(om.Lif(), steps=3),
    "recurrent": om.Recurrent(om.If(), steps=3),
}  # fmt: skip


def answers(model, x):
    """What another program makes of it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(["y"], {"x": x})[0]


@pytest.mark.parametrize("f", formulas(Activation))
def test_every_activation_is_its_formula_in_double(f):
    x = np.random.default_rng(0).normal(size=(40, 9)) * 2
    x[0], x[1] = [-10, -3.6, -3, -0.5, 0, 0.5, 3, 6, 10], 0
    x = x.astype(np.float32)
    true = f.value(x.astype(np.float64), *f.hyper)
    single, double = (export(N(9, f), np.empty((1, 0), dtype)) for dtype in (np.float32, np.float64))
    y = answers(single, x)
    assert y.dtype == np.float32
    assert_allclose(y, true, rtol=1e-6, atol=1e-6)
    x = x.astype(np.float64)
    if any(node.op_type == "Erf" for node in double.graph.node):
        y, exact = ReferenceEvaluator(double).run(None, {"x": x})[0], 1e-6  # it rounds erf to float32
    else:
        y, exact = answers(double, x), 1e-14
    assert y.dtype == np.float64
    assert_allclose(y, true, rtol=exact, atol=exact)


@pytest.mark.parametrize("net", NETS, ids=range(len(NETS)))
@pytest.mark.parametrize("opset", [13, 17, 23])
def test_every_layer_says_what_it_says_here(net, opset):
    rng = np.random.default_rng(1)
    theta = net.init([0, 1], np.float32)
    theta += rng.random(theta.shape, np.float32) * 0.1
    model = export(net, theta, replica=1, opset=opset)
    for batch in (7, 1):
        x = rng.normal(size=(batch, *net.shapes[0])).astype(np.float32)
        wide = np.longdouble  # in which NumPy computes, not the loops
        true = net.forward(net.views(theta[1:].astype(wide)), x.astype(wide))[0][0]
        assert_allclose(answers(model, x), true, rtol=1e-6, atol=1e-6 * np.abs(true).max())


def test_every_layer_is_exported_or_refused():
    said = {name for net in NETS for layer in net.layers for name in [type(layer)]}
    named = {p.id for p in entries(om.Layer) if p.values[0] in said}
    assert named | THROUGH_TIME.keys() == set(om.Layer.entries()) | {"activate"}
    assert not named & THROUGH_TIME.keys()


@pytest.mark.parametrize("name", THROUGH_TIME)
def test_what_is_not_feed_forward_is_refused_in_a_sentence(name):
    layer = THROUGH_TIME[name]
    net = N((5, 4) if name in ("delta", "first_spike") else 4, layer)
    with pytest.raises(
        ValueError, match=r"cannot be written in ONNX: it (runs through time; omomi.adapters.nir|\w+)"
    ) as e:
        export(net, net.init([0]))
    assert repr(layer) in str(e.value)
    assert "\n" not in str(e.value)


def test_a_trained_network_of_digits_goes_through_a_file(tmp_path):
    digits = om.data.load("digits")
    net = N(64, om.Dense(16), om.Relu(), om.Dense(10))
    run = om.fit(net, digits.x, digits.y, epochs=3, optimizer=om.Adam(lr=0.01), seeds=[0, 1], progress=False)
    path = tmp_path / "new" / "digits.onnx"
    assert export(net, run, path, replica=1) == onnx.load(path)
    assert [p.name for p in path.parent.iterdir()] == ["digits.onnx"]
    model = onnx.load(path)
    y, ours = answers(model, digits.x.astype(np.float32)), run.predict(digits.x)[1]
    assert np.abs(y - ours).max() < 1e-6 * np.abs(ours).max()
    assert (y.argmax(1) == digits.y).mean() > 0.9
    assert {p.key: p.value for p in model.metadata_props} == {"omomi": om.__version__, "net": repr(net)}
    shapes = [
        [d.dim_param or d.dim_value for d in end.type.tensor_type.shape.dim]
        for end in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [["batch", 64], ["batch", 10]]
    assert [node.op_type for node in model.graph.node] == ["Gemm", "Max", "Gemm", "Identity"]


def test_what_users_write_is_followed():
    class Odd(Activation):
        @staticmethod
        def value(z):
            return np.where((z > 0) | (z < -2), np.hypot(np.sin(z), 2), np.clip(np.square(z), 0.5, 1) - np.exp2(-z))

        @staticmethod
        def derivative(z, y):
            return z

    class Ranked(VectorActivation):
        @staticmethod
        def value(z):
            least = np.sort(z, axis=-1)[..., 1:3].mean(axis=-1)[..., None]
            return np.concatenate([np.logaddexp(z, least), np.cumsum(z, axis=-1)], axis=-1)[..., ::2] + np.max(
                z, axis=-1, keepdims=True
            )

    class Counting(om.Layer):
        def shapes(self, shape_in):
            return {"w": (1, *shape_in)}, shape_in

        def forward(self, p, x, mode):
            return np.round(x * p["w"], 1) + (x > 0).sum(axis=-1, keepdims=True), None

        def backward_input(self, p, tape, dy):
            return dy

    x = np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32)
    for f in (Odd(), Ranked()):
        assert_allclose(answers(export(N(4, f), np.empty((1, 0), np.float32)), x), f.value(x), rtol=2e-6, atol=1e-6)
    net = N(4, Counting())
    w = np.full((1, 4), 1.5, np.float32)
    assert_allclose(answers(export(net, w), x), np.round(x * 1.5, 1) + (x > 0).sum(1)[:, None], atol=1e-6)
    forget(Odd, Ranked, Counting)


def test_what_no_graph_can_say_is_named():
    class Branching(Activation):
        @staticmethod
        def value(z):
            return z if z.sum(axis=-1) > 0 else -z

        @staticmethod
        def derivative(z, y):
            return z

    class Solving(VectorActivation):
        @staticmethod
        def value(z):
            return np.fft.fft(z)

    class Mixing(VectorActivation):
        @staticmethod
        def value(z):
            return z - z.mean(axis=1, keepdims=True)

    none = np.empty((1, 0))
    for f, why in (
        (Branching(), "depends on values"),
        (Solving(), "it uses numpy.fft"),
        (Mixing(), "it mixes samples"),
    ):
        with pytest.raises(ValueError, match=why):
            export(N(4, f), none)
    with pytest.raises(ValueError, match="opset must be a whole number from 13"):
        export(N(4, om.Relu()), none, opset=9)
    forget(Branching, Solving, Mixing)
