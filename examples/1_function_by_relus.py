"""Any curve is a sum of ReLUs: nine of them join ten points of the sine, with weights that one can compute."""

import numpy as np

import omomi as om

x_points = np.linspace(0, 2 * np.pi, 10)
y_points = np.sin(x_points)
net, theta = om.relu_interpolation(x_points, y_points)
hidden, _, output = net.views(theta)

x = np.linspace(0, 2 * np.pi, 1000)
y_hat = net.forward(net.views(theta), x[:, None])[0][0, :, 0]
print(f"{net}: largest error {np.abs(y_hat - np.sin(x)).max():.6f}")

# What each hidden unit contributes: its change of slope, from its point on.
basis = output["W"][0] * np.maximum(x + hidden["b"][0].T, 0)
assert np.allclose(basis.sum(axis=0) + y_points[0], y_hat)
axes = om.plots.function_approximation(x, y_hat, basis, points=(x_points, y_points))
om.plots.save(axes, "function_by_relus.png")
print("wrote function_by_relus.png")
