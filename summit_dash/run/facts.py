"""Facts about channels, as a run's tables hold them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChannelFacts", "Use"]


class ChannelFacts(NamedTuple):
    """The channels of one layer over the whole dataset: arrays (channel,) with the columns of the table `channels`."""

    n_classes: NDArray[np.int64]
    activation_fraction: NDArray[np.float64]
    max_activation: NDArray[np.float64]
    is_dead: NDArray[np.bool_]
    is_outlier: NDArray[np.bool_]


class Use(NamedTuple):
    """The use of a channel by a class: `activation_count` of its `n_images` images."""

    class_id: int
    activation_count: int
    n_images: int

    @property
    def fraction(self) -> float:
        """The share of the class's images; 0 for a class without images."""
        return self.activation_count / self.n_images if self.n_images else 0.0
