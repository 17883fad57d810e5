"""One contestant in a process of its own: `python worker.py CASE ENTRANT`, JSON lines in and out.

First line out: what is installed and what the warm-up came to, or why the contestant cannot take part.
Then every line in, {"epochs": n}, is answered by {"us_per_step": …, "loss": …}.
"""

import importlib
import json
import os
import sys
import traceback
from importlib.metadata import version
from time import perf_counter

from cases import CASES


def main(case_name: str, entrant_name: str) -> None:
    answer = own_channel()
    case = CASES[case_name]
    entrant = next(e for e in case.entrants if e.name == entrant_name)
    try:
        contestant = importlib.import_module(f"contestants.{entrant.module}")
        train = contestant.prepare(case, entrant)
        loss = train(case.warm_up)
    except ImportError as missing:
        return answer(absent=str(missing))
    except Exception as broken:
        traceback.print_exc()
        return answer(absent=f"{type(broken).__name__}: {broken}")
    answer(ready=True, versions={name: version(name) for name in contestant.LIBRARIES}, loss=loss)
    for line in sys.stdin:
        epochs = json.loads(line)["epochs"]
        start = perf_counter()
        loss = train(epochs)
        seconds = perf_counter() - start
        answer(us_per_step=1e6 * seconds / (epochs * case.steps_per_epoch * entrant.networks), loss=loss)


def own_channel():
    """Keep stdout for answers: whatever a library prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda **fields: print(json.dumps(fields), file=channel, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
