"""What was the first burst? A membrane alone forgets; thresholds that adapt remember, and so do recurrent neurons."""

import numpy as np

import omomi as om

NEURONS = {
    "membranes, τ = 5": "lif(tau=5)",
    "thresholds that adapt, τ = 100": "adaptive_lif(tau=5, tau_a=100, beta=1)",
    "recurrent": "recurrent(lif(tau=5))",
}


def told(task, neurons, seeds=range(3), **options):
    """The share of new samples that each network tells right."""
    make = getattr(om.data, task)
    train, test = make(**options), make(seed=1, **options)
    net = om.Network.parse(train.x.shape[1:], f"32, {neurons}, 2, li(tau=2), last_membrane")
    run = om.fit(net, train.x, train.y, optimizer="adam(lr=0.01)", epochs=20, seeds=seeds)
    return run.evaluate(test.x, test.y)["accuracy"]


right = told("temporal_xor", NEURONS["recurrent"], seeds=range(8))
print(f"exclusive or of two bursts, 10 steps apart: {(right > 0.95).sum()} of 8 recurrent networks tell it")

print("\nto remember a burst for so many steps, mean accuracy of 3 networks in %")
print(f"{'':32}    5   10   20   40")
for name, neurons in NEURONS.items():
    delays = (20,) if name == "recurrent" else (5, 10, 20, 40)
    known = {delay: 100 * np.mean(told("remember", neurons, delay=delay)) for delay in delays}
    print(f"{name:32}" + "".join(f"{known[d]:5.0f}" if d in known else "    –" for d in (5, 10, 20, 40)))
