"""A whole small run without a model: the fixture of the dashboard's tests and benchmarks.

Classes come in families of four. Early layers treat all classes alike, late layers tell families and then classes
apart, so that similarities, graphs and the comparison of two classes have something to show.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from precompute.contract.schema import HISTOGRAM_BINS, write_manifest
from precompute.contract.writing import TableWriter, write_table
from tests.support.synthetic_options import INCEPTION_LAYERS, SyntheticRun
from tests.support.synthetic_pictures import (
    PROTOTYPE_SETTINGS,
    draw_picture,
    write_examples,
    write_prototypes,
    write_visualizations,
)

__all__ = ["INCEPTION_LAYERS", "SyntheticRun", "draw_picture", "write_synthetic_run"]

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


def write_synthetic_run(out: Path, options: SyntheticRun | None = None) -> Path:
    """Writes the run into `out` (created) and returns it."""
    spec = options or SyntheticRun()
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(spec.seed)
    counts = _draw_counts(spec, rng)
    weights = _draw_weights(spec, rng)
    n_wrong = _write_classes(out, spec, rng)
    _write_layers(out, spec)
    _write_images(out, spec, rng, n_wrong)
    _write_activations(out, spec, counts)
    _write_channels(out, spec, counts)
    _write_influences(out, spec, counts, weights)
    _write_graphs(out, spec, counts, weights)
    _write_embeddings(out, spec, counts)
    write_visualizations(out, spec, rng)
    write_examples(out, spec, rng)
    write_prototypes(out, spec)
    _write_manifest(out, spec)
    return out


def _draw_counts(spec: SyntheticRun, rng: np.random.Generator) -> list[np.ndarray]:
    """Draws the number of images that use each channel, (class, channel), by layer."""
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


def _draw_weights(spec: SyntheticRun, rng: np.random.Generator) -> list[np.ndarray]:
    """Draws the strength of each source channel for each target, (target, source), by layer above the first."""
    sizes = [n for _, n in spec.layers]
    return [rng.gamma(0.6, size=(target, source)) for source, target in pairwise(sizes)]


def name_class(class_id: int, n_classes: int) -> str:
    """Returns a name from a short list, numbered where the run has more classes than names."""
    name = _NAMES[class_id % len(_NAMES)]
    if n_classes <= len(_NAMES):
        return name
    first, *others = name.split(", ")
    return ", ".join([f"{first} {class_id // len(_NAMES) + 1}", *others])


def name_group(class_id: int, spec: SyntheticRun) -> str | None:
    """Returns the super-class of a class, which holds its neighbours in the order of ids."""
    if class_id in spec.ungrouped:
        return None
    if spec.n_groups is None:
        return f"family {class_id // 4}"
    index = class_id * spec.n_groups // spec.n_classes
    return f"{_GROUPS[index % len(_GROUPS)]} {index // len(_GROUPS) + 1}"


def _write_classes(out: Path, spec: SyntheticRun, rng: np.random.Generator) -> np.ndarray:
    """Writes the classes and returns the number of images of each that the model gets wrong."""
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
            "class_name": [name_class(i, spec.n_classes) for i in ids],
            "synset": [f"n{2000000 + 137 * i:08d}" for i in ids],
            "group": [name_group(i, spec) for i in ids],
            "n_images": np.full(spec.n_classes, spec.n_images),
            "top1_accuracy": _build_mask(known, top1.tolist()),
            "top5_accuracy": _build_mask(known, np.sqrt(top1).tolist()),
            "probability_histogram": _build_mask(known, histograms.tolist()),
        },
    )
    return np.rint((1 - top1) * spec.n_images).astype(int)


def _build_mask(known: Sequence[bool], values: Sequence[Any]) -> list[Any]:
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


def _write_images(out: Path, spec: SyntheticRun, rng: np.random.Generator, n_wrong: np.ndarray) -> None:
    """Writes the images; the first of each class are wrong, mostly taken for another class of its family."""
    n = spec.n_classes * spec.n_images
    class_id = np.repeat(np.arange(spec.n_classes), spec.n_images)
    place = np.tile(np.arange(spec.n_images), spec.n_classes)
    probability = rng.beta(4, 1.6, n)
    is_wrong = place < n_wrong[class_id]
    predicted = np.where(is_wrong, _find_others(class_id, place, spec.n_classes), class_id)
    true = np.where(is_wrong, np.minimum(probability, 1 - probability), probability)
    write_table(
        out,
        "images",
        {
            "image_id": np.arange(n),
            "class_id": class_id,
            "path": [f"{c:04d}/{i:07d}.png" for i, c in enumerate(class_id)],
            "predicted_class_id": predicted,
            "predicted_probability": probability,
            "true_probability": true if spec.labels_are_outputs else [None] * n,
        },
    )


def _find_others(class_id: np.ndarray, place: np.ndarray, n_classes: int) -> np.ndarray:
    """Finds the classes that wrong images are taken for: the next of the family, every fifth time of the next one."""
    family = class_id - class_id % 4
    near = family + (class_id + 1 + (place % 3 == 2)) % 4
    other = np.where(place % 5 == 4, family + 4 + place % 4, near) % n_classes
    return np.where(other == class_id, (class_id + 1) % n_classes, other)


def _build_layer_column(spec: SyntheticRun, sizes: Sequence[int]) -> pa.Array:
    codes = np.repeat(np.arange(len(spec.layers), dtype=np.int16), sizes)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16()), pa.array([name for name, _ in spec.layers]))


def _write_activations(out: Path, spec: SyntheticRun, counts: list[np.ndarray]) -> None:
    sizes = [n for _, n in spec.layers]
    channels = np.concatenate([np.arange(n) for n in sizes])
    layer = _build_layer_column(spec, sizes)
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
            "layer": _build_layer_column(spec, sizes),
            "channel": np.concatenate([np.arange(n) for n in sizes]),
            "n_classes": np.concatenate([(c > 0).sum(axis=0) for c in counts]),
            "activation_fraction": total / (spec.n_classes * spec.n_images),
            "max_activation": 1 + total / total.max() * 8,
            "is_dead": total == 0,
            "is_outlier": np.zeros(len(total), bool),
        },
    )


def _find_strongest(
    spec: SyntheticRun, counts: np.ndarray, weight: np.ndarray, class_id: int
) -> tuple[np.ndarray, ...]:
    """Finds target, source and count of a class's strongest influences between two layers."""
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
            parts = [_find_strongest(spec, counts[i], weights[i], class_id) for i in range(len(weights))]
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
        write_table(out, name, dict(zip(_list_columns(name), zip(*rows, strict=True), strict=True)))


def _list_columns(table: str) -> list[str]:
    from precompute.contract.schema import TABLES

    return [c.name for c in TABLES[table].columns if not c.may_be_absent]


def _write_embeddings(out: Path, spec: SyntheticRun, counts: list[np.ndarray]) -> None:
    rows: list[tuple] = []
    for (name, _), count in zip(spec.layers, counts, strict=True):
        centred = count - count.mean(axis=0)
        u, s, _ = np.linalg.svd(centred.astype(float), full_matrices=False)
        point = u[:, :2] * s[:2]
        point = point * np.sign(point[0]) / (np.abs(point).max() or 1) * 6
        rows += [(name, c, float(x), float(y)) for c, (x, y) in enumerate(point)]
    write_table(out, "embeddings", dict(zip(_list_columns("embeddings"), zip(*rows, strict=True), strict=True)))


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
                "labels_are_outputs": spec.labels_are_outputs,
            },
            "layers": [name for name, _ in spec.layers],
            **({"prototypes": {"settings": dict(PROTOTYPE_SETTINGS.values())}} if spec.labels_are_outputs else {}),
            "config": {"seed": spec.seed, **({"aggregate": {"influence": spec.influence}} if spec.influence else {})},
            "visualizations": {"dead": [[layer, channel, "channel", ""] for layer, channel in spec.found_dead]},
            **({"links": list(spec.links)} if spec.links is not None else {}),
            **({"stories": list(spec.stories)} if spec.stories is not None else {}),
        },
    )


def main() -> None:
    """Writes a run to try things out: `python -m tests.support.synthetic_run OUT [--scale]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scale", action="store_true", help="1,000 classes, nine layers of 256 to 1,024 channels")
    arguments = parser.parse_args()
    scale = SyntheticRun(n_classes=1000, layers=INCEPTION_LAYERS, n_images=1300)
    write_synthetic_run(arguments.out, scale if arguments.scale else None)


if __name__ == "__main__":
    main()
