"""Draw the pictures of the README and of the page about spikes: python docs/picture.py"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import omomi as om

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13.5, 4.4), layout="constrained")

train, test = om.data.spiral().split(test=0.2)
run = om.fit(om.mlp("relu", 2, [128], 4), train.x, train.y, epochs=100, batch_size=128, drop_last=True)
om.plots.decision_map(run, test, ax=left)
left.get_legend().remove()
left.set_title("Four spirals, eight networks, majority vote", loc="left")

train, test = om.data.digits().split(test=0.2)
curves = {}
for optimizer in ("adam", "momentum", "sgd"):
    run = om.fit(
        om.mlp("relu", 64, [128], 10), train.x, train.y, validation=(test.x, test.y), optimizer=optimizer, epochs=20
    )
    om.plots.learning_curves(run, ["val_accuracy"], ax=middle, label=optimizer)
    curves[optimizer] = run
middle.set_ylim(0.7, 1)
middle.legend(middle.lines, list(curves), loc="lower right", frameon=False)
middle.set_title("Digits: one network, three optimizers", loc="left")

chosen = curves["adam"].classify(test.x)[0]
shown = slice(0, 40)
images = test.x.reshape(-1, 8, 8)[shown]
om.plots.image_grid(
    images, titles=[str(c) for c in chosen[shown]], columns=8, ax=right, wrong=(chosen != test.y)[shown]
)
right.set_title("Test digits and what the first network reads", loc="left")
om.plots.save(figure, Path(__file__).parent / "images" / "readme.png", dpi=110)

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13.5, 4.0), layout="constrained")
om.plots.voltage_trace(om.simulate(om.Lif(Cm=10, tau_ref=10), 1.5, T=100), ax=left)
left.get_legend().remove()
left.set_title("A neuron, its threshold and its spikes", loc="left")

own = {"Rm": [1, 2, 4], "tau_ref": 1}
om.plots.fi_curves(om.fi_curve("lif(Cm=10)", np.linspace(0, 3, 61), dt=0.1, each=own), ax=middle)
middle.legend(loc="lower right", frameon=False)
middle.set_title("How often it fires", loc="left")

net = om.Network(64, om.Dense(128), om.Spiking(om.Lif(tau=2), steps=25), om.SpikeCount(), om.Dense(10))
run = om.fit(net, train.x, train.y, optimizer="adam(lr=0.003)", epochs=10, seeds=[0])
through = om.Network(64, *net.layers[:2]).forward(run.params[:2], test.x[:1].astype("float32"))[0]
om.plots.raster(through[0, 0], ax=right, rates=False)
right.set_title(f"A layer that reads a {run.classify(test.x[:1])[0, 0]}", loc="left")
om.plots.save(figure, Path(__file__).parent / "images" / "spikes.png", dpi=110)
