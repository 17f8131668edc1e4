"""Sums over images of one class: the only state of the pass, of one size however many images there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.pairs import PairCounter, PairSums
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.activation import SpatialMaximum, find_strongest_channels
from precompute.devices.cores import Parallel
from precompute.models.layers.selection import RecordedLayer

__all__ = ["ClassAccumulator", "Examples", "LayerSums"]


@dataclass(frozen=True)
class Examples:
    """The images that excite each channel of a layer most, strongest first; ties by the lower image_id.

    Attributes:
        activation: `(channel, rank)`; 0 marks an unused rank.
        image_id: `(channel, rank)`.
        position: `(channel, rank)`, index of the maximum in the flattened rows of the layer.
    """

    activation: NDArray[np.float32]
    image_id: NDArray[np.int32]
    position: NDArray[np.int32]

    @classmethod
    def make_empty(cls, n_channels: int, n_examples: int) -> Examples:
        """Makes examples whose ranks are all unused."""
        shape = (n_channels, n_examples)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))

    def merge(self, other: Examples) -> Examples:
        """Keeps the strongest of both, as many as this one has; `other` holds later images."""
        n_examples = self.activation.shape[1]
        pairs = [
            np.concatenate([getattr(self, name), getattr(other, name)], axis=1)
            for name in ("activation", "image_id", "position")
        ]
        order = np.argsort(-pairs[0], axis=1, kind="stable")[:, :n_examples]
        return Examples(*(np.take_along_axis(pair, order, axis=1) for pair in pairs))


@dataclass(frozen=True)
class LayerSums:
    """The sums of one layer over images of one class.

    Attributes:
        activation_count: `(channel,)`, images whose set of strongest channels holds the channel.
        activation_sum: `(channel,)`, of the channel's activations.
        examples: the images that excite each channel most.
    """

    activation_count: NDArray[np.int32]
    activation_sum: NDArray[np.float64]
    examples: Examples


_ImageFindings = tuple[list[SpatialMaximum], list[tuple[Tensor, Tensor]]]
"""The maxima of every layer in one image, and the strongest pairs of every counted influence."""


class ClassAccumulator:
    """The sums of one class: `update` adds images, `build_...` copies the sums out, `reset` begins the next class.

    Args:
        layers: the recorded layers.
        measures: of the links; what each of them counts is counted for itself, because the sums of chunks can be
            added, while those of a link cannot.
        config: thresholds.
        parallel: the cores, or the device, that the images are on.
    """

    def __init__(
        self,
        layers: Sequence[RecordedLayer],
        measures: Sequence[LinkMeasure],
        config: AggregateConfig,
        parallel: Parallel,
    ) -> None:
        self._layers, self._config = layers, config
        self._parallel, self._device = parallel, parallel.device
        self._counters = [
            [PairCounter(influence, config.top_k, parallel.device) for influence in measure.counted]
            for measure in measures
        ]
        self._targets = [
            measure.link.target.name
            for measure, counters in zip(measures, self._counters, strict=True)
            for _ in counters
        ]
        self.reset()

    def reset(self) -> None:
        """Sets all sums to 0."""
        sizes = [layer.n_channels for layer in self._layers]
        self._activation_count = [torch.zeros(n, dtype=torch.int32, device=self._device) for n in sizes]
        self._activation_sum = [torch.zeros(n, dtype=torch.float64, device=self._device) for n in sizes]
        self._examples = [Examples.make_empty(n, self._config.n_examples) for n in sizes]
        for counter in self._all_counters:
            counter.reset()

    def update(self, image_ids: Sequence[int], values: Values) -> list[str]:
        """Adds some images of the class, in order of image_id.

        Args:
            image_ids: of the batch.
            values: the recorded values of the batch, finite numbers.

        Returns:
            for each image the reason that it was left out; an empty text where it was added.
        """
        everything = list(self._parallel.map(self._reduce_image, values.split_images()))
        problems = self._find_problems([found for _, found in everything])
        images = [image for image, problem in zip(everything, problems, strict=True) if not problem]
        image_ids = [image_id for image_id, problem in zip(image_ids, problems, strict=True) if not problem]
        if images:
            self._add(image_ids, images)
        return problems

    def _add(self, image_ids: Sequence[int], images: Sequence[_ImageFindings]) -> None:
        for index in range(len(self._layers)):
            maximum = SpatialMaximum(*map(torch.cat, zip(*(maxima[index] for maxima, _ in images), strict=True)))
            kept = find_strongest_channels(maximum.activation, self._config.activation_mass)
            self._activation_count[index] += kept.sum(0, dtype=torch.int32)
            for row in maximum.activation.double():  # image by image: a sum that no batch size can change
                self._activation_sum[index] += row
            self._examples[index] = self._examples[index].merge(_list_candidates(image_ids, maximum))
        for _, found in images:
            for counter, strongest in zip(self._all_counters, found, strict=True):
                counter.add(*strongest)

    def _find_problems(self, found: Sequence[list[tuple[Tensor, Tensor]]]) -> list[str]:
        """Names, per image, the first influence that is not finite: gradients may not be where all values are."""
        if not self._targets:
            return [""] * len(found)
        finite = torch.stack([torch.stack([one.isfinite().all() for one, _ in pairs]) for pairs in found]).tolist()
        texts = [f"influences on layer {target} are NaN or infinite" for target in self._targets]
        return [next((text for text, sound in zip(texts, row, strict=True) if not sound), "") for row in finite]

    @property
    def _all_counters(self) -> list[PairCounter]:
        return [counter for counters in self._counters for counter in counters]

    def _reduce_image(self, values: Values) -> _ImageFindings:
        """Reduces one image to the maxima of every layer, and the strongest pairs of every counted influence."""
        with torch.inference_mode():
            maxima = [values.find_maximum(layer.node) for layer in self._layers]
            return maxima, [counter.find_strongest(values) for counter in self._all_counters]

    def build_layer_sums(self) -> list[LayerSums]:
        """Copies out the sums of every recorded layer, in order."""
        return [
            LayerSums(count.cpu().numpy().copy(), total.cpu().numpy().copy(), examples)
            for count, total, examples in zip(self._activation_count, self._activation_sum, self._examples, strict=True)
        ]

    def build_pair_sums(self) -> list[list[PairSums]]:
        """Copies out, per link in order, the sums of each influence that its measure counts."""
        return [[counter.build_sums() for counter in counters] for counters in self._counters]


def _list_candidates(image_ids: Sequence[int], maximum: SpatialMaximum) -> Examples:
    """Lists the images of one batch as examples, `(channel, batch)`; silent channels have an activation of 0."""
    activation = maximum.activation.clamp_min(0).T.contiguous().cpu().numpy().astype(np.float32)
    ids = np.broadcast_to(np.asarray(image_ids, np.int32), activation.shape)
    return Examples(activation, ids, maximum.position.T.contiguous().cpu().numpy().astype(np.int32))
