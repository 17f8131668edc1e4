"""The loop of exact influence for CUDA, compiled by Triton: one source, a block of targets, all positions of an image.

The sums and the maximum over positions stay in registers: no table `(target, source, position)` is ever written. Sums
are plain float32 multiply-adds, tap by tap. No tensor core takes part, so no TF32, and no atomics, so that the same
input gives the same bits. This module is imported inside functions, because Triton exists for some platforms only.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.nn import functional

_TARGETS, _POSITIONS = 32, 64  # of a block: 16 sums and 16 maxima to a thread, of the 128 that Triton takes
_WEIGHTS = 288  # of a block: the compiler holds them in registers over all positions, and spills more


class WindowedKernels(NamedTuple):
    """The weights of a convolution in the order that `compute_windowed_influence` reads them.

    Attributes:
        weight: `(source, tap, target of its group)`, on the device of the values.
        per_group: sources of one group.
        geometry: kernel, stride, padding and dilation, rows before columns.
    """

    weight: Tensor
    per_group: int
    geometry: tuple[int, int, int, int, int, int, int, int]

    @classmethod
    def arrange(
        cls,
        weight: Tensor,
        stride: tuple[int, int],
        padding: tuple[int, int],
        dilation: tuple[int, int],
        groups: int,
    ) -> WindowedKernels:
        """Arranges a weight `(target, source / groups, rows, columns)`."""
        n_channels, per_group, rows, columns = weight.shape
        by_group = weight.float().reshape(groups, n_channels // groups, per_group, rows * columns)
        arranged = by_group.permute(0, 2, 3, 1).reshape(groups * per_group, rows * columns, n_channels // groups)
        return cls(arranged.contiguous(), per_group, (rows, columns, *stride, *padding, *dilation))


def compute_windowed_influence(kernels: WindowedKernels, values: Tensor) -> Tensor:
    """Computes the positive influences of a batch through a convolution (Hohman et al. 2020, section 6.2).

    Args:
        kernels: of the convolution.
        values: its input, `(batch, source, height, width)`, in float32.

    Returns:
        `(batch, target, source)`, the greatest response over positions; 0 outside a target's group.
    """
    weight, per_group, geometry = kernels
    rows, columns, row_stride, column_stride, top, left, row_dilation, column_dilation = geometry
    n_images, n_sources, height, width = values.shape
    n_targets = weight.shape[2]
    out_height = (height + 2 * top - row_dilation * (rows - 1) - 1) // row_stride + 1
    out_width = (width + 2 * left - column_dilation * (columns - 1) - 1) // column_stride + 1
    found = values.new_zeros(n_images, n_sources // per_group * n_targets, n_sources)
    targets = choose_block_of_targets(n_targets, rows * columns)
    with torch.cuda.device_of(values):
        _raise_maxima[n_sources, triton.cdiv(n_targets, targets), n_images](
            values.contiguous(),
            weight,
            found,
            n_sources,
            n_targets,
            per_group,
            height,
            width,
            out_height * out_width,
            out_width,
            *geometry[2:],
            ROWS=rows,
            COLUMNS=columns,
            TARGETS=targets,
            POSITIONS=_POSITIONS,
            enable_fp_fusion=True,  # no default that all versions share
        )
    return found


def choose_block_of_targets(n_targets: int, n_taps: int) -> int:
    """Chooses the number of targets of a block: a power of two, as Triton asks for."""
    room = max(1, _WEIGHTS // n_taps)
    return min(_TARGETS, 1 << (room.bit_length() - 1), triton.next_power_of_2(n_targets))


def require_exact(device: torch.device) -> None:
    """Compiles the loop for a device and compares it with a convolution that can be added up exactly.

    Raises:
        ArithmeticError: the result differs. Errors of Triton's compilation are passed on.
    """
    values = (torch.arange(2 * 3 * 9 * 8, device=device) % 7 - 3).float().view(2, 3, 9, 8)
    weight = (torch.arange(4 * 3 * 3 * 3, device=device) % 5 - 2).float().view(4, 3, 3, 3)
    found = compute_windowed_influence(WindowedKernels.arrange(weight, (2, 1), (1, 1), (1, 2), 1), values)
    for source in range(3):
        read, kernels = values[:, source : source + 1], weight[:, source : source + 1]
        response = functional.conv2d(read.double(), kernels.double(), None, (2, 1), (1, 1), (1, 2))
        if not torch.equal(found[:, :, source].double(), response.flatten(2).amax(2).clamp_min(0)):
            raise ArithmeticError("the compiled loop gives other influences than a convolution")


@triton.jit
def _raise_maxima(  # type: ignore[no-untyped-def]
    values,
    weight,
    found,
    n_sources,
    n_targets,
    per_group,
    height,
    width,
    n_positions,
    out_width,
    row_stride,
    column_stride,
    top,
    left,
    row_dilation,
    column_dilation,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    TARGETS: tl.constexpr,
    POSITIONS: tl.constexpr,
):
    """Computes one source of an image and a block of the targets of its group; the image is surrounded by 0."""
    source = tl.program_id(0)
    image = tl.program_id(2).to(tl.int64)  # a batch may hold more than 2**31 values
    target = tl.program_id(1) * TARGETS + tl.arange(0, TARGETS)
    is_target = target < n_targets
    read_from = values + (image * n_sources + source) * height * width
    kernels = weight + source.to(tl.int64) * ROWS * COLUMNS * n_targets + target
    peak = tl.zeros((TARGETS, POSITIONS), tl.float32)
    for first in range(0, n_positions, POSITIONS):
        position = first + tl.arange(0, POSITIONS)
        row = position // out_width * row_stride - top
        column = position % out_width * column_stride - left
        total = tl.zeros((TARGETS, POSITIONS), tl.float32)
        for tap in tl.static_range(ROWS * COLUMNS):
            y = row + tap // COLUMNS * row_dilation
            x = column + tap % COLUMNS * column_dilation
            is_inside = (position < n_positions) & (y >= 0) & (y < height) & (x >= 0) & (x < width)
            read = tl.load(read_from + y * width + x, mask=is_inside, other=0.0)
            kernel = tl.load(kernels + tap * n_targets, mask=is_target, other=0.0)
            total += kernel[:, None] * read[None, :]
        peak = tl.maximum(peak, total)  # entries past the last position hold 0, and no maximum is below 0
    n_channels = n_sources // per_group * n_targets
    channel = image * n_channels + source // per_group * n_targets + target
    tl.store(found + channel * n_sources + source, tl.max(peak, 1), mask=is_target)
