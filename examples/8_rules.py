"""Same network, same data: what if it learned by another rule? A fair comparison, and a look at why one is slower."""

import omomi as om

found = om.compare(
    "iris", rules="backprop, ed, fa, dfa, usf", nets="16, sigmoid, 3, sigmoid", scale="min-max", epochs=60,
    seeds=range(6), tuning=5, jobs=1, progress=False,
)  # fmt: skip
print(found.table())
print("page:", found.report("rules-on-iris"))

# Feedback alignment learns to send a useful error: its gradient turns towards the true one.
iris = om.data.iris()
net = om.Network(4, om.Dense(16), om.Tanh(), om.Dense(16), om.Tanh(), om.Dense(3))
x = (iris.x - iris.x.mean(axis=0)) / iris.x.std(axis=0)
run = om.fit(net, x, iris.y, rule="fa", optimizer="sgd(lr=0.05)", epochs=40, diagnose=True, progress=False)
angle = run.history["angle[0]"].mean(axis=1)
print(f"angle of the first layer: {angle[0]:.0f}° after one epoch, {angle[-1]:.0f}° after {run.epoch}")
print(*om.diagnose(run).in_words(), sep="\n")
om.plots.save(om.plots.diagnosis(run), "diagnosis.png")
