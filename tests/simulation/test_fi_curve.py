"""fi_curve: the article's table, the closed form, and simulate."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import omomi as om
from omomi.formulas.neurons import Lif
from truth import reference


def test_the_grid_of_the_article_in_one_call():
    table = reference("neurons")["FI_curve"]
    cells = [dict(part.split("=") for part in cell.split(",")) for cell in table["grid"]]
    each = {name: [float(cell[name]) for cell in cells] for name in ("Rm", "tau_ref")}
    curve = om.fi_curve(Lif(Cm=10), table["I"], each=each)
    assert_array_equal(curve.counts, [cell["counts"] for cell in table["grid"].values()])
    assert curve.counts.shape == (49, 10)


def test_closed_form():
    """First spike ⌈log(1 - θ / (R I)) / log(1 - dt / τ)⌉, then one each period."""
    i = np.linspace(1.1, 4, 12)
    curve = om.fi_curve(Lif(tau=20, tau_ref=3), i, T=500, dt=0.5)
    first = np.ceil(np.log(1 - 1 / i) / np.log(1 - 0.5 / 20))
    assert_array_equal(curve.counts, (1000 - first) // (first + 6) + 1)


def test_it_is_simulate_without_the_traces():
    i = [0.5, 1.5, 2.5]
    run = om.simulate("izhikevich(method=euler)", 10 * np.array(i), T=100, dt=0.5)
    curve = om.fi_curve("izhikevich(method=euler)", 10 * np.array(i), T=100, dt=0.5)
    assert_array_equal(curve.counts, run.counts())
    assert curve.T == 100
    assert curve.counts.sum() > 3


def test_one_value_of_each_goes_with_several():
    curve = om.fi_curve("lif", [1.5], each={"Rm": [1, 2], "tau_ref": 1})
    assert curve.each["tau_ref"].tolist() == [1, 1]
    assert_array_equal(curve.counts[1], om.fi_curve("lif(Rm=2, tau_ref=1)", [1.5]).counts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"currents": []}, "fi_curve: currents must be finite numbers (M,), got []"),
        ({"currents": 1.0}, "fi_curve: currents must be finite numbers (M,), got 1.0"),
        (
            {"each": {"Rm": [1, 2], "tau": [1, 2, 3]}},
            "fi_curve: fields in `each` must have as many values each, or one",
        ),
    ],
    ids=["none", "number", "each"],
)
def test_mistakes_are_one_sentence(given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        om.fi_curve(**{"neuron": "lif", "currents": [1.0]} | given)
