"""What one forward pass left behind: values of the graph's nodes, as they are and as channels at positions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, fx

from precompute.models.layout import Layouts


class Values:
    """The recorded values of a batch.

    Args:
        raw: by node, each with the batch as its first axis.
        layouts: where each of them has its channels.
    """

    def __init__(self, raw: Mapping[fx.Node, Tensor], layouts: Layouts) -> None:
        self.raw = raw
        self._layouts = layouts
        self._extremes: dict[fx.Node, tuple[Tensor, Tensor]] = {}

    def __getitem__(self, node: fx.Node) -> Tensor:
        """A value as `(batch, channel, height, width)`; a view."""
        return self._layouts[node].maps(self.raw[node])

    def extremes(self, node: fx.Node) -> tuple[Tensor, Tensor]:
        """Greatest and least value of every channel over its positions, `(batch, channel)` each; computed once."""
        if node not in self._extremes:
            maps = self[node]
            self._extremes[node] = maps.amax((2, 3)), maps.amin((2, 3))
        return self._extremes[node]

    def __len__(self) -> int:
        """How many images."""
        return len(next(iter(self.raw.values())))

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return next(iter(self.raw.values())).device

    def images(self, rows: slice) -> Values:
        """The same of some images of the batch."""
        return Values({node: value[rows] for node, value in self.raw.items()}, self._layouts)

    def alone(self) -> list[Values]:
        """The same, image by image, each a batch of one."""
        return [self.images(slice(index, index + 1)) for index in range(len(self))]
