"""Relevance through the hand channels of the carp: `python -m benchmarks.hand_relevance [--n 200]`.

Held-out scenes of the demo's carp with a hand, whose pixels are known. The pointing game, without a margin: the share
of maps whose greatest value lies on the hand; of the whole map of LRP, of the part through the planted channels, and of
the part through as many others at random. Intervals are Wilson's, over images.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import Tensor

from precompute.demo.images import SPLIT_SEEDS, DemoImages
from precompute.demo.masks import find_object
from precompute.demo.model import RECORDED_LAYERS
from precompute.demo.scenes import UNEXPECTED
from precompute.explanations.channels.relevance import compute_channel_relevance
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from precompute.faithfulness.intervals import compute_wilson_interval
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loading import ModelConfig, load_model

PLANTED = {"residual": [18, 39, 33, 9], "mixed3": [86, 1]}
"""The channels that `precompute/demo/README.md` names."""
_AT_ONCE = 20


def point(explainer: Explainer, images: Tensor, masks: Tensor, layer: str | None, channels: list[int]) -> Tensor:
    """Plays the pointing game; returns whether each image's greatest value lies on the hand, `(image,)`.

    Args:
        explainer: the model.
        images: `(image, channel, height, width)`.
        masks: of the hands, `(image, height, width)`.
        layer: of the channels; None for the whole map.
        channels: that relevance passes through.
    """
    method, hits = find_method("lrp"), []
    for batch, of_hand in zip(images.split(_AT_ONCE), masks.split(_AT_ONCE), strict=True):
        targets = [Target(UNEXPECTED.class_id)] * len(batch)
        found = (
            method.explain(explainer, batch, targets).map
            if layer is None
            else compute_channel_relevance(explainer, batch, targets, layer, channels).map
        )
        values = method.flatten(found).flatten(1)
        hits.append(of_hand.flatten(1)[torch.arange(len(batch)), values.argmax(1)] & (values.amax(1) > 0))
    return torch.cat(hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=200, help="scenes")
    parser.add_argument("--repeats", type=int, default=5, help="random choices of channels")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_model(ModelConfig("demo"))
    model = ExportedModel(loaded.module, (3, 96, 96))
    layers = {layer.name: layer.node for layer in select_layers(model, RECORDED_LAYERS)}
    explainer = Explainer(model, InputRange.from_preprocess(loaded.preprocess), layers)
    source, carp, hand = DemoImages(2 * arguments.n), UNEXPECTED.class_id, UNEXPECTED.foreign_part
    seen, masks = [], []
    for image in (image for image in source.images if image.class_id == carp):
        scene, number = source.draw_scene(image), source.compute_scene_index(image)
        if len(seen) < arguments.n and hand in {part.name for part in scene.parts}:
            seen.append(loaded.preprocess.prepare_image(scene.image))
            masks.append(find_object(carp, number, seed=SPLIT_SEEDS["held-out"], parts=(hand,)))
    images, of_hand = loaded.preprocess.build_tensor(np.stack(seen)), torch.from_numpy(np.stack(masks))
    print(f"{len(images)} scenes; a hand has {float(of_hand.float().mean()):.1%} of the pixels")
    random, planted = np.random.default_rng(0), PLANTED["residual"]
    others = [channel for channel in range(model.layouts[layers["residual"]].n_channels) if channel not in planted]
    cases: list[tuple[str, str | None, list[int]]] = [("whole map", None, [])]
    cases += [("planted", layer, channels) for layer, channels in PLANTED.items()]
    for _ in range(arguments.repeats):
        cases.append(("random", "residual", sorted(random.choice(others, len(planted), replace=False).tolist())))
    for name, layer, channels in cases:
        hits = point(explainer, images, of_hand, layer, channels)
        low, high = compute_wilson_interval(float(hits.float().mean()), len(hits))
        print(f"{name} {layer or ''} {channels}: {int(hits.sum())} of {len(hits)} [{low:.1%}, {high:.1%}]", flush=True)


if __name__ == "__main__":
    main()
