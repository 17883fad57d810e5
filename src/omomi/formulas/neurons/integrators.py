"""Neurons that add up what comes in: with and without a leak, with synapses, adaptation, or parameters to learn."""

from __future__ import annotations

import math

from ..formula import between, flag
from ..vocabulary import exp, expm1, where
from .neuron import Neuron


class Thresholded(Neuron, abstract=True):
    """A spike where v passes a fixed threshold; then v goes back to v_reset, or down by the threshold."""

    @staticmethod
    def excess(v, threshold):
        return v - threshold

    @staticmethod
    def excess_back(gx):
        return gx

    @staticmethod
    def reset(v, threshold, v_reset, subtract):
        return where(subtract > 0, v - threshold, v_reset)

    @staticmethod
    def reset_back(gv, subtract):
        return where(subtract > 0, gv, 0)


class If(Thresholded):
    """dv/dt = i: what comes in is added up, and nothing leaks.

    Units: v, threshold and v_reset alike, i in those per ms, times in ms.
    Numerics: exact for a current that is constant within a step; v has no lower bound.
    Differs: `strict`, as article 001, snnTorch and Norse have it: v at the threshold is no spike; SpikingJelly's IFNode
             fires there. The article and snnTorch reset at the beginning of the next step, which is the same here.
    Check:   with a current i > 0 from 0 on, the n-th charge makes v = n dt i.
    Reference: Lapicque (1907), Recherches quantitatives sur l'excitation électrique des nerfs traitée comme une
        polarisation, Journal de physiologie et de pathologie générale 9.
    """

    also = ("integrate_and_fire",)
    threshold: float = between(-math.inf, math.inf, default=1.0, closed="()")
    v_reset: float = between(-math.inf, math.inf, default=0.0, closed="()")
    tau_ref: float = between(0, math.inf, default=0.0, closed="[)")  # ms
    subtract: bool = flag(default=False)
    strict: bool = flag(default=True)

    @staticmethod
    def start():
        return 0.0

    @staticmethod
    def charge(v, i, dt):
        return v + dt * i

    @staticmethod
    def charge_back(gv, dt):
        return gv, dt * gv


class Li(Neuron):
    """τ dv/dt = rest - v + Rm i, without a threshold: a readout, whose output is v.

    Units: v and rest alike, i in those per Rm, τ in ms.
    Numerics: Euler's step of dt / τ, or with `exact` 1 - e^(-dt/τ).
    Differs: Norse's LI filters the current by a synapse first; SpikingJelly's NonSpikingLIFNode and snnTorch's Leaky
             without a reset leak as their LIF.
    Check:   v goes to rest + Rm i.
    Reference: Abbott (1999), Lapicque's introduction of the integrate-and-fire model neuron (1907),
        doi:10.1016/S0361-9230(99)00161-6.
    """

    also = ("leaky_integrator",)
    spiking = False
    tau: float = between(0, math.inf, default=10.0, closed="()")  # ms
    rest: float = between(-math.inf, math.inf, default=0.0, closed="()")
    Rm: float = between(0, math.inf, default=1.0, closed="()")
    exact: bool = flag(default=False)

    @staticmethod
    def start(rest):
        return rest

    @staticmethod
    def charge(v, i, dt, tau, rest, Rm, exact):
        gain = where(exact, -expm1(-dt / tau), dt / tau)
        return v + gain * (rest - v + Rm * i)

    @staticmethod
    def charge_back(gv, dt, tau, Rm, exact):
        gain = where(exact, -expm1(-dt / tau), dt / tau)
        return gv * (1 - gain), gv * (gain * Rm)


class Lif(Thresholded):
    """τ dv/dt = rest - v + Rm i: what comes in leaks away.

    Units: v, threshold, rest, v_reset and V_spike alike, i in those per Rm, times in ms. With Cm > 0 τ is Rm Cm: MΩ and
           nF make ms, and nA then make mV.
    Numerics: Euler's step of dt / τ, or with `exact` 1 - e^(-dt/τ), exact for a current that is constant within a step.
    Differs: fires at v ≥ threshold, as article 002 and SpikingJelly; snnTorch and Norse ask for > (`strict`).
             SpikingJelly leaks to v_reset, so rest = v_reset. snnTorch's Leaky is e^(-dt/τ) v + i, so `exact` and
             Rm = 1 / (1 - e^(-dt/τ)); it subtracts the threshold after the next leak, here that comes before it.
             Brian2 has the same order: state, threshold, reset, hold.
    Check:   from v₀ n steps of Euler lead to v∞ + (v₀ - v∞) (1 - dt/τ)ⁿ with v∞ = rest + Rm i; from rest = 0 the first
             spike is in step ⌈log(1 - threshold / (Rm i)) / log(1 - dt/τ)⌉.
    Reference: Abbott (1999), Lapicque's introduction of the integrate-and-fire model neuron (1907),
        doi:10.1016/S0361-9230(99)00161-6.
    """

    also = ("leaky_integrate_and_fire", "leaky")
    tau: float = between(0, math.inf, default=10.0, closed="()")  # ms
    threshold: float = between(-math.inf, math.inf, default=1.0, closed="()")
    rest: float = between(-math.inf, math.inf, default=0.0, closed="()")
    v_reset: float = between(-math.inf, math.inf, default=0.0, closed="()")
    tau_ref: float = between(0, math.inf, default=0.0, closed="[)")  # ms
    Rm: float = between(0, math.inf, default=1.0, closed="()")
    Cm: float = between(0, math.inf, default=0.0, closed="[)")  # 0: τ / Rm
    V_spike: float = between(0, math.inf, default=0.5, closed="[)")  # drawn on top of a spike
    exact: bool = flag(default=False)
    subtract: bool = flag(default=False)
    strict: bool = flag(default=False)

    @staticmethod
    def start(rest):
        return rest

    @staticmethod
    def charge(v, i, dt, tau, rest, Rm, Cm, exact):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        return v + gain * (rest - v + Rm * i)

    @staticmethod
    def charge_back(gv, dt, tau, Rm, Cm, exact):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        return gv * (1 - gain), gv * (gain * Rm)


class CurrentLif(Lif):
    """τ dv/dt = rest - v + Rm c with τ_syn dc/dt = i - c: a synapse filters the current.

    Units: c as i; else those of Lif.
    Numerics: c decays exactly; then v charges from the new c, by Euler's step or with `exact` as if c were constant.
              While v is held after a spike, c goes on.
    Differs: a constant i makes c = i. snnTorch's Synaptic is c ← e^(-dt/τ_syn) c + i, so its i is
             (1 - e^(-dt/τ_syn)) times ours, and charges v from the new c as well. Norse decays c by Euler, adds i after
             that, undivided, and charges v from the c of the step before.
    Check:   after an input that ends at c₀, c = c₀ e^(-t/τ_syn).
    Reference: Zenke, Ganguli (2018), SuperSpike: supervised learning in multilayer spiking neural networks,
        doi:10.1162/neco_a_01086.
    """

    also = ("cuba_lif", "synaptic")
    states = ("v", "c")
    tau_syn: float = between(0, math.inf, default=5.0, closed="()")  # ms

    @staticmethod
    def start(rest):
        return rest, 0.0

    @staticmethod
    def charge(v, c, i, dt, tau, rest, Rm, Cm, exact, tau_syn):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        c = c - expm1(-dt / tau_syn) * (i - c)
        return v + gain * (rest - v + Rm * c), c

    @staticmethod
    def charge_back(gv, gc, dt, tau, Rm, Cm, exact, tau_syn):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        gc = gc + gv * (gain * Rm)
        return gv * (1 - gain), gc * exp(-dt / tau_syn), gc * -expm1(-dt / tau_syn)

    @staticmethod
    def excess_back(gx):
        return gx, 0

    @staticmethod
    def reset(v, c, threshold, v_reset, subtract):
        return where(subtract > 0, v - threshold, v_reset), c

    @staticmethod
    def reset_back(gv, gc, subtract):
        return where(subtract > 0, gv, 0), gc


class AdaptiveLif(Lif):
    """Lif with the threshold + β a, where τ_a da/dt = -a and each spike adds 1 to a: the more spikes, the harder.

    Units: β as v, a is a number; else those of Lif.
    Numerics: a decays exactly, also while v is held after a spike.
    Differs: here a spike adds 1, then a decays: β is e^(dt/τ_a) times that of Bellec et al. 2020, who add it after the
             decay; in 2018 it adds 1 - e^(-dt/τ_a), as in their programs. As theirs in 2020, `subtract` takes the
             threshold alone from v; in 2018 it takes β a as well. Norse's LSNN adapts alike, with a reset to a value.
    Check:   with n spikes in each τ_a for a long time, the mean of a is n.
    Reference: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass (2020), A solution to the learning dilemma
        for recurrent networks of spiking neurons, doi:10.1038/s41467-020-17236-y, methods; arXiv:1803.09574 (2018).
    """

    also = ("alif", "lsnn")
    states = ("v", "a")
    jumping = ("v", "a")
    tau_a: float = between(0, math.inf, default=200.0, closed="()")  # ms
    beta: float = between(-math.inf, math.inf, default=0.1, closed="()")

    @staticmethod
    def start(rest):
        return rest, 0.0

    @staticmethod
    def charge(v, a, i, dt, tau, rest, Rm, Cm, exact, tau_a):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        return v + gain * (rest - v + Rm * i), a * exp(-dt / tau_a)

    @staticmethod
    def charge_back(gv, ga, dt, tau, Rm, Cm, exact, tau_a):
        share = dt / where(Cm > 0, Rm * Cm, tau)
        gain = where(exact, -expm1(-share), share)
        return gv * (1 - gain), ga * exp(-dt / tau_a), gv * (gain * Rm)

    @staticmethod
    def excess(v, a, threshold, beta):
        return v - threshold - beta * a

    @staticmethod
    def excess_back(gx, beta):
        return gx, -beta * gx

    @staticmethod
    def reset(v, a, threshold, v_reset, subtract):
        return where(subtract > 0, v - threshold, v_reset), a + 1

    @staticmethod
    def reset_back(gv, ga, subtract):
        return where(subtract > 0, gv, 0), ga


class Plif(Thresholded):
    """Lif that learns its time constant and its threshold: dv/dt = σ(a) (rest - v + Rm i), 1/τ = σ(a) per ms.

    Units: those of Lif; tau and threshold are where a = -log(τ - 1) and the threshold start.
    Numerics: Euler's step of dt σ(a); τ stays above 1 ms, so dt ≤ 1 is stable whatever is learned.
    Differs: each neuron has an a and a threshold of its own; Fang et al. share a in a layer and keep the threshold.
             Their rest is v_reset, and their dt is 1.
    Check:   with τ = 2 and dt = 1, v is the mean of v and i.
    Reference: Fang, Yu, Chen, Masquelier, Huang, Tian (2021), Incorporating learnable membrane time constant to enhance
        learning of spiking neural networks, arXiv:2007.05785.
    """

    also = ("parametric_lif",)
    learned = ("a", "threshold")
    tau: float = between(1, math.inf, default=2.0, closed="()")  # ms
    threshold: float = between(-math.inf, math.inf, default=1.0, closed="()")
    rest: float = between(-math.inf, math.inf, default=0.0, closed="()")
    v_reset: float = between(-math.inf, math.inf, default=0.0, closed="()")
    tau_ref: float = between(0, math.inf, default=0.0, closed="[)")  # ms
    Rm: float = between(0, math.inf, default=1.0, closed="()")
    V_spike: float = between(0, math.inf, default=0.5, closed="[)")  # drawn on top of a spike
    subtract: bool = flag(default=False)
    strict: bool = flag(default=False)

    def starts(self) -> dict[str, float]:
        return {"a": -math.log(self.tau - 1), "threshold": self.threshold}

    @staticmethod
    def start(rest):
        return rest

    @staticmethod
    def charge(v, i, dt, a, rest, Rm):
        return v + dt / (1 + exp(-a)) * (rest - v + Rm * i)

    @staticmethod
    def charge_back(gv, v, i, dt, a, rest, Rm):
        sigma = 1 / (1 + exp(-a))
        gain = dt * sigma
        return gv * (1 - gain), gv * (gain * Rm), gv * (gain * (1 - sigma)) * (rest - v + Rm * i), 0

    @staticmethod
    def excess_back(gx):
        return gx, 0, -gx

    @staticmethod
    def reset_back(gv, subtract):
        return where(subtract > 0, gv, 0), 0, where(subtract > 0, -gv, 0)
