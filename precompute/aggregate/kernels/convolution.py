"""Exact influence of every input channel on every output channel of one convolution.

`influence(j, i) = max over positions of (W_j,i * z_i)`, without bias; only its positive part is kept (Hohman et al.
2020, section 6.2). No table `(target, source, position)` of a whole layer is ever written. Kernels of several taps go
to one of three tiers (`_choose_tier`). Loops that numba compiles for the CPU (`compiled`), or Triton for CUDA
(`triton_kernels`), keep the maximum in registers. On other devices, and without those libraries, torch multiplies in
pieces.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from precompute.models.provenance.expressions import Convolution

ImageExtremes = tuple[NDArray[np.float32], NDArray[np.float32]]
"""The greatest and the least value of every channel of one image, `(channel,)` each."""
Passed = tuple[NDArray[np.int64], NDArray[np.float32]]
Tier = Callable[[Convolution, Tensor], Tensor]

_CHUNK_ELEMENTS = 2**19  # of products held at once: 2 MB in float32, about one core's share of cache
_MAX_TAPS = 64  # the compiled loops keep which of them are not 0 in the bits of a word
_MAX_TAPS_ON_CUDA = 49  # 7x7; the loops are unrolled over them


class Steps(NamedTuple):
    """Two convolutions between a layer and some targets, and what they read in one image.

    Attributes:
        outer: the one that makes the targets, of the middle channels; it `is_windowed`.
        middle: the middle channels, `(1, middle, height, width)`.
        inner: the one that makes the middle channels; it `is_windowed` or `reads_every_position`.
        read: its input, `(1, source, height, width)`; of one that reads every position the extremes are enough.
    """

    outer: Convolution
    middle: Tensor
    inner: Convolution
    read: Tensor | ImageExtremes


@cache
def load_compiled_loops() -> ModuleType | None:
    """Returns the module `compiled`; None where numba is not installed."""
    try:
        from precompute.aggregate.kernels import compiled
    except ImportError:
        return None
    return compiled


@cache
def load_triton_kernels() -> ModuleType | None:
    """Returns the module `triton_kernels`; None where Triton is not installed, or cannot compile for this GPU."""
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


def compute_convolution_influence(convolution: Convolution, values: Tensor) -> Tensor:
    """Computes the positive influences of one batch.

    Args:
        convolution: weight with batch norm folded, and geometry.
        values: the convolution's input, `(batch, source, height, width)`.

    Returns:
        `(batch, target, source)`, not negative, in the unit of the convolution's output; 0 outside a target's group.
    """
    if convolution.is_depthwise:
        strength, source = compute_single_source_influence(convolution, values)
        influence = values.new_zeros(len(values), convolution.n_channels, convolution.n_inputs)
        return influence.scatter_(2, source[None, :, None].expand(len(values), -1, 1), strength[:, :, None])
    values = pad_overhang(convolution, values)
    return _choose_tier(convolution, values)(convolution, values)


def pad_overhang(convolution: Convolution, values: Tensor) -> Tensor:
    """Pads the input of a convolution with its zeros on one side alone, which no tier adds."""
    rows, columns = convolution.overhang
    return functional.pad(values, (0, columns, 0, rows)) if rows or columns else values


def _choose_tier(convolution: Convolution, values: Tensor) -> Tier:
    """Chooses numba on the CPU and Triton on CUDA; torch where these are missing or the convolution does not fit."""
    n_taps = convolution.weight.shape[2] * convolution.weight.shape[3]
    if n_taps == 1 or values.dtype != torch.float32:
        return _compute_by_torch
    if values.device.type == "cpu" and n_taps <= _MAX_TAPS and load_compiled_loops() is not None:
        return _compute_by_numba
    if values.device.type == "cuda" and n_taps <= _MAX_TAPS_ON_CUDA and load_triton_kernels() is not None:
        return _compute_by_triton
    return _compute_by_torch


def _compute_by_numba(convolution: Convolution, values: Tensor) -> Tensor:
    loops = load_compiled_loops()
    assert loops is not None
    kernels = _arrange(convolution)
    found = [loops.compute_windowed_influence(kernels, image) for image in _order_channels_last(values)]
    return torch.from_numpy(np.stack(found)).transpose(1, 2)


def _compute_by_triton(convolution: Convolution, values: Tensor) -> Tensor:
    loops = load_triton_kernels()
    assert loops is not None
    found: Tensor = loops.compute_windowed_influence(_load_weight(convolution, values.device, loops), values)
    return found


def _compute_by_torch(convolution: Convolution, values: Tensor) -> Tensor:
    n_targets, per_group = convolution.weight.shape[:2]
    weights = _load_weight(convolution, values.device)
    influence = values.new_zeros(len(values), n_targets, convolution.n_inputs)
    targets_per_group = n_targets // convolution.groups
    for group in range(convolution.groups):
        sources = slice(group * per_group, (group + 1) * per_group)
        targets = slice(group * targets_per_group, (group + 1) * targets_per_group)
        weight, read = weights[targets], values[:, sources]
        if convolution.weight.shape[2:] == (1, 1):
            influence[:, targets, sources] = _multiply_pointwise(weight[:, :, 0, 0], read, convolution)
        elif len(values) == 1 and values.device.type == "cpu":
            influence[0, targets, sources] = _multiply_windowed(weight, read[0], convolution)
        else:
            influence[:, targets, sources] = _multiply_windowed_batch(weight, read, convolution)
    return influence


def _load_weight(convolution: Convolution, device: torch.device, loops: ModuleType | None = None) -> Any:
    """Returns a convolution's weight on a device, for Triton's loops in their order; made at first use."""
    known = _weights.setdefault(convolution, {})
    if (loops, device) not in known:
        weight = convolution.weight.to(device)
        if loops is not None:
            geometry = (convolution.stride, convolution.padding, convolution.dilation, convolution.groups)
            weight = loops.WindowedKernels.arrange(weight.float().contiguous(), *geometry)
        known[loops, device] = weight
    return known[loops, device]


def _arrange(convolution: Convolution) -> Any:
    """Arranges the weight in the order of the compiled loops, once."""
    loops = load_compiled_loops()
    assert loops is not None
    if convolution not in _arranged:
        weight = convolution.weight.float().contiguous().numpy()
        if reads_every_position(convolution):
            _arranged[convolution] = loops.PointwiseKernels.arrange(weight[:, :, 0, 0])
        else:
            geometry = (convolution.stride, convolution.padding, convolution.dilation)
            _arranged[convolution] = loops.WindowedKernels.arrange(weight, *geometry, convolution.groups)
    return _arranged[convolution]


def _order_channels_last(values: Tensor) -> NDArray[np.float32]:
    """Orders values as `(batch, height, width, channel)`; those of the optimised forward are not copied."""
    ordered: NDArray[np.float32] = values.permute(0, 2, 3, 1).contiguous().numpy()
    return ordered


def _read_image(convolution: Convolution, values: Tensor) -> NDArray[np.float32]:
    """Returns what a convolution reads in one image, `(height, width, channel)`."""
    image: NDArray[np.float32] = pad_overhang(convolution, values)[0].permute(1, 2, 0).contiguous().numpy()
    return image


class Strongest:
    """The strongest sources of every target channel in one image, found part by part by the compiled loops.

    Args:
        n_targets: of all parts.
        top_k: the number of sources to keep.
    """

    def __init__(self, n_targets: int, top_k: int) -> None:
        loops = load_compiled_loops()
        assert loops is not None
        self._loops, self._found = loops, loops.Strongest.make_empty(n_targets, top_k)

    @property
    def strengths(self) -> Tensor:
        """Influences, `(target, top_k)`: strongest first, 0 for unused ranks; ties by the lower source."""
        return torch.from_numpy(self._found.strengths)

    @property
    def sources(self) -> Tensor:
        """Their sources, `(target, top_k)`."""
        return torch.from_numpy(self._found.sources)

    def find_pointwise(self, rows: slice, convolution: Convolution, extremes: ImageExtremes, first: int) -> None:
        """Finds the strongest sources of a 1x1 convolution's targets, without the influences of the others.

        Args:
            rows: indices of these targets.
            convolution: one that `reads_every_position`.
            extremes: greatest and least value of each source over the positions of its input.
            first: index of the first source.
        """
        self._loops.find_strongest_products(_arrange(convolution), extremes, first, self._found.select(rows))

    def find_windowed(self, rows: slice, convolution: Convolution, read: Tensor, first: int) -> None:
        """Finds the strongest sources of the targets of a convolution of several taps.

        Args:
            rows: indices of these targets.
            convolution: one that `is_windowed`.
            read: its input, `(1, source, height, width)`.
            first: index of the first source.
        """
        found = self._found.select(rows)
        self._loops.find_strongest_windowed(_arrange(convolution), _read_image(convolution, read), first, found)

    def find_composed(self, rows: slice, steps: Steps, passed: Passed | None, first: int) -> None:
        """Finds the strongest sources over two convolutions: sums over the middle channels of products of shares.

        Args:
            rows: indices of the outer one's targets.
            steps: the convolutions and what they read.
            passed: what a shortcut adds: by target the source, -1 for none, and the greatest value that it passes.
            first: index of the first source.
        """
        outer, inner = steps.outer, steps.inner
        read = _read_image(inner, steps.read) if isinstance(steps.read, Tensor) else steps.read
        chain = self._loops.Chain(_arrange(outer), _read_image(outer, steps.middle), _arrange(inner), read)
        added = self._loops.NOTHING_PASSED if passed is None else self._loops.Passed(*passed)
        self._loops.find_strongest_composed(chain, added, first, self._found.select(rows))


def is_windowed(convolution: Convolution) -> bool:
    """Returns True for convolutions of all channels with several taps, as many as the compiled loops can take."""
    n_taps = convolution.weight.shape[2] * convolution.weight.shape[3]
    return convolution.groups == 1 and 1 < n_taps <= _MAX_TAPS


def reads_every_position(convolution: Convolution) -> bool:
    """Returns True for 1x1 products of all channels at every position, and at no other."""
    return (
        convolution.weight.shape[2:] == (1, 1)
        and convolution.groups == 1
        and convolution.stride == (1, 1)
        and convolution.padding == (0, 0)
    )


def compute_single_source_influence(convolution: Convolution, values: Tensor) -> tuple[Tensor, Tensor]:
    """Computes the influences of a convolution whose channels read one channel each, as a depthwise one.

    Args:
        convolution: with as many groups as sources.
        values: its input, `(batch, source, height, width)`.

    Returns:
        the influence of each target's source `(batch, target)`, not negative, and that source `(target,)`.
    """
    response = functional.conv2d(
        pad_overhang(convolution, values),
        _load_weight(convolution, values.device),
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


def _multiply_pointwise(weight: Tensor, values: Tensor, convolution: Convolution) -> Tensor:
    """Computes influences of a 1x1 kernel: positive weights times the greatest input, negative ones times the least."""
    # With padding the kernel's first position is outside: it meets the image at the next multiple of the stride.
    rows, columns = (
        slice(-pad % step, None, step) for pad, step in zip(convolution.padding, convolution.stride, strict=True)
    )
    read = values[:, :, rows, columns].flatten(2)
    if not read.shape[2]:
        return values.new_zeros(len(values), *weight.shape)
    greatest, least = read.amax(2).clamp_min(0), read.amin(2).clamp_max(0)
    influence = weight.clamp_min(0) * greatest[:, None]
    if values.device.type != "cpu" or bool(least.any()):  # a look at another device waits for it
        influence = torch.maximum(influence, weight.clamp_max(0) * least[:, None])
    return influence


def _multiply_windowed(weight: Tensor, values: Tensor, convolution: Convolution) -> Tensor:
    """Computes `(target, source)` of one image by products of patches and kernels, without silent channels."""
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


def _multiply_windowed_batch(weight: Tensor, values: Tensor, convolution: Convolution) -> Tensor:
    """Computes `(batch, target, source)` by products of patches and kernels, in pieces whose number is the same for
    every batch."""
    n_images, n_sources = values.shape[:2]
    patches = functional.unfold(
        values, weight.shape[2:], convolution.dilation, convolution.padding, convolution.stride
    ).unflatten(1, (n_sources, -1))
    step = max(1, _CHUNK_ELEMENTS // (weight.shape[0] * patches.shape[3]))
    # The positions of all images side by side: a product of each source is one, and no piece copies what it reads.
    patches = patches.permute(1, 2, 0, 3).flatten(2)
    kernels = weight.flatten(2).transpose(0, 1)
    found = [
        torch.bmm(kernels[start : start + step], patches[start : start + step]).unflatten(2, (n_images, -1)).amax(3)
        for start in range(0, n_sources, step)
    ]
    return torch.cat(found).clamp_min_(0).permute(2, 1, 0)
