"""The training loop is an iterator: look at every step, change what you like, stop when you have seen enough."""

import numpy as np

import omomi as om

train, test = om.data.digits().split(test=0.2)
net = om.Network(64, om.Dense(32), om.Tanh(), om.Dense(10))
run = om.Run(net, train.x, train.y, optimizer=om.Momentum(lr=0.05), epochs=20, seeds=range(4))

for step in run.steps():
    if step.t % 100 == 0:
        size = np.abs(run.params[0]["W"]).mean()
        print(f"epoch {step.epoch:2d}  step {step.t:4d}  loss {step.loss.mean():.4f}  mean |W| of layer 1 {size:.4f}")
    if step.loss.max() < 0.02:
        print(f"every replica is below 0.02 after {step.t} steps")
        break

print(f"test accuracy {100 * run.evaluate(test.x, test.y)['accuracy'].mean():.2f} %")
