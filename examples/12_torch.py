"""A spiking network written in PyTorch: omomi's neurons between torch's layers, trained by torch's Adam or omomi's."""

import time

import torch
from torch import nn

import omomi as om
import omomi.adapters.torch as omt

(x, y), (new_x, new_y) = (map(torch.from_numpy, (part.x, part.y)) for part in om.data.digits().split(test=0.2))
x, new_x = x.float(), new_x.float()
OPTIMIZERS = {"torch": torch.optim.Adam, "omomi": lambda weights, lr: omt.Optimizer(weights, om.Adam(lr=lr))}


class Digits(nn.Module):
    def __init__(self, readout):
        super().__init__()
        self.first, self.hidden = nn.Linear(64, 128), omt.Spiking("lif(tau=2)")
        self.second, self.readout = nn.Linear(128, 10), omt.Spiking(readout)

    def forward(self, x):
        current = self.first(x).expand(10, -1, -1)  # each pixel is a current that flows for ten steps
        spikes, _ = self.hidden(current)
        out, _ = self.readout(self.second(spikes))
        return 10 * out.mean(0)  # the number of spikes, or ten times the mean membrane


for readout in ("lif(tau=2)", "li(tau=10)"):
    for whose, optimizer in OPTIMIZERS.items():
        torch.manual_seed(0)
        net = Digits(readout)
        adam, start = optimizer(net.parameters(), lr=5e-3), time.process_time()
        for _ in range(8):
            for some in torch.randperm(len(x)).split(64):
                adam.zero_grad()
                nn.functional.cross_entropy(net(x[some]), y[some]).backward()
                adam.step()
        right = (net(new_x).argmax(1) == new_y).double().mean().item()
        print(f"answered by {readout:10}  {whose}'s Adam  {100 * right:.1f} %  in {time.process_time() - start:.1f} s")
