"""Objectives: the numbers that pictures are optimised for.

An objective maps a layer's output, `(batch, channel, height, width)`, to one number per picture. Pictures do not mix in
it, so one forward and one backward pass serve a whole batch. Only `compute_gram_similarity` compares pictures.
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
    "compute_gram_similarity",
    "view_as_maps",
]


class Objective(Protocol):
    """A function that each picture of a batch maximises."""

    def __call__(self, maps: Tensor) -> Tensor:
        """Computes one number per picture, `(batch,)`, from a layer's output `(batch, channel, height, width)`."""
        ...

    def keep(self, indices: Tensor) -> Objective:
        """Returns the objective of the pictures with these indices in the batch alone."""
        ...


def view_as_maps(activations: Tensor) -> Tensor:
    """Views a layer's output as `(batch, channel, height, width)`; logits and other vectors get one position."""
    return activations[:, :, None, None] if activations.ndim == 2 else activations


@dataclass(frozen=True)
class ChannelObjective:
    """The mean over positions of one channel for each picture. For logits this is the class output.

    Attributes:
        channels: indices of channels, `(batch,)`.
        sign: -1 for a picture that silences the channel.
    """

    channels: Tensor
    sign: int = 1

    def __call__(self, maps: Tensor) -> Tensor:
        return self.sign * _select_channels(maps, self.channels).mean(dim=(1, 2))

    def keep(self, indices: Tensor) -> ChannelObjective:
        return ChannelObjective(self.channels[indices], self.sign)


@dataclass(frozen=True)
class NeuronObjective:
    """One channel at the centre position; in a grid of even size, the lower right one of the four in the middle."""

    channels: Tensor

    def __call__(self, maps: Tensor) -> Tensor:
        return _select_channels(maps, self.channels)[:, maps.shape[2] // 2, maps.shape[3] // 2]

    def keep(self, indices: Tensor) -> NeuronObjective:
        return NeuronObjective(self.channels[indices])


@dataclass(frozen=True)
class DirectionObjective:
    """The mean over positions of the dot product with a direction in the space of channels.

    Attributes:
        directions: a direction per picture, `(batch, channel)`.
        cosine_power: exponent of the weight of each position, the cosine between its values and the direction (at
            least 0.1); with 0, long vectors win even if they point elsewhere (`cossim_pow` of Lucid, Olah et al. 2017).
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

    def keep(self, indices: Tensor) -> DirectionObjective:
        return DirectionObjective(self.directions[indices], self.cosine_power)


@dataclass(frozen=True)
class LogProbabilityObjective:
    """The natural logarithm of the probability of one class for each picture.

    Attributes:
        outputs: `(batch, output)` of bool, true for the model's outputs that mean the picture's class, at least one.
        probabilities: the way from logits to probabilities.
    """

    outputs: Tensor
    probabilities: Probabilities = field(default_factory=Probabilities)

    def __call__(self, maps: Tensor) -> Tensor:
        return self.probabilities.compute_log_for_classes(maps.flatten(1), self.outputs)

    def keep(self, indices: Tensor) -> LogProbabilityObjective:
        return LogProbabilityObjective(self.outputs[indices], self.probabilities)


@dataclass(frozen=True)
class WeightedSum:
    """The sum of several objectives, each with a weight."""

    parts: Sequence[tuple[float, Objective]]

    def __call__(self, maps: Tensor) -> Tensor:
        return torch.stack([weight * objective(maps) for weight, objective in self.parts]).sum(dim=0)

    def keep(self, indices: Tensor) -> WeightedSum:
        return WeightedSum([(weight, objective.keep(indices)) for weight, objective in self.parts])


def compute_gram_similarity(maps: Tensor, group: int) -> Tensor:
    """Computes the mean cosine of each picture's Gram matrix with those of the others of its group, `(batch,)`.

    The Gram matrix of a picture holds the products of all pairs of channels, summed over positions: a measure of style
    (Olah et al. 2017, section "Diversity").

    Args:
        maps: `(batch, channel, height, width)`, one group after another.
        group: number of pictures in a group, at least 2; it divides the batch.
    """
    flat = maps.flatten(2)
    gram = functional.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1).unflatten(0, (-1, group))
    cosines = gram @ gram.transpose(1, 2)
    others = cosines.sum(dim=2) - cosines.diagonal(dim1=1, dim2=2)
    return (others / (group - 1)).flatten()


def _select_channels(maps: Tensor, channels: Tensor) -> Tensor:
    """Returns `(batch, height, width)`: for picture `b` its channel `channels[b]`."""
    return maps[torch.arange(len(maps), device=maps.device), channels]
