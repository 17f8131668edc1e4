"""The device by its name."""

from __future__ import annotations

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.devices.choice import choose_device


def test_auto_takes_cuda_where_it_is() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", ""])
def test_a_device_that_is_not_there_is_one_message(name: str) -> None:
    with pytest.raises(InputError, match="is not available here"):
        choose_device(name)
