"""The values of the graph's nodes in one forward pass, raw and as channels at positions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from precompute.aggregate.kernels.activation import SpatialMaximum, find_spatial_maximum
from precompute.aggregate.kernels.convolution import ImageExtremes, load_compiled_loops
from precompute.models.graph.layout import Layouts

__all__ = ["Values"]


class _Reduced(Protocol):
    """The findings of the compiled loops about the positions of a value; see `Extremes` there."""

    @property
    def greatest(self) -> NDArray[np.float32]: ...
    @property
    def least(self) -> NDArray[np.float32]: ...
    @property
    def position(self) -> NDArray[np.int32]: ...


class Values:
    """The recorded values of a batch.

    Args:
        raw: by node, each with the batch as its first axis.
        layouts: of the nodes: the axes of their channels and positions.
    """

    def __init__(self, raw: Mapping[fx.Node, Tensor], layouts: Layouts) -> None:
        self._raw, self._layouts = dict(raw), layouts
        self._alone: list[Values] = []
        self._extremes: dict[fx.Node, tuple[Tensor, Tensor]] = {}
        self._maxima: dict[fx.Node, SpatialMaximum] = {}
        self._reduced: dict[fx.Node, _Reduced | None] = {}

    @classmethod
    def join(cls, images: Sequence[Values]) -> Values:
        """Joins batches of one image to one batch; a value is copied together when it is first read."""
        values = cls({}, images[0]._layouts)
        values._alone = list(images)
        return values

    def read_raw(self, node: fx.Node) -> Tensor:
        """Returns a value in the shape that it has in the graph."""
        if node not in self._raw:
            self._raw[node] = torch.cat([image.read_raw(node) for image in self._alone])
        return self._raw[node]

    def __getitem__(self, node: fx.Node) -> Tensor:
        """Returns a value as `(batch, channel, height, width)`; a view."""
        return self._layouts[node].view_maps(self.read_raw(node))

    def find_extremes(self, node: fx.Node) -> tuple[Tensor, Tensor]:
        """Finds the greatest and least value of every channel over its positions, `(batch, channel)` each, once.

        Where one of a channel's values is NaN or infinite, so is one of the two.
        """
        if node not in self._extremes:
            if (found := self._reduce(node)) is not None:
                self._extremes[node] = torch.from_numpy(found.greatest)[None], torch.from_numpy(found.least)[None]
            else:
                maps = self[node]
                self._extremes[node] = maps.amax((2, 3)), maps.amin((2, 3))
        return self._extremes[node]

    def find_maximum(self, node: fx.Node) -> SpatialMaximum:
        """Finds the greatest value of every channel and its position; computed once."""
        if node not in self._maxima:
            if (found := self._reduce(node)) is not None:
                position = torch.from_numpy(found.position).long()
                self._maxima[node] = SpatialMaximum(torch.from_numpy(found.greatest)[None], position[None])
            else:
                self._maxima[node] = find_spatial_maximum(self[node])
        return self._maxima[node]

    def find_image_extremes(self, node: fx.Node) -> ImageExtremes:
        """Finds what `find_extremes` does for a batch of one image on the CPU, `(channel,)` each."""
        if (found := self._reduce(node)) is not None:
            return found.greatest, found.least
        greatest, least = (one[0].numpy() for one in self.find_extremes(node))
        return greatest, least

    def find_image_maximum(self, node: fx.Node) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Finds what `find_maximum` does for a batch of one image on the CPU, `(channel,)` each."""
        if (found := self._reduce(node)) is not None:
            return found.greatest, found.position
        greatest, position = (one[0].numpy() for one in self.find_maximum(node))
        return greatest, position.astype(np.int32)

    def are_finite(self, without: Collection[fx.Node]) -> Tensor:
        """Returns, `(batch,)`, True for images whose values are finite but for some nodes; judged by their sums."""
        others = [value for node, value in self._raw.items() if node not in without and value.is_floating_point()]
        sums = [value.sum(list(range(1, value.ndim))) if value.ndim > 1 else value for value in others]
        nothing = torch.zeros(len(self), device=self.device)
        return torch.stack([nothing, *sums], 1).isfinite().all(1)

    def is_image_finite(self, without: Collection[fx.Node]) -> bool:
        """Returns what `are_finite` does for a batch of one image on the CPU."""
        loops = load_compiled_loops()
        if loops is None:
            return bool(self.are_finite(without)[0])
        others = [value for node, value in self._raw.items() if node not in without and value.is_floating_point()]
        return all(loops.is_sum_finite(_view_flat(value).numpy()) for value in others)

    def _reduce(self, node: fx.Node) -> _Reduced | None:
        """Finds extremes and maximum together by the compiled loops, once; returns None where these do not apply.

        They apply to one image on the CPU whose channels are last in memory.
        """
        if node in self._reduced:
            return self._reduced[node]
        found, loops, maps = None, load_compiled_loops(), self[node]
        if loops is not None and maps.device.type == "cpu" and maps.dtype == torch.float32 and len(maps) == 1:
            rows = maps[0].permute(1, 2, 0)
            if rows.is_contiguous() and rows.numel():
                found = loops.find_channel_extremes(rows.numpy().reshape(-1, rows.shape[2]))
        self._reduced[node] = found
        return found

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._alone) or len(next(iter(self._raw.values())))

    @property
    def nodes(self) -> Set[fx.Node]:
        """The nodes whose values are held."""
        return (self._alone[0] if self._alone else self)._raw.keys()

    @property
    def device(self) -> torch.device:
        """The device of the values."""
        return self._alone[0].device if self._alone else next(iter(self._raw.values())).device

    def split_images(self) -> list[Values]:
        """Splits the batch into batches of one image; a batch of one is returned as it is."""
        if len(self) == 1:
            return [self]
        if not self._alone:
            self._alone = [self._slice(index) for index in range(len(self))]
        return self._alone

    def select(self, indices: Sequence[int]) -> Values:
        """Selects some of the images by their indices in the batch, in order."""
        alone = self.split_images()
        return self if len(indices) == len(alone) else Values.join([alone[index] for index in indices])

    def _slice(self, index: int) -> Values:
        return Values({node: value[index : index + 1] for node, value in self._raw.items()}, self._layouts)


def _view_flat(value: Tensor) -> Tensor:
    """Returns the numbers of a value in any order, without a copy where they are side by side in memory."""
    if value.ndim == 4 and value.is_contiguous(memory_format=torch.channels_last):
        value = value.permute(0, 2, 3, 1)
    return value.reshape(-1)
