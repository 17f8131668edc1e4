"""InceptionV1 as Summit recorded it: layers, branches, and the bottlenecks before them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

__all__ = ["BRANCHES", "COMPOSED", "INCEPTION", "INPUT_SIZE", "LAYERS", "InceptionLayer"]

INPUT_SIZE = (3, 224, 224)
BRANCHES = ("1x1", "3x3", "5x5", "pool")
"""The branches whose outputs an inception module concatenates, in the order of their channels."""
COMPOSED = ("3x3", "5x5")
"""The branches with two convolutions: a 1x1 convolution, the bottleneck, is between the module's input and theirs."""


class InceptionLayer(NamedTuple):
    """One inception module.

    Attributes:
        name: as in Lucid.
        widths: channels of each branch.
        bottlenecks: channels of the 1x1 convolution before the 3x3 and before the 5x5.
        side: number of rows, and of columns, of the output for 224 x 224 pixels.
        stride: input pixels between neighbouring positions.
        receptive_field: input pixels, along one side, that a position can see.
    """

    name: str
    widths: tuple[int, int, int, int]
    bottlenecks: tuple[int, int]
    side: int
    stride: int
    receptive_field: int

    @property
    def n_channels(self) -> int:
        """Channels of the output."""
        return sum(self.widths)

    def find_branch(self, channel: int) -> str:
        """Finds the branch that a channel of the output belongs to."""
        return BRANCHES[bisect_right(list(accumulate(self.widths)), channel)]

    def count_bottleneck(self, branch: str) -> int:
        """Returns the number of channels of the bottleneck before a branch of `COMPOSED`."""
        return self.bottlenecks[COMPOSED.index(branch)]


INCEPTION = (
    InceptionLayer("mixed3a", (64, 128, 32, 32), (96, 16), 28, 8, 59),
    InceptionLayer("mixed3b", (128, 192, 96, 64), (128, 32), 28, 8, 91),
    # 204 although the paper of GoogLeNet has 208: mixed4a has 508 channels in the network that Summit examined.
    InceptionLayer("mixed4a", (192, 204, 48, 64), (96, 16), 14, 16, 171),
    InceptionLayer("mixed4b", (160, 224, 64, 64), (112, 24), 14, 16, 235),
    InceptionLayer("mixed4c", (128, 256, 64, 64), (128, 24), 14, 16, 299),
    InceptionLayer("mixed4d", (112, 288, 64, 64), (144, 32), 14, 16, 363),
    InceptionLayer("mixed4e", (256, 320, 128, 128), (160, 32), 14, 16, 427),
    InceptionLayer("mixed5a", (256, 320, 128, 128), (160, 48), 7, 32, 587),
    InceptionLayer("mixed5b", (384, 384, 128, 128), (192, 48), 7, 32, 715),
)
"""The recorded layers in order from the input, as in the graph that Summit and Lucid use."""
LAYERS = {layer.name: index for index, layer in enumerate(INCEPTION)}
"""Position of each layer in `INCEPTION`, by name."""
