"""The device that computes, by the name that a person gives it."""

from __future__ import annotations

import contextlib

import torch

from precompute.contract.errors import InputError

__all__ = ["choose_device"]


def choose_device(name: str) -> torch.device:
    """Returns the device of a name; `auto` takes CUDA where there is one, else the CPU.

    Raises:
        InputError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with contextlib.suppress(RuntimeError):
        device = torch.device(name)
        if device.type != "cuda" or torch.cuda.is_available():
            return device
    raise InputError(
        "The device is auto, cpu or cuda, and present.",
        f"{name} is not available here.",
        "Leave --device out, or use --device cpu.",
    )
