"""The demo's two stories in its attribution graphs, checked against the ground truth of the scenes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.recording import Recorder
from precompute.aggregate.stage import PassInputs
from precompute.contract.schema import read_manifest, read_table
from precompute.demo.images import DemoImages
from precompute.demo.scenes import DISCRIMINABLE, UNEXPECTED, Variation, draw_scene
from precompute.devices.cores import Parallel
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from precompute.pipeline.inputs import prepare
from tests.support.validation import validate

N_SCENES = 60
SEED = 5
"""Scenes of no image of the training or the run."""
Activations = dict[str, NDArray[np.float32]]


@cache
def prepare_demo() -> tuple[LoadedModel, PassInputs]:
    loaded = load_model(ModelConfig("demo"))
    return loaded, prepare(loaded, DemoImages(images_per_class=1), None, AggregateConfig())


@cache
def respond(
    class_id: int, include: frozenset[str] | None, exclude: frozenset[str], attribute: str | None
) -> Activations:
    """Records spatial maxima `(scene, channel)` by layer on scenes drawn with these parts alone."""
    loaded, inputs = prepare_demo()
    scenes = [
        draw_scene(class_id, index, seed=SEED, variation=Variation(include, exclude, attribute))
        for index in find_scene_numbers(class_id)
    ]
    pixels = np.stack([loaded.preprocess.prepare_image(scene.image) for scene in scenes])
    with Parallel(torch.device("cpu")) as parallel:
        recording = Recorder(inputs.model, inputs.layers, (), parallel)(loaded.preprocess.build_tensor(pixels))
    return {layer.name: recording.values[layer.node].amax((2, 3)).numpy() for layer in inputs.layers}


@cache
def find_scene_numbers(class_id: int) -> tuple[int, ...]:
    """Finds the scenes of a class; of the class with the foreign thing those that have it."""
    numbers = range(N_SCENES)
    if class_id != UNEXPECTED.class_id:
        return tuple(numbers)
    drawn = ((n, draw_scene(class_id, n, seed=SEED)) for n in numbers)
    return tuple(n for n, scene in drawn if UNEXPECTED.foreign_part in {part.name for part in scene.parts})


def read_graph(run: Path, class_id: int) -> dict[str, set[int]]:
    """Reads the channels of a class's attribution graph, by layer."""
    kept: dict[str, set[int]] = {layer: set() for layer in read_manifest(run)["layers"]}
    for row in read_table(run, "attribution_graph_nodes").to_pylist():
        if row["class_id"] == class_id:
            kept[row["layer"]].add(row["channel"])
    return kept


def compute_auc(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> float:
    """Computes how often one excites the channel more than the other; equal responses count one half."""
    return float((positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean())


def measure_response(channels: dict[str, set[int]]) -> dict[tuple[str, int], float]:
    """Measures how surely the foreign thing alone excites a channel more than the object alone, and than neither."""
    thing, nothing = frozenset({UNEXPECTED.foreign_part}), frozenset[str]()
    alone = respond(UNEXPECTED.class_id, thing, nothing, None)
    others = (
        respond(UNEXPECTED.class_id, None, thing, None),
        respond(UNEXPECTED.class_id, nothing, nothing, None),
    )
    return {
        (layer, c): min(compute_auc(alone[layer][:, c], other[layer][:, c]) for other in others)
        for layer, kept in channels.items()
        for c in kept
    }


@pytest.fixture(scope="module")
def layers(demo_run: Path) -> list[str]:
    return list(read_manifest(demo_run)["layers"])


def test_the_demo_run_is_valid_and_as_accurate_as_promised(demo_run: Path) -> None:
    assert validate(demo_run) == []
    assert 0.88 <= read_manifest(demo_run)["images"]["top1_accuracy"] <= 0.99


def test_the_graph_with_the_foreign_thing_holds_channels_for_it_and_the_siblings_none(demo_run: Path) -> None:
    own = measure_response(read_graph(demo_run, UNEXPECTED.class_id))
    sibling = measure_response(read_graph(demo_run, UNEXPECTED.sibling_class_id))
    assert sum(response >= 0.9 for response in own.values()) >= 3, own
    assert max(sibling.values()) <= 0.8, sibling


def test_siblings_share_their_early_channels_and_part_late(demo_run: Path, layers: list[str]) -> None:
    a, b = (read_graph(demo_run, class_id) for class_id in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b))
    jaccard = [len(a[layer] & b[layer]) / len(a[layer] | b[layer]) for layer in layers]
    assert min(jaccard[:4]) >= 0.5, jaccard
    assert max(jaccard[-2:]) <= 0.25, jaccard


def test_siblings_part_at_channels_that_respond_to_the_attribute(demo_run: Path, layers: list[str]) -> None:
    a, b = (read_graph(demo_run, class_id) for class_id in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b))
    dark, light = (
        respond(DISCRIMINABLE.class_a, None, frozenset(), attribute)
        for attribute in (DISCRIMINABLE.attribute_a, DISCRIMINABLE.attribute_b)
    )
    for own, other, more, less in ((a, b, dark, light), (b, a, light, dark)):
        only = [(layer, c) for layer in layers[-2:] for c in own[layer] - other[layer]]
        selective = [(more[layer][:, c] > less[layer][:, c]).mean() >= 0.95 for layer, c in only]
        assert only and np.mean(selective) >= 0.6, list(zip(only, selective, strict=True))
