"""Brian2: its run with Cython, and its C++ program; compiling does not count.

For `brian2-cython` the time is that of `run`, with the second of the network's own; for the programs it is what they
say of their loop. `-2` is the program with two threads of OpenMP.
"""

import shutil
import tempfile
from time import perf_counter

import brian2 as b2
import numpy as np


def libraries(name):
    return ("brian2", "numpy")


def simulation(case, name):
    if name == "brian2-cython":
        b2.prefs.codegen.target = "cython"
    else:
        b2.set_device("cpp_standalone", build_on_run=False)
        b2.device.reinit()
        b2.device.activate(build_on_run=False)
        b2.prefs.devices.cpp_standalone.openmp_threads = 2 if name.endswith("-2") else 0
    b2.defaultclock.dt = case.dt * b2.ms
    tau = case.tau * b2.ms
    neurons = b2.NeuronGroup(
        case.neurons, "dv/dt = (I - v) / tau : 1\nI : 1 (constant)", threshold="v >= 1", reset="v = 0", method="euler",
        namespace={"tau": tau},
    )  # fmt: skip
    neurons.I = case.currents()
    counter = b2.SpikeMonitor(neurons, record=False)
    network = b2.Network(neurons, counter)
    return (cython if name == "brian2-cython" else program)(case, network, counter)


def cython(case, network, counter):
    network.store()

    def once():
        network.restore()
        start = perf_counter()
        network.run(case.T * b2.ms)
        return perf_counter() - start

    return once, lambda: {"counts": np.asarray(counter.count)}


def program(case, network, counter):
    network.run(case.T * b2.ms)
    folder = tempfile.mkdtemp()
    b2.device.build(directory=folder, compile=True, run=False)

    def once():
        b2.device.run(folder, with_output=False, run_args=[])
        return b2.device._last_run_time

    def outcome():
        return {"counts": np.asarray(counter.count)}

    once.folder = Folder(folder)
    return once, outcome


class Folder:
    """Goes with the contestant."""

    def __init__(self, path):
        self.path = path

    def __del__(self):
        shutil.rmtree(self.path, ignore_errors=True)
