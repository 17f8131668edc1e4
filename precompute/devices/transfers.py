"""Copies between the host and a device that neither of them waits for; on the CPU there is nothing to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["HostCopies", "copy_to_device"]


def copy_to_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """Copies an array to a device; to CUDA from pinned memory, so that the copy overlaps with computing."""
    values = torch.from_numpy(np.require(array, requirements=["C", "W"]))
    if device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=device.type == "cuda")  # other memory may be freed before it is copied


class HostCopies:
    """Copies of some tensors on the host, begun at once, and complete when `wait` returns.

    Args:
        tensors: of one device; on CUDA, of the current stream.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._done: torch.cuda.Event | None = None
        if not tensors or tensors[0].device.type != "cuda":
            self._copies = [one.cpu() for one in tensors]
            return
        self._copies = [torch.empty(one.shape, dtype=one.dtype, pin_memory=True) for one in tensors]
        for one, copy in zip(tensors, self._copies, strict=True):
            copy.copy_(one, non_blocking=True)
        self._done = torch.cuda.Event()
        self._done.record()

    @property
    def done(self) -> torch.cuda.Event | None:
        """The event after which all that was launched before the copies is done; None on the CPU."""
        return self._done

    def wait(self) -> list[NDArray[Any]]:
        """Returns the copies, in order, when they are complete."""
        if self._done is not None:
            self._done.synchronize()
        return [copy.numpy() for copy in self._copies]
