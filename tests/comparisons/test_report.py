"""The page is read as a browser would: its tables, its pictures, and that nothing of it is code."""

import ast
import inspect
import platform
import shlex
import sys
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot

from omomi.cli.compare import compare as command
from omomi.comparisons import compare, figures, report
from outcomes import comparison

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """The elements in order, the text of tables by row, and the text of everything."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.tables, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"th", "td"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def table(self, *head):
        """The rows of the table whose head begins so, by their first column, stripped of white space."""
        tidy = [[[" ".join(cell.split()) for cell in row] for row in table] for table in self.tables]
        (found,) = [table for table in tidy if table[0][: len(head)] == list(head)]
        return {row[0]: dict(zip(found[0], row, strict=True)) for row in found[1:]}


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures take a second each time, and most tests do not look at them."""
    monkeypatch.setattr(figures, "draw", lambda c, rows: [])


def page(c):
    return Page(report.page(c))


def with_values(c, *values, metric="accuracy"):
    """The comparison with these test results, a list for each outcome."""
    own = [
        replace(o, metrics=o.metrics | {metric: np.array(v)}, seeds=tuple(range(len(v))))
        for o, v in zip(c.outcomes, values, strict=False)
    ]
    return replace(c, outcomes=[*own, *c.outcomes[len(own) :]])


def test_one_file_with_everything_in_it(tmp_path):
    c, open_figures = comparison(["backprop", "ed", "fa"], splits=2, lost=("ed",)), pyplot.get_fignums()
    path = report.write(c, tmp_path / "new")
    assert path == tmp_path / "new" / "report.html"
    text = path.read_text()
    found = Page(text)
    assert found.all("html") == [{"lang": "en"}]
    assert not {tag for tag, _ in found.elements} & {"script", "link", "iframe", "object"}
    assert all(a["scope"] in ("col", "row") for a in found.all("th"))
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(set(ids)) == len(ids) > 0
    pictures = found.all("img")
    assert len(pictures) == 4  # intervals, accuracy, loss, tuning
    for picture in pictures:
        kind, _, content = picture["src"].partition(";base64,")
        assert kind == "data:image/svg+xml"
        assert ElementTree.fromstring(b64decode(content)).tag.endswith("svg")
    assert pictures[0]["alt"].startswith("The test accuracy of each way to learn: backprop 9")
    assert "ed diverged" not in pictures[1]["alt"]  # one replica did, the others went on
    assert "Diverged replicas are left out." in found.text
    assert report.write(c, tmp_path).read_text() == text
    assert pyplot.get_fignums() == open_figures


def test_names_are_text_not_code():
    evil = "<script>alert(1)</script> {{ 7 * 7 }} \" onload='x' &amp;"
    c = comparison([evil, "ed"], net=evil)
    text = report.page(c)
    assert "<script" not in text
    found = Page(text)
    assert f"{evil} ★ (best)" in found.table("way to learn", "test accuracy")
    assert all(evil in picture["alt"] for picture in found.all("img")[:3])
    assert not any("onload" in attributes for _, attributes in found.elements)


@pytest.mark.usefixtures("undrawn")
def test_the_table():
    # Student's t of two degrees of freedom is 4.303: 4.303 · 0.01 / √3 = 2.48 %, in any place of the three.
    c = with_values(comparison(), [0.90, 0.91, 0.92], [0.82, 0.80, 0.81])
    found = page(c).table("way to learn", "test accuracy")
    assert list(found) == ["backprop ★ (best)", "ed", "logistic_regression (baseline)"]
    assert found["backprop ★ (best)"]["test accuracy"] == "91.00 ± 2.48 %"
    assert found["ed"]["test accuracy"] == "81.00 ± 2.48 %"
    assert found["ed"]["learning rate"] == "0.3"
    assert found["ed"]["parameters"] == "58"
    assert found["logistic_regression (baseline)"]["test accuracy"] == "85.00 %"
    assert found["logistic_regression (baseline)"]["reached 70 %"] == ""


@pytest.mark.usefixtures("undrawn")
def test_of_an_error_less_is_better():
    found = page(comparison(["a", "b"], metric="mse"))
    assert [name for name in found.table("way to learn", "test mse") if "best" in name] == ["b ★ (best)"]
    assert "less is better" in found.text
    # Scores are -mse, and are shown as mse.
    assert found.table("way to learn", "split", "tried")["a"]["tried"] == "0.1: 0.8; 0.01: 0.5; 1: diverged; 0.3: 0.9"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[0.90, 0.91, 0.92], [0.82, 0.80, 0.81]], "a is best, and told apart from b (p < 0.05)."),
        ([[0.90, 0.91, 0.92], [0.90, 0.90, 0.91]], "a has the best mean, but is told apart from none of the others"),
        ([[0.9], [0.8]], "a has the best value; whether by chance, a single one cannot say."),
    ],
)
def test_the_verdict(values, said):
    c = comparison(["a", "b"], seeds=len(values[0]))
    assert said in page(with_values(c, *values)).text.replace("\u00a0", " ")


@pytest.mark.usefixtures("undrawn")
def test_three_cells_have_a_list_of_differences():
    values = [0.90, 0.91, 0.92], [0.82, 0.80, 0.81], [0.82, 0.80, 0.81]
    found = page(with_values(comparison(["a", "b", "c"]), *values)).table("pair")
    # a - b = 0.08, 0.11, 0.11: mean 0.1, s = 0.03 / √3 = 0.01732, 4.303 s / √3 = 0.04303, t = 10, p = 0.0099
    assert found["a − b"] == {"pair": "a − b", "difference in percentage points": "+10.00 ± 4.30", "p": "0.030"}
    assert found["b − c"]["difference in percentage points"] == "+0.00 ± 0.00"
    assert found["b − c"]["p"] == "1.000"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("n", [4, 12])
def test_more_have_a_matrix(n):
    c = comparison([f"r{i}" for i in range(n)])
    c = with_values(c, *([0.9 - 0.01 * i, 0.8 - 0.01 * i, 0.7 - 0.01 * i] for i in range(n)))
    matrices = [table for table in page(c).tables if any("–" in "".join(row) for row in table)]
    (matrix,) = matrices
    assert len(matrix) == n + 1
    for i, (_, *line) in enumerate(matrix[1:]):
        for j, cell in enumerate(line):
            sign = "+" if j > i else "−"
            assert cell == "–" if i == j else cell.strip().startswith(f"{sign}{abs(j - i)}.00")


@pytest.mark.usefixtures("undrawn")
def test_what_was_tried_and_every_replica():
    found = page(comparison(lost=("ed",), splits=2))
    tried = [row for table in found.tables for row in table if "diverged" in row[-1] and row[0] == "ed"]
    assert [[row[1], row[2].split("; ")] for row in tried] == [
        [split, ["0.1: 80.00 %", "0.01: 50.00 %", "1: diverged", "0.3: 90.00 %"]] for split in ("0", "1")
    ]
    (each,) = [table for table in found.tables if "seed" in table[0]]
    assert len(each) == 1 + 2 * 2 * 4 + 2
    lost = dict(zip(each[0], next(row for row in each if row[0] == "ed" and row[2] == "0"), strict=True))
    assert (lost["accuracy"], lost["diverged in epoch"]) == ("n.a.", "3")


@pytest.mark.usefixtures("undrawn")
def test_how_to_repeat_it():
    c = comparison(["ed(initial=0.5)", "backprop"], seeds=4)
    text = page(c).text
    words = shlex.split(next(line for line in text.splitlines() if line.startswith("omomi compare")))
    said = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["omomi", "compare", "iris"]
    assert said["--rules"] == "ed(initial=0.5), backprop"
    assert said["--nets"] == "8, tanh, 2"
    assert (said["--seed"], said["--replicas"], said["--epochs"], said["--batch"]) == ("0", "4", "6", "32")
    call = ast.parse(text[text.index("om.compare(") : text.index(")\n", text.index("losses=")) + 1], mode="eval").body
    named = {k.arg: ast.unparse(k.value) for k in call.keywords}
    assert ast.literal_eval(named["rules"]) == ["ed(initial=0.5)", "backprop"]
    assert (named["seeds"], named["target"], named["tuning"]) == ("range(4)", "0.7", "4")
    assert set(named) <= set(inspect.signature(compare).parameters) - {"out", "jobs"}
    assert {word[2:].replace("-", "_") for word in said} <= set(inspect.signature(command).parameters)


@pytest.mark.usefixtures("undrawn")
def test_versions_without_places():
    text = report.page(replace(comparison(), task="/home/somebody/flowers.csv"))
    for name, version in (("numpy", np.__version__), ("Python", platform.python_version())):
        assert f"{name} {version}" in text
    assert "somebody" not in text
    assert "flowers.csv" in text
    assert platform.node() not in text


@pytest.mark.parametrize("c", [
    comparison(["only"], seeds=1, baseline=False),
    comparison(["a", "b"], metric="mse", lost=("a", "b"), seeds=1),
    comparison([], baseline=False),
], ids=["one", "all lost", "nothing"])  # fmt: skip
def test_little_to_show(c):
    found = page(c)
    assert "nan" not in found.text.split()
    assert len(found.all("img")) == (4 if c.outcomes else 0)


def test_without_matplotlib_the_page_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = page(comparison())
    assert not found.all("img")
    assert "There are no figures here: figures need matplotlib: pip install 'omomi[plots]'" in found.text
    assert found.table("way to learn", "test accuracy")


def test_without_jinja2(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ModuleNotFoundError, match=r"^reports need jinja2: pip install 'omomi\[compare\]'$"):
        report.write(comparison(), tmp_path)
    assert not list(tmp_path.iterdir())
