"""The device by its name."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.devices import choice
from precompute.devices.choice import choose_device, require_double, wait_for


def test_auto_takes_cuda_where_it_is() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def list_absent() -> list[str]:
    there = {"mps": torch.backends.mps.is_available(), "xpu": torch.xpu.is_available()}
    return [name for name, is_there in there.items() if not is_there]


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:1", "meta", "vulkan", "", *list_absent()])
def test_a_device_that_is_not_there_is_one_message(name: str) -> None:
    with pytest.raises(InputError, match="is not available here"):
        choose_device(name)


def test_a_device_without_numbers_of_64_bits_is_refused_for_the_pass() -> None:
    require_double(torch.device("cpu"))
    with pytest.raises(InputError, match="64 bits"):
        require_double(torch.device("mps"))


@pytest.mark.parametrize("has_double", [True, False])
def test_some_gpus_of_intel_have_numbers_of_64_bits(monkeypatch: pytest.MonkeyPatch, has_double: bool) -> None:
    monkeypatch.setattr(torch.xpu, "device_count", lambda: 1)
    monkeypatch.setattr(torch.xpu, "get_device_properties", lambda device: SimpleNamespace(has_fp64=has_double))
    device = choose_device("xpu")
    with contextlib.nullcontext() if has_double else pytest.raises(InputError, match="The device xpu has none"):
        require_double(device)
    with pytest.raises(InputError, match="xpu:1 is not available here"):
        choose_device("xpu:1")


def test_a_clock_is_read_when_the_device_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[str]()
    for name in ("cuda", "xpu", "mps"):
        monkeypatch.setattr(getattr(choice.torch, name), "synchronize", lambda name=name: waited.append(name))
        wait_for(torch.device(name))
    wait_for(torch.device("cpu"))
    assert waited == ["cuda", "xpu", "mps"]
