"""phase_plane: slopes where they are known, and the points that stay."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import omomi as om


def test_fitzhugh_nagumo():
    """Fixed points are the roots of v - v³/3 - (v + a) / b + i; there dw = 0 is the line w = (v + a) / b."""
    i, (a, b) = 0.5, (0.7, 0.8)
    plane = om.phase_plane("fitz_hugh_nagumo", i, n=51)
    roots = np.roots([-1 / 3, 0, 1 - 1 / b, i - a / b])
    v = float(roots[np.isreal(roots)][0].real)
    assert_allclose(plane.fixed, [[v, (v + a) / b]], rtol=1e-9)
    assert plane.stable.tolist() == [False]  # it lies on the rising branch, |v| < √(1 - b φ)
    assert plane.dv.shape == plane.dw.shape == (51, 51)
    assert_allclose(plane.dv[10, 20], plane.v[20] - plane.v[20] ** 3 / 3 - plane.w[10] + i, rtol=1e-12)


def test_izhikevich_rests_where_its_parabola_meets_the_line():
    """0.04 v² + 5 v + 140 = 0.2 v at -70 and -50: the lower one draws in, the upper one is a saddle."""
    plane = om.phase_plane("izhikevich", 0.0, (-80, 0), (-20, 0))
    assert_allclose(plane.fixed, [[-70, -14], [-50, -10]], rtol=1e-9)
    assert plane.stable.tolist() == [True, False]
    assert om.phase_plane("izhikevich", 5.0, (-80, 0), (-20, 0)).fixed.shape == (0, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("lif",), "a neuron with slopes of two states is needed"),
        (("izhikevich", 0, (1, 0)), r"v must be \(low, high\)"),
    ],
    ids=["one state", "ends"],
)
def test_mistakes_are_one_sentence(given, said):
    with pytest.raises(ValueError, match=said):
        om.phase_plane(*given)
