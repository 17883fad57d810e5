"""The notebook among the examples, executed in a kernel: what its cells show, and what came while one of them ran."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples" / "notebook.ipynb"


class Client(NotebookClient):
    """Keeps the pictures that came for each cell: shown first, then in place of it."""

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in ("display_data", "update_display_data"):
            shown = (msg["msg_type"], msg["content"]["transient"].get("display_id"), msg["content"]["data"])
            self.came.setdefault(cell_index, []).append(shown)
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """(the notebook, what came by cell, its folder)."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(shutil.copy(NOTEBOOK, folder), as_version=4)
    client = Client(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.came = {}
    client.execute()
    return notebook, client.came, folder


def cell_of(notebook, source):
    """The first one with these words, or that is this word alone."""
    cells = [(k, cell.source) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return next(k for k, text in cells if text == source or (source in text and source != "run"))


def html(notebook, source):
    """What the cell shows last."""
    data = notebook.cells[cell_of(notebook, source)].outputs[-1].data
    return data.get("text/html") or data["image/svg+xml"]


def test_it_is_kept_without_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")


def test_what_the_cells_show(executed):
    notebook, _, folder = executed
    for source, said in {
        "om.LeakyRelu(0.1)": ["LeakyRelu(alpha=0.1)", "<svg", "Maas"],
        "om.mlp": ["<svg", "2,371 parameters", "Dense(64)"],  # 2 · 64 + 64 + 64 · 32 + 32 + 32 · 3 + 3
        "run": ["epoch 60 of 60", "<svg", "accuracy"],
        "om.diagnose": ["Diagnosis"],
        "om.plots.diagram": ["<svg", "MaxMembrane", "25 steps"],
    }.items():
        shown = html(notebook, source)
        for words in said:
            assert words in shown, (source, words)
    assert ElementTree.parse(folder / "spiking.svg").getroot().tag.endswith("svg")


def test_curves_come_while_it_learns(executed):
    """One picture, replaced: the first before the first step, the last at the end; it stays in the notebook."""
    notebook, came, folder = executed
    at = cell_of(notebook, "run.train")
    kinds, places, pictures = zip(*came[at], strict=True)
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert len(set(places)) == 1
    epochs = [int(re.search(r"epoch (\d+) of 60", data["text/html"])[1]) for data in pictures]
    assert epochs[0] == 0
    assert epochs[-1] == 60
    assert epochs == sorted(epochs)
    assert [output.data["text/html"] for output in notebook.cells[at].outputs] == [pictures[-1]["text/html"]]
    assert len((folder / "run.csv").read_text().splitlines()) == 1 + 60 * 6
