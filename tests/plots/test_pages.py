"""What notebooks are given for formulas, networks and runs, and the curves while a run learns."""

import re
from dataclasses import fields
from xml.etree import ElementTree

import marimo
import numpy as np
import pytest

import omomi as om
from catalogue import every_formula, example
from omomi.formulas.formula import Formula
from omomi.plots import live, pages
from omomi.training import History

X, Y = np.eye(4), np.array([0, 1, 2, 0])
NET = om.Network(4, om.Dense(3))
SVG = "{http://www.w3.org/2000/svg}"


def parsed(page):
    return ElementTree.fromstring(f"<div>{page}</div>")


def said(page):
    return " ".join(parsed(page).itertext())


def test_every_formula_shows_itself(monkeypatch):
    monkeypatch.setattr(pages, "picture", lambda thing: "")
    for entry in every_formula():
        f = example(*entry.values)
        told = said(f._repr_html_())
        assert repr(f) in told
        for field in fields(f):
            assert field.name in told


def test_a_formula_and_two_on_one_page():
    """Ids of two pictures differ, each that is referred to is there, no style leaks; the same formula, same text."""
    one, two = om.Relu()._repr_html_(), om.Tanh()._repr_html_()
    assert one == om.Relu()._repr_html_()
    ids = [set(re.findall(r'\bid="([^"]+)"', page)) for page in (one, two)]
    assert all(ids)
    assert not ids[0] & ids[1]
    for page, own in zip((one, two), ids, strict=True):
        referred = set(re.findall(r'(?:url\(#|href="#)([^")]+)', page))
        assert referred
        assert referred <= own
        assert "<style" not in page
        assert parsed(page).find(f".//{SVG}svg") is not None


def test_a_picture_opens_no_figure():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    om.Relu()._repr_html_()
    assert pyplot.get_fignums() == before


def test_what_users_write_stays_text():
    class Less(om.activations.Activation):
        """y = z  where <b>a</b> & b.

        Reference: <i>Me</i> (2020).
        """

        value = staticmethod(lambda z: z)
        derivative = staticmethod(lambda z, y: 1 + 0 * z)

    page = Less()._repr_html_()
    assert "<b>a</b>" not in page
    assert "<i>Me" not in page
    assert "y = z  where <b>a</b> & b." in said(page)
    data = om.data.Dataset(X[:, :2], Y, name="<script>", classes=["a", "b", "c"])
    assert "<script" not in data._repr_html_()


def test_a_network_and_its_numbers():
    """4 · 3 + 3 and 3 · 2 + 2 parameters, 12 and 6 products."""
    page = parsed(om.Network(4, om.Dense(3), om.Relu(), om.Dense(2))._repr_html_())
    rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert rows[1:] == [
        ["Dense(3)", "3", "15", "12"],
        ["Relu()", "3", "–", "–"],
        ["Dense(2)", "2", "8", "6"],
        ["total", None, "23", "18"],
    ]
    assert page.find(f".//{SVG}svg") is not None


def test_a_run_says_who_diverged():
    """Of three replicas one starts at infinity; the numbers are those of the other two."""
    run = om.Run(NET, X, Y, epochs=2, seeds=[5, 7, 9])
    run.theta[1] = np.inf
    run.train(progress=False)
    told = said(run._repr_html_())
    assert "seed 7 diverged in epoch 1" in told
    assert "epoch 2 of 2" in told
    assert "mean of 2 replicas" in told
    assert f"{run.history['loss'][-1, [0, 2]].mean():.4g} ±" in told
    assert "no epoch is complete yet" in said(om.Run(NET, X, Y)._repr_html_())
    assert "Diagnosis" in said(om.diagnose(run)._repr_html_())


def pieces(page):
    """The first curve of the training, between its gaps: [(points, 2), …]."""
    path = next(node.get("d") for node in parsed(page).iter(f"{SVG}path") if node.get("stroke") == live.BLUE)
    return [
        np.array([[float(c) for c in point.split()] for point in piece.split("L")]) for piece in path.split("M")[1:]
    ]


def marks(page, anchor):
    """The numbers at an axis: {text: (x, y)}; "end" are those of the upright one, "middle" the others."""
    return {
        node.text: (float(node.get("x")), float(node.get("y")))
        for node in parsed(page).iter(f"{SVG}text")
        if (node.get("font-size"), node.get("text-anchor")) == ("9.5", anchor)
    }


def test_where_the_curves_lie():
    """A loss of 4, 3, 2, 1: its points lie on the marks of the axes with these numbers."""
    history = History([0])
    for loss in (4.0, 3.0, 2.0, 1.0):
        history.append({"loss": np.array([loss])})
    page = live.curves(history)
    (points,) = pieces(page)
    losses, epochs = marks(page, "end"), marks(page, "middle")
    np.testing.assert_allclose(points[:, 0], [epochs[e][0] for e in "1234"], atol=0.06)
    np.testing.assert_allclose(points[:, 1], [losses[loss][1] - 3.5 for loss in "4321"], atol=0.06)  # text stands lower


def test_a_loss_over_decades_and_gaps():
    """Its logarithm is a straight line; epochs that are not finite leave a gap, and no number is written as nan."""
    history = History([0, 1, 2])
    for e in range(1000):
        gone = np.nan if 400 <= e < 500 else 1.0
        history.append({"loss": gone * 10.0 ** (-e / 200 + np.zeros(3))})
    page = live.picture(history, 1000, 2000, "1 s")
    before, after = pieces(page)
    assert len(before) + len(after) < live.POINTS
    slopes = [np.polyfit(*piece.T, 1) for piece in (before, after)]
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-2)
    losses = marks(page, "end")
    decades = np.diff([losses[mark][1] for mark in ("1", "0.1", "0.01", "0.001", "0.0001")])
    np.testing.assert_allclose(decades, decades[0], atol=0.06)
    assert "nan" not in page
    assert "epoch 1000 of 2000" in said(page)


def test_pictures_while_it_learns_and_when_it_is_interrupted(monkeypatch):
    """One at the start and one at the end, whatever happens; in between about one a second."""
    shown = []
    monkeypatch.setattr(om.training.progress, "in_notebook", lambda run, last: live.Live(run, last, shown.append))
    monkeypatch.setattr(live, "EVERY", 0.0)
    monkeypatch.setattr(live, "SHARE", np.inf)
    run = om.Run(NET, X, Y, epochs=30, seeds=[0, 1, 2])

    class Stop:
        begin = end = staticmethod(lambda run: None)

        def epoch(self, run):
            if run.epoch == 20:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train(log=Stop())
    epochs = [int(re.search(r"epoch (\d+) of 30", page)[1]) for page in shown]
    assert (epochs[0], epochs[-1]) == (0, 20)
    assert len(epochs) > 5
    assert "left" in shown[-2]
    assert "left" not in shown[-1]
    shown.clear()
    run.train(2, progress=False)
    assert shown == []


def test_a_picture_that_fails_stops_no_training(monkeypatch):
    def fails(drawn):
        raise OSError("the page is gone")

    monkeypatch.setattr(om.training.progress, "in_notebook", lambda run, last: live.Live(run, last, fails))
    with pytest.warns(RuntimeWarning, match=r"^no learning curves: OSError: the page is gone$") as told:
        run = om.fit(NET, X, Y, epochs=3, seeds=[0])
    assert run.epoch == 3
    assert len(told) == 1


def test_in_marimo(monkeypatch):
    """Where marimo says that it runs, its cell's output is replaced."""
    shown = []
    monkeypatch.setattr(marimo, "running_in_notebook", lambda: True)
    monkeypatch.setattr(marimo.output, "replace", shown.append)
    om.fit(NET, X, Y, epochs=3, seeds=[0])
    assert "epoch 0 of 3" in shown[0].text
    assert "epoch 3 of 3" in shown[-1].text


def test_elsewhere_than_in_a_notebook_there_is_none():
    assert live.watch(om.Run(NET, X, Y), 3) is None


def test_without_matplotlib(monkeypatch):
    monkeypatch.setattr(pages, "find_spec", lambda name: None)
    assert "<svg" not in om.Relu()._repr_html_()


def test_what_has_no_page():
    class Odd:
        pass

    assert om.shown.html(Odd()) is None
    assert issubclass(Formula, om.shown.Shown)
