"""The device that computes, by the name that a person gives it."""

from __future__ import annotations

import contextlib

import torch

from precompute.contract.errors import InputError

__all__ = ["choose_device", "require_double"]


def choose_device(name: str) -> torch.device:
    """Returns the device of a name; `auto` takes CUDA where there is one, else the CPU.

    Raises:
        InputError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with contextlib.suppress(RuntimeError):
        device = torch.device(name)
        if _is_there(device.type):
            return device
    raise InputError(
        "The device is auto, cpu or cuda, and present.",
        f"{name} is not available here.",
        "Leave --device out, or use --device cpu.",
    )


def require_double(device: torch.device) -> None:
    """Checks that a device can hold the sums of the pass, which are numbers of 64 bits.

    Raises:
        InputError: it cannot.
    """
    if device.type == "mps":
        raise InputError(
            "The pass adds influences up in numbers of 64 bits.",
            f"The device {device} has none.",
            "Use --device cpu; `visualize` may use the device.",
        )


def _is_there(kind: str) -> bool:
    checks = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "xpu": torch.xpu.is_available}
    return checks.get(kind, lambda: True)()
