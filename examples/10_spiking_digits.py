"""Digits by spikes in ten steps: currents or random spikes for input, membranes for output, errors by other ways."""

import time

import omomi as om

train, test = om.data.digits().split(test=0.2)
SPIKES = "128, spiking(lif(tau=2), steps=10), spike_count, 10"  # each pixel is a current that flows for ten steps


def learned(text, rule="backprop", epochs=10, seeds=range(3)):
    net = om.Network.parse(64, text)
    start = time.process_time()
    run = om.fit(net, train.x, train.y, optimizer="adam(lr=0.003)", rule=rule, epochs=epochs, seeds=seeds)
    took = time.process_time() - start
    accuracy = 100 * run.evaluate(test.x, test.y)["accuracy"]
    print(f"{accuracy.mean():5.1f} ± {accuracy.std():.1f} %  in {took:4.1f} s  {rule:8}  {text}")
    return run


print(f"test accuracy of 3 networks, and the CPU time for all of them; {train.n} digits to learn from")
run = learned(SPIKES)
learned("bernoulli(10), 128, lif(tau=2), spike_count, 10")  # each pixel is the probability of a spike
learned("128, spiking(lif(tau=2), steps=10), 10, li, last_membrane")  # answered by membranes that do not spike
for rule in ("fa", "dfa"):
    learned("64, spiking(lif(tau=2), steps=10), 64, lif(tau=2), spike_count, 10", rule)
learned("128, spiking(lif(tau=2), steps=10, surrogate=spike_mask), spike_count, 10", epochs=2)

print(*om.diagnose(run).in_words(), sep="\n")
om.plots.save(om.plots.network_spikes(run, test.x[0]), "digit.png")
