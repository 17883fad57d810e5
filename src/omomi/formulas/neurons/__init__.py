"""Neurons: a few states that charge, a threshold, a reset."""

from .neuron import Dynamics, Neuron
from .integrators import AdaptiveLif, CurrentLif, If, Li, Lif, Plif, Thresholded
from .spikers import Adex, Eif, Izhikevich, Qif
from .excitable import FitzHughNagumo, HodgkinHuxley

__all__ = [
    "AdaptiveLif", "Adex", "CurrentLif", "Dynamics", "Eif", "FitzHughNagumo", "HodgkinHuxley", "If", "Izhikevich",
    "Li", "Lif", "Neuron", "Plif", "Qif", "Thresholded",
]  # fmt: skip
