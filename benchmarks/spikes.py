"""Spikes side by side: layers through time, training steps, simulations and F-I curves, against peers and limits.

python benchmarks/spikes.py
python benchmarks/spikes.py --part layers --only omomi jax
"""

import argparse
import os
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from run import HERE, QUIET, REFERENCE, Worker, machine, write
from spike_cases import PARTS

SECONDS, MOST = 0.2, 1000  # of a timing, about; calls in it at most


def main() -> None:
    options, console = arguments(), Console(width=130)
    for part in options.part:
        report = measured(part, options)
        for case in report["cases"]:
            if case["contestants"]:
                console.print(table(report, case))
            for name, reason in case["absent"].items():
                console.print(f"not available: {name} ({reason})", markup=False, highlight=False)
        for warning in report["warnings"]:
            console.print(f"warning: {warning}", style="red", markup=False, highlight=False)
        write(report, (options.json or HERE / "results") / f"spikes-{part}.json")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--part", nargs="+", choices=PARTS, default=list(PARTS), help="all of them unless told otherwise"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often everyone is timed (7)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these contestants alone")
    parser.add_argument("--threads", type=int, help="for every library, instead of its own default")
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="instead of benchmarks/results")
    return parser.parse_args()


def measured(part: str, options: argparse.Namespace) -> dict:
    cases, names = PARTS[part]
    workers, absent = {}, {}
    try:
        for name in names:
            if options.only and name not in options.only:
                continue
            worker = Worker([HERE / "spike_worker.py", part, name], options.threads)
            if "absent" in worker.ready:
                absent[name] = worker.ready["absent"]
                worker.close()
            else:
                workers[name] = worker
        found = [timings(case, workers, absent, options.rounds) for case in cases]
    finally:
        for worker in workers.values():
            worker.close()
    elsewhere = [cores for case in found for it in case["contestants"].values() for cores in it["cores_elsewhere"]]
    disturbed = sum(cores is not None and cores > QUIET for cores in elsewhere)
    return {
        "part": part,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "threads": options.threads or "each library's default",
        "versions": {name: worker.ready["versions"] for name, worker in workers.items()},
        "warnings": [f"other processes disturbed {disturbed} of {len(elsewhere)} timings"] if disturbed else [],
        "cases": found,
    }


def timings(case, workers: dict[str, Worker], absent: dict[str, str], rounds: int) -> dict:
    """Everyone in a new order each round, after the warm-up has shown what comes out."""
    known, absent, outcomes = {}, dict(absent), {}
    for name, worker in workers.items():
        print(f"{case.name}: {name} warms up", file=sys.stderr)
        with tempfile.NamedTemporaryFile(suffix=".npz") as file:
            reply = worker.ask({"case": case.name, "file": file.name})
            if "absent" in reply:
                absent[name] = reply["absent"]
                continue
            with np.load(file.name) as arrays:
                outcomes[name] = dict(arrays)
        first = worker.ask({"calls": 1})["ms"]
        calls = int(np.clip(1e3 * SECONDS / (first * case.per_call), 1, MOST))
        known[name] = {"calls": calls, "ms": [], "cores_elsewhere": []}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(known), len(known)):
            ms, elsewhere = timing(workers[name], known[name]["calls"])
            known[name]["ms"].append(ms)
            known[name]["cores_elsewhere"].append(elsewhere)
    reference = next(iter(outcomes.values()), {})  # omomi's, where it takes part
    for name, it in known.items():
        it["agreement"] = agreement(outcomes[name], reference)
    return {"case": case.name, "what": " ".join(type(case).__doc__.split()), "contestants": known, "absent": absent}


def timing(worker: Worker, calls: int) -> tuple[float, float | None]:
    """ms per step, and the cores that everybody else used meanwhile."""
    start, before = perf_counter(), worker.ticks_elsewhere()
    ms = worker.ask({"calls": calls})["ms"]
    if before is None:
        return ms, None
    return ms, (worker.ticks_elsewhere() - before) / os.sysconf("SC_CLK_TCK") / (perf_counter() - start)


def agreement(its: dict, others: dict) -> str:
    """How what came out compares with what the first contestant found."""
    found = []
    for key in its.keys() & others.keys():
        a, b = np.asarray(its[key], np.float64), np.asarray(others[key], np.float64)
        if key == "spikes":
            found.append(f"{np.count_nonzero(a != b):,} of {int(b.sum()):,} spikes differ")
        elif key == "counts":
            found.append(f"{int(a.sum()):,} spikes, counts differ by {int(abs(a - b).max())} at most")
        elif key == "gradient":
            found.append(f"gradient within {np.linalg.norm(a - b) / np.linalg.norm(b):.0e}")
        else:
            found.append(f"loss {a[0]:.4g} → {a[-1]:.4g}")
    return "; ".join(sorted(found, reverse=True))


def table(report: dict, case: dict) -> Table:
    """Fastest first; the ratios pair the timings of one round."""
    measured, whose = case["contestants"], report["machine"]
    where = f"{whose['cpu']}, {whose['cores']} cores; threads: {report['threads']}; medians \\[quartiles]"
    shown = Table(title=f"{report['part']}, {case['case']}", caption=f"{escape(case['what'])}\n{where}")
    shown.add_column("contestant", no_wrap=True)
    shown.add_column("version")
    for heading in ("ms", f"{REFERENCE} / it"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("what came out")
    for name, it in sorted(measured.items(), key=lambda item: np.median(item[1]["ms"])):
        ratio = ""
        if REFERENCE in measured and name != REFERENCE:
            ratio = spread(np.divide(measured[REFERENCE]["ms"], it["ms"]))
        version = next(iter(report["versions"][name].values()))
        style = "bold" if name == REFERENCE else None
        shown.add_row(name, version, spread(it["ms"]), ratio, it["agreement"], style=style)
    return shown


def spread(values) -> str:
    low, middle, high = (
        np.format_float_positional(x, 3, False, False, "-") for x in np.percentile(values, [25, 50, 75])
    )
    return f"{middle} \\[{low}-{high}]"


if __name__ == "__main__":
    main()
