"""What the tests of several adapters share."""

import pytest
import torch


@pytest.fixture
def double():
    """torch draws the same every time, and in double."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
