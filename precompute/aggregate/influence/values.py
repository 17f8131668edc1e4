"""The values of the graph's nodes in one forward pass, raw and as channels at positions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor, fx

from precompute.aggregate.kernels.activation import SpatialMaximum, find_spatial_maximum
from precompute.aggregate.kernels.convolution import load_compiled_loops
from precompute.models.graph.layout import Layouts

__all__ = ["Values"]


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
        if node not in self._extremes and not self._reduce(node):
            maps = self[node]
            self._extremes[node] = maps.amax((2, 3)), maps.amin((2, 3))
        return self._extremes[node]

    def find_maximum(self, node: fx.Node) -> SpatialMaximum:
        """Finds the greatest value of every channel and its position; computed once."""
        if node not in self._maxima and not self._reduce(node):
            self._maxima[node] = find_spatial_maximum(self[node])
        return self._maxima[node]

    def are_finite(self, without: Collection[fx.Node]) -> Tensor:
        """Returns, `(batch,)`, True for images whose values are finite but for some nodes; judged by their sums."""
        others = [value for node, value in self._raw.items() if node not in without and value.is_floating_point()]
        sums = [value.sum(list(range(1, value.ndim))) if value.ndim > 1 else value for value in others]
        nothing = torch.zeros(len(self), device=self.device)
        return torch.stack([nothing, *sums], 1).isfinite().all(1)

    def _reduce(self, node: fx.Node) -> bool:
        """Finds extremes and maximum together by the compiled loops; returns False where these do not apply.

        They apply to one image on the CPU whose channels are last in memory.
        """
        loops, maps = load_compiled_loops(), self[node]
        if loops is None or maps.device.type != "cpu" or maps.dtype != torch.float32 or len(maps) != 1:
            return False
        rows = maps[0].permute(1, 2, 0)
        if not rows.is_contiguous() or not rows.numel():
            return False
        greatest, least, position = map(torch.from_numpy, loops.find_channel_extremes(rows.flatten(0, 1).numpy()))
        self._extremes[node] = greatest[None], least[None]
        self._maxima[node] = SpatialMaximum(greatest[None], position[None])
        return True

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._alone) or len(next(iter(self._raw.values())))

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
