"""Two dense layers, ReLU, squared error, gradient descent: the sum and the product of two numbers; then digits.

The weights and the data are drawn as a well-known Japanese article draws them (seed 0, the layers first), so that its
program's numbers come out digit by digit. (The article prints others: it must have run another program.)
"""

import numpy as np

import omomi as om

rng = np.random.RandomState(0)
net = om.Network(2, om.Dense(2), om.Relu(), om.Dense(2))
theta = np.zeros((1, net.size))
first, _, second = net.views(theta)
first["W"][0] = rng.randn(2, 2)
second["W"][0] = rng.randn(2, 2)
x = rng.rand(1500, 2)
y = np.stack([x.sum(axis=1), x.prod(axis=1)], axis=1)

run = om.Run(
    net, x, y, loss="squared_error", optimizer=om.Sgd(lr=0.2), batch_size=None, epochs=1500, seeds=[0], dtype="float64"
)
run.theta = theta
print("before:", run.predict([[0.3, 0.5]])[0].tolist())
run.train()
print("loss:  ", float(run.evaluate(x, y)["loss"][0]))
print("after: ", run.predict([[0.3, 0.5]])[0].tolist(), "wanted: [[0.8, 0.15]]")

# The same parts learn to read.
train, test = om.data.digits().split(test=0.2)
net = om.Network(64, om.Dense(100), om.Relu(), om.Dense(10))
run = om.fit(net, train.x, train.y, optimizer=om.Sgd(lr=0.2), epochs=40, seeds=range(4))
print(f"digits: {100 * run.evaluate(test.x, test.y)['accuracy'].mean():.2f} % of {test.n} right")
