"""Sums over images of one unit: the only state of the pass, of one size however many images there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.pairs import PairCounter, PairSums
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.activation import find_strongest_channels
from precompute.aggregate.kernels.convolution import load_compiled_loops
from precompute.devices.cores import Parallel
from precompute.models.layers.selection import RecordedLayer

__all__ = [
    "ActivationTotals",
    "ClassAccumulator",
    "Examples",
    "Findings",
    "LayerSums",
    "describe_influences",
    "list_targets",
    "mark_strongest",
]


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

    def add(self, image_ids: NDArray[np.int32], activation: NDArray[np.float32], position: NDArray[np.int32]) -> None:
        """Adds images that come later, in place; only channels that one of them excites more than the last kept one.

        Args:
            image_ids: `(image,)`.
            activation: `(image, channel)`.
            position: of the maxima, `(image, channel)`.
        """
        changed = np.flatnonzero(activation.max(0) > self.activation[:, -1])
        columns = (activation[:, changed].clip(0), np.broadcast_to(image_ids[:, None], (len(image_ids), len(changed))))
        later = Examples(*(np.ascontiguousarray(one.T) for one in (*columns, position[:, changed])))
        kept = Examples(*(one[changed] for one in vars(self).values())).merge(later)
        for name, values in vars(self).items():
            values[changed] = getattr(kept, name)

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


class ActivationTotals:
    """The sums of activations over the images of one unit, the channels of all layers side by side.

    Args:
        sizes: the number of channels of each layer.
        n_examples: kept per channel.
    """

    def __init__(self, sizes: Sequence[int], n_examples: int) -> None:
        self._ends, self._n_examples = np.cumsum(sizes), n_examples
        self.reset()

    def reset(self) -> None:
        """Sets all sums to 0."""
        n_channels = int(self._ends[-1])
        self._count, self._sum = np.zeros(n_channels, np.int32), np.zeros(n_channels)
        self._examples = Examples.make_empty(n_channels, self._n_examples)

    def add(
        self,
        image_ids: Sequence[int],
        activation: NDArray[np.float32],
        position: NDArray[np.int32],
        kept: NDArray[np.bool_],
    ) -> None:
        """Adds some images, in order of image_id.

        Args:
            image_ids: of the images.
            activation: the greatest value of every channel, `(image, channel)`.
            position: of that value, `(image, channel)`.
            kept: True for the channels of an image's strongest set, `(image, channel)`.
        """
        self._count += kept.sum(0, dtype=np.int32)
        for row in activation:  # image by image: a sum that no batch size can change
            self._sum += row
        if self._n_examples:
            self._examples.add(np.asarray(image_ids, np.int32), activation, position)

    def build(self) -> list[LayerSums]:
        """Copies out the sums of every layer, in order."""
        columns = (self._count, self._sum, *vars(self._examples).values())
        parts = [np.split(one.copy(), self._ends[:-1]) for one in columns]
        return [LayerSums(count, total, Examples(*examples)) for count, total, *examples in zip(*parts, strict=True)]


class Findings(NamedTuple):
    """All that is counted of one image.

    Attributes:
        activation: the greatest value of every channel of every layer, `(channel,)`.
        position: of that value, `(channel,)`.
        kept: True for the channels of the image's strongest sets, `(channel,)`.
        pairs: the strongest pairs of every counted influence, `(target, rank)` each.
        problem: the reason that the image is left out; an empty text where it is sound.
    """

    activation: NDArray[np.float32]
    position: NDArray[np.int32]
    kept: NDArray[np.bool_]
    pairs: list[tuple[Tensor, Tensor]]
    problem: str


class ClassAccumulator:
    """The sums of one unit, counted image by image: `update` adds images, `build_...` copies the sums out.

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
        self._layers, self._config, self._parallel = layers, config, parallel
        self._counters = [
            [PairCounter(influence, config.top_k, parallel.device) for influence in measure.counted]
            for measure in measures
        ]
        self._all_counters = [counter for counters in self._counters for counter in counters]
        self._targets = list_targets(measures)
        self._sizes = [layer.n_channels for layer in layers]
        self._ends = np.cumsum(self._sizes)
        self._totals = ActivationTotals(self._sizes, config.n_examples)

    def reset(self) -> None:
        """Sets all sums to 0."""
        self._totals.reset()
        for counter in self._all_counters:
            counter.reset()

    def update(self, image_ids: Sequence[int], values: Values) -> list[str]:
        """Adds some images of the unit, in order of image_id.

        Args:
            image_ids: of the batch.
            values: the recorded values of the batch, finite numbers.

        Returns:
            for each image the reason that it was left out; an empty text where it was added.
        """
        found = list(self._parallel.map(self.reduce, values.split_images()))
        sound = [row for row, one in enumerate(found) if not one.problem]
        self.add([image_ids[row] for row in sound], [found[row] for row in sound])
        return [one.problem for one in found]

    def reduce(self, values: Values) -> Findings:
        """Reduces one image to what is counted of it."""
        with torch.inference_mode():
            greatest, position, kept = self._reduce_layers(values)
            pairs = [counter.find_strongest(values) for counter in self._all_counters]
        return Findings(greatest, position, kept, pairs, self._find_problem(pairs))

    def add(self, image_ids: Sequence[int], findings: Sequence[Findings]) -> None:
        """Adds some sound images of the unit, in order of image_id."""
        if not findings:
            return
        activation, position, kept = (
            np.stack([getattr(one, name) for one in findings]) for name in ("activation", "position", "kept")
        )
        self._totals.add(image_ids, activation, position, kept)
        for one in findings:
            for counter, strongest in zip(self._all_counters, one.pairs, strict=True):
                counter.add(*strongest)

    def _reduce_layers(self, values: Values) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Finds the greatest value of every channel of all layers, its position, and the strongest channels."""
        loops = load_compiled_loops()
        if loops is not None and values.device.type == "cpu":
            found = [values.find_image_maximum(layer.node) for layer in self._layers]
            greatest, position = (np.concatenate(one) for one in zip(*found, strict=True))
            return greatest, position, loops.mark_strongest_channels(greatest, self._ends, self._config.activation_mass)
        maxima = [values.find_maximum(layer.node) for layer in self._layers]
        activation = torch.cat([one.activation for one in maxima], 1)
        position = torch.cat([one.position for one in maxima], 1).int()
        kept = mark_strongest(activation, self._sizes, self._config.activation_mass)
        first, second, third = (one[0].cpu().numpy() for one in (activation, position, kept))
        return first, second, third

    def _find_problem(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> str:
        """Names the first influence that is not finite: gradients may not be where all values are."""
        if self._parallel.device.type == "cpu":
            are_finite = [bool(np.isfinite(strengths.numpy()).all()) for strengths, _ in pairs]
        else:
            are_finite = [bool(strengths.isfinite().all()) for strengths, _ in pairs]
        return describe_influences(self._targets, are_finite)

    def build_layer_sums(self) -> list[LayerSums]:
        """Copies out the sums of every recorded layer, in order."""
        return self._totals.build()

    def build_pair_sums(self) -> list[list[PairSums]]:
        """Copies out, per link in order, the sums of each influence that its measure counts."""
        return [[counter.build_sums() for counter in counters] for counters in self._counters]


def mark_strongest(activation: Tensor, sizes: Sequence[int], mass: float) -> Tensor:
    """Marks each image's strongest channels of every layer, `(batch, channel)`, the channels of all layers in order."""
    return torch.cat([find_strongest_channels(one, mass) for one in activation.split(list(sizes), 1)], 1)


def list_targets(measures: Sequence[LinkMeasure]) -> list[str]:
    """Lists the target layer of each influence that is counted, in order."""
    return [measure.link.target.name for measure in measures for _ in measure.counted]


def describe_influences(targets: Sequence[str], are_finite: Sequence[bool]) -> str:
    """Names the first influence of an image that is not finite; an empty text where all are."""
    for target, is_finite in zip(targets, are_finite, strict=True):
        if not is_finite:
            return f"influences on layer {target} are NaN or infinite"
    return ""
