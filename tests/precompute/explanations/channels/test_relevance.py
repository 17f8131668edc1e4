"""The relevance of channels: parts that add up to the whole map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.demo.images import SPLIT_SEEDS, DemoImages
from precompute.demo.masks import find_object
from precompute.demo.model import RECORDED_LAYERS
from precompute.demo.scenes import UNEXPECTED
from precompute.explanations.channels.relevance import (
    compute_channel_relevance,
    iterate_channel_relevance,
    read_channels,
)
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loading import ModelConfig, load_model

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]
HAND_CHANNELS = [18, 39, 33, 9]
"""Channels of the demo's layer `residual` that the hand alone excites most."""
N_SCENES = 20


@pytest.mark.parametrize("method", ["lrp", "simple_taylor", "deeplift"])
def test_the_maps_of_all_channels_add_up_to_the_whole_map(explainer: Explainer, images: Tensor, method: str) -> None:
    whole = find_method(method).explain(explainer, images, TARGETS)
    for layer, n_channels in (("first", 4), ("second", 5)):
        parts = [
            compute_channel_relevance(explainer, images, TARGETS, layer, [channel], method)
            for channel in range(n_channels)
        ]
        torch.testing.assert_close(sum(part.map for part in parts), whole.map, rtol=1e-4, atol=1e-5)
        pair = compute_channel_relevance(explainer, images, TARGETS, layer, [0, 2], method)
        torch.testing.assert_close(pair.map, parts[0].map + parts[2].map, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(pair.scores, whole.scores)


def test_gradient_times_input_passes_through_a_channel_by_the_chain_rule(explainer: Explainer, images: Tensor) -> None:
    _, gradients, _ = explainer.read_layer("second", images, TARGETS)
    pixels = images.clone().requires_grad_()
    (values,) = explainer.exported.build_sub_graph([explainer.layers["second"]])(pixels)
    (gradient,) = torch.autograd.grad((values[:, 3] * gradients[:, 3]).sum(), pixels)
    found = compute_channel_relevance(explainer, images, TARGETS, "second", [3], "simple_taylor")
    torch.testing.assert_close(found.map, images * gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "channels", "method", "found"),
    [
        ("frist", [0], "lrp", "Near it: first"),
        ("first", [4], "lrp", "Found 4"),
        ("first", [], "lrp", "Found none"),
        ("first", [0], "occlusion", "Found occlusion"),
        ("first", [0], "lpr", "Found lpr"),
    ],
)
def test_what_does_not_exist_is_refused(
    explainer: Explainer, images: Tensor, layer: str, channels: list[int], method: str, found: str
) -> None:
    with pytest.raises(InputError, match=found):
        compute_channel_relevance(explainer, images, TARGETS, layer, channels, method)


def test_names_of_channels_are_read_by_layer() -> None:
    layers = ["mixed4d", "layer-1"]
    assert read_channels(["mixed4d-3", "layer-1-0", "mixed4d-1", "mixed4d-3"], layers) == {
        "mixed4d": [3, 1],
        "layer-1": [0],
    }
    for name in ("mixed4e-3", "mixed4d", "mixed4d-x"):
        with pytest.raises(InputError, match=f"Found {name}"):
            read_channels([name], layers)


def test_channels_one_after_another_have_the_maps_that_they_have_alone(explainer: Explainer, images: Tensor) -> None:
    targets = [Target(0), Target(1, 2), Target(2), Target(0, 1)]
    found = list(iterate_channel_relevance(explainer, images, targets, "second", [2, 0]))
    for channel, each in zip((2, 0), found, strict=True):
        alone = compute_channel_relevance(explainer, images, targets, "second", [channel])
        torch.testing.assert_close(each.map, alone.map)


def draw_hands() -> tuple[NDArray[np.uint8], Tensor]:
    """Draws the first held-out carps with a hand, `(image, height, width, 3)`, and finds the pixels of their hands."""
    source, carp = DemoImages(2 * N_SCENES), UNEXPECTED.class_id
    of_carp = (image for image in source.images if image.class_id == carp)
    drawn = ((source.compute_scene_index(image), source.draw_scene(image)) for image in of_carp)
    held = [(n, scene) for n, scene in drawn if UNEXPECTED.foreign_part in {part.name for part in scene.parts}]
    held, parts = held[:N_SCENES], (UNEXPECTED.foreign_part,)
    masks = [find_object(carp, n, seed=SPLIT_SEEDS["held-out"], parts=parts) for n, _ in held]
    return np.stack([np.asarray(scene.image) for _, scene in held]), torch.from_numpy(np.stack(masks))


def test_relevance_through_the_planted_hand_channels_lies_on_the_hand() -> None:
    """Plays the pointing game, without a margin: the greatest value of the map lies on a pixel of the hand."""
    loaded = load_model(ModelConfig("demo"))
    model = ExportedModel(loaded.module, (3, 96, 96))
    layers = {layer.name: layer.node for layer in select_layers(model, RECORDED_LAYERS)}
    explainer = Explainer(model, InputRange.from_preprocess(loaded.preprocess), layers)
    scenes, masks = draw_hands()
    assert len(scenes) == N_SCENES
    images = loaded.preprocess.build_tensor(
        np.stack([loaded.preprocess.prepare_image(Image.fromarray(each)) for each in scenes])
    )
    targets = [Target(UNEXPECTED.class_id)] * N_SCENES
    found = compute_channel_relevance(explainer, images, targets, "residual", HAND_CHANNELS)
    maps = find_method("lrp").flatten(found.map).flatten(1)
    assert bool((maps.amax(1) > 0).all())
    hits = masks.flatten(1)[torch.arange(N_SCENES), maps.argmax(1)]
    assert int(hits.sum()) >= 0.9 * N_SCENES, hits
