"""Diagrams: the text of an SVG, parsed; numbers of units, weights and places are counted by hand."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import omomi as om
from omomi import Dense, LeakyRelu, Network
from omomi.plots import diagram

SVG = "{http://www.w3.org/2000/svg}"


def drawn(net):
    return ElementTree.fromstring(diagram(net).svg)


def texts(root):
    return [(node.text, float(node.get("x")), float(node.get("y"))) for node in root.iter(f"{SVG}text")]


def units(root):
    """{x of a column: heights of its units}; the dots between them are smaller."""
    found = {}
    for node in root.iter(f"{SVG}circle"):
        if float(node.get("r")) > 2:
            found.setdefault(float(node.get("cx")), []).append(float(node.get("cy")))
    return found


def test_units_connections_and_numbers():
    """3 · 2 + 2 = 8 and 2 · 9 + 9 = 27 parameters; lines from 3 to 2 units, and from 2 to the 6 of 9 that are drawn."""
    root = drawn(Network(3, Dense(2), LeakyRelu(0.1), Dense(9)))
    columns = units(root)
    assert [len(heights) for heights in columns.values()] == [3, 2, 6]
    assert list(columns) == sorted(columns)
    said = [text for text, *_ in texts(root)]
    assert [*map(said.count, ("input", "Dense", "8 parameters", "27 parameters", "35 parameters"))] == [1, 2, 1, 1, 1]
    lines = [node.get("d").count("L") for node in root.findall(f"{SVG}path") if node.get("stroke-width") == "0.6"]
    assert lines == [3 * 2, 2 * 6]


def test_the_curve_of_an_activation():
    """Of leaky ReLU: two straight pieces that meet at z = 0, the middle; their slopes are as 0.1 to 1."""
    root = drawn(Network(3, Dense(2), LeakyRelu(0.1), Dense(9)))
    (chip,) = root.findall(f"{SVG}g")
    assert chip.find(f"{SVG}title").text == "LeakyRelu(alpha=0.1)"
    curve = next(node.get("d") for node in chip.iter(f"{SVG}path") if node.get("fill") == "none")
    x, y = np.array([[float(c) for c in point.split()] for point in re.split("[ML]", curve)[1:]]).T
    half = len(x) // 2
    slopes = [np.polyfit(x[part], -y[part], 1)[0] for part in (slice(half + 1), slice(half, None))]
    assert slopes[0] / slopes[1] == pytest.approx(0.1, abs=0.01)
    assert x[half] == pytest.approx((x[0] + x[-1]) / 2, abs=0.1)


def test_time_and_loops():
    said = [text for text, *_ in texts(drawn(Network.parse(6, "repeat(25), 4, recurrent(lif), 3, li, max_membrane")))]
    assert said.count("25 steps") == 3
    assert "↻ Lif" in said
    for layer, loops in (("spiking", 0), ("recurrent", 1)):
        svg = diagram(Network.parse(6, f"4, {layer}(lif, steps=5)")).svg
        assert len(re.findall(r"d='M[\d. ]+C", svg)) == loops
    picture = Network.parse((28, 28), "flatten, 30, relu, 10")
    said = [text for text, *_ in texts(drawn(picture))]
    assert "28 × 28" in said
    assert "784" in said
    assert not any("step" in text for text in said)
    nets = om.ErrorDiffusion().wired(Network.parse(4, "8, sigmoid, 3, softmax"))
    assert not any("step" in text for text, *_ in texts(drawn(nets)))


def test_a_deep_network_goes_on_in_further_rows():
    """Of 21 columns seven stand in each row; all lie within the picture, and no two units on each other."""
    net = Network(4, *[layer for _ in range(19) for layer in (Dense(5), om.Tanh())], Dense(3))
    root = drawn(net)
    left, top, width, height = map(float, root.get("viewBox").split())
    assert width < 1000
    headings = [(x, y) for text, x, y in texts(root) if text in ("input", "Dense")]
    assert len(headings) == 21
    assert len({y for _, y in headings}) == 3
    places = [(float(node.get("cx")), float(node.get("cy"))) for node in root.iter(f"{SVG}circle")]
    assert len(places) == len({*places}) == 4 + 19 * 5 + 3
    for _, x, y in texts(root):
        assert left < x < left + width
        assert top < y < top + height


def test_every_layer_has_a_place():
    nets = [
        Network.parse((4, 6), "flatten, 8, layer_norm, rms_norm, p_relu, dropout, glu, maxout(3, 2), softmax, on_off"),
        Network.parse(5, "poisson(7), 4, lif, rate_bounds(0, 1), mean_rate"),
        Network.parse(5, "latency(7), 4, alif, spike_count"),
        Network.parse(2, "population(4), 3, spiking(lif, steps=9), first_spike"),
        om.ErrorDiffusion().wired(Network.parse(4, "8, sigmoid, 3, softmax")),
        Network.parse(3, "spiking(lif, steps=4)"),
    ]
    for net in nets:
        svg = diagram(net).svg
        assert "nan" not in svg
        told = " ".join(node.text for node in ElementTree.fromstring(svg).iter() if node.text)
        for layer in net.layers:
            assert type(layer).__name__ in told or repr(layer) in told


def test_what_a_name_says_stays_text_and_the_picture_the_same(tmp_path):
    class Less(om.activations.Activation):
        """y = z."""

        value = staticmethod(lambda z: z)
        derivative = staticmethod(lambda z, y: 1 + 0 * z)

        def __repr__(self):
            return "<script>'&\""

    picture = diagram(Network(2, Dense(2), Less()))
    assert "<script" not in picture.svg
    assert ElementTree.fromstring(picture.svg).find(f"{SVG}g/{SVG}title").text == "<script>'&\""
    assert picture.svg == diagram(Network(2, Dense(2), Less())).svg == picture._repr_svg_()
    assert picture.save(tmp_path / "net.svg").read_text(encoding="utf8") == picture.svg


def test_errors(tmp_path):
    with pytest.raises(TypeError, match=r"^diagram: a Network is needed, got Dense$"):
        diagram(Dense(3))
    with pytest.raises(ValueError, match=r"^Diagram\.save: the path must end in \.svg, got 'net\.png'$"):
        diagram(Network(2, Dense(2))).save("net.png")
