"""Neurons whose spikes are a way through the space of their states: nothing is cut off, nothing is reset."""

from __future__ import annotations

import math

from ..formula import between, flag, one_of
from ..vocabulary import exp, expm1, where
from .neuron import Dynamics


class HodgkinHuxley(Dynamics):
    """C dv/dt = i - g_Na m³ h (v - E_Na) - g_K n⁴ (v - E_K) - g_L (v - E_L): a squid's axon.

    dx/dt = φ (α_x (1 - x) - β_x x) for the gates x = m, h, n;
    α_m = 0.1 (v + 40) / (1 - e^(-(v + 40)/10)), β_m = 4 e^(-(v + 65)/18), α_h = 0.07 e^(-(v + 65)/20),
    β_h = 1 / (1 + e^(-(v + 35)/10)), α_n = 0.01 (v + 55) / (1 - e^(-(v + 55)/10)), β_n = 0.125 e^(-(v + 65)/80).

    Units: voltages in mV, C in µF/cm², g in mS/cm², i in µA/cm², rates in 1/ms, times in ms, temperature in °C.
    Numerics: x / (1 - e⁻ˣ) is 1 at x = 0. A spike is the way up through the threshold. dt ≤ 0.05 ms.
    Differs: v is the membrane voltage, inside against outside; that of 1952 is the rest at -65 mV minus it.
             φ = 3^((temperature - 6.3) / 10), as in 1952.
    Check:   at -65 mV the gates rest at m = 0.0529, h = 0.5961, n = 0.3177, and the currents add up to 0 within
             0.005 µA/cm².
    Reference: Hodgkin, Huxley (1952), A quantitative description of membrane current and its application to conduction
        and excitation in nerve, doi:10.1113/jphysiol.1952.sp004764.
    """

    also = ("hh",)
    states = ("v", "m", "h", "n")
    coarsest = 0.05
    crossing = True
    C: float = between(0, math.inf, default=1.0, closed="()")  # µF/cm²
    g_Na: float = between(0, math.inf, default=120.0, closed="[)")  # mS/cm²
    g_K: float = between(0, math.inf, default=36.0, closed="[)")  # mS/cm²
    g_L: float = between(0, math.inf, default=0.3, closed="[)")  # mS/cm²
    E_Na: float = between(-math.inf, math.inf, default=50.0, closed="()")  # mV
    E_K: float = between(-math.inf, math.inf, default=-77.0, closed="()")  # mV
    E_L: float = between(-math.inf, math.inf, default=-54.387, closed="()")  # mV
    temperature: float = between(-273.15, math.inf, default=6.3, closed="()")  # °C
    threshold: float = between(-math.inf, math.inf, default=0.0, closed="()")  # mV
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @staticmethod
    def start():
        alpha_m, alpha_n, beta_h = 2.5 / expm1(2.5), 0.1 / expm1(1.0), 1 / (1 + exp(3.0))
        return -65.0, alpha_m / (alpha_m + 4), 0.07 / (0.07 + beta_h), alpha_n / (alpha_n + 0.125)

    @staticmethod
    def slopes(v, m, h, n, i, C, g_Na, g_K, g_L, E_Na, E_K, E_L, temperature):
        phi = 3 ** ((temperature - 6.3) / 10)
        # expm1 is exact for all small x but 0.
        x = 0.1 * (v + 40)
        x = where(x == 0, 1e-12, x)
        y = 0.1 * (v + 55)
        y = where(y == 0, 1e-12, y)
        m_opens, m_closes = x / -expm1(-x), 4 * exp((v + 65) / -18)
        h_opens, h_closes = 0.07 * exp((v + 65) / -20), 1 / (1 + exp((v + 35) / -10))
        n_opens, n_closes = 0.1 * y / -expm1(-y), 0.125 * exp((v + 65) / -80)
        inward = g_Na * m * m * m * h * (E_Na - v) + g_K * n * n * n * n * (E_K - v) + g_L * (E_L - v)
        return (
            (inward + i) / C,
            phi * (m_opens * (1 - m) - m_closes * m),
            phi * (h_opens * (1 - h) - h_closes * h),
            phi * (n_opens * (1 - n) - n_closes * n),
        )


class FitzHughNagumo(Dynamics):
    """dv/dt = v - v³/3 - w + i,  dw/dt = φ (v + a - b w): Hodgkin and Huxley's neuron in two dimensions.

    Units: none; dt counts in the model's own unit of time where others have ms.
    Numerics: a spike is the way up through the threshold.
    Differs: FitzHugh's x is -v, his y is w, his z is -i, and his unit of time c = 3 of these; φ = 0.08 is in use today
             in place of his 1/c².
    Check:   the fixed point of i = 0 is v = -1.1994, w = -0.6243; it is lost where v² = 1 - b φ.
    Reference: FitzHugh (1961), Impulses and physiological states in theoretical models of nerve membrane,
        doi:10.1016/S0006-3495(61)86902-6.
    """

    also = ("fhn",)
    states = ("v", "w")
    plane = ((-2.5, 2.5), (-1.0, 2.0))
    crossing = True
    a: float = between(-math.inf, math.inf, default=0.7, closed="()")
    b: float = between(0, math.inf, default=0.8, closed="()")
    phi: float = between(0, math.inf, default=0.08, closed="()")
    threshold: float = between(-math.inf, math.inf, default=0.0, closed="()")
    strict: bool = flag(default=False)
    method: str = one_of("euler", "rk4", default="rk4")

    @staticmethod
    def start(a, b):
        return -1.2, (a - 1.2) / b

    @staticmethod
    def slopes(v, w, i, a, b, phi):
        return v - v * v * v / 3 - w + i, phi * (v + a - b * w)
