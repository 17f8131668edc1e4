"""The pictures of a synthetic run: feature visualizations, dataset examples, prototypes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from precompute.contract.schema import ALL_CLASSES, PROTOTYPE_METHODS
from precompute.contract.writing import TableWriter, write_table
from tests.support.synthetic_options import SyntheticRun

__all__ = ["PROTOTYPE_SETTINGS", "draw_picture", "write_examples", "write_prototypes", "write_visualizations"]

PROTOTYPE_SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "code-space": (
        "c0de",
        {"method": "code-space", "lambda": 0.001, "generator": {"name": "Decoder", "sha256": "0", "code_size": 64}},
    ),
    "picture-space": ("f1a7", {"method": "picture-space", "lambda": 10.0}),
}


def draw_picture(seed: int, size: int) -> bytes:
    """Draws a small abstract texture as WebP: two crossed waves and a blob."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size * 2 - 1
    angle, frequency = rng.uniform(0, np.pi, 2), rng.uniform(3, 18, 2)
    waves = [np.sin(f * (x * np.cos(a) + y * np.sin(a))) for a, f in zip(angle, frequency, strict=True)]
    blob = np.exp(-((x - rng.uniform(-0.4, 0.4)) ** 2 + (y - rng.uniform(-0.4, 0.4)) ** 2) * rng.uniform(1, 5))
    base, first, second = rng.uniform(40, 210, 3), rng.uniform(-80, 80, 3), rng.uniform(-120, 120, 3)
    picture = base + waves[0][..., None] * first + (waves[1] * blob)[..., None] * second
    buffer = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(buffer, "WEBP", quality=75)
    return buffer.getvalue()


def has_visualization(spec: SyntheticRun, layer_index: int, channel: int) -> bool:
    """Returns False for a regular share of channels, which are shown by their best example."""
    every = round(1 / spec.without_visualization) if spec.without_visualization else 0
    return not every or (channel + layer_index) % every != 0


def write_visualizations(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
    if spec.without_visualization >= 1:
        return
    with TableWriter(out, "feature_visualizations") as writer:
        for index, (name, size) in enumerate(spec.layers):
            channels = [
                c for c in range(size) if has_visualization(spec, index, c) and (name, c) not in spec.found_dead
            ]
            n = len(channels)
            writer.write(
                {
                    "layer": [name] * n,
                    "channel": channels,
                    "kind": ["channel"] * n,
                    "image": [draw_picture(10_000 * index + c, spec.picture_size) for c in channels],
                    "objective_value": rng.uniform(5, 20, n),
                    "n_steps": [256] * n,
                    "initial_objective_value": rng.uniform(0, 1, n),
                    **({"excitation": [0.8 + 0.1 * (c % 10) for c in channels]} if spec.excitations else {}),
                }
            )


def write_examples(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
    pool = [draw_picture(900_000 + i, spec.picture_size) for i in range(120)]
    if spec.whole_images:
        _write_whole_images(out, spec, pool)
    with TableWriter(out, "dataset_examples") as writer:
        for name, size in spec.layers:
            owners = [ALL_CLASSES] if spec.n_classes > 100 else [ALL_CLASSES, *range(spec.n_classes)]
            n = size * len(owners) * 10
            image_id = rng.integers(0, spec.n_classes * spec.n_images, n)
            writer.write(
                {
                    "layer": [name] * n,
                    "channel": np.repeat(np.arange(size), len(owners) * 10),
                    "class_id": np.tile(np.repeat(owners, 10), size),
                    "rank": np.tile(np.arange(10), size * len(owners)),
                    "image_id": image_id,
                    "activation": np.tile(np.linspace(9, 5, 10), size * len(owners)),
                    **_draw_boxes(spec, image_id),
                    "image": [None if is_part(spec, i) else pool[i % len(pool)] for i in image_id],
                }
            )


def is_part(spec: SyntheticRun, image_id: int) -> bool:
    """Returns True where examples of an image are parts of it, and False where the run keeps them as pictures."""
    return spec.whole_images and image_id % 7 != 0


def _draw_boxes(spec: SyntheticRun, image_id: np.ndarray) -> dict[str, np.ndarray]:
    """Draws the boxes of examples: the whole image, or a part of it that is wider than it is tall."""
    part = np.array([is_part(spec, i) for i in image_id])
    side = spec.picture_size
    left, top = image_id % (side // 2), image_id % (side // 4)
    return {
        "x0": np.where(part, left, 0),
        "y0": np.where(part, top, 0),
        "x1": np.where(part, left + side // 2, side),
        "y1": np.where(part, top + side // 4, side),
    }


def _write_whole_images(out: Path, spec: SyntheticRun, pool: Sequence[bytes]) -> None:
    encoded = []
    for picture in pool:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(picture)).save(buffer, "JPEG", quality=95, subsampling=0)
        encoded.append(buffer.getvalue())
    ids = [i for i in range(spec.n_classes * spec.n_images) if is_part(spec, i)]
    sides, images = [spec.picture_size] * len(ids), [encoded[i % len(encoded)] for i in ids]
    write_table(out, "example_images", {"image_id": ids, "width": sides, "height": sides, "image": images})


def write_prototypes(out: Path, spec: SyntheticRun) -> None:
    """Writes both methods for the first class of a family of four, one for the second, none for the others."""
    keys = [
        (class_id, method)
        for class_id in range(min(spec.n_classes, 16))
        for method in PROTOTYPE_METHODS[class_id % 4 :]
    ]
    if not spec.labels_are_outputs:
        return
    write_table(
        out,
        "prototypes",
        {
            "class_id": [class_id for class_id, _ in keys],
            "method": [method for _, method in keys],
            "image": [draw_picture(700_000 + index, spec.picture_size) for index in range(len(keys))],
            "log_probability": [-0.03 - 0.1 * index for index in range(len(keys))],
            "initial_log_probability": [-4.0] * len(keys),
            "n_steps": [40] * len(keys),
            "settings": [PROTOTYPE_SETTINGS[method][0] for _, method in keys],
        },
    )
