"""An activation of one's own: value and derivative, and it stands beside the others in every list, plot and network."""

import numpy as np

import omomi as om
from omomi.formulas.formula import between


class Bump(om.Activation):
    """y = z e^(-z² / 2 w²): answers to one size of input alone."""

    width: float = between(0, np.inf, default=1.0, closed="()")

    @staticmethod
    def value(z, width):
        return z * np.exp(-((z / width) ** 2) / 2)

    @staticmethod
    def derivative(z, y, width):
        return (1 - (z / width) ** 2) * np.exp(-((z / width) ** 2) / 2)


print(om.Activation.parse("bump(width=2)"))
om.plots.save(om.plots.formula(Bump()), "bump.png")

train, test = om.data.digits().split(test=0.2)
for activation in (om.Relu(), om.Tanh(), Bump()):
    net = om.Network(64, om.Dense(64), activation, om.Dense(10))
    run = om.fit(net, train.x, train.y, epochs=20, seeds=range(4))
    accuracy = 100 * run.evaluate(test.x, test.y)["accuracy"]
    print(f"{activation!r:8}  {accuracy.mean():.2f} % ± {accuracy.std(ddof=1):.2f}")
