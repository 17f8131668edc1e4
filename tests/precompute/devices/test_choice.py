"""The device by its name."""

from __future__ import annotations

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.devices.choice import choose_device, require_double


def test_auto_takes_cuda_where_it_is() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def list_absent() -> list[str]:
    there = {"mps": torch.backends.mps.is_available(), "xpu": torch.xpu.is_available()}
    return [name for name, is_there in there.items() if not is_there]


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "", *list_absent()])
def test_a_device_that_is_not_there_is_one_message(name: str) -> None:
    with pytest.raises(InputError, match="is not available here"):
        choose_device(name)


def test_a_device_without_numbers_of_64_bits_is_refused_for_the_pass() -> None:
    require_double(torch.device("cpu"))
    with pytest.raises(InputError, match="64 bits"):
        require_double(torch.device("mps"))
