"""Pictures of signed weights hold the numbers they show."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import omomi as om


@pytest.fixture(scope="module")
def run():
    rule = om.ErrorDiffusion()
    net = rule.wired(om.Network(2, om.Dense(4), om.Sigmoid(), om.Dense(2), om.Sigmoid()))
    return om.Run(net, np.eye(2), [0, 1], loss="mse", rule=rule, optimizer="sgd(lr=1)", seeds=[0, 1], epochs=3).train(
        progress=False
    )


def test_blocks_have_the_signs_of_the_types(run):
    ax = om.plots.weight_blocks(run, replica=1, net=1)
    shown = ax.get_images()[0].get_array()
    assert_array_equal(shown[:2, :2], run.params[0]["W"][1, 1, :2, :2])
    assert_array_equal(shown[2:, :2], -run.params[0]["W"][1, 1, 2:, :2])
    assert (shown[:2, 2:] < 0).all()
    assert (shown[2:, 2:] > 0).all()
    names = {text.get_text(): text.get_position() for text in ax.texts}
    assert names == {"pp": (0.5, 0.5), "np": (0.5, 2.5), "pn": (2.5, 0.5), "nn": (2.5, 2.5)}
    assert ax.get_title("left") == "Layer 0, network 2 of 2"


def test_a_readout_has_excitatory_columns_alone(run):
    ax = om.plots.weight_blocks(run, layer=2)
    assert [text.get_text() for text in ax.texts] == ["pp", "np"]
    assert ax.get_xlabel() == "to: excitatory units"


def test_growth_shows_the_start_and_now(run):
    ax = om.plots.weight_growth(run)
    start = run.settings.net.views(run.settings.net.init([0, 1], "float32"))
    before, now = (line.get_xdata() for line in ax.get_lines()[:2])
    assert before[[0, -1]].tolist() == [start[0]["W"].min(), start[0]["W"].max()]
    assert now[-1] == run.params[0]["W"].max()
    assert (now >= before).all()
    assert ax.get_title("left") == "Magnitudes after 3 epochs"


def test_what_cannot_be_drawn_is_refused(run):
    with pytest.raises(ValueError, match=r"weight_blocks: layer must be that of a SignedDense, \[0, 2\], got 1"):
        om.plots.weight_blocks(run, layer=1)
    with pytest.raises(ValueError, match=r"weight_blocks: net must lie in 0 … 1, got 2"):
        om.plots.weight_blocks(run, net=2)
    with pytest.raises(TypeError, match="weight_growth: a Run is needed, got str"):
        om.plots.weight_growth("run")
    plain = om.Run(om.Network(2, om.Dense(1)), np.eye(2), [0.0, 1], seeds=[0])
    with pytest.raises(ValueError, match=r"weight_growth: the network must have SignedDense layers, got Network\(2"):
        om.plots.weight_growth(plain)
