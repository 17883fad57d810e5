"""Same network, same data: what if it learned by another rule? A fair comparison; then, how one comes to learn."""

import omomi as om

found = om.compare(
    "iris",
    rules="backprop, ed, fa, usf",
    nets="8, tanh, 3",
    epochs=30,
    seeds=range(6),
    tuning=5,
    jobs=1,
    progress=False,
)
print(found.table())
print("page:", found.report("rules-on-iris"))

# With fixed random feedback the weights come to agree with it, and so its gradient turns towards the true one.
digits = om.data.digits()
x, y = ((digits.x - digits.x.mean()) / digits.x.std())[:300], digits.y[:300]
net = om.Network(64, om.Dense(32), om.Tanh(), om.Dense(10))
run = om.fit(net, x, y, rule="fa", optimizer="sgd(lr=0.1)", epochs=15, diagnose=True, progress=False)
angle = run.history["angle[0]"].mean(axis=1)
print(
    f"the first layer's update is {angle[0]:.0f}° off the gradient after one epoch, {angle[-1]:.0f}° after {run.epoch}"
)
print(*om.diagnose(run).in_words(), sep="\n")
om.plots.save(om.plots.diagnosis(run), "diagnosis.png")
