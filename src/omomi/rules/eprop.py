"""E-prop: errors do not travel back through recurrent connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..formulas.formula import flag
from ..networks.network import Network
from ..networks.spiking import RecurrentTraces
from .feedback_alignment import FeedbackAlignment
from .rule import Pass, Weights


class EProp(FeedbackAlignment):
    """Σₜ Lₜ eₜ: the learning signal of each neuron and step, times the eligibility that its own past has left behind.

    The eligibility trace eⱼᵢ follows the states of neuron j alone, so what a spike does to other neurons and through
    them is left out; no error goes back through V. L comes from the layers above: through their weights ("symmetric"),
    or through fixed random ones where `random` is set. It is computed backwards, as one product over all steps, which
    gives the same numbers as traces that run forward.

    Differs: the paper has one recurrent layer below its readout; in deeper networks L comes layer by layer.
    Check:   without recurrent weights it is backpropagation through time, or feedback alignment.
    Reference: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass (2020), A solution to the learning dilemma
        for recurrent networks of spiking neurons, doi:10.1038/s41467-020-17236-y, eq. 1, 4.
    """

    also: ClassVar[tuple[str, ...]] = ()
    random: bool = flag(default=False)

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        return super().prepare(net, params, rngs) if self.random else [{} for _ in net.layers]

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        for tape in seen.tapes:
            if isinstance(tape, RecurrentTraces):
                tape.across = False
        super().gradient(seen, grads)
