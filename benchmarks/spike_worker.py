"""One contestant in a process of its own: `python spike_worker.py PART NAME`, JSON lines in and out.

{"case": …, "file": …} prepares a case, goes through the warm-up and leaves what came out in that file (.npz);
{"calls": n} is answered by {"ms": per step}. A contestant that cannot take part says {"absent": …}.
"""

import importlib
import json
import sys
import traceback
from importlib.metadata import version
from time import perf_counter

import numpy as np
from spike_cases import MODULES, PARTS
from worker import own_channel


def main(part: str, name: str) -> None:
    answer = own_channel()
    cases = {case.name: case for case in PARTS[part][0]}
    try:
        contestant = importlib.import_module(f"contestants.{MODULES[name]}")
        answer(ready=True, versions={library: version(library) for library in contestant.libraries(name)})
    except ImportError as missing:
        return answer(absent=str(missing))
    case = once = None
    for line in sys.stdin:
        task = json.loads(line)
        try:
            if "case" in task:
                once = outcome = None  # its arrays go before those of the next case come
                case = cases[task["case"]]
                once, outcome = getattr(contestant, part.replace("-", "_"))(case, name)
                for _ in range(case.warm_up):
                    once()
                np.savez(task["file"], **outcome())
                answer(ready=True)
            else:
                answer(ms=1e3 * sum(timed(once) for _ in range(task["calls"])) / task["calls"] / case.per_call)
        except LookupError as missing:
            answer(absent=str(missing))
        except Exception as broken:
            traceback.print_exc()
            answer(absent=f"{type(broken).__name__}: {broken}")


def timed(once) -> float:
    """Seconds; a contestant that counts its own gives them."""
    start = perf_counter()
    own = once()
    return perf_counter() - start if own is None else own


if __name__ == "__main__":
    main(*sys.argv[1:])
