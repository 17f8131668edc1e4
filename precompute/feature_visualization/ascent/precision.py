"""In which precision the steps of gradient ascent are computed.

A step is a small change in an uncertain direction, drawn anew from random movements each time: eight bits of mantissa
are enough for it. A processor with instructions for bfloat16 takes half the time for the forward and backward pass.
What is stored about a picture, and the spectrum that is optimised, stay float32.
"""

from __future__ import annotations

import contextlib

import torch

from precompute.contract.errors import InputError
from precompute.feature_visualization.ascent.config import PRECISIONS
from precompute.feature_visualization.ascent.forwards import Forwards

__all__ = ["computes_in_bfloat16", "step_precision"]


def step_precision(asked: str, forwards: Forwards, layer: str) -> str:
    """The precision that steps have: `float32` or `bfloat16`.

    Args:
        asked: `auto` takes bfloat16 where the device computes in it and every operator of the model does.
        forwards: of the model.
        layer: the last one of the run; whoever computes it computes the others.

    Raises:
        InputError: there is no such precision, or an operator refuses bfloat16 that was asked for by name.
    """
    if asked not in PRECISIONS:
        raise InputError(f"A precision is one of {', '.join(PRECISIONS)}.", f"Found {asked}.", "Correct --precision.")
    if asked == "float32" or (asked == "auto" and not computes_in_bfloat16(forwards.device)):
        return "float32"
    try:
        _one_step(forwards, layer)
    except RuntimeError as problem:
        if asked == "auto":
            return "float32"
        raise InputError(
            "With --precision bfloat16 every operator of the model takes bfloat16.",
            f"Up to {layer} one does not: {str(problem).splitlines()[0]}",
            "Leave --precision out.",
        ) from problem
    return "bfloat16"


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; those that convert to float32 and back would be slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):  # torch tells it nowhere else before 2.10
        with contextlib.suppress(AttributeError):
            if getattr(torch.cpu, name)():
                return True
    return False


def _one_step(forwards: Forwards, layer: str) -> None:
    picture = torch.zeros((1, *forwards.input_size), device=forwards.device, requires_grad=True)
    torch.autograd.grad(forwards.in_bfloat16(layer)(picture).sum(), [picture])
