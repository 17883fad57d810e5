"""Event files, read as TensorBoard reads them: records with their check sums, and steps that are purged.

TFRecord: length (8 bytes, little-endian), its masked CRC-32C, the record, the record's.
"""

import struct
from collections import defaultdict

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tensorboardX.proto.event_pb2 import Event, SessionLog

from omomi import Dense, Network, Run, Tanh
from omomi.adapters.tensorboard import TensorBoard
from samples import classes

X, Y = classes()
NET = Network(13, Dense(4), Tanh(), Dense(3))
HOW = {"epochs": 6, "seeds": [3, 1], "validation": (X, Y)}


def crc(data):
    """CRC-32C, bit by bit: the polynomial of Castagnoli, reversed."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
    return value ^ 0xFFFFFFFF


def masked(data):
    value = crc(data)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events(folder):
    for path in sorted(folder.glob("events.out.tfevents.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            length, of_length = struct.unpack_from("<QI", content, at)
            record = content[at + 12 : at + 12 + length]
            assert of_length == masked(content[at : at + 8])
            assert struct.unpack_from("<I", content, at + 12 + length)[0] == masked(record)
            at += 16 + length
            yield Event.FromString(record)


def shown(folder):
    """{tag: {step: value}} and {tag: text} as TensorBoard shows them."""
    scalars, texts = defaultdict(dict), {}
    for event in events(folder):
        if event.session_log.status == SessionLog.START:  # what was written before of this step and later is void
            for steps in scalars.values():
                for step in [step for step in steps if step >= event.step]:
                    del steps[step]
        for value in event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                assert event.step not in scalars[value.tag], "a step is there twice"
                scalars[value.tag][event.step] = value.simple_value
            else:
                texts[value.tag] = value.tensor.string_val[0].decode()
    return scalars, texts


def test_the_check_sum():
    """RFC 3720, B.4, and the value that every description of CRC-32C has."""
    assert crc(b"123456789") == 0xE3069283
    assert crc(bytes(32)) == 0x8A9136AA


def held_against(folder, run):
    """Every column: each seed, and the mean of those that are finite, to a float32."""
    scalars, texts = shown(folder)
    assert {tag.split("/")[0] for tag in scalars} == {*run.history}
    for name in run.history:
        for r, seed in enumerate(run.settings.seeds):
            true = {e + 1: v for e, v in enumerate(run.history[name][:, r]) if np.isfinite(v)}
            found = scalars[f"{name}/seed_{seed}"]
            assert list(found) == list(true)
            assert_array_equal([*found.values()], np.float32([*true.values()]))
        mean = np.nanmean(np.where(np.isfinite(run.history[name]), run.history[name], np.nan), axis=1)
        np.testing.assert_allclose([*scalars[f"{name}/mean"].values()], mean, rtol=1e-6)
    return texts


def test_a_run_that_was_killed_and_goes_on(tmp_path):
    """From a checkpoint two epochs behind what was written."""
    run = Run(NET, X, Y, **HOW)
    run.train(2, progress=False, log=TensorBoard(tmp_path / "tb"))
    run.save(tmp_path / "there")
    run.train(2, progress=False, log=TensorBoard(tmp_path / "tb"))
    again = Run.load(tmp_path / "there", X, Y, HOW["validation"])
    again.train(progress=False, log=TensorBoard(tmp_path / "tb"))
    assert again.epoch == 6
    texts = held_against(tmp_path / "tb", again)
    assert "| optimizer | Adam() |" in texts["settings/text_summary"]
    assert "report/text_summary" not in texts


def test_what_is_not_finite_is_left_out(tmp_path):
    x, y = np.arange(8.0)[:, None], np.arange(8.0)
    run = Run(Network(1, Dense(1)), x, y, optimizer="sgd(lr=1e9)", epochs=4, seeds=[3, 1], batch_size=None)
    run.train(progress=False, log=TensorBoard(tmp_path))
    scalars, texts = shown(tmp_path)
    assert not np.isfinite(run.history["loss"]).all()
    for r, seed in enumerate((3, 1)):
        assert len(scalars[f"loss/seed_{seed}"]) == np.isfinite(run.history["loss"][:, r]).sum()
    assert "seed 3 diverged in epoch" in texts["report/text_summary"]


def test_the_means_alone(tmp_path):
    Run(NET, X, Y, epochs=1, seeds=[0, 1]).train(progress=False, log=TensorBoard(tmp_path, seeds=False))
    assert {*shown(tmp_path)[0]} == {"loss/mean", "accuracy/mean"}


def test_without_tensorboardx(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs tensorboardX: pip install 'omomi\[tensorboard\]'$"):
        Run(NET, X, Y, epochs=1, seeds=[0]).train(progress=False, log=TensorBoard("nowhere"))
