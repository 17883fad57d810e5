"""Tables as torchinfo prints them, and as the documentation of Keras shows them."""

import pytest
import torch
import torchinfo

import omomi as om


def printed(capsys, net, *args):
    net.summary(*args)
    return capsys.readouterr().out


class Network(torch.nn.Sequential): ...


class Flatten(torch.nn.Flatten): ...


class Dense(torch.nn.Linear): ...


class Relu(torch.nn.ReLU): ...


class LayerNorm(torch.nn.LayerNorm): ...


class PRelu(torch.nn.PReLU): ...


class ALayerWhoseNameTakesMoreThanItsColumn(torch.nn.Identity): ...


@pytest.mark.parametrize("batch", [1, 100, 70_000])
def test_the_torch_style_is_torchinfos(capsys, batch):
    class ALayerWhoseNameTakesMoreThanItsColumn(om.Dropout): ...

    ours = [om.Flatten(), om.Dense(2000), om.Relu(), om.LayerNorm(), om.Dense(16, bias=None), om.PRelu(), om.Dense(3)]
    theirs = [Flatten(), Dense(36, 2000), Relu(), LayerNorm(2000), Dense(2000, 16, bias=False), PRelu(), Dense(16, 3)]
    if batch == 1:
        ours.append(ALayerWhoseNameTakesMoreThanItsColumn())
        theirs.append(globals()["ALayerWhoseNameTakesMoreThanItsColumn"]())
    found = torchinfo.summary(
        Network(*theirs), (batch, 6, 6), verbose=0, device="meta", col_names=("output_size", "num_params")
    )
    assert printed(capsys, om.Network((6, 6), *ours), batch, "torch") == f"{found}\n"


def test_the_keras_style_is_that_of_its_guides(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    net = om.Network((4, 6, 128), om.Flatten(), om.Dense(128), om.Dense(64), om.Dense(10))
    assert (
        printed(capsys, net, 1, "keras")
        == """\
Model: "network"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ flatten (Flatten)               │ (None, 3072)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 128)            │       393,344 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 64)             │         8,256 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_2 (Dense)                 │ (None, 10)             │           650 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 402,250 (1.53 MB)
 Trainable params: 402,250 (1.53 MB)
 Non-trainable params: 0 (0.00 B)
"""
    )


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((1, "jax"), "summary: style must be 'omomi', 'keras' or 'torch', got 'jax'"),
        ((0,), "summary: batch_size must be a whole number ≥ 1, got 0"),
    ],
)
def test_what_is_no_style_or_batch_is_refused(args, why):
    with pytest.raises(ValueError, match=why):
        om.Network(2, om.Dense(3)).summary(*args)
