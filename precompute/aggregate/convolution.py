"""Influence of every input channel on every output channel of one convolution (Summit, section 6.2), exactly.

`influence(j, i) = max over positions of (W_j,i * z_i)`, without bias; only its positive part is kept. Nothing of size
`(target, source, positions)` is ever materialised for the whole layer.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from precompute.models.expressions import Convolution

_CHUNK_ELEMENTS = 2**19  # of products held at once: 2 MB in float32, about one core's share of cache


def convolution_influence(convolution: Convolution, values: Tensor) -> Tensor:
    """Positive influences of one batch.

    Args:
        convolution: weight with batch norm folded, and geometry.
        values: what the convolution reads, `(batch, source, height, width)`.

    Returns:
        `(batch, target, source)`, not negative, in the unit of the convolution's output; 0 outside a target's group.
    """
    n_targets, per_group = convolution.weight.shape[:2]
    if convolution.is_depthwise:
        strength, source = single_source_influence(convolution, values)
        influence = values.new_zeros(len(values), n_targets, convolution.n_inputs)
        influence[:, torch.arange(n_targets), source] = strength
        return influence
    weights = convolution.weight.to(values.device)
    influence = values.new_zeros(len(values), n_targets, convolution.n_inputs)
    targets_per_group = n_targets // convolution.groups
    for group in range(convolution.groups):
        sources = slice(group * per_group, (group + 1) * per_group)
        targets = slice(group * targets_per_group, (group + 1) * targets_per_group)
        weight, read = weights[targets], values[:, sources]
        if convolution.weight.shape[2:] == (1, 1):
            influence[:, targets, sources] = _pointwise(weight[:, :, 0, 0], read, convolution)
        else:
            for image in range(len(values)):
                influence[image, targets, sources] = _windowed(weight, read[image], convolution)
    return influence


def single_source_influence(convolution: Convolution, values: Tensor) -> tuple[Tensor, Tensor]:
    """Influences of a convolution whose channels read one channel each, as a depthwise one.

    Args:
        convolution: with as many groups as sources.
        values: what it reads, `(batch, source, height, width)`.

    Returns:
        the influence of each target's source `(batch, target)`, not negative, and that source `(target,)`.
    """
    response = functional.conv2d(
        values,
        convolution.weight.to(values.device),
        None,
        convolution.stride,
        convolution.padding,
        convolution.dilation,
        convolution.groups,
    )
    source = torch.arange(convolution.n_channels, device=values.device) // (
        convolution.n_channels // convolution.groups
    )
    return response.flatten(2).amax(2).clamp_min(0), source


def _pointwise(weight: Tensor, values: Tensor, convolution: Convolution) -> Tensor:
    """Closed form of a 1x1 kernel: a positive weight meets the greatest input, a negative one the least."""
    # With padding the kernel's first place is outside: it meets the image at the next multiple of the stride.
    rows, columns = (
        slice(-pad % step, None, step) for pad, step in zip(convolution.padding, convolution.stride, strict=True)
    )
    read = values[:, :, rows, columns].flatten(2)
    if not read.shape[2]:
        return values.new_zeros(len(values), *weight.shape)
    greatest, least = read.amax(2).clamp_min(0), read.amin(2).clamp_max(0)
    influence = weight.clamp_min(0) * greatest[:, None]
    if bool(least.any()):
        influence = torch.maximum(influence, weight.clamp_max(0) * least[:, None])
    return influence


def _windowed(weight: Tensor, values: Tensor, convolution: Convolution) -> Tensor:
    """`(target, source)` of one image, by products of patches and kernels in pieces; silent channels are left out."""
    influence = values.new_zeros(weight.shape[:2])
    alive = values.flatten(1).any(1).nonzero()[:, 0]
    if not len(alive):
        return influence
    patches = functional.unfold(
        values[alive][None], weight.shape[2:], convolution.dilation, convolution.padding, convolution.stride
    )[0].unflatten(0, (len(alive), -1))
    kernels = weight[:, alive].flatten(2).transpose(0, 1)
    step = max(1, _CHUNK_ELEMENTS // (weight.shape[0] * patches.shape[2]))
    found = [
        torch.bmm(kernels[start : start + step], patches[start : start + step]).amax(2)
        for start in range(0, len(alive), step)
    ]
    influence[:, alive] = torch.cat(found).clamp_min_(0).T
    return influence
