"""The precision of the pass: float32 with all its digits, or a forward pass in bfloat16."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from precompute.contract.errors import InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""The precisions of a forward pass, by the name that `--precision` takes."""


def keep_forward_precision(precision: str, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Returns a context in which a forward pass has a precision: autocast for bfloat16, no change for float32.

    Autocast is a state of the thread, so every thread enters a context of its own.

    Args:
        precision: a key of `DTYPES`.
        device: of the forward pass.
    """
    if DTYPES[precision] == torch.float32:
        return contextlib.nullcontext()
    # The cache keeps casts of weights that need gradients. There are none here, and threads would share it.
    return torch.autocast(device.type, DTYPES[precision], cache_enabled=False)


def require_precision(precision: str, device: torch.device) -> None:
    """Checks that a forward pass can have a precision on a device.

    Raises:
        InputError: the device cannot compute in the precision.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # on some devices torch warns and goes on in float32
            with keep_forward_precision(precision, device):
                pass
    except (RuntimeError, UserWarning) as problem:
        raise InputError(
            f"--precision {precision} needs a device that computes in it.",
            f"{device}: {str(problem).splitlines()[0]}",
            "Leave --precision out, or choose another --device.",
        ) from problem


@contextlib.contextmanager
def keep_whole_float32() -> Iterator[None]:
    """Keeps all digits of float32 while the block lasts, against torch's defaults and settings of a model's file.

    By default torch lets cuDNN round the inputs of convolutions to TF32 (10 bits of mantissa); on request it rounds
    those of matrix products too. Influences that differ by less than that would change their order. cuDNN takes
    deterministic algorithms, so that a unit that is made again is the same. The settings hold for the whole process.
    """
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _list_switches()]
    try:
        for owner, name, value in _list_switches():
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _list_switches() -> list[tuple[Any, str, Any]]:
    """Returns owner, name and wanted value of each of torch's settings."""
    backends = torch.backends
    deterministic = (backends.cudnn, "deterministic", True)
    if not hasattr(backends.cudnn, "conv"):  # torch before 2.9
        tf32: list[tuple[Any, str, Any]] = [
            (owner, "allow_tf32", False) for owner in (backends.cudnn, backends.cuda.matmul)
        ]
        return [deterministic, *tf32]
    owners = (backends.cudnn.conv, backends.cuda.matmul, backends.mkldnn.conv, backends.mkldnn.matmul)
    return [deterministic, *((owner, "fp32_precision", "ieee") for owner in owners)]
