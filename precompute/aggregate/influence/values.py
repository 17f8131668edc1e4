"""What one forward pass left behind: values of the graph's nodes, as they are and as channels at positions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor, fx

from precompute.aggregate.kernels.activation import SpatialMaximum, spatial_maximum
from precompute.aggregate.kernels.convolution import compiled_loops
from precompute.models.graph.layout import Layouts


class Values:
    """The recorded values of a batch.

    Args:
        raw: by node, each with the batch as its first axis.
        layouts: where each of them has its channels.
    """

    def __init__(self, raw: Mapping[fx.Node, Tensor], layouts: Layouts) -> None:
        self._raw, self._layouts = dict(raw), layouts
        self._alone: list[Values] = []
        self._extremes: dict[fx.Node, tuple[Tensor, Tensor]] = {}
        self._maxima: dict[fx.Node, SpatialMaximum] = {}

    @classmethod
    def joined(cls, images: Sequence[Values]) -> Values:
        """Batches of one image as one; a value is only copied together when it is read so."""
        values = cls({}, images[0]._layouts)
        values._alone = list(images)
        return values

    def raw(self, node: fx.Node) -> Tensor:
        """A value as the graph has it."""
        if node not in self._raw:
            self._raw[node] = torch.cat([image.raw(node) for image in self._alone])
        return self._raw[node]

    def __getitem__(self, node: fx.Node) -> Tensor:
        """A value as `(batch, channel, height, width)`; a view."""
        return self._layouts[node].maps(self.raw(node))

    def extremes(self, node: fx.Node) -> tuple[Tensor, Tensor]:
        """Greatest and least value of every channel over its positions, `(batch, channel)` each; computed once.

        One of them is no finite number where one of the channel's values is none.
        """
        if node not in self._extremes and not self._reduce(node):
            maps = self[node]
            self._extremes[node] = maps.amax((2, 3)), maps.amin((2, 3))
        return self._extremes[node]

    def maximum(self, node: fx.Node) -> SpatialMaximum:
        """Greatest value of every channel and where it is; computed once."""
        if node not in self._maxima and not self._reduce(node):
            self._maxima[node] = spatial_maximum(self[node])
        return self._maxima[node]

    def are_finite(self, without: Collection[fx.Node]) -> Tensor:
        """Tells whether all values of an image but those of some nodes are finite, `(batch,)`; their sums show it."""
        others = [value for node, value in self._raw.items() if node not in without and value.is_floating_point()]
        sums = [value.sum(list(range(1, value.ndim))) if value.ndim > 1 else value for value in others]
        nothing = torch.zeros(len(self), device=self.device)
        return torch.stack([nothing, *sums], 1).isfinite().all(1)

    def _reduce(self, node: fx.Node) -> bool:
        """Both at once by the compiled loops, where one image is on the CPU with its channels last in memory."""
        loops, maps = compiled_loops(), self[node]
        if loops is None or maps.device.type != "cpu" or maps.dtype != torch.float32 or len(maps) != 1:
            return False
        rows = maps[0].permute(1, 2, 0)
        if not rows.is_contiguous() or not rows.numel():
            return False
        greatest, least, position = map(torch.from_numpy, loops.extremes_of_channels(rows.flatten(0, 1).numpy()))
        self._extremes[node] = greatest[None], least[None]
        self._maxima[node] = SpatialMaximum(greatest[None], position[None])
        return True

    def __len__(self) -> int:
        """How many images."""
        return len(self._alone) or len(next(iter(self._raw.values())))

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self._alone[0].device if self._alone else next(iter(self._raw.values())).device

    def alone(self) -> list[Values]:
        """The same, image by image, each a batch of one."""
        if len(self) == 1:
            return [self]
        if not self._alone:
            self._alone = [self._image(index) for index in range(len(self))]
        return self._alone

    def chosen(self, places: Sequence[int]) -> Values:
        """Takes some of the images."""
        alone = self.alone()
        return self if len(places) == len(alone) else Values.joined([alone[place] for place in places])

    def _image(self, index: int) -> Values:
        return Values({node: value[index : index + 1] for node, value in self._raw.items()}, self._layouts)
