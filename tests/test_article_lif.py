"""Article 002's neuron: run_LIF and plot_IF_curve, their names, defaults and numbers."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose

import omomi as om
from truth import reference


def defaults(function):
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def test_arguments_and_defaults():
    assert defaults(om.run_LIF) == {
        "I": inspect.Parameter.empty, "T": 50, "dt": 0.1, "tau_ref": 10, "Rm": 1, "Cm": 10, "Vth": 1, "V_spike": 0.5,
    }  # fmt: skip
    assert [*defaults(om.plot_IF_curve)][:2] == ["Rm", "tau_ref"]


def test_its_example():
    """501 samples, spikes at 11 and 32 ms; its peak is in single precision."""
    time, Vm = om.run_LIF(1.5)
    assert len(time) == len(Vm) == 501
    assert_allclose(time[Vm > 1], [11.0, 32.0], rtol=1e-12)
    assert_allclose(Vm.max(), 1.5034503937, atol=2e-6)
    recorded = reference("002_mlp_lif")["lif"]["run_LIF(1.5)"]["Vm_float32"]
    assert_allclose(Vm, recorded, rtol=0, atol=2e-6)


def test_samples_where_dt_does_not_divide_T():
    time, Vm = om.run_LIF(1.5, T=1, dt=0.3)
    assert len(time) == len(Vm) == 4


@pytest.mark.parametrize("cell", [(1, 1), (5, 20), (100, 100)])
def test_curve(cell):
    wanted = reference("neurons")["FI_curve"]
    ax = om.plot_IF_curve(*map(float, cell))
    i, counts = ax.lines[0].get_data()
    assert counts.tolist() == wanted["grid"][f"Rm={cell[0]},tau_ref={cell[1]}"]["counts"]
    assert_allclose(i, wanted["I"])
    assert ax.get_ylim()[1] > counts.max()  # the article's axis ends at 80
    np.testing.assert_equal(ax.get_xlim(), (0, 2))


@pytest.fixture(autouse=True)
def without_figures():
    from matplotlib import pyplot

    yield
    pyplot.close("all")
