"""The demo's images with parts left out, and the channels that the packaged network then uses."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from precompute.demo.images import SPLIT_SEEDS, DemoImages
from precompute.demo.model import RECORDED_LAYERS, load
from precompute.demo.scenes import Scene, Variation, draw_scene
from precompute.demo.train import preprocess

__all__ = ["WHOLE", "draw_class", "find_strongest", "record_greatest"]

ACTIVATION_MASS = 0.03
WHOLE = Variation()


def draw_class(class_id: int, variation: Variation = WHOLE) -> list[Scene]:
    """Draws the images of a class, as the demo run has them, with a change."""
    images = DemoImages()
    seed = SPLIT_SEEDS[images.split]
    return [
        draw_scene(class_id, images.compute_scene_index(image), seed=seed, variation=variation)
        for image in images.images
        if image.class_id == class_id
    ]


def record_greatest(scenes: list[Scene]) -> dict[str, NDArray[np.float32]]:
    """Records the greatest activation over positions of every channel, (image, channel) by layer."""
    model = _load_model()
    found: dict[str, NDArray[np.float32]] = {}
    handles = [
        model.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: found.__setitem__(name, out.amax((2, 3)).numpy())
        )
        for name in RECORDED_LAYERS
    ]
    pixels = torch.from_numpy(np.stack([np.asarray(scene.image) for scene in scenes])).permute(0, 3, 1, 2)
    with torch.no_grad():
        model(preprocess(pixels))
    for handle in handles:
        handle.remove()
    return found


def find_strongest(activations: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Finds the strongest channels of each image, which `activation_count` counts, (image, channel)."""
    order = np.argsort(-activations, axis=1, kind="stable")
    cumulated = np.cumsum(np.take_along_axis(activations, order, axis=1), axis=1)
    n_strongest = 1 + (cumulated < ACTIVATION_MASS * cumulated[:, -1:]).sum(axis=1)
    found = np.zeros(activations.shape, bool)
    np.put_along_axis(found, order, np.arange(activations.shape[1]) < n_strongest[:, None], axis=1)
    return found


@cache
def _load_model() -> torch.nn.Module:
    return load().eval()
