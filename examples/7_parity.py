"""How many sweeps error diffusion needs for XOR and parity, beside the table that Kaneko published in 1999.

A sweep goes through all patterns, one by one; it counts as the last when the errors on its way add up to less than 0.1.
"""

import itertools

import numpy as np

import omomi as om
from omomi.training.metrics import mean_and_interval

PUBLISHED = {(2, 8): 75, (2, 16): 28, (2, 32): 8.3, (2, 64): 6.0, (2, 128): 5.1, (3, 64): 11, (4, 64): 56, (4, 128): 31}


def sweeps(bits, hidden, most, seeds):
    """Of each seed, how many sweeps it took; NaN where it took more than `most`."""
    rule = om.KanekoErrorDiffusion()
    x = np.array(list(itertools.product([0, 1], repeat=bits)))
    net = rule.wired(om.Network(bits, om.Dense(hidden), om.Sigmoid(), om.Dense(1), om.Sigmoid()))
    run = om.Run(
        net, x, x.sum(axis=1) % 2, loss="squared_error", optimizer="sgd(lr=1)", rule=rule, epochs=most, batch_size=1,
        shuffle=False, seeds=seeds,
    )  # fmt: skip
    taken, error = np.full(len(seeds), np.nan), np.zeros(len(seeds))
    for step in run.steps():
        error += np.sqrt(2 * step.loss)  # |y - ŷ| of this pattern
        if step.t % len(x) == 0:
            taken[np.isnan(taken) & (error < 0.1)] = step.epoch
            error[:] = 0
            if not np.isnan(taken).any():
                break
    return taken


if __name__ == "__main__":
    print("bits  hidden units  Kaneko's mean  ours   solved")
    for (bits, hidden), published in PUBLISHED.items():
        taken = sweeps(bits, hidden, 300, range(40))
        mean, half = mean_and_interval(taken)
        solved = f"{np.isfinite(taken).sum()} of {len(taken)}"
        print(f"{bits:4}  {hidden:12}  {published:13}  {mean:.1f} ± {half:.1f}  {solved}")
