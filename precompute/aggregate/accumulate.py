"""Sums over the images of one class: the only state of the pass, as large as one class, however many images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.activation import SpatialMaximum, spatial_maximum, strongest_channels
from precompute.aggregate.influence import LinkInfluence, Values, strongest_sources
from precompute.config import AggregateConfig
from precompute.models.layers import RecordedLayer
from precompute.parallel import Parallel


@dataclass(frozen=True)
class Examples:
    """The images that excite each channel of a layer most, strongest first; ties by the lower image_id.

    Attributes:
        activation: `(channel, rank)`; 0 marks a place not taken.
        image_id: `(channel, rank)`.
        position: `(channel, rank)`, index of the maximum in the flattened rows of the layer.
    """

    activation: NDArray[np.float32]
    image_id: NDArray[np.int32]
    position: NDArray[np.int32]

    @classmethod
    def empty(cls, n_channels: int, n_examples: int) -> Examples:
        shape = (n_channels, n_examples)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))

    def merge(self, other: Examples) -> Examples:
        """The strongest of both; `other` holds later images."""
        n_examples = self.activation.shape[1]
        pairs = [
            np.concatenate([getattr(self, name), getattr(other, name)], axis=1)
            for name in ("activation", "image_id", "position")
        ]
        order = np.argsort(-pairs[0], axis=1, kind="stable")[:, :n_examples]
        return Examples(*(np.take_along_axis(pair, order, axis=1) for pair in pairs))


@dataclass(frozen=True)
class LayerSums:
    """One layer, one class: `activation_count` and `activation_sum` `(channel,)`, and its examples."""

    activation_count: NDArray[np.int32]
    activation_sum: NDArray[np.float64]
    examples: Examples


@dataclass(frozen=True)
class InfluenceSums:
    """One link, one class: the pairs that were counted, sorted, with their counts and sums `(pair,)`."""

    target_channel: NDArray[np.int32]
    source: NDArray[np.int32]
    influence_count: NDArray[np.int32]
    influence_sum: NDArray[np.float64]


class ClassAccumulator:
    """Adds batches of one class up: `update`, then `result`, then `reset` for the next class."""

    def __init__(
        self,
        layers: Sequence[RecordedLayer],
        influences: Sequence[LinkInfluence],
        config: AggregateConfig,
        parallel: Parallel,
    ) -> None:
        self._layers, self._influences, self._config = layers, influences, config
        self._parallel, self._device = parallel, parallel.device
        sizes = [influence.link.target.n_channels * influence.n_sources for influence in influences]
        self._counts = [torch.zeros(size, dtype=torch.int32, device=self._device) for size in sizes]
        self._sums = [torch.zeros_like(count, dtype=torch.float64) for count in self._counts]
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        sizes = [layer.n_channels for layer in self._layers]
        self._activation_count = [torch.zeros(n, dtype=torch.int32, device=self._device) for n in sizes]
        self._activation_sum = [torch.zeros(n, dtype=torch.float64, device=self._device) for n in sizes]
        self._examples = [Examples.empty(n, self._config.n_examples) for n in sizes]
        for count, total in zip(self._counts, self._sums, strict=True):
            count.zero_()
            total.zero_()

    def update(self, image_ids: Sequence[int], values: Values) -> None:
        """Adds some images of the class, in order of image_id.

        Args:
            image_ids: of the batch.
            values: what was recorded of them, each `(batch, channel, height, width)`.
        """
        for index, layer in enumerate(self._layers):
            maximum = spatial_maximum(values[layer.node])
            kept = strongest_channels(maximum.activation, self._config.activation_mass)
            self._activation_count[index] += kept.sum(0, dtype=torch.int32)
            for row in maximum.activation.double():  # image by image: a sum that no batch size can change
                self._activation_sum[index] += row
            self._examples[index] = self._examples[index].merge(_examples_of(image_ids, maximum))
        alone = [{node: value[i : i + 1] for node, value in values.items()} for i in range(len(image_ids))]
        for found in self._parallel.map(self._strongest, alone):
            for index, (pairs, strengths) in enumerate(found):
                self._counts[index].index_add_(0, pairs, torch.ones_like(pairs, dtype=torch.int32))
                self._sums[index].index_add_(0, pairs, strengths)

    def _strongest(self, values: Values) -> list[tuple[Tensor, Tensor]]:
        """Per link, one image's strongest pairs `(pair,)`, as `target * n_sources + source`, and their influences."""
        found = []
        with torch.inference_mode():
            for influence in self._influences:
                strengths, sources = strongest_sources(influence(values)[0], self._config.top_k)
                rows = torch.arange(len(sources), device=sources.device)[:, None] * influence.n_sources
                taken = strengths > 0
                found.append(((rows + sources)[taken], strengths[taken].double()))
        return found

    def layer_sums(self) -> list[LayerSums]:
        """Per recorded layer, in order."""
        return [
            LayerSums(count.cpu().numpy().copy(), total.cpu().numpy().copy(), examples)
            for count, total, examples in zip(self._activation_count, self._activation_sum, self._examples, strict=True)
        ]

    def influence_sums(self) -> list[InfluenceSums]:
        """Per link, in order."""
        found = []
        for influence, count, total in zip(self._influences, self._counts, self._sums, strict=True):
            pairs = count.nonzero()[:, 0]
            found.append(
                InfluenceSums(
                    (pairs // influence.n_sources).int().cpu().numpy(),
                    (pairs % influence.n_sources).int().cpu().numpy(),
                    count[pairs].cpu().numpy(),
                    total[pairs].cpu().numpy(),
                )
            )
        return found


def _examples_of(image_ids: Sequence[int], maximum: SpatialMaximum) -> Examples:
    """The images of one batch as candidates, `(channel, batch)`; silent channels take no place."""
    activation = maximum.activation.clamp_min(0).T.contiguous().cpu().numpy().astype(np.float32)
    ids = np.broadcast_to(np.asarray(image_ids, np.int32), activation.shape)
    return Examples(activation, ids, maximum.position.T.contiguous().cpu().numpy().astype(np.int32))
