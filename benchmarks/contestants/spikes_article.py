"""The source articles' own programs, so far repaired that they run."""

import torch


def libraries(name):
    return ("torch",)


class Heaviside(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input_):
        out = (input_ > 0).float()
        ctx.save_for_backward(out.bool())
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out


class Integrator(torch.nn.Module):
    def __init__(self, threshold=1):
        super().__init__()
        self.threshold = threshold

    def forward(self, input_, v_previous, s_previous):
        x = v_previous * (1 - s_previous) + input_
        return x, Heaviside.apply(x - self.threshold)


class Model(torch.nn.Module):
    def __init__(self, size_input, size_hidden, n_time=10):
        super().__init__()
        self.linear = torch.nn.Linear(size_input, size_hidden)
        self.if_layer = Integrator()
        self.n_time, self.size_hidden = n_time, size_hidden

    def forward(self, x):
        spikes = torch.zeros(size=(self.n_time + 1, self.size_hidden))
        v = torch.tensor([0])
        for step in range(self.n_time):
            v, spikes[step + 1] = self.if_layer(self.linear(x[step]), v, spikes[step])
        return spikes[1:]


def article(case, name):
    """The gradient goes through the reset here, so some weights are soon no numbers; the loss falls all the same."""
    model = Model(case.inputs, case.units, case.steps)
    w, b = case.weights()
    with torch.no_grad():
        model.linear.weight.copy_(torch.from_numpy(w.T))
        model.linear.bias.copy_(torch.from_numpy(b))
    optimizer = torch.optim.SGD(model.parameters(), lr=case.lr, momentum=case.momentum)
    inputs, losses = torch.from_numpy(case.inputs_of_all()), []

    def once():
        for x in inputs:
            loss = (model(x).mean() - 0) ** 2
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return once, lambda: {"losses": losses}


def run_lif(I, T=50, dt=0.1, tau_ref=10, Rm=1, Cm=10, Vth=1, V_spike=0.5):
    time = torch.arange(0, T + dt, dt)
    Vm = torch.zeros(len(time))
    t_rest = 0
    for i, t in enumerate(time):
        if t > t_rest:
            Vm[i] = Vm[i - 1] + 1 / Cm * (-Vm[i - 1] / Rm + I) * dt
            if Vm[i] >= Vth:
                Vm[i] += V_spike
                t_rest = t + tau_ref
    return time, Vm


def fi_curve(case, name):
    counts = []

    def once():
        counts[:] = [int(torch.sum(run_lif(I, T=1000, dt=1, Rm=1, tau_ref=1)[1] > 1)) for I in torch.linspace(0, 2, 10)]

    return once, lambda: {"counts": counts}
