"""Influence of every input channel on every output channel of one convolution (Summit, section 6.2), exactly.

`influence(j, i) = max over positions of (W_j,i * z_i)`, without bias; only its positive part is kept. Nothing of size
`(target, source, positions)` is ever materialised for the whole layer. Three tiers serve the kernels of several taps:
loops that numba compiles for the CPU (`compiled`) and Triton for CUDA (`triton_kernels`) keep the maximum in registers;
on other devices, and where those libraries are missing, torch multiplies in pieces. `_tier` chooses.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import functional

from precompute.models.expressions import Convolution

Extremes = tuple[Tensor, Tensor]
Tier = Callable[[Convolution, Tensor], Tensor]

_CHUNK_ELEMENTS = 2**19  # of products held at once: 2 MB in float32, about one core's share of cache
_MAX_TAPS = 49  # 7x7; the compiled loops are unrolled over them
_MIN_POSITIONS = 16  # below, blocks of positions are mostly empty


@cache
def compiled_loops() -> ModuleType | None:
    """The module `compiled`, or None where numba is not installed."""
    try:
        from precompute.aggregate import compiled
    except ImportError:
        return None
    return compiled


@cache
def triton_kernels() -> ModuleType | None:
    """The module `triton_kernels`; None where Triton is not installed, or cannot compile for the GPU that is there."""
    try:
        from precompute.aggregate import triton_kernels
    except ImportError:
        return None
    try:
        triton_kernels.require_exact(torch.device("cuda"))
    except Exception as problem:  # no C compiler, no driver, too old a GPU: each has an exception of its own
        warnings.warn(f"Influences go without Triton, slower: {problem}", stacklevel=2)
        return None
    return triton_kernels


_weights: WeakKeyDictionary[Convolution, dict[tuple[ModuleType | None, torch.device], Any]] = WeakKeyDictionary()


def convolution_influence(convolution: Convolution, values: Tensor) -> Tensor:
    """Positive influences of one batch.

    Args:
        convolution: weight with batch norm folded, and geometry.
        values: what the convolution reads, `(batch, source, height, width)`.

    Returns:
        `(batch, target, source)`, not negative, in the unit of the convolution's output; 0 outside a target's group.
    """
    if convolution.is_depthwise:
        strength, source = single_source_influence(convolution, values)
        influence = values.new_zeros(len(values), convolution.n_channels, convolution.n_inputs)
        influence[:, torch.arange(convolution.n_channels, device=values.device), source] = strength
        return influence
    return _tier(convolution, values)(convolution, values)


def _tier(convolution: Convolution, values: Tensor) -> Tier:
    """What computes the influences: numba on the CPU, Triton on CUDA, torch where they are missing or do not fit."""
    n_taps = convolution.weight.shape[2] * convolution.weight.shape[3]
    if 1 < n_taps <= _MAX_TAPS and values.dtype == torch.float32:
        has_blocks = values.shape[2] * values.shape[3] >= _MIN_POSITIONS
        if values.device.type == "cpu" and has_blocks and compiled_loops() is not None:
            return _by_compiled_loops
        if values.device.type == "cuda" and triton_kernels() is not None:
            return _by_triton
    return _by_torch


def _by_compiled_loops(convolution: Convolution, values: Tensor) -> Tensor:
    loops = compiled_loops()
    assert loops is not None
    kernels, images = _weight(convolution, values.device, loops), values.contiguous().numpy()
    return torch.stack([torch.from_numpy(loops.windowed_influence(kernels, image)) for image in images])


def _by_triton(convolution: Convolution, values: Tensor) -> Tensor:
    loops = triton_kernels()
    assert loops is not None
    found: Tensor = loops.windowed_influence(_weight(convolution, values.device, loops), values)
    return found


def _by_torch(convolution: Convolution, values: Tensor) -> Tensor:
    n_targets, per_group = convolution.weight.shape[:2]
    weights = _weight(convolution, values.device)
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


def _weight(convolution: Convolution, device: torch.device, loops: ModuleType | None = None) -> Any:
    """A convolution's weight on a device, in the order in which a tier's loops read it; arranged at first use."""
    known = _weights.setdefault(convolution, {})
    if (loops, device) not in known:
        weight = convolution.weight.to(device)
        if loops is not None:
            weight = weight.float().contiguous()
            geometry = (convolution.stride, convolution.padding, convolution.dilation, convolution.groups)
            weight = loops.WindowedKernels.of(weight.numpy() if device.type == "cpu" else weight, *geometry)
        known[loops, device] = weight
    return known[loops, device]


def strongest_pointwise(convolution: Convolution, extremes: Extremes, top_k: int) -> tuple[Tensor, Tensor]:
    """The strongest sources of every channel of one image's 1x1 convolution, without the influences of the others.

    Args:
        convolution: one that `reads_every_position`.
        extremes: greatest and least value of each source `(1, source)` over the positions of what it reads.
        top_k: how many.

    Returns:
        influences and sources, `(target, top_k)`, as `pairs.strongest_sources`; on the CPU, by the compiled loops.
    """
    loops = compiled_loops()
    assert loops is not None
    strengths, sources = loops.strongest_products(*_factors(convolution, extremes), top_k)
    return torch.from_numpy(strengths), torch.from_numpy(sources)


def strongest_composed(
    outer: Convolution, values: Tensor, inner: Convolution, extremes: Extremes, top_k: int
) -> tuple[Tensor, Tensor]:
    """The strongest sources over a bottleneck in one image: sums over the middle channels of products of shares.

    Args:
        outer: reads the middle channels, the outputs of `inner`.
        values: what it reads, `(1, middle, height, width)`.
        inner: one that `reads_every_position`; see `strongest_pointwise` for its `extremes`.
        top_k: how many.

    Returns:
        influences and sources, as `strongest_pointwise`.
    """
    loops = compiled_loops()
    assert loops is not None
    direct = convolution_influence(outer, values)[0]
    composed = direct @ torch.from_numpy(loops.shares_of_products(*_factors(inner, extremes)))
    strengths, sources = loops.strongest_of_rows(composed.numpy(), top_k)
    total = direct.sum(1, keepdim=True)
    return torch.from_numpy(strengths) * torch.where(total > 0, 1 / total, 0), torch.from_numpy(sources)


def _factors(convolution: Convolution, extremes: Extremes) -> tuple[object, object, object]:
    greatest, least = (extreme[0].contiguous() for extreme in extremes)
    weight = convolution.weight[:, :, 0, 0].contiguous()
    return weight.numpy(), greatest.clamp_min(0).numpy(), least.clamp_max(0).numpy()


def reads_every_position(convolution: Convolution) -> bool:
    """Whether a convolution is one 1x1 product of all channels at every position, and at no other."""
    return (
        convolution.weight.shape[2:] == (1, 1)
        and convolution.groups == 1
        and convolution.stride == (1, 1)
        and convolution.padding == (0, 0)
    )


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
        _weight(convolution, values.device),
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
