"""Record the spikes of Brian2 for equations that omomi has too, into tests/reference/brian2.json.

In a step Brian2 goes on from t to t + dt, compares with the threshold, resets, and notes the spike at t; omomi notes it
at t + dt. Brian2 holds v for one step less than its refractory time, so it is given one dt more here; the case
`refractory_as_written` keeps the number as it is.

    python benchmarks/record_brian2.py        (numpy, brian2)
"""

import json
from pathlib import Path

import brian2 as b2
import numpy as np

OUT = Path(__file__).parent.parent / "tests" / "reference" / "brian2.json"
ARTICLE = "dv/dt = (-v / Rm + I) / Cm / ms : 1 (unless refractory)\nI : 1"
LIF = "dv/dt = (rest - v + Rm * I) / tau : 1 (unless refractory)\nI : 1"
HH = """
dv/dt = (I + g_Na * m**3 * h * (E_Na - v) + g_K * n**4 * (E_K - v) + g_L * (E_L - v)) / C / ms : 1
dm/dt = (0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)) * (1 - m) - 4 * exp(-(v + 65) / 18) * m) / ms : 1
dh/dt = (0.07 * exp(-(v + 65) / 20) * (1 - h) - h / (1 + exp(-(v + 35) / 10))) / ms : 1
dn/dt = (0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)) * (1 - n) - 0.125 * exp(-(v + 65) / 80) * n) / ms : 1
I : 1
"""
ADEX = """
dv/dt = (g_L * (E_L - v) + g_L * delta_T * exp((v - V_T) / delta_T) - w + I) / C / ms : 1
dw/dt = (a * (v - E_L) - w) / tau_w / ms : 1
I : 1
"""
IZHIKEVICH = """
dv/dt = (0.04 * v**2 + 5 * v + 140 - u + I) / ms : 1
du/dt = a * (b * v - u) / ms : 1
I : 1
"""
CELL = {"tau": 10.0, "rest": 0.0, "Rm": 1.0}
ADEX_CELL = {"C": 281.0, "g_L": 30.0, "E_L": -70.6, "V_T": -50.4, "delta_T": 2.0, "tau_w": 144.0, "a": 4.0}
HH_CELL = {"C": 1.0, "g_Na": 120.0, "g_K": 36.0, "g_L": 0.3, "E_Na": 50.0, "E_K": -77.0, "E_L": -54.387}
GATES = {"m": 0.052932485257249577, "h": 0.5961207535084603, "n": 0.3176769140606974}


def record(equations, values, method, threshold, reset, start, currents, T, dt, refractory=False):
    """Spikes as [steps of each neuron], counted as Brian2 does: the one that begins at 0 is 0."""
    b2.start_scope()
    b2.defaultclock.dt = dt * b2.ms
    known = {name: value * b2.ms if name == "tau" else value for name, value in values.items()}
    group = b2.NeuronGroup(
        len(currents), equations, threshold=threshold, reset=reset, refractory=refractory, method=method,
        namespace=known | {"ms": b2.ms},
    )  # fmt: skip
    group.I = currents
    for name, value in start.items():
        setattr(group, name, value)
    spikes = b2.SpikeMonitor(group)
    b2.run(T * b2.ms)
    steps, whose = np.rint(np.asarray(spikes.t / b2.ms) / dt).astype(int), np.asarray(spikes.i)
    return [steps[whose == k].tolist() for k in range(len(currents))]


def case(neuron, fields, currents, T, dt, **brian2):
    found = record(**brian2, currents=currents, T=T, dt=dt)
    return {"neuron": neuron, "fields": fields, "currents": currents, "T": T, "dt": dt, "steps": found}


def main():
    b2.prefs.codegen.target = "numpy"
    lif = {"equations": LIF, "values": CELL, "threshold": "v >= 1", "reset": "v = 0", "start": {"v": 0}}
    five = [0.9, 1.05, 1.3, 2.0, 5.0]
    held = lif | {"method": "euler"}
    article = {"equations": ARTICLE, "method": "euler", "threshold": "v >= 1", "reset": "v = 0", "start": {"v": 0}}
    cases = {
        "article": case(
            "lif", {"Cm": 10.0, "tau_ref": 10.0}, [0.0, 0.5, 1.01, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0], 50.0, 0.1,
            **article, values={"Rm": 1.0, "Cm": 10.0}, refractory=10.1 * b2.ms,
        ),
        "article_fi_curve": case(
            "lif", {"Rm": 2.0, "Cm": 10.0, "tau_ref": 5.0}, np.linspace(0, 2, 10).tolist(), 1000.0, 1.0,
            **article, values={"Rm": 2.0, "Cm": 10.0}, refractory=6 * b2.ms,
        ),
        "lif_euler": case("lif", {}, five, 200.0, 0.1, **held),
        "lif_exact": case("lif", {"exact": True}, five, 200.0, 0.5, **lif, method="exact"),
        "lif_refractory": case("lif", {"tau_ref": 3.0}, five, 200.0, 0.1, **held, refractory=3.1 * b2.ms),
        "refractory_as_written": case("lif", {"tau_ref": 3.0}, five, 200.0, 0.1, **held, refractory=3.0 * b2.ms),
        "lif_subtract": case("lif", {"subtract": True}, five, 200.0, 0.25, **held | {"reset": "v -= 1"}),
        "adex_euler": case(
            "adex", {"method": "euler"}, [400.0, 600.0, 1000.0], 300.0, 0.1, equations=ADEX, values=ADEX_CELL,
            method="euler", threshold="v >= -40.4", reset="v = -70.6; w += 80.5", start={"v": -70.6, "w": 0},
        ),
        "izhikevich_euler": case(
            "izhikevich", {"method": "euler"}, [3.0, 5.0, 10.0, 20.0], 300.0, 0.1, equations=IZHIKEVICH,
            values={"a": 0.02, "b": 0.2}, method="euler", threshold="v >= 30", reset="v = -65; u += 8",
            start={"v": -65, "u": -13},
        ),
        "hodgkin_huxley_rk4": case(
            "hodgkin_huxley", {"method": "rk4"}, [2.0, 7.0, 10.0, 30.0], 100.0, 0.02, equations=HH, values=HH_CELL,
            method="rk4", threshold="v >= 0", reset="", start={"v": -65, **GATES}, refractory="v >= 0",
        ),
    }  # fmt: skip
    meta = {
        "made_by": "benchmarks/record_brian2.py",
        "with": f"brian2 {b2.__version__}, numpy {np.__version__}",
        "steps": "of each neuron; Brian2 notes the beginning of the step in which a spike comes, omomi its end: + 1",
        "refractory": "Brian2 holds v for round(refractory / dt) - 1 steps, omomi for round(tau_ref / dt): Brian2 was "
        "given tau_ref + dt, but for refractory_as_written, where every interval is one step shorter",
        "Hodgkin-Huxley": "refractory='v >= 0' in Brian2, so that one way up is one spike",
    }
    lines = ",\n".join(f'"{name}": {json.dumps(one)}' for name, one in cases.items())
    text = f'{{\n"meta": {json.dumps(meta, indent=1)},\n"cases": {{\n{lines}\n}}\n}}\n'
    OUT.write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
