"""omomi's optimizers inside PyTorch against torch.optim: the step alone, and a whole step of training.

python benchmarks/torch_optimizers.py
python benchmarks/torch_optimizers.py --only adam --rounds 5 --json /tmp/adam.json
"""

import argparse
import json
import random
import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise, product
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table
from run import HERE, QUIET, REFERENCE, Worker, machine, spread, write
from worker import own_channel

CONTESTANTS = {"omomi": None, "torch": {}, "torch-foreach": {"foreach": True}, "torch-fused": {"fused": True}}
NETWORKS = {"2-128-128-4": (2, 128, 128, 4), "784-1000-10": (784, 1000, 10)}
PARTS = ("step", "training")  # opt.step() alone; zero_grad, forward, backward and step, batches of 128
OPTIMIZERS = {  # omomi's text, torch's class and arguments: the same steps
    "sgd": ("sgd(0.01)", "SGD", {"lr": 0.01}),
    "momentum": ("momentum(0.01, 0.9)", "SGD", {"lr": 0.01, "momentum": 0.9}),
    "adam": ("adam(1e-3)", "Adam", {"lr": 1e-3}),
    "adamw": ("adamw(1e-3, weight_decay=0.01)", "AdamW", {"lr": 1e-3, "weight_decay": 0.01}),
}
WARM_UP, AGREE = 50, 1e-3  # steps before the first timing, after which the losses must agree to this, relative


def main() -> None:
    options, workers = arguments(), {}
    try:
        for name in CONTESTANTS:
            workers[name] = Worker([HERE / "torch_optimizers.py", "--as", name], options.threads)
            if "absent" in workers[name].ready:
                raise SystemExit(f"{name}: {workers[name].ready['absent']}")
        found = list(measure(options, workers))
    finally:
        for worker in workers.values():
            worker.close()
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "threads": options.threads or "each library's default",
        "versions": {name: worker.ready["versions"] for name, worker in workers.items()},
        "warnings": warnings(found),
        "rows": found,
    }
    console = Console(width=150)
    for network in NETWORKS:
        console.print(table(report, network))
    for warning in report["warnings"]:
        console.print(f"warning: {warning}", style="red", markup=False, highlight=False)
    write(report, options.json or HERE / "results" / "torch-optimizers.json")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="how often everyone is timed (9)")
    parser.add_argument("--seconds", type=float, default=0.3, help="about how long each timing lasts (0.3)")
    parser.add_argument("--only", nargs="+", choices=OPTIMIZERS, metavar="NAME", help="these optimizers alone")
    parser.add_argument("--threads", type=int, default=1, help="for every library (1); 0: each library's default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="instead of benchmarks/results/torch-optimizers.json")
    options = parser.parse_args()
    options.threads = options.threads or None
    return options


def measure(options: argparse.Namespace, workers: dict[str, Worker]):
    """Every optimizer on every network: all contestants, in a new order each round."""
    order = random.Random(0)
    for network, name, part in product(NETWORKS, options.only or OPTIMIZERS, PARTS):
        print(network, name, part, file=sys.stderr)
        row = {"network": network, "optimizer": name, "part": part, "loss": {}, "us": {}, "cores_elsewhere": {}}
        steps = {}
        for who, worker in workers.items():
            ready = worker.ask({"network": network, "optimizer": name, "part": part})
            if "absent" in ready:
                raise RuntimeError(f"{who}, {name}: {ready['absent']}")
            row["loss"][who] = ready["loss"]
            steps[who] = max(1, round(options.seconds / (1e-6 * worker.run(20)["us"])))
            row["us"][who], row["cores_elsewhere"][who] = [], []
        for _ in range(options.rounds):
            for who in order.sample(list(workers), len(workers)):
                answer = workers[who].run(steps[who])
                row["us"][who].append(answer["us"])
                row["cores_elsewhere"][who].append(answer["cores_elsewhere"])
        yield row


def table(report: dict, network: str) -> Table:
    """Medians and quartiles; the ratios pair the timings of one round: below 1, omomi is faster."""
    shown = Table(
        title=f"{network}: µs",
        caption=f"{report['machine']['cpu']}; threads: {report['threads']}; medians \\[quartiles]",
    )
    for heading in (
        "optimizer",
        "part",
        *CONTESTANTS,
        *(f"{REFERENCE} / {who}" for who in CONTESTANTS if who != REFERENCE),
    ):
        shown.add_column(heading, justify="left" if heading in ("optimizer", "part") else "right")
    for row in report["rows"]:
        if row["network"] == network:
            ours = row["us"][REFERENCE]
            ratios = [np.median(np.divide(ours, row["us"][who])) for who in CONTESTANTS if who != REFERENCE]
            cells = [spread(row["us"][who], digits=0) for who in CONTESTANTS]
            shown.add_row(row["optimizer"], row["part"], *cells, *(f"{ratio:.2f}" for ratio in ratios))
    return shown


def warnings(found: list[dict]) -> list[str]:
    """What makes the tables worthless, if anything does."""
    said = []
    for row in found:
        losses = np.array(list(row["loss"].values()))
        if not np.ptp(losses) <= AGREE * losses.mean():
            said.append(f"{row['network']}, {row['optimizer']}: the losses differ: {row['loss']}")
    elsewhere = [c for row in found for cores in row["cores_elsewhere"].values() for c in cores if c is not None]
    disturbed = sum(cores > QUIET for cores in elsewhere)
    if disturbed:
        said.append(
            f"other processes disturbed {disturbed} of {len(elsewhere)} timings (up to {max(elsewhere):.1f} cores)"
        )
    return said


def work(who: str) -> None:
    """One contestant in a process of its own: JSON lines in and out, `{"epochs": n}` for n steps."""
    answer = own_channel()
    try:
        prepare = contestant(who)
    except ImportError as missing:
        return answer(absent=str(missing))
    answer(ready=True, versions={name: version(name) for name in ("torch", "numpy")})
    once = None
    for line in sys.stdin:
        task = json.loads(line)
        try:
            if "epochs" in task:
                start = perf_counter()
                for _ in range(task["epochs"]):
                    once()
                answer(us=1e6 * (perf_counter() - start) / task["epochs"])
            else:
                loss, once = prepare(**task)
                answer(loss=loss)
        except Exception as broken:
            traceback.print_exc()
            answer(absent=f"{type(broken).__name__}: {broken}")


def contestant(who: str):
    """A function that makes the network and its optimizer, trains a little, and gives the loss and what is timed."""
    import torch
    from torch.nn.functional import cross_entropy

    from omomi.adapters import torch as omt

    def prepare(network: str, optimizer: str, part: str):
        torch.manual_seed(0)
        sizes, (text, name, values) = NETWORKS[network], OPTIMIZERS[optimizer]
        layers = [layer for i, o in pairwise(sizes) for layer in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        model = torch.nn.Sequential(*layers[:-1])
        x = torch.randn(128, sizes[0])
        labels = (x @ torch.randn(sizes[0], sizes[-1])).argmax(1)
        if who == REFERENCE:
            opt = omt.Optimizer(model.parameters(), text)
        else:
            opt = getattr(torch.optim, name)(model.parameters(), **values, **CONTESTANTS[who])

        def train():
            opt.zero_grad()
            loss = cross_entropy(model(x), labels)
            loss.backward()
            opt.step()
            return loss

        losses = [train().item() for _ in range(WARM_UP)]
        if part == "step":  # with gradients so small that nothing runs away, and that are no subnormal numbers
            for p in model.parameters():
                p.grad.normal_(std=1e-6)
        return losses[-1], opt.step if part == "step" else train

    return prepare


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as"]:
        work(sys.argv[2])
    else:
        main()
