"""The device that computes, by the name that a person gives it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch

from precompute.contract.errors import InputError

__all__ = ["choose_device", "require_double", "wait_for"]


def choose_device(name: str) -> torch.device:
    """Returns the device of a name; `auto` takes CUDA where there is one, else the CPU.

    Raises:
        InputError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with contextlib.suppress(RuntimeError):
        device = torch.device(name)
        if _is_there(device):
            return device
    raise InputError(
        "The device is auto, cpu, cuda, xpu or mps, and present.",
        f"{name} is not available here.",
        "Leave --device out, or use --device cpu.",
    )


def require_double(device: torch.device, what: str = "The pass adds influences up") -> None:
    """Checks that a device can hold sums that are numbers of 64 bits: MPS cannot, nor can some GPUs of Intel.

    Args:
        device: that computes.
        what: needs them.

    Raises:
        InputError: it cannot.
    """
    lacks = device.type == "xpu" and not torch.xpu.get_device_properties(device).has_fp64
    if lacks or device.type == "mps":
        raise InputError(
            f"{what} in numbers of 64 bits.",
            f"The device {device} has none.",
            "Use --device cpu; `visualize`, `prototypes` and `transfer` may use the device.",
        )


def wait_for(device: torch.device) -> None:
    """Waits until a device has done what it was given, before a clock is read."""
    backends = {"cuda": torch.cuda, "xpu": torch.xpu, "mps": torch.mps}
    if device.type in backends:
        backends[device.type].synchronize()


def _is_there(device: torch.device) -> bool:
    counts: dict[str, Callable[[], int]] = {
        "cpu": lambda: 1,
        "cuda": torch.cuda.device_count,
        "xpu": torch.xpu.device_count,
        "mps": lambda: int(torch.backends.mps.is_available()),
    }
    return (device.index or 0) < counts.get(device.type, lambda: 0)()
