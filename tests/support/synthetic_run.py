"""Writes a whole small run without a model: the fixture of the dashboard's tests, and of its scale tests.

Classes come in families of four. Early layers treat all classes alike, late layers tell families and then classes
apart, so that similarities, graphs and the comparison of two classes have something to show.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from precompute.contract.schema import ALL_CLASSES, HISTOGRAM_BINS, PROTOTYPE_METHODS, write_manifest
from precompute.contract.writing import TableWriter, write_table

_NAMES = (
    "red fox, Vulpes vulpes",
    "grey wolf, timber wolf, Canis lupus",
    "white wolf, Arctic wolf, Canis lupus tundrarum",
    "coyote, prairie wolf",
    "crane",
    "heron, wader",
    "flamingo",
    "pelican",
    "crane",
    "tractor",
    "fire engine, fire truck",
    "minivan",
)
_GROUPS = (
    "dogs", "cats", "birds of prey", "songbirds", "snakes and lizards", "fish", "insects",
    "vehicles on roads and rails", "boats", "musical instruments",
)  # fmt: skip
INCEPTION_LAYERS = tuple(
    zip(
        ("mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"),
        (256, 480, 508, 512, 512, 528, 832, 832, 1024),
        strict=True,
    )
)


@dataclass(frozen=True)
class SyntheticRun:
    """What to write; the same options give the same bytes.

    Classes come in `n_groups` super-classes of neighbours, one to a family where it is None; those in `ungrouped` name
    none, and those in `without_accuracy` have no accuracy and no histogram. `links` and `influence` say in the
    manifest how influences were measured, as a run of precompute does. With `excitations` every picture tells how
    strongly it excites its channel, from 0.8 to 1.7; `found_dead` are channels without a picture that the
    manifest lists as dead. With `whole_images` examples are parts of images that the run holds, but for every seventh.
    """

    n_classes: int = 12
    layers: Sequence[tuple[str, int]] = (("conv1", 16), ("conv2", 24), ("conv3", 32), ("conv4", 40), ("conv5", 48))
    n_images: int = 200
    labels_are_outputs: bool = True
    without_visualization: float = 0.1
    influences_per_target: int = 5
    picture_size: int = 64
    seed: int = 7
    n_groups: int | None = None
    ungrouped: Sequence[int] = ()
    without_accuracy: Sequence[int] = ()
    links: Sequence[Mapping[str, Any]] | None = None
    influence: str | None = None
    excitations: bool = False
    found_dead: Sequence[tuple[str, int]] = ()
    whole_images: bool = False


def write_synthetic_run(out: Path, options: SyntheticRun | None = None) -> Path:
    """Writes the run into `out` (created) and returns it."""
    spec = options or SyntheticRun()
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(spec.seed)
    counts = _activation_counts(spec, rng)
    weights = _channel_weights(spec, rng)
    _write_classes(out, spec, rng)
    _write_layers(out, spec)
    _write_images(out, spec, rng)
    _write_activations(out, spec, counts)
    _write_channels(out, spec, counts)
    _write_influences(out, spec, counts, weights)
    _write_graphs(out, spec, counts, weights)
    _write_embeddings(out, spec, counts)
    _write_visualizations(out, spec, rng)
    _write_examples(out, spec, rng)
    _write_prototypes(out, spec)
    _write_manifest(out, spec)
    return out


def _activation_counts(spec: SyntheticRun, rng: np.random.Generator) -> list[np.ndarray]:
    """Per layer: images that use each channel, (class, channel)."""
    family = np.arange(spec.n_classes) // 4
    result = []
    for index, (_, n_channels) in enumerate(spec.layers):
        depth = index / max(1, len(spec.layers) - 1)
        common = rng.normal(size=n_channels)
        by_family = rng.normal(size=(family.max() + 1, n_channels))[family]
        by_class = rng.normal(size=(spec.n_classes, n_channels))
        score = common * (1.6 - 1.3 * depth) + by_family * 1.2 * depth + by_class * (0.1 + 1.1 * depth**2)
        rate = 1 / (1 + np.exp(-(score * 1.6 - 2.6)))
        result.append(np.round(rate * spec.n_images).astype(np.int32))
    return result


def _channel_weights(spec: SyntheticRun, rng: np.random.Generator) -> list[np.ndarray]:
    """Per layer above the first: how strongly each source channel drives each target, (target, source)."""
    sizes = [n for _, n in spec.layers]
    return [rng.gamma(0.6, size=(target, source)) for source, target in pairwise(sizes)]


def class_name(class_id: int, n_classes: int) -> str:
    """The name of a class: drawn from a short list, numbered where the run has more classes than names."""
    name = _NAMES[class_id % len(_NAMES)]
    if n_classes <= len(_NAMES):
        return name
    first, *others = name.split(", ")
    return ", ".join([f"{first} {class_id // len(_NAMES) + 1}", *others])


def group_name(class_id: int, spec: SyntheticRun) -> str | None:
    """The super-class of a class: its neighbours in the order of ids."""
    if class_id in spec.ungrouped:
        return None
    if spec.n_groups is None:
        return f"family {class_id // 4}"
    place = class_id * spec.n_groups // spec.n_classes
    return f"{_GROUPS[place % len(_GROUPS)]} {place // len(_GROUPS) + 1}"


def _write_classes(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
    ids = np.arange(spec.n_classes)
    skill = rng.uniform(1.2, 6, spec.n_classes)
    histograms = np.array(
        [np.histogram(rng.beta(s, 1.6, spec.n_images), HISTOGRAM_BINS, (0, 1))[0] for s in skill], dtype=np.int32
    )
    known = [spec.labels_are_outputs and i not in spec.without_accuracy for i in ids]
    top1 = np.round((histograms[:, 9:].sum(axis=1) * 0.9) / spec.n_images, 4)
    write_table(
        out,
        "classes",
        {
            "class_id": ids,
            "class_name": [class_name(i, spec.n_classes) for i in ids],
            "synset": [f"n{2000000 + 137 * i:08d}" for i in ids],
            "group": [group_name(i, spec) for i in ids],
            "n_images": np.full(spec.n_classes, spec.n_images),
            "top1_accuracy": _where(known, top1.tolist()),
            "top5_accuracy": _where(known, np.sqrt(top1).tolist()),
            "probability_histogram": _where(known, histograms.tolist()),
        },
    )


def _where(known: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [value if is_known else None for is_known, value in zip(known, values, strict=True)]


def _write_layers(out: Path, spec: SyntheticRun) -> None:
    n = len(spec.layers)
    write_table(
        out,
        "layers",
        {
            "layer": [name for name, _ in spec.layers],
            "layer_index": list(range(n)),
            "module_type": ["Inception"] * n,
            "n_channels": [size for _, size in spec.layers],
            "height": [28 // (1 + i // 3) for i in range(n)],
            "width": [28 // (1 + i // 3) for i in range(n)],
            "stride": [8 * (1 + i // 3) for i in range(n)],
            "receptive_field": [31 + 24 * i for i in range(n)],
        },
    )


def _write_images(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
    n = spec.n_classes * spec.n_images
    class_id = np.repeat(np.arange(spec.n_classes), spec.n_images)
    probability = rng.beta(4, 1.6, n)
    write_table(
        out,
        "images",
        {
            "image_id": np.arange(n),
            "class_id": class_id,
            "path": [f"{c:04d}/{i:07d}.png" for i, c in enumerate(class_id)],
            "predicted_class_id": class_id,
            "predicted_probability": probability,
            "true_probability": probability if spec.labels_are_outputs else [None] * n,
        },
    )


def _layer_column(spec: SyntheticRun, sizes: Sequence[int]) -> pa.Array:
    codes = np.repeat(np.arange(len(spec.layers), dtype=np.int16), sizes)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16()), pa.array([name for name, _ in spec.layers]))


def _write_activations(out: Path, spec: SyntheticRun, counts: list[np.ndarray]) -> None:
    sizes = [n for _, n in spec.layers]
    channels = np.concatenate([np.arange(n) for n in sizes])
    layer = _layer_column(spec, sizes)
    with TableWriter(out, "activations") as writer:
        for class_id in range(spec.n_classes):
            row = np.concatenate([c[class_id] for c in counts])
            writer.write(
                {
                    "class_id": np.full(len(row), class_id),
                    "layer": layer,
                    "channel": channels,
                    "activation_count": row,
                    "mean_activation": row / spec.n_images * 4,
                }
            )


def _write_channels(out: Path, spec: SyntheticRun, counts: list[np.ndarray]) -> None:
    sizes = [n for _, n in spec.layers]
    total = np.concatenate([c.sum(axis=0) for c in counts])
    write_table(
        out,
        "channels",
        {
            "layer": _layer_column(spec, sizes),
            "channel": np.concatenate([np.arange(n) for n in sizes]),
            "n_classes": np.concatenate([(c > 0).sum(axis=0) for c in counts]),
            "activation_fraction": total / (spec.n_classes * spec.n_images),
            "max_activation": 1 + total / total.max() * 8,
            "is_dead": total == 0,
            "is_outlier": np.zeros(len(total), bool),
        },
    )


def _strongest(spec: SyntheticRun, counts: np.ndarray, weight: np.ndarray, class_id: int) -> tuple[np.ndarray, ...]:
    """Target, source and count of a class's strongest influences between two layers."""
    strength = weight * np.sqrt(counts[class_id][None, :] + 1)
    k = min(spec.influences_per_target, weight.shape[1])
    source = np.sort(np.argpartition(-strength, k - 1, axis=1)[:, :k], axis=1)
    target = np.repeat(np.arange(weight.shape[0]), k)
    value = np.take_along_axis(strength, source, axis=1).ravel()
    count = np.maximum(1, np.round(value / value.max() * spec.n_images)).astype(np.int32)
    return target, source.ravel(), count


def _write_influences(out: Path, spec: SyntheticRun, counts: list[np.ndarray], weights: list[np.ndarray]) -> None:
    names = [name for name, _ in spec.layers]
    with TableWriter(out, "influences") as writer:
        for class_id in range(spec.n_classes):
            parts = [_strongest(spec, counts[i], weights[i], class_id) for i in range(len(weights))]
            sizes = [len(p[0]) for p in parts]
            code = np.repeat(np.arange(len(parts), dtype=np.int16), sizes)
            count = np.concatenate([p[2] for p in parts])
            writer.write(
                {
                    "class_id": np.full(len(code), class_id),
                    "target_layer": pa.DictionaryArray.from_arrays(pa.array(code + np.int16(1)), pa.array(names)),
                    "target_channel": np.concatenate([p[0] for p in parts]),
                    "source_layer": pa.DictionaryArray.from_arrays(pa.array(code), pa.array(names)),
                    "source_channel": np.concatenate([p[1] for p in parts]),
                    "influence_count": count,
                    "mean_influence": count / spec.n_images,
                }
            )


def _write_graphs(out: Path, spec: SyntheticRun, counts: list[np.ndarray], weights: list[np.ndarray]) -> None:
    nodes: list[tuple] = []
    edges: list[tuple] = []
    graphs: list[tuple] = []
    for class_id in range(spec.n_classes):
        kept = [
            np.sort(np.argsort(-c[class_id], kind="stable")[: 4 + (class_id + 3 * i) % 7]) for i, c in enumerate(counts)
        ]
        for (name, _), chosen, count in zip(spec.layers, kept, counts, strict=True):
            nodes += [(class_id, name, int(j), int(count[class_id, j]), int(count[class_id, j]) / 1e5) for j in chosen]
        n_edges = 0
        for i, weight in enumerate(weights):
            strength = weight[np.ix_(kept[i + 1], kept[i])] * np.sqrt(counts[i][class_id][kept[i]] + 1)
            for t, s in zip(*np.nonzero(strength >= np.quantile(strength, 0.55)), strict=True):
                count = max(1, int(strength[t, s] / strength.max() * spec.n_images))
                key = (class_id, spec.layers[i + 1][0], int(kept[i + 1][t]), spec.layers[i][0], int(kept[i][s]))
                edges.append((*key, count, count / spec.n_images))
                n_edges += 1
        graphs.append((class_id, 0.1, sum(map(len, kept)), n_edges))
    for name, rows in (
        ("attribution_graph_nodes", nodes),
        ("attribution_graph_edges", edges),
        ("attribution_graphs", graphs),
    ):
        write_table(out, name, dict(zip(_columns(name), zip(*rows, strict=True), strict=True)))


def _columns(table: str) -> list[str]:
    from precompute.contract.schema import TABLES

    return [c.name for c in TABLES[table].columns]


def _write_embeddings(out: Path, spec: SyntheticRun, counts: list[np.ndarray]) -> None:
    rows: list[tuple] = []
    for (name, _), count in zip(spec.layers, counts, strict=True):
        centred = count - count.mean(axis=0)
        u, s, _ = np.linalg.svd(centred.astype(float), full_matrices=False)
        point = u[:, :2] * s[:2]
        point = point * np.sign(point[0]) / np.abs(point).max() * 6
        rows += [(name, c, float(x), float(y)) for c, (x, y) in enumerate(point)]
    write_table(out, "embeddings", dict(zip(_columns("embeddings"), zip(*rows, strict=True), strict=True)))


def draw_picture(seed: int, size: int) -> bytes:
    """A little abstract texture as WebP: two crossed waves and a blob, in colours of its own."""
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
    """Every so many channels have no feature visualization, so that the fallback shows."""
    every = round(1 / spec.without_visualization) if spec.without_visualization else 0
    return not every or (channel + layer_index) % every != 0


def _write_visualizations(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
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


def _write_examples(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> None:
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
                    **_boxes(spec, image_id),
                    "image": [None if is_part(spec, i) else pool[i % len(pool)] for i in image_id],
                }
            )


def is_part(spec: SyntheticRun, image_id: int) -> bool:
    """Whether examples that show an image are parts of it, and not kept for themselves."""
    return spec.whole_images and image_id % 7 != 0


def _boxes(spec: SyntheticRun, image_id: np.ndarray) -> dict[str, np.ndarray]:
    """The whole image, or a part of it that is wider than it is tall."""
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


def _write_prototypes(out: Path, spec: SyntheticRun) -> None:
    """Both methods for the first class of a family of four, one for the second, none for the others."""
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
            "image": [draw_picture(700_000 + place, spec.picture_size) for place in range(len(keys))],
            "log_probability": [-0.03 - 0.1 * place for place in range(len(keys))],
            "initial_log_probability": [-4.0] * len(keys),
            "n_steps": [40] * len(keys),
            "settings": [_PROTOTYPE_SETTINGS[method][0] for _, method in keys],
        },
    )


_PROTOTYPE_SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "code-space": (
        "c0de",
        {"method": "code-space", "lambda": 0.001, "generator": {"name": "Decoder", "sha256": "0", "code_size": 64}},
    ),
    "picture-space": ("f1a7", {"method": "picture-space", "lambda": 10.0}),
}


def _write_manifest(out: Path, spec: SyntheticRun) -> None:
    write_manifest(
        out,
        {
            "created": "2026-01-05T12:00:00+00:00",
            "model": {"name": "SyntheticNet", "input_size": 64},
            "dataset": {
                "name": "Drawn textures",
                "n_images": spec.n_classes * spec.n_images,
                "n_classes": spec.n_classes,
            },
            "layers": [name for name, _ in spec.layers],
            **({"prototypes": {"settings": dict(_PROTOTYPE_SETTINGS.values())}} if spec.labels_are_outputs else {}),
            "config": {"seed": spec.seed, **({"aggregate": {"influence": spec.influence}} if spec.influence else {})},
            "visualizations": {"dead": [[layer, channel, "channel", ""] for layer, channel in spec.found_dead]},
            **({"links": list(spec.links)} if spec.links is not None else {}),
        },
    )


def main() -> None:
    """`python -m tests.support.synthetic_run OUT [--scale]` writes one for trying things out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scale", action="store_true", help="1,000 classes, nine layers of 256 to 1,024 channels")
    arguments = parser.parse_args()
    scale = SyntheticRun(n_classes=1000, layers=INCEPTION_LAYERS, n_images=1300)
    write_synthetic_run(arguments.out, scale if arguments.scale else None)


if __name__ == "__main__":
    main()
