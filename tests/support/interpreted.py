"""The Triton kernel in Triton's interpreter, in a process of its own: triton chooses the interpreter at import."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.reference.influence import Conv

Call = tuple[NDArray[np.float32], NDArray[np.float32], tuple[int, int, int, int]]


class Interpreter:
    """A process that interprets the kernel. Tensors are sent as arrays."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def __call__(self, conv: Conv, values: Tensor) -> Tensor:
        """Computes `triton_kernels.compute_windowed_influence` of a batch, `(batch, target, source)`."""
        geometry = (conv.stride, conv.padding, conv.dilation, conv.groups)
        found = self._pool.submit(_interpret, (conv.weight.numpy(), values.numpy(), geometry)).result()
        return torch.from_numpy(found)


@contextmanager
def start_interpreter() -> Iterator[Interpreter]:
    """Starts the process and ends it with the block."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned, initializer=_prepare) as pool:
        yield Interpreter(pool)


def _prepare() -> None:
    os.environ["TRITON_INTERPRET"] = "1"


def _interpret(call: Call) -> NDArray[np.float32]:
    from precompute.aggregate.kernels.triton_kernels import WindowedKernels, compute_windowed_influence

    weight, values, (stride, padding, dilation, groups) = call
    pairs: Sequence[tuple[int, int]] = [(one, one) for one in (stride, padding, dilation)]
    kernels = WindowedKernels.arrange(torch.from_numpy(weight), *pairs, groups)  # type: ignore[call-arg]
    found: NDArray[np.float32] = compute_windowed_influence(kernels, torch.from_numpy(values)).numpy()
    return found
