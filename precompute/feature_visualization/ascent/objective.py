"""What a picture is optimised for.

An objective takes a layer's output as `(batch, channel, height, width)` and gives one number per picture. Pictures do
not mix in it, so one forward and one backward pass serve a whole batch. `Repulsion` alone looks at several pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from precompute.models.graph.probabilities import Probabilities

__all__ = [
    "ChannelObjective",
    "DirectionObjective",
    "LogProbabilityObjective",
    "NeuronObjective",
    "Objective",
    "WeightedSum",
    "as_maps",
    "gram_similarity",
]


class Objective(Protocol):
    """What each picture of a batch maximises."""

    def __call__(self, maps: Tensor) -> Tensor:
        """One number per picture, `(batch,)`, of a layer's output `(batch, channel, height, width)`."""
        ...

    def keep(self, places: Tensor) -> Objective:
        """The objective of the pictures at these places of the batch alone."""
        ...


def as_maps(activations: Tensor) -> Tensor:
    """`(batch, channel, height, width)` of a layer's output; logits and other vectors have one position."""
    return activations[:, :, None, None] if activations.ndim == 2 else activations


@dataclass(frozen=True)
class ChannelObjective:
    """The mean over positions of one channel for each picture; of logits, the class output.

    Attributes:
        channels: `(batch,)` of indices.
        sign: -1 for the picture that silences the channel.
    """

    channels: Tensor
    sign: int = 1

    def __call__(self, maps: Tensor) -> Tensor:
        return self.sign * _chosen(maps, self.channels).mean(dim=(1, 2))

    def keep(self, places: Tensor) -> ChannelObjective:
        return ChannelObjective(self.channels[places], self.sign)


@dataclass(frozen=True)
class NeuronObjective:
    """One channel at the centre position, the lower right of four in the middle of an even grid."""

    channels: Tensor

    def __call__(self, maps: Tensor) -> Tensor:
        return _chosen(maps, self.channels)[:, maps.shape[2] // 2, maps.shape[3] // 2]

    def keep(self, places: Tensor) -> NeuronObjective:
        return NeuronObjective(self.channels[places])


@dataclass(frozen=True)
class DirectionObjective:
    """The mean over positions of the product with a direction in the space of channels.

    Attributes:
        directions: `(batch, channel)`.
        cosine_power: each position counts by the cosine of its values and the direction, at least 0.1, to this power;
            0 lets long vectors win that point elsewhere (Lucid's `cossim_pow`).
    """

    directions: Tensor
    cosine_power: float = 0.0

    def __call__(self, maps: Tensor) -> Tensor:
        directions = self.directions[:, :, None, None]
        product = (maps * directions).sum(dim=1)
        if self.cosine_power:
            cosine = functional.cosine_similarity(maps, directions, dim=1).clamp(min=0.1)
            product = product * cosine**self.cosine_power
        return product.mean(dim=(1, 2))

    def keep(self, places: Tensor) -> DirectionObjective:
        return DirectionObjective(self.directions[places], self.cosine_power)


@dataclass(frozen=True)
class LogProbabilityObjective:
    """The natural logarithm of the probability of one class for each picture.

    Attributes:
        outputs: `(batch, output)` of bool: which of the model's outputs mean the picture's class, at least one.
        probabilities: how they come of the logits.
    """

    outputs: Tensor
    probabilities: Probabilities = field(default_factory=Probabilities)

    def __call__(self, maps: Tensor) -> Tensor:
        return self.probabilities.log_of_classes(maps.flatten(1), self.outputs)

    def keep(self, places: Tensor) -> LogProbabilityObjective:
        return LogProbabilityObjective(self.outputs[places], self.probabilities)


@dataclass(frozen=True)
class WeightedSum:
    """Several objectives at once, each with a weight."""

    parts: Sequence[tuple[float, Objective]]

    def __call__(self, maps: Tensor) -> Tensor:
        return torch.stack([weight * objective(maps) for weight, objective in self.parts]).sum(dim=0)

    def keep(self, places: Tensor) -> WeightedSum:
        return WeightedSum([(weight, objective.keep(places)) for weight, objective in self.parts])


def gram_similarity(maps: Tensor, group: int) -> Tensor:
    """How alike each picture is in style to the others of its group: mean cosine of their Gram matrices, `(batch,)`.

    After Olah et al. (2017), "Diversity": the Gram matrix of a picture holds the products of all pairs of channels,
    summed over positions.

    Args:
        maps: `(batch, channel, height, width)`, groups one after another.
        group: pictures of a group, at least 2; the batch is a whole number of groups.
    """
    flat = maps.flatten(2)
    gram = functional.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1).unflatten(0, (-1, group))
    cosines = gram @ gram.transpose(1, 2)
    others = cosines.sum(dim=2) - cosines.diagonal(dim1=1, dim2=2)
    return (others / (group - 1)).flatten()


def _chosen(maps: Tensor, channels: Tensor) -> Tensor:
    """`(batch, height, width)`: picture `b` of channel `channels[b]`."""
    return maps[torch.arange(len(maps), device=maps.device), channels]
