"""A multilayer perceptron from text, trained on four spirals with eight seeds; its decision map."""

import omomi as om

train, test = om.data.spiral(classes=4, noise=0.16, n=1000).split(test=0.2)
net = om.mlp("ReLU()", 2, [128], 4)
net.summary(batch_size=128)
run = om.fit(net, train.x, train.y, optimizer="adam", epochs=100, batch_size=128, drop_last=True)
for name, part in (("training", train), ("test", test)):
    accuracy = 100 * run.evaluate(part.x, part.y)["accuracy"]
    print(f"{name}: {accuracy.mean():.2f} % (worst of 8 seeds {accuracy.min():.2f} %)")

om.plots.save(om.plots.decision_map(run, test), "spiral.png")
om.plots.save(om.plots.learning_curves(run.history, ["loss"]), "spiral_loss.png")
print("wrote spiral.png and spiral_loss.png")
