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

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from precompute.models.provenance.expressions import Convolution

Extremes = tuple[Tensor, Tensor]
Tier = Callable[[Convolution, Tensor], Tensor]

_CHUNK_ELEMENTS = 2**19  # of products held at once: 2 MB in float32, about one core's share of cache
_MAX_TAPS = 64  # the compiled loops keep which of them are not 0 in the bits of a word
_MAX_TAPS_ON_CUDA = 49  # 7x7; the loops are unrolled over them


@cache
def compiled_loops() -> ModuleType | None:
    """The module `compiled`, or None where numba is not installed."""
    try:
        from precompute.aggregate.kernels import compiled
    except ImportError:
        return None
    return compiled


@cache
def triton_kernels() -> ModuleType | None:
    """The module `triton_kernels`; None where Triton is not installed, or cannot compile for the GPU that is there."""
    try:
        from precompute.aggregate.kernels import triton_kernels
    except ImportError:
        return None
    try:
        triton_kernels.require_exact(torch.device("cuda"))
    except Exception as problem:  # no C compiler, no driver, too old a GPU: each has an exception of its own
        warnings.warn(f"Influences go without Triton, slower: {problem}", stacklevel=2)
        return None
    return triton_kernels


_weights: WeakKeyDictionary[Convolution, dict[tuple[ModuleType | None, torch.device], Any]] = WeakKeyDictionary()
_arranged: WeakKeyDictionary[Convolution, Any] = WeakKeyDictionary()


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
    values = with_overhang(convolution, values)
    return _tier(convolution, values)(convolution, values)


def with_overhang(convolution: Convolution, values: Tensor) -> Tensor:
    """What a convolution reads, with the zeros on one side alone that no tier knows of."""
    rows, columns = convolution.overhang
    return functional.pad(values, (0, columns, 0, rows)) if rows or columns else values


def _tier(convolution: Convolution, values: Tensor) -> Tier:
    """What computes the influences: numba on the CPU, Triton on CUDA, torch where they are missing or do not fit."""
    n_taps = convolution.weight.shape[2] * convolution.weight.shape[3]
    if n_taps == 1 or values.dtype != torch.float32:
        return _by_torch
    if values.device.type == "cpu" and n_taps <= _MAX_TAPS and compiled_loops() is not None:
        return _by_compiled_loops
    if values.device.type == "cuda" and n_taps <= _MAX_TAPS_ON_CUDA and triton_kernels() is not None:
        return _by_triton
    return _by_torch


def _by_compiled_loops(convolution: Convolution, values: Tensor) -> Tensor:
    loops = compiled_loops()
    assert loops is not None
    kernels = _arrangement(convolution)
    found = [loops.windowed_influence(kernels, _channels_last(image)) for image in values]
    return torch.stack([torch.from_numpy(one).T for one in found])


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
    """A convolution's weight on a device, in the order in which Triton's loops read it; arranged at first use."""
    known = _weights.setdefault(convolution, {})
    if (loops, device) not in known:
        weight = convolution.weight.to(device)
        if loops is not None:
            geometry = (convolution.stride, convolution.padding, convolution.dilation, convolution.groups)
            weight = loops.WindowedKernels.of(weight.float().contiguous(), *geometry)
        known[loops, device] = weight
    return known[loops, device]


def _arrangement(convolution: Convolution) -> Any:
    """The weight in the order of the compiled loops, made once."""
    loops = compiled_loops()
    assert loops is not None
    if convolution not in _arranged:
        weight = convolution.weight.float().contiguous().numpy()
        if reads_every_position(convolution):
            _arranged[convolution] = loops.PointwiseKernels.of(weight[:, :, 0, 0])
        else:
            geometry = (convolution.stride, convolution.padding, convolution.dilation)
            _arranged[convolution] = loops.WindowedKernels.of(weight, *geometry, convolution.groups)
    return _arranged[convolution]


def _channels_last(image: Tensor) -> NDArray[np.float32]:
    """`(height, width, channel)`, in rows: what the optimised forward leaves behind is that already."""
    values: NDArray[np.float32] = image.permute(1, 2, 0).contiguous().numpy()
    return values


class Strongest:
    """The strongest sources of every target channel in one image, found part by part by the compiled loops.

    Args:
        n_targets: of all parts.
        top_k: how many sources to keep.
    """

    def __init__(self, n_targets: int, top_k: int) -> None:
        loops = compiled_loops()
        assert loops is not None
        self._loops, self._found = loops, loops.Strongest.empty(n_targets, top_k)

    @property
    def strengths(self) -> Tensor:
        """Influences, `(target, top_k)`: strongest first, 0 for places not taken; ties by the lower source."""
        return torch.from_numpy(self._found.strengths)

    @property
    def sources(self) -> Tensor:
        """Their sources, `(target, top_k)`."""
        return torch.from_numpy(self._found.sources)

    def find_pointwise(self, rows: slice, convolution: Convolution, extremes: Extremes, first: int) -> None:
        """Of a 1x1 convolution, without the influences of the others.

        Args:
            rows: which targets it makes.
            convolution: one that `reads_every_position`.
            extremes: greatest and least value of each source `(1, source)` over the positions of what it reads.
            first: number of the first source.
        """
        greatest, least = (extreme[0].numpy() for extreme in extremes)
        found = self._found.rows(rows)
        self._loops.find_strongest_products(_arrangement(convolution), greatest, least, first, found)

    def find_composed(
        self, rows: slice, bottleneck: tuple[Convolution, Convolution], read: Tensor, extremes: Extremes, first: int
    ) -> None:
        """Over a bottleneck: sums over the middle channels of products of shares.

        Args:
            rows: which targets it makes.
            bottleneck: what reads the middle channels, one that `is_windowed`, and what makes them, as above.
            read: the middle channels, `(1, middle, height, width)`.
            extremes: of what the inner one reads, as above.
            first: number of the first source.
        """
        outer, inner = map(_arrangement, bottleneck)
        greatest, least = (extreme[0].numpy() for extreme in extremes)
        found = self._found.rows(rows)
        read = with_overhang(bottleneck[0], read)
        self._loops.find_strongest_composed(outer, _channels_last(read[0]), inner, (greatest, least, first), found)


def is_windowed(convolution: Convolution) -> bool:
    """Whether the compiled loops tell the influences through a convolution of all channels with several taps."""
    n_taps = convolution.weight.shape[2] * convolution.weight.shape[3]
    return convolution.groups == 1 and 1 < n_taps <= _MAX_TAPS


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
        with_overhang(convolution, values),
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
