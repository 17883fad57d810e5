"""Large arrays lie where earlier ones have left, and never where one still stands."""

import numpy as np
import pytest

from omomi.networks import memory

SHAPE = (3, 2**18)  # 3 MB in single precision


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.setattr(memory, "_kept", [])


def place(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_when_nobody_refers_to_it():
    first = memory.empty(SHAPE, np.float32)
    where = place(first)
    second = memory.empty(SHAPE, np.float32)
    assert place(second) != where
    part = first[1:, ::2].T
    del first
    third = memory.empty(SHAPE, np.float32)
    assert place(third) != where  # a part of it is still in use
    del part
    assert place(memory.empty((2, 3 * 2**16), np.float64)) == where  # as many bytes


def test_what_lies_idle_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "IDLE", 4 * 2**20)
    for width in range(2**18, 2**18 + 8):
        memory.empty((3, width), np.float32)
    assert sum(block.size for block in memory._kept) <= 4 * 2**20 + 3 * 4 * (2**18 + 8)


def test_small_arrays_are_left_to_the_allocator():
    memory.empty((2, 3), np.float32)
    assert not memory._kept
