"""The articles that omomi grew from, number by number: what their programs do, and where they are repaired."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import omomi as om

REFERENCE = Path(__file__).parent / "reference"
MLP = json.loads((REFERENCE / "002_mlp_lif.json").read_text())
AFFINE = json.loads((REFERENCE / "003_affine.json").read_text())


class TestFunctionByRelus:
    """Article 002, section 1."""

    POINTS = MLP["function_approximation"]["float64"]

    def test_weights_and_curve(self):
        net, theta = om.relu_interpolation(self.POINTS["x_train"], self.POINTS["y_train"])
        hidden, _, output = net.views(theta)
        assert_allclose(hidden["b"][0, 0], self.POINTS["biases"], rtol=1e-15)
        assert_allclose(output["W"][0, :, 0], self.POINTS["weights"], rtol=1e-13)
        x = np.array(self.POINTS["x"])
        y_hat = net.forward(net.views(theta), x[:, None])[0][0, :, 0]
        assert_allclose(y_hat, np.interp(x, self.POINTS["x_train"], self.POINTS["y_train"]), atol=1e-14)
        assert np.abs(y_hat - np.sin(x)).max() == pytest.approx(0.0593973264421, rel=1e-10)

    def test_right_for_any_function(self):
        """The article leaves y₀ out; the cosine starts at 1."""
        x = np.sort(np.random.default_rng(0).uniform(-3, 3, 12))
        net, theta = om.relu_interpolation(x, np.cos(x))
        between = np.linspace(x[0], x[-1], 200)
        y_hat = net.forward(net.views(theta), between[:, None])[0][0, :, 0]
        assert_allclose(y_hat, np.interp(between, x, np.cos(x)), atol=1e-13)

    def test_bad_points(self):
        with pytest.raises(ValueError, match="x must rise from point to point"):
            om.relu_interpolation([0, 2, 1], [0, 1, 2])
        with pytest.raises(ValueError, match=r"x and y must be \(N,\) with N ≥ 2, got \(1,\) and \(1,\)"):
            om.relu_interpolation([0], [0])


class TestMultilayerPerceptron:
    """Article 002, section 2."""

    def test_from_text(self):
        given = MLP["net"]
        net = om.mlp("LeakyReLU(0.1)", 2, [100, 10, 5], 1)
        assert net.size == given["n_parameters"] == 1371
        theta = np.empty((1, net.size))
        for p, at in zip([v for v in net.views(theta) if v], (0, 1, 2, "Output"), strict=True):
            layer = "mlp.Output_Linear" if at == "Output" else f"mlp.Linear_{at}"
            p["W"][0] = np.transpose(given["parameters"][f"{layer}.weight"])
            p["b"][0] = given["parameters"][f"{layer}.bias"]
        y = net.forward(net.views(theta), np.array(given["x"]))[0][0]
        assert_allclose(y, given["y"], rtol=2e-6)  # recorded in float32
        assert net.forward(net.views(theta), np.zeros((100, 2)))[0].shape == (1, 100, 1)

    @pytest.mark.parametrize(
        "text", ["ReLUU()", "exec('x')", "os.system('true')", "LeakyReLU(__import__('os'))", "[].x"]
    )
    def test_other_text_is_refused(self, text):
        with pytest.raises(ValueError, match=r"activation|LeakyRelu"):
            om.mlp(text, 2, [3], 1)

    def test_near_miss(self):
        with pytest.raises(ValueError, match="no activation is named 'LeakyRLU'; did you mean 'leaky_relu'"):
            om.mlp("LeakyRLU(0.1)", 2, [3], 1)

    def test_cross_entropy(self):
        z, labels = np.array(MLP["cross_entropy"]["x"]), MLP["cross_entropy"]["labels"]
        loss = om.SoftmaxCrossEntropy()
        t = np.eye(4)[labels]
        assert loss(z, t).mean() == pytest.approx(0.3467275002646234, rel=1e-15)
        assert loss.measure(z[None], t[None])[0][0] == pytest.approx(0.3467275002646234, rel=1e-15)
        assert np.isfinite(loss(100 * z, t)).all()

    def test_spiral(self):
        """Split 20 %, batches of 128 with the last left out, 100 epochs of Adam 1e-3 on 2-128-4, eight replicas."""
        train, test = om.data.spiral(classes=4, noise=0.16, n=1000).split(test=0.2)
        run = om.fit(
            om.mlp("ReLU()", 2, [128], 4), train.x, train.y, optimizer=om.Adam(lr=1e-3), epochs=100, batch_size=128,
            drop_last=True, seeds=range(8),
        )  # fmt: skip
        assert run.t == 2500
        assert run.history["loss"][0].max() < 1.5  # from about log 4
        assert run.evaluate(train.x, train.y)["accuracy"].min() >= 0.975
        assert run.evaluate(test.x, test.y)["accuracy"].min() >= 0.96


class TestNetworkWithoutAFramework:
    """Article 003: affine, ReLU, affine and half the squared error."""

    def test_the_printed_program(self):
        """Seed 0, the layers first, the data second; 1500 epochs of gradient descent on all of it."""
        printed = AFFINE["printed"]
        rng = np.random.RandomState(0)
        net = om.Network(2, om.Dense(2), om.Relu(), om.Dense(2))
        run_theta = np.zeros((1, net.size))
        first, _, second = net.views(run_theta)
        first["W"][0], second["W"][0] = rng.randn(2, 2), rng.randn(2, 2)
        x = rng.rand(1500, 2)
        y = np.stack([x.sum(axis=1), x.prod(axis=1)], axis=1)
        assert_allclose(x[:3], printed["X_first_3"], rtol=1e-15)
        run = om.Run(
            net, x, y, loss="squared_error", optimizer=om.Sgd(lr=0.2), batch_size=None, epochs=1500, seeds=[0],
            dtype="float64",
        )  # fmt: skip
        run.theta = run_theta
        assert_allclose(run.predict([[0.3, 0.5]])[0], [[3.08084474276069, -1.1831979647719848]], rtol=1e-12)
        losses = [run.evaluate(x, y)["loss"][0] for step in run.steps() if step.t in (1, 10, 100, 500, 1000, 1500)]
        assert_allclose(losses, printed["losses_at_1_10_100_500_1000_1500"], rtol=1e-12)
        assert losses[-1] == pytest.approx(0.0035290422128433038, rel=1e-12)
        assert_allclose(run.predict([[0.3, 0.5]])[0], [[0.7960275605852026, 0.14742171460746525]], rtol=1e-12)
        for (weights, bias), p in zip(printed["final_W_b"], [v for v in run.params if v], strict=True):
            assert_allclose(p["W"][0], weights, rtol=1e-11)
            assert_allclose(p["b"][0, 0], bias, rtol=1e-11)

    def test_the_gradient(self):
        case = AFFINE["gradient_case"]
        net = om.Network(3, om.Dense(4), om.Relu(), om.Dense(2))
        theta, grad = np.zeros((1, net.size)), np.zeros((1, net.size))
        params, grads = net.views(theta), net.views(grad)
        params[0]["W"][0], params[2]["W"][0] = case["W1"], case["W2"]
        y, tapes = net.forward(params, np.array(case["X"]), om.networks.Mode(train=True))
        loss, error = om.SquaredError().measure(y, np.array([case["Y"]]))
        assert loss[0] == pytest.approx(case["loss"], rel=1e-14)
        om.Backprop().gradient(om.rules.Pass(net, om.SquaredError(), params, tapes=tapes, error=error), grads)
        for got, name in ((grads[0]["W"][0], "dW1"), (grads[0]["b"][0, 0], "db1"), (grads[2]["W"][0], "dW2")):
            assert_allclose(got, case[name], rtol=1e-13)
        assert_allclose(grads[2]["b"][0, 0], case["db2"], rtol=1e-13)

    def test_it_learns_digits(self):
        train, test = om.data.digits().split(test=0.2)
        net = om.Network(64, om.Dense(100), om.Relu(), om.Dense(10))
        run = om.fit(net, train.x, train.y, optimizer=om.Sgd(lr=0.2), epochs=30, seeds=range(4))
        assert run.evaluate(test.x, test.y)["accuracy"].mean() >= 0.965
