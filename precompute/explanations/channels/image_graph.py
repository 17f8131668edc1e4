"""The graph of one image: its strongest channels and their influences, laid over the graph of a class.

Channels and influences are chosen as those of a class, from this image alone (Hohman et al. 2020, sections 6.1, 6.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.recording import Recorder
from precompute.contract.errors import InputError
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32
from precompute.explanations.channels.attribution import compute_channel_attribution
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import derive_links

__all__ = ["Channel", "ImageGraph", "ImageGraphBuilder", "Overlay", "Side", "join_graphs", "mark_channels"]

Channel: TypeAlias = tuple[str, int]
"""Layer and number."""
Item = TypeVar("Item")
Side: TypeAlias = Literal["shared", "image", "class"]
"""The graphs that a channel or an influence is in: both, only the image's, only the class's."""


@dataclass(frozen=True)
class ImageGraph:
    """The channels and influences of one image.

    Attributes:
        activations: of the strongest channels, layer by layer from the input, by falling activation.
        influences: of pairs of these channels, source then target.
    """

    activations: Mapping[Channel, float]
    influences: Mapping[tuple[Channel, Channel], float]


@dataclass(frozen=True)
class Overlay:
    """Two graphs in one.

    Attributes:
        channels: every channel of either graph with its side.
        influences: every influence of either, source then target, with its side.
    """

    channels: Mapping[Channel, Side]
    influences: Mapping[tuple[Channel, Channel], Side]

    def count_channels(self) -> dict[str, dict[Side, int]]:
        """Counts the channels of each side, layer by layer."""
        counts: dict[str, dict[Side, int]] = {}
        for (layer, _), side in self.channels.items():
            counts.setdefault(layer, {"shared": 0, "image": 0, "class": 0})[side] += 1
        return counts


class ImageGraphBuilder:
    """Builds the graphs of images by the measure of influence that a run was made with.

    Args:
        model: of the run.
        layers: of the run, in order from the input.
        config: of the run's pass; it chooses the strongest channels, and the influences to keep.
    """

    def __init__(self, model: ExportedModel, layers: Sequence[RecordedLayer], config: AggregateConfig) -> None:
        self._layers = tuple(layers)
        self._measures: tuple[LinkMeasure, ...] = choose_measures(model, derive_links(model, layers), config)
        self._parallel = Parallel(torch.device("cpu"))
        self._recorder = Recorder(model, layers, self._measures, self._parallel, config.precision)
        self._sums = ClassAccumulator(layers, self._measures, config, self._parallel)

    def build(self, image: Tensor) -> ImageGraph:
        """Builds the graph of one image `(channel, height, width)`, after preprocessing.

        Raises:
            InputError: an influence is not a finite number.
        """
        with keep_whole_float32():
            self._sums.reset()
            (problem,) = self._sums.update([0], self._recorder(image[None]).values)
            if problem:
                raise InputError("The influences of an image are finite numbers.", f"{problem}.", "Check the image.")
        activations: dict[Channel, float] = {}
        for layer, sums in zip(self._layers, self._sums.build_layer_sums(), strict=True):
            chosen = np.flatnonzero(sums.activation_count)
            ranked = chosen[np.argsort(-sums.activation_sum[chosen], kind="stable")]
            activations |= {(layer.name, int(one)): float(sums.activation_sum[one]) for one in ranked}
        return ImageGraph(activations, self._list_influences(activations))

    def _list_influences(self, kept: Mapping[Channel, float]) -> dict[tuple[Channel, Channel], float]:
        found: dict[tuple[Channel, Channel], float] = {}
        for measure, counted in zip(self._measures, self._sums.build_pair_sums(), strict=True):
            pairs = measure.compose_link(counted, 1)
            sources = [(one.name, number) for one in measure.link.sources for number in range(one.n_channels)]
            name = measure.link.target.name
            for target, source, total in zip(
                pairs.target_channel.tolist(), pairs.source.tolist(), pairs.influence_sum.tolist(), strict=True
            ):
                if (name, target) in kept and sources[source] in kept:
                    found[sources[source], (name, target)] = total
        return found


def join_graphs(
    image: ImageGraph, channels: Sequence[Channel], influences: Sequence[tuple[Channel, Channel]]
) -> Overlay:
    """Lays the graph of an image over that of a class.

    Args:
        image: its graph.
        channels: of the class's graph.
        influences: of the class's graph, source then target.
    """
    return Overlay(_divide(image.activations, channels), _divide(image.influences, influences))


def _divide(of_image: Mapping[Item, float], of_class: Sequence[Item]) -> dict[Item, Side]:
    known = set(of_class)
    sides: dict[Item, Side] = {one: "shared" if one in known else "image" for one in of_image}
    for one in of_class:
        if one not in of_image:
            sides[one] = "class"
    return sides


def mark_channels(explainer: Explainer, graph: ImageGraph, image: Tensor, target: Target) -> dict[Channel, float]:
    """Computes the attribution of each channel of an image's graph.

    Where an image is misclassified, that of the predicted class against its own marks by its sign the channels that
    speak for the wrong class.

    Args:
        explainer: the model, with the layers of the graph.
        graph: of the image.
        image: `(channel, height, width)`, after preprocessing.
        target: one class, or one against another.
    """
    layers = dict.fromkeys(layer for layer, _ in graph.activations)
    means = {layer: compute_channel_attribution(explainer, layer, image[None], [target]).mean for layer in layers}
    return {(layer, channel): float(means[layer][channel]) for layer, channel in graph.activations}
