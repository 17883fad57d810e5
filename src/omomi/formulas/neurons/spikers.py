"""Neurons that make the upstroke of a spike themselves: beyond the threshold they are cut off and reset."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..formula import between, flag, one_of
from ..vocabulary import exp
from .neuron import Dynamics


class Qif(Dynamics):
    """τ dv/dt = a (v - rest) (v - v_c) + Rm i: above v_c, v runs away by itself.

    Units: v, rest, v_c, threshold and v_reset alike, a in 1 / those, i in those per Rm, times in ms.
    Numerics: the threshold is where v is cut off; the farther, the nearer to the ideal neuron.
    Check:   with a = Rm = 1, rest = v_c = 0 the way from -∞ to ∞ takes π τ / √i. Fires for good from
             Rm i = a (v_c - rest)² / 4 on.
    Reference: Ermentrout, Kopell (1986), Parabolic bursting in an excitable system coupled with a slow oscillation,
        doi:10.1137/0146017.
    """

    also = ("quadratic_integrate_and_fire",)
    tau: float = between(0, math.inf, default=10.0, closed="()")  # ms
    a: float = between(0, math.inf, default=1.0, closed="()")
    rest: float = between(-math.inf, math.inf, default=0.0, closed="()")
    v_c: float = between(-math.inf, math.inf, default=1.0, closed="()")
    Rm: float = between(0, math.inf, default=1.0, closed="()")
    threshold: float = between(-math.inf, math.inf, default=10.0, closed="()")
    v_reset: float = between(-math.inf, math.inf, default=-1.0, closed="()")
    tau_ref: float = between(0, math.inf, default=0.0, closed="[)")  # ms
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @staticmethod
    def start(rest):
        return rest

    @staticmethod
    def slopes(v, i, tau, a, rest, v_c, Rm):
        return (a * (v - rest) * (v - v_c) + Rm * i) / tau

    @staticmethod
    def reset(v, v_reset):
        return v_reset


class Eif(Dynamics):
    """C dv/dt = -g_L (v - E_L) + g_L Δ_T e^((v - V_T) / Δ_T) + i: a leak, and an upstroke from V_T on.

    Units: voltages in mV, C in µF/cm², g_L in mS/cm², i in µA/cm², times in ms.
    Numerics: beyond the threshold, where v is cut off, the exponential grows no further.
    Differs: Brian2 and NEST cut off at V_T + 5 Δ_T, which comes some hundredths of a ms earlier.
    Check:   V_T is where the current's minimum lies: fires for good from i = g_L (V_T - E_L - Δ_T) on.
    Reference: Fourcaud-Trocmé, Hansel, van Vreeswijk, Brunel (2003), How spike generation mechanisms determine the
        neuronal response to fluctuating inputs, doi:10.1523/JNEUROSCI.23-37-11628.2003.
    """

    also = ("exponential_integrate_and_fire",)
    C: float = between(0, math.inf, default=1.0, closed="()")  # µF/cm²
    g_L: float = between(0, math.inf, default=0.1, closed="()")  # mS/cm²
    E_L: float = between(-math.inf, math.inf, default=-65.0, closed="()")  # mV
    V_T: float = between(-math.inf, math.inf, default=-59.9, closed="()")  # mV
    delta_T: float = between(0, math.inf, default=3.48, closed="()")  # mV
    threshold: float = between(-math.inf, math.inf, default=-30.0, closed="()")  # mV
    v_reset: float = between(-math.inf, math.inf, default=-68.0, closed="()")  # mV
    tau_ref: float = between(0, math.inf, default=1.7, closed="[)")  # ms
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @staticmethod
    def start(E_L):
        return E_L

    @staticmethod
    def slopes(v, i, C, g_L, E_L, V_T, delta_T, threshold):
        upstroke = g_L * delta_T * exp((np.minimum(v, threshold) - V_T) / delta_T)
        return (g_L * (E_L - v) + upstroke + i) / C

    @staticmethod
    def reset(v, v_reset):
        return v_reset


class Adex(Dynamics):
    """Eif with adaptation: C dv/dt = … - w + i, τ_w dw/dt = a (v - E_L) - w, and w jumps by b at a spike.

    Units: voltages in mV, C in pF, g_L and a in nS, w, b and i in pA, times in ms.
    Numerics: beyond the threshold, where v is cut off, the exponential grows no further.
    Differs: cut off at V_T + 5 Δ_T as in Brian2's example and in NEST, not at 20 mV as in the paper: from there on it
             takes less than 0.1 ms; V_spike draws the rest.
    Check:   rest is lost where i = (g_L + a) (V_T - E_L - Δ_T + Δ_T log(1 + τ_m/τ_w))
             + Δ_T g_L (a/g_L - τ_m/τ_w), τ_m = C / g_L, if a/g_L > τ_m/τ_w (Hopf), else where
             i = (g_L + a) (V_T - E_L - Δ_T + Δ_T log(1 + a/g_L)) (saddle and node meet).
    Reference: Brette, Gerstner (2005), Adaptive exponential integrate-and-fire model as an effective description of
        neuronal activity, doi:10.1152/jn.00686.2005.
    """

    also = ("adaptive_exponential",)
    states = ("v", "w")
    jumping = ("v", "w")
    C: float = between(0, math.inf, default=281.0, closed="()")  # pF
    g_L: float = between(0, math.inf, default=30.0, closed="()")  # nS
    E_L: float = between(-math.inf, math.inf, default=-70.6, closed="()")  # mV
    V_T: float = between(-math.inf, math.inf, default=-50.4, closed="()")  # mV
    delta_T: float = between(0, math.inf, default=2.0, closed="()")  # mV
    tau_w: float = between(0, math.inf, default=144.0, closed="()")  # ms
    a: float = between(-math.inf, math.inf, default=4.0, closed="()")  # nS
    b: float = between(-math.inf, math.inf, default=80.5, closed="()")  # pA
    threshold: float = between(-math.inf, math.inf, default=-40.4, closed="()")  # mV
    v_reset: float = between(-math.inf, math.inf, default=-70.6, closed="()")  # mV
    tau_ref: float = between(0, math.inf, default=0.0, closed="[)")  # ms
    V_spike: float = between(0, math.inf, default=60.0, closed="[)")  # mV, drawn on top of a spike
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @staticmethod
    def start(E_L):
        return E_L, 0.0

    @staticmethod
    def slopes(v, w, i, C, g_L, E_L, V_T, delta_T, tau_w, a, threshold):
        upstroke = g_L * delta_T * exp((np.minimum(v, threshold) - V_T) / delta_T)
        return (g_L * (E_L - v) + upstroke - w + i) / C, (a * (v - E_L) - w) / tau_w

    @staticmethod
    def reset(v, w, v_reset, b):
        return v_reset, w + b


class Izhikevich(Dynamics):
    """dv/dt = 0.04 v² + 5 v + 140 - u + i,  du/dt = a (b v - u);  at a spike v ← c, u ← u + d.

    `Izhikevich.of_type("chattering")` has the paper's values for one of its `types`; the default is regular_spiking.

    Units: v, c and threshold in mV, times in ms; u, d and i in mV/ms.
    Differs: the paper's program takes two half steps of Euler for v and one of 1 ms for u, from the new v, and resets
             at the beginning of the next step; here both states take the same steps of dt.
    Check:   with b = 0.2 it rests at v = -70, u = -14, and fires for good from i = 4 on at the latest.
    Reference: Izhikevich (2003), Simple model of spiking neurons, doi:10.1109/TNN.2003.820440, figure 2.
    """

    states = ("v", "u")
    jumping = ("v", "u")
    types: ClassVar[dict[str, dict[str, float]]] = {
        "regular_spiking": {"a": 0.02, "b": 0.2, "c": -65, "d": 8},
        "intrinsically_bursting": {"a": 0.02, "b": 0.2, "c": -55, "d": 4},
        "chattering": {"a": 0.02, "b": 0.2, "c": -50, "d": 2},
        "fast_spiking": {"a": 0.1, "b": 0.2, "c": -65, "d": 2},
        "low_threshold_spiking": {"a": 0.02, "b": 0.25, "c": -65, "d": 2},
        "thalamo_cortical": {"a": 0.02, "b": 0.25, "c": -65, "d": 0.05},
        "resonator": {"a": 0.1, "b": 0.26, "c": -65, "d": 2},
    }
    a: float = between(0, math.inf, default=0.02, closed="()")  # 1/ms
    b: float = between(-math.inf, math.inf, default=0.2, closed="()")  # 1/ms
    c: float = between(-math.inf, math.inf, default=-65.0, closed="()")  # mV
    d: float = between(-math.inf, math.inf, default=8.0, closed="()")  # mV/ms
    threshold: float = between(-math.inf, math.inf, default=30.0, closed="()")  # mV
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @classmethod
    def of_type(cls, name: str, **fields: Any) -> Izhikevich:
        """The paper's neuron of that type, with other fields as given."""
        if name not in cls.types:
            raise ValueError(f"Izhikevich: the type must be one of {', '.join(cls.types)}, got {name!r}")
        return cls(**{**cls.types[name], **fields})

    @staticmethod
    def start(b):
        return -65.0, -65.0 * b

    @staticmethod
    def slopes(v, u, i, a, b):
        return (0.04 * v + 5) * v + 140 - u + i, a * (b * v - u)

    @staticmethod
    def reset(v, u, c, d):
        return c, u + d
