"""A formula typed into a notebook, or at a bare prompt, works wherever those of the package do."""

import linecache

import numpy as np
import pytest
from numpy.testing import assert_allclose

import omomi as om
from omomi.formulas.activations import Activation

CELL = '''
import numpy as np
import omomi as om


class Hump(om.Activation):
    """y = z e^(-z²).

    Reference: my own.
    """

    @staticmethod
    def value(z):
        return z * np.exp(-z * z)

    @staticmethod
    def derivative(z, y):
        return (1 - 2 * z * z) * np.exp(-z * z)
'''


@pytest.fixture(params=["notebook", "prompt"])
def hump(request):
    """The class, with its source as IPython keeps a cell's, or with none."""
    file = f"<cell {request.param}>"
    if request.param == "notebook":
        linecache.cache[file] = (len(CELL), None, CELL.splitlines(keepends=True), file)
    scope = {"__name__": "__main__"}
    exec(compile(CELL, file, "exec"), scope)
    yield scope["Hump"]
    linecache.cache.pop(file, None)


def test_it_is_computed_checked_and_found(hump):
    z = np.linspace(-3, 3, 50)
    assert_allclose(hump()(z), z * np.exp(-z * z), rtol=1e-14)
    assert hump()(z.astype(np.float32)).dtype == np.float32
    om.checks.check(hump)
    assert Activation.named("hump") == hump()


def test_it_learns_and_is_drawn(hump):
    xor = om.data.xor()
    net = om.Network.parse(2, "8, hump, 2")
    run = om.fit(net, xor.x, xor.y, optimizer="adam(lr=0.05)", epochs=200, seeds=range(3))
    assert run.evaluate(xor.x, xor.y)["accuracy"].min() == 1
    same = om.fit(
        om.Network(2, om.Dense(8), hump(), om.Dense(2)), xor.x, xor.y, optimizer="adam(lr=0.05)", epochs=200, seeds=[1]
    )
    assert (same.theta[0] == run.theta[1]).all()
    assert om.plots.formula(hump()).get_title(loc="left") == "Hump()"


def test_a_cell_run_again_holds_the_newer_formula(hump):
    scope = {"__name__": "__main__"}
    exec(CELL.replace("z * np.exp(-z * z)\n", "2 * z * np.exp(-z * z)\n"), scope)
    assert Activation.named("hump")(1.0) == pytest.approx(2 * np.exp(-1))


def test_what_cannot_be_compiled_runs_as_numpy_and_says_so():
    class Stepped(Activation):
        """y = the whole part of z, by a function that no compiler knows."""

        @staticmethod
        def value(z):
            return np.asarray([np.floor(each) for each in np.ravel(z)], np.result_type(z)).reshape(np.shape(z))

        @staticmethod
        def derivative(z, y):
            return 0 * z

    with pytest.warns(RuntimeWarning, match=r"^Stepped runs as plain NumPy, which is slower: Numba cannot compile it"):
        y = Stepped()(np.array([1.5, -0.5]))
    assert y.tolist() == [1, -1]
    assert Stepped()(np.array([2.5])).tolist() == [2]  # and says it once


NEURON = '''
import omomi as om
from omomi.formulas.formula import between


class Halving(om.neurons.Neuron):
    """v ← v / 2 + i, with a spike at 1."""

    threshold: float = between(0, 9, default=1.0)

    @staticmethod
    def start():
        return 0.0

    @staticmethod
    def charge(v, i):
        return v / 2 + i

    @staticmethod
    def charge_back(gv):
        return gv / 2, gv

    @staticmethod
    def excess(v, threshold):
        return v - threshold

    @staticmethod
    def excess_back(gx):
        return gx

    @staticmethod
    def reset(v):
        return 0.0

    @staticmethod
    def reset_back(gv):
        return 0.0
'''


def test_a_neuron_typed_at_a_prompt_learns():
    """Without its source no loop can be written; it goes through plain NumPy, as a leaky one of τ = 2 would."""
    scope = {"__name__": "__main__"}
    exec(compile(NEURON, "<prompt>", "exec"), scope)
    x, y = np.random.default_rng(0).random((20, 6, 4)), np.arange(20) % 2
    mine, leaky = (
        om.fit(
            om.Network((6, 4), om.Dense(5), neuron, om.SpikeCount(), om.Dense(2)), x, y, epochs=2, seeds=[0, 1],
            dtype="float64",
        )
        for neuron in (scope["Halving"](), om.Lif(tau=2, Rm=2))
    )  # fmt: skip
    assert_allclose(mine.theta, leaky.theta, rtol=1e-9)
