"""Error diffusion, no backpropagation: the three programs of a well-known Japanese article, repaired, on XOR.

Their units alternate between excitatory and inhibitory; ours come in two halves.
"""

import numpy as np

import omomi as om
from omomi.formulas.formula import flag

PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
XOR, AND, OR = np.array([0, 1, 1, 0]), np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])
ED = om.ArticleErrorDiffusion()


class AsPublished(om.ArticleErrorDiffusion):
    """As the article's programs with torch have it: no α in the first layer, and in the last one a slip.

    The program that learns pattern by pattern takes the types of the units before the last layer for its α: 1 for the
    excitatory, 0 for the inhibitory, whose weights never move. The one that learns in batches has 1 for both.
    """

    slip: bool = flag(default=False)

    def gradient(self, seen, grads):
        super().gradient(seen, grads)
        first, last = (grads[at]["W"] for at in (seen.net.connecting[0], seen.net.connecting[-1]))
        first /= self.alpha
        last /= self.alpha
        if self.slip:
            last[:, :, last.shape[2] // 2 :] = 0


def network(hidden, width, outputs=1):
    """`hidden` layers of `width` units for each output, magnitudes from U(0, 1), a bias at the input alone."""
    layers = [layer for _ in range(hidden) for layer in (om.Dense(width), om.Sigmoid())]
    return ED.wired(om.Network(2, *layers, om.Dense(outputs), om.Sigmoid()))


def train(net, y, epochs, batch_size, rule=ED, seeds=range(20), **more):
    return om.Run(
        net, PATTERNS, y, loss="squared_error", optimizer="sgd(lr=1)", rule=rule, epochs=epochs,
        batch_size=batch_size, seeds=seeds, dtype="float64", **more,
    )  # fmt: skip


def four_blocks(width=16, depth=15, seed=1):
    """The program with four weight blocks: 16 hidden layers of 16 pairs, 10 updates with all patterns at once."""
    signed = [om.SignedDense(2 * n, bias="none", weights="uniform") for n in [width] * (depth + 1) + [1]]
    net = om.Network(3, *(layer for s in signed for layer in (s, om.Sigmoid())), om.Excitatory())
    x = np.column_stack([np.full(4, 0.1), PATTERNS])  # the bias is the first input
    run = om.Run(
        net, x, XOR, loss="squared_error", optimizer="sgd(lr=1)", rule=ED, epochs=10, batch_size=None, seeds=[0],
        dtype="float64",
    )  # fmt: skip
    rng = np.random.RandomState(seed)
    for layer, weights in zip(net.layers, run.params, strict=True):
        if weights:
            pp, np_, pn, nn = layer.blocks(weights)
            for block in (pp, np_, pn, nn):
                block[...] = rng.rand(*block.shape[2:])
    return run, x


if __name__ == "__main__":
    run, x = four_blocks()
    run.train()
    print("four blocks, 17 layers deep, 10 updates:", *run.predict(x)[0, :, 0])

    run = train(network(4, 32), XOR, epochs=250, batch_size=1).train()
    print("pattern by pattern:", int((run.evaluate(PATTERNS, XOR)["accuracy"] == 1).sum()), "of 20 seeds know XOR")

    three = np.column_stack([XOR, AND, OR])
    run = train(network(3, 32, outputs=3), three, epochs=20, batch_size=None).train()
    right = ((run.predict(PATTERNS) > 0.5) == three).all(axis=(1, 2))
    print("in batches: ", int(right.sum()), "of 20 seeds know XOR, AND and OR after 20 updates")
