"""A layer of 500 integrate-and-fire neurons learns to be silent; a Japanese article, with and without its flaw.

Its errors go back through the reset: every further spike multiplies them by -v, and some neurons are lost, which its
loss does not show. With the spike in the reset taken as a constant (`detach_reset`) all weights stay finite.
"""

import numpy as np

import omomi as om

data = om.data.random_bits(n=100, steps=10, inputs=300)  # new bits in each iteration; the target is 0


def trained(detach_reset):
    """Ten networks, and their losses y² by iteration. Half of that, at twice the article's rate, has its gradient."""
    layers = om.Dense(500, bias="uniform(0, 1)"), om.Spiking(om.If(), surrogate="spike_mask", detach_reset=detach_reset)
    net = om.Network((10, 300), *layers, om.PopulationRate())
    run = om.Run(
        net, data.x, data.y, optimizer="momentum(lr=0.2)", epochs=1, batch_size=1, shuffle=False, seeds=range(10)
    )
    losses = om.History(run.settings.seeds)
    for step in run.steps():
        losses.append({"loss": 2 * step.loss})
    return run, losses


ax = None
for detach_reset in (True, False):
    run, losses = trained(detach_reset)
    if detach_reset:
        run.settings.net.summary()
    first, last = losses["loss"][0], losses["loss"][-1]
    print(f"\ndetach_reset={detach_reset}: the loss falls from {first.mean():.2g} to {last.mean():.1g}")
    print(f"{np.isfinite(run.theta).all(axis=1).sum()} of 10 seeds have finite weights", *run.report()[:3], sep="\n  ")
    label = "detached" if detach_reset else "through the reset"
    ax = om.plots.learning_curves(losses, "loss", ax, log=True, label=label)
ax.set_xlabel("iteration")
om.plots.save(ax, "silence.png")

# Without the bias hardly any neuron fires, and one that does not fire learns nothing from this surrogate.
quiet = om.Network(
    (10, 300), om.Dense(500, bias=None), om.Spiking(om.If(), surrogate="spike_mask"), om.PopulationRate()
)
run = om.Run(quiet, data.x, data.y, optimizer="momentum(lr=0.2)", epochs=1, batch_size=1, seeds=range(4))
print("\nwithout the bias, at the beginning:", *om.diagnose(run).in_words(), sep="\n  ")
