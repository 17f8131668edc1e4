"""How exactly the pass computes: float32 with all its digits, and the forward pass in bfloat16 if that is asked for."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from precompute.contract.errors import InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def forward_precision(precision: str, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """A block in which a forward pass has its precision: autocast for bfloat16, nothing for float32.

    Autocast is a state of the thread, so every thread enters the block itself.
    """
    if DTYPES[precision] == torch.float32:
        return contextlib.nullcontext()
    # The cache is shared by threads and useless here: it keeps casts of weights that need gradients.
    return torch.autocast(device.type, DTYPES[precision], cache_enabled=False)


def require_precision(precision: str, device: torch.device) -> None:
    """Checks that a forward pass can have a precision on a device.

    Raises:
        InputError: it cannot.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # on some devices torch warns and goes on in float32
            with forward_precision(precision, device):
                pass
    except (RuntimeError, UserWarning) as problem:
        raise InputError(
            f"--precision {precision} needs a device that computes in it.",
            f"{device}: {str(problem).splitlines()[0]}",
            "Leave --precision out, or choose another --device.",
        ) from problem


@contextlib.contextmanager
def whole_float32() -> Iterator[None]:
    """A block in which float32 keeps all of its digits, whatever torch's defaults or a model's file say.

    torch lets cuDNN round what convolutions read to TF32 (10 bits of mantissa), and products of matrices too where
    someone asks for it: influences that differ by less would change places. cuDNN takes deterministic ways, so that a
    unit that is made again is the same.
    """
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _switches()]
    try:
        for owner, name, value in _switches():
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _switches() -> list[tuple[Any, str, Any]]:
    """Owner, name and wanted value of each of torch's settings; they hold for the whole process."""
    backends = torch.backends
    deterministic = (backends.cudnn, "deterministic", True)
    if not hasattr(backends.cudnn, "conv"):  # torch before 2.9
        tf32: list[tuple[Any, str, Any]] = [
            (owner, "allow_tf32", False) for owner in (backends.cudnn, backends.cuda.matmul)
        ]
        return [deterministic, *tf32]
    owners = (backends.cudnn.conv, backends.cuda.matmul, backends.mkldnn.conv, backends.mkldnn.matmul)
    return [deterministic, *((owner, "fp32_precision", "ieee") for owner in owners)]
