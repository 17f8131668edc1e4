"""The precision of the steps of gradient ascent.

A step is a small change in an uncertain direction, which depends on random movements: eight bits of mantissa are
enough for it. A processor with instructions for bfloat16 takes half the time for the forward and backward pass. The
parameters that are optimised, and the numbers that are stored with a picture, stay float32.
"""

from __future__ import annotations

import contextlib

import torch

from precompute.contract.errors import InputError
from precompute.feature_visualization.ascent.config import PRECISIONS
from precompute.feature_visualization.ascent.forwards import Forwards

__all__ = ["choose_precision", "has_bfloat16"]


def choose_precision(asked: str, forwards: Forwards, layer: str) -> str:
    """Chooses the precision of the steps: `float32` or `bfloat16`.

    Args:
        asked: one of `PRECISIONS`; `auto` is bfloat16 if the device has instructions for it and every operator
            takes it.
        forwards: forward passes of the model.
        layer: the last layer of the run, whose forward pass includes those of the others.

    Raises:
        InputError: there is no such precision.
        InputError: bfloat16 was asked for by name, and an operator refuses it.
    """
    if asked not in PRECISIONS:
        raise InputError(f"A precision is one of {', '.join(PRECISIONS)}.", f"Found {asked}.", "Correct --precision.")
    if asked == "float32" or (asked == "auto" and not has_bfloat16(forwards.device)):
        return "float32"
    try:
        _try_step(forwards, layer)
    except RuntimeError as problem:
        if asked == "auto":
            return "float32"
        raise InputError(
            "With --precision bfloat16 every operator of the model takes bfloat16.",
            f"Up to {layer} one does not: {str(problem).splitlines()[0]}",
            "Leave --precision out.",
        ) from problem
    return "bfloat16"


def has_bfloat16(device: torch.device) -> bool:
    """Returns true for a device with instructions for bfloat16; others convert to float32 and back, which is slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    # torch before 2.10 has no public function for it
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        with contextlib.suppress(AttributeError):
            if getattr(torch.cpu, name)():
                return True
    return False


def _try_step(forwards: Forwards, layer: str) -> None:
    picture = torch.zeros((1, *forwards.input_size), device=forwards.device, requires_grad=True)
    torch.autograd.grad(forwards.build_in_bfloat16(layer)(picture).sum(), [picture])
