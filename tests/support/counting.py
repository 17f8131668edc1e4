"""Counts of the fast path in the form of the reference, for comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.making import open_maker
from precompute.aggregate.reading import ReadImage
from precompute.aggregate.recording import Recorder
from precompute.aggregate.stage import PassInputs, PassSpeed
from precompute.contract.labelled import LabelledImage
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.loading import LoadedModel
from precompute.pipeline.inputs import prepare
from tests.reference.influence import ReferenceConfig, count_class
from tests.support.toy_network import list_counts

Counts = dict[tuple[object, ...], int]
Differences = dict[tuple[object, ...], tuple[int, int]]


def compose_links(measures: Sequence[LinkMeasure], sums: ClassAccumulator, n_images: int) -> list[PairSums]:
    """Composes the sums of every link, in order, as the merge of a run does."""
    return [
        measure.compose_link(counted, n_images)
        for measure, counted in zip(measures, sums.build_pair_sums(), strict=True)
    ]


def count_links(
    module: nn.Module, images: Tensor, layers: Sequence[str], config: AggregateConfig
) -> dict[str, dict[tuple[int, int], int]]:
    """Counts the influences on some images, by target layer, and there by target and source channel."""
    exported = ExportedModel(module, tuple(images.shape[1:]))  # type: ignore[arg-type]
    recorded = select_layers(exported, layers)
    measures = choose_measures(exported, derive_links(exported, recorded), config)
    with Parallel(torch.device("cpu")) as parallel:
        recording = Recorder(exported, recorded, measures, parallel)(images)
        sums = ClassAccumulator(recorded, measures, config, parallel)
        sums.update(range(len(images)), recording.values)
    composed = compose_links(measures, sums, len(images))
    return {measure.link.target.name: list_counts(pairs) for measure, pairs in zip(measures, composed, strict=True)}


def find_differences(
    loaded: LoadedModel, source: object, images: list[LabelledImage], reference: ReferenceConfig
) -> tuple[Differences, int]:
    """Finds every count that differs between the reference and the pass, image by image or by batches.

    A count that ties explain does not differ: which of two equal influences is greater depends on the processor.

    Returns:
        the counts of pass and reference by "image" or "batch" and what is counted, and the number of all counts.
    """
    inputs = prepare(loaded, source, reference.layers, AggregateConfig())  # type: ignore[arg-type]
    pixels = np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in images])  # type: ignore[attr-defined]
    batch = loaded.preprocess.build_tensor(pixels)
    expected = count_class(loaded.module, batch, reference)
    wanted: Counts = {**expected.activation_count, **expected.influence_count}
    ties: Counts = dict(expected.ties)
    read = [ReadImage(image, one) for image, one in zip(images, pixels, strict=True)]
    wrong: Differences = {}
    for way in ("image", "batch"):
        found = _count(inputs, read, way)
        keys = {*found, *wanted}
        wrong |= {
            (way, *key): (found.get(key, 0), wanted.get(key, 0))
            for key in keys
            if abs(found.get(key, 0) - wanted.get(key, 0)) > ties.get(key, 0)
        }
        assert wrong or sum(found.values()) == sum(wanted.values()), "of tied sources as many count as before"
    assert len(ties) <= len(wanted) / 1000, "ties excuse few counts"
    return wrong, len(keys)


def _count(inputs: PassInputs, images: Sequence[ReadImage], way: str) -> Counts:
    """Counts the activations and influences of some images as one unit, in batches of six."""
    with open_maker(inputs, AggregateConfig(), PassSpeed(6, 0, torch.device("cpu"), way)) as maker:
        unit = maker.make(0, images, lambda n=1: None)
    found: Counts = {}
    for layer, layer_sums in zip(inputs.layers, unit.layers, strict=True):
        found |= {(layer.name, j): n for j, n in enumerate(layer_sums.activation_count.tolist()) if n}
    for measure, sums in zip(inputs.measures, unit.influences, strict=True):
        pairs, (source_layer,) = measure.compose_link(sums, len(images)), measure.link.sources
        counts = list_counts(pairs)
        found |= {(measure.link.target.name, j, source_layer.name, i): n for (j, i), n in counts.items()}
    return found
