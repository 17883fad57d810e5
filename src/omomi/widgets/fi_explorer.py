"""The firing rate of a neuron over its current, under the sliders of its resistance and its refractory time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from ..formulas.neurons import Neuron
from ..simulation import fi_curve

HERE = Path(__file__).parent
LOW, HIGH = 1.0, 100.0  # of the sliders, as in the source article


class FIExplorer(anywidget.AnyWidget):
    """Spikes in T ms over constant currents, anew for each Rm and tau_ref; left as it is, the source article's demo.

    `Rm` and `tau_ref` can be moved by the sliders or set here; `currents` and `counts` are what is drawn.

    Parameters
    ----------
    neuron : Neuron or str
        With the fields Rm and tau_ref.
    currents : sequence of float, optional
        Left out: 10 from 0 to 2.
    T, dt : float
        How long each current flows, and the steps, ms.
    Rm, tau_ref : float in [1, 100]
        Where the sliders stand at the beginning; tau_ref in ms.
    """

    _esm = HERE / "fi_explorer.js"
    _css = HERE / "fi_explorer.css"

    Rm = traitlets.Float(1.0, min=LOW, max=HIGH).tag(sync=True)
    tau_ref = traitlets.Float(1.0, min=LOW, max=HIGH).tag(sync=True)
    currents = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    counts = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    title = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(
        self,
        neuron: Neuron | str = "lif(Cm=10)",
        currents: Sequence[float] | np.ndarray | None = None,
        T: float = 1000.0,
        dt: float = 1.0,
        Rm: float = 1.0,
        tau_ref: float = 1.0,
    ) -> None:
        self._neuron, self._T, self._dt = Neuron.of(neuron), T, dt
        for name in ("Rm", "tau_ref"):
            if name not in self._neuron.scalars:
                raise ValueError(f"FIExplorer: the neuron must have the field {name}, got {self._neuron!r}")
        self._currents = np.linspace(0, 2, 10) if currents is None else np.asarray(currents, np.float64)
        super().__init__(Rm=Rm, tau_ref=tau_ref)
        self.observe(lambda _: self.set_trait("counts", self._count()), names=["Rm", "tau_ref"])

    @traitlets.default("currents")
    def _flowing(self) -> list[float]:
        return self._currents.tolist()

    @traitlets.default("counts")
    def _count(self) -> list[int]:
        settings: dict[str, Any] = {"Rm": self.Rm, "tau_ref": self.tau_ref}
        return fi_curve(replace(self._neuron, **settings), self._currents, self._T, self._dt).counts.tolist()

    @traitlets.default("title")
    def _named(self) -> str:
        return f"{type(self._neuron).__name__}: spikes in {self._T:g} ms"
