"""Neurons simulated: a current goes in, voltages and spikes come out."""

from . import currents
from .currents import Current, Dc, GaussianNoise, OrnsteinUhlenbeck, PoissonInput, Ramp, Sine, Steps
from .fi_curve import fi_curve
from .phase_plane import phase_plane
from .simulate import simulate
from .simulation import FICurve, PhasePlane, Simulation

__all__ = [
    "Current", "Dc", "FICurve", "GaussianNoise", "OrnsteinUhlenbeck", "PhasePlane", "PoissonInput", "Ramp",
    "Simulation", "Sine", "Steps", "currents", "fi_curve", "phase_plane", "simulate",
]  # fmt: skip
