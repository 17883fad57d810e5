"""The interactive F–I curve: in Python, on a page, in a Jupyter kernel and in marimo.

Counts are those of the source article's program (tests/reference/neurons.json).
"""

import json
import subprocess
import sys
from pathlib import Path

import jupyter_client
import marimo
import numpy as np
import pytest
import quickjs
from traitlets import TraitError

import omomi as om
from omomi.widgets import FIExplorer

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE.parent / "reference" / "neurons.json").read_text())["FI_curve"]
COUNTS = {cell: REFERENCE["grid"][cell]["counts"] for cell in ("Rm=1,tau_ref=1", "Rm=5,tau_ref=1", "Rm=5,tau_ref=20")}


class Page:
    """The widget's own JavaScript, on a page whose model is the widget in Python."""

    def __init__(self, widget):
        self.js = quickjs.Context()
        self.js.add_callable("fetch", lambda name: json.dumps(getattr(widget, name)))
        self.js.add_callable("send", lambda changed: widget.set_state(json.loads(changed)))
        self.js.eval((HERE / "page.js").read_text())
        self.js.module(f"{widget._esm}\nglobalThis.gone = render({{ model, el: page }});")
        for name in widget.keys:
            widget.observe(lambda change: self.js.eval(f"model.tell('change:{change.name}')"), names=name)

    def __call__(self, code):
        return json.loads(self.js.eval(f"JSON.stringify({code})"))

    def slide(self, slider, value):
        self.js.eval(f"page.all('input')[{slider}].value = '{value}'; page.all('input')[{slider}].dispatch('input')")

    def drawn(self):
        """The counts that the dots say, and their places."""
        dots = self("page.all('circle').map((dot) => [dot.children[0].textContent, dot.attributes])")
        return [int(said.split()[-2]) for said, _ in dots], np.array(
            [[float(a["cx"]), float(a["cy"])] for _, a in dots]
        )


def test_the_curve_follows_the_sliders_values():
    widget = FIExplorer()
    np.testing.assert_allclose(widget.currents, REFERENCE["I"], rtol=1e-15)
    assert widget.counts == COUNTS["Rm=1,tau_ref=1"]
    widget.Rm = 5
    assert widget.counts == COUNTS["Rm=5,tau_ref=1"]
    widget.tau_ref = 20
    assert widget.counts == COUNTS["Rm=5,tau_ref=20"]
    assert FIExplorer(Rm=5, tau_ref=20).counts == COUNTS["Rm=5,tau_ref=20"]


def test_other_neurons_and_currents():
    """An integrator without a leak needs ⌈1 / (i Rm dt / Cm)⌉ steps; with so long a time constant the LIF does, too."""
    widget = FIExplorer("lif(Cm=1e9)", [0, 2.1e8], T=100)
    assert widget.title == "Lif: spikes in 100 ms"
    assert widget.counts == [0, 100 // (5 + 1)]


def test_a_slider_moves_and_the_curve_is_drawn_anew():
    widget = FIExplorer()
    page = Page(widget)
    assert page.drawn()[0] == COUNTS["Rm=1,tau_ref=1"]
    page.slide(0, 5)
    assert (widget.Rm, widget.tau_ref) == (5, 1)
    assert page.drawn()[0] == COUNTS["Rm=5,tau_ref=1"]
    page.slide(1, 20)
    assert page.drawn()[0] == COUNTS["Rm=5,tau_ref=20"]
    assert page("page.all('output').map((each) => each.textContent)") == ["5.0 kΩ", "20.0 ms"]
    widget.Rm = 1.0  # set in Python: the slider moves
    assert page("page.all('input').map((each) => each.value)") == ["1", "20"]


def test_places_on_the_page():
    """Straight scales: dots lie on the line through 0 and the highest tick, and all of them inside the picture."""
    widget = FIExplorer()
    page = Page(widget)
    counts, at = page.drawn()
    np.testing.assert_allclose(at[:, 0], at[0, 0] + (at[-1, 0] - at[0, 0]) * np.array(REFERENCE["I"]) / 2)
    np.testing.assert_allclose(at[:, 1], at[0, 1] + (at[-1, 1] - at[0, 1]) * np.array(counts) / 125)
    said = page("page.all('text').map((each) => [each.textContent, each.attributes.y])")
    places = {text: float(y) - 4 for text, y in said if y and text in ("0", "50", "100", "150")}
    assert len(places) == 4
    np.testing.assert_allclose(np.interp(125, [100, 150], [places["100"], places["150"]]), at[-1, 1])
    line = page("page.all('polyline')[0].attributes.points")
    np.testing.assert_allclose([[float(c) for c in p.split(",")] for p in line.split()], at)


def test_without_a_spike_there_are_ticks_all_the_same():
    page = Page(FIExplorer(currents=[0.0, 0.5]))
    assert page.drawn()[0] == [0, 0]
    assert np.isfinite(page.drawn()[1]).all()
    assert "10" in page("page.all('text').map((each) => each.textContent)")


def test_who_cannot_see_it_is_told():
    page = Page(FIExplorer())
    inputs = page("page.all('input').map((each) => each.attributes)")
    spoken = ["membrane resistance in kiloohm", "refractory time in milliseconds"]
    assert [(each["type"], each["aria-label"]) for each in inputs] == [("range", name) for name in spoken]
    assert page("page.all('svg')[0].attributes['aria-label']") == "Spike counts from 0 to 125, currents from 0 to 2"


def test_a_page_that_is_left_hears_nothing_more():
    widget = FIExplorer()
    page = Page(widget)
    page.js.eval("gone()")
    widget.Rm = 5.0
    assert page.drawn()[0] == COUNTS["Rm=1,tau_ref=1"]


def test_it_needs_nothing_from_outside():
    widget = FIExplorer()
    for text in (widget._esm, widget._css):
        assert "http" not in str(text).replace("http://www.w3.org/2000/svg", "")
        assert "import" not in str(text)


def test_in_a_jupyter_kernel():
    """What a browser sends when a slider moves, and what the kernel answers."""
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3")
    try:
        said = []
        client.execute_interactive(
            "from omomi.widgets import FIExplorer; FIExplorer()", output_hook=said.append, timeout=60
        )
        shown = next(m["content"]["data"] for m in said if m["msg_type"] == "execute_result")
        model = shown["application/vnd.jupyter.widget-view+json"]["model_id"]
        opened = {m["content"]["comm_id"]: m["content"]["data"]["state"] for m in said if m["msg_type"] == "comm_open"}
        assert opened[model]["counts"] == COUNTS["Rm=1,tau_ref=1"]
        assert "export default" in opened[model]["_esm"]
        update = {"method": "update", "state": {"Rm": 5.0}, "buffer_paths": []}
        client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": model, "data": update}))
        while (answer := client.get_iopub_msg(timeout=60))["content"].get("data", {}).get("method") != "update":
            pass
        assert answer["content"]["comm_id"] == model
        assert answer["content"]["data"]["state"] == {"counts": COUNTS["Rm=5,tau_ref=1"]}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_in_marimo():
    """A notebook is run; then what a browser sends when a slider moves; its value is what other cells see."""
    app = marimo.App()

    @app.cell
    def _():
        import marimo as mo

        from omomi.widgets import FIExplorer

        return FIExplorer, mo

    @app.cell
    def _(FIExplorer, mo):
        shown = mo.ui.anywidget(FIExplorer())
        shown  # noqa: B018
        return (shown,)

    outputs, defined = app.run()
    assert "<marimo-anywidget" in outputs[1].text
    shown = defined["shown"]
    assert shown.value["counts"] == COUNTS["Rm=1,tau_ref=1"]
    shown._update({"Rm": 5.0})
    assert shown.value["counts"] == COUNTS["Rm=5,tau_ref=1"]


def test_errors():
    with pytest.raises(ValueError, match=r"^FIExplorer: the neuron must have the field Rm, got If\(\)$"):
        FIExplorer(om.If())
    with pytest.raises(TraitError, match=r"'Rm' .* should not be less than 1\.0, but a value of 0\.5"):
        FIExplorer(Rm=0.5)
    widget = FIExplorer()
    with pytest.raises(TraitError, match=r"'tau_ref' .* should not be greater than 100\.0"):
        widget.tau_ref = 101
    with pytest.raises(TraitError, match="read-only"):
        widget.counts = []
    with pytest.raises(AttributeError, match=r"module 'omomi.widgets' has no attribute 'Explorer'"):
        om.widgets.Explorer  # noqa: B018


def test_without_anywidget():
    code = """if True:
        import sys
        import omomi as om
        assert "anywidget" not in sys.modules
        sys.modules["anywidget"] = None
        om.widgets.FIExplorer"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr.endswith("ModuleNotFoundError: widgets need anywidget: pip install 'omomi[notebook]'\n")
