"""Rules that hold for single rows of a run's tables, as functions from a piece of a table to the rows that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.map_quality import QUALITY_METRICS
from precompute.contract.tables import (
    ALL_CLASSES,
    HISTOGRAM_BINS,
    INTERVENTIONS,
    PROTOTYPE_METHODS,
    SELECTIONS,
    VISUALIZATION_KINDS,
)
from precompute.contract.validation.facts import LAYER_COLUMNS, Batch, Facts, Fault, Integers, Mask

__all__ = ["find_faults", "number_selections"]

_FRACTIONS = (
    *("top1_accuracy", "top5_accuracy", "predicted_probability", "true_probability", "activation_fraction"),
    *("pagerank_score", "pagerank_mass", "accuracy"),
)
_ROUNDING = 1e-5
"""The greatest distance of a fraction in 32 bits from [0, 1]."""

Rule = Callable[[Batch, Facts], Iterator[Fault]]


def find_faults(table: str, batch: Batch, facts: Facts) -> Iterator[Fault]:
    """Yields every rule on single rows of a table with the rows that break it, which may be none."""
    for rule in (
        _check_ranges,
        _check_layer_references,
        _check_class_references,
        _check_image_references,
        *_RULES.get(table, ()),
    ):
        yield from rule(batch, facts)


# --- rules that follow from a column's name and type ----------------------------------------------------------------


def _check_ranges(batch: Batch, facts: Facts) -> Iterator[Fault]:
    for name, values in batch.columns.items():
        if not isinstance(values, np.ndarray) or name in LAYER_COLUMNS:
            continue
        if values.dtype.kind == "f":
            yield Fault(f"{name} is a finite number.", ~np.isfinite(values), name)
            if name in _FRACTIONS:
                outside = (values < -_ROUNDING) | (values > 1 + _ROUNDING)
                yield Fault(f"{name} is a fraction in [0, 1].", outside, name)
        elif values.dtype == np.int64 and name != "class_id":
            least = 1 if name == "influence_count" else 0
            yield Fault(f"{name} is at least {least}.", values < least, name)


def _check_layer_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    n_channels = facts.count_channels()
    for name in LAYER_COLUMNS:
        if name not in batch.columns:
            continue
        layers = batch.columns[name]
        if facts.layer_names:
            yield Fault(f"{name} is one of the manifest's layers.", layers < 0, name)
        channel = name.replace("layer", "channel")
        if channel in batch.columns and n_channels is not None:
            beyond = batch.columns[channel] >= n_channels[layers]
            yield Fault(f"{channel} is less than its layer's n_channels.", beyond, channel)


def _check_class_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    if "class_id" not in batch.columns or "classes" not in facts.kept:
        return
    class_ids = batch.columns["class_id"]
    known = np.isin(class_ids, facts.kept["classes"]["class_id"])
    if "rank" in batch.columns:
        known |= class_ids == ALL_CLASSES
    yield Fault("class_id is one of the table classes.", ~known, "class_id")
    for name in ("activation_count", "influence_count"):
        if name in batch.columns:
            beyond = batch.columns[name] > facts.count_images(class_ids)
            yield Fault(f"{name} is at most the class's n_images.", beyond, name)


def _check_image_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    if (
        ("rank" in batch.columns or "height" in batch.columns)
        and "image_id" in batch.columns
        and "images" in facts.kept
    ):
        known = np.isin(batch.columns["image_id"], facts.kept["images"]["image_id"])
        yield Fault("image_id is one of the table images.", ~known & _find_present(batch, "image_id"), "image_id")


def _find_present(batch: Batch, name: str) -> Mask:
    """Returns the rows in which a column is not null, `(n_rows,)`."""
    return batch.present.get(name, np.ones(len(batch), dtype=bool))


# --- rules of single tables -----------------------------------------------------------------------------------------


def _check_classes(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield Fault("class_id is at least 0.", batch.columns["class_id"] < 0)
    histogram, present = batch.columns["probability_histogram"], batch.present["probability_histogram"]
    bins = histogram.drop_null().flatten().fill_null(-1).to_numpy(zero_copy_only=False)
    bins = bins.astype(np.int64).reshape(-1, HISTOGRAM_BINS)
    wrong = np.zeros(len(batch), dtype=bool)
    wrong[present] = (bins.sum(axis=1) != batch.columns["n_images"][present]) | (bins < 0).any(axis=1)
    rule = "probability_histogram counts each image of the class once: it sums to n_images."
    yield Fault(rule, wrong, "probability_histogram")


def _check_layers(batch: Batch, facts: Facts) -> Iterator[Fault]:
    expected, found = batch.columns["layer"], batch.columns["layer_index"]
    rule = "layer_index is the layer's place in the manifest's layers, from 0."
    yield Fault(rule, (expected >= 0) & (found != expected), "layer_index")
    for name in ("n_channels", "height", "width", "stride", "receptive_field"):
        yield Fault(f"{name} is at least 1.", batch.columns[name] == 0, name)


def _check_influences(batch: Batch, facts: Facts) -> Iterator[Fault]:
    source, target = batch.columns["source_layer"], batch.columns["target_layer"]
    backwards = (source >= target) & (source >= 0) & (target >= 0)
    yield Fault("The source layer is nearer the input than the target layer.", backwards)


def _check_edges(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "selection", SELECTIONS)
    nodes = facts.kept.get("attribution_graph_nodes")
    if nodes is None:
        return
    keys = _number_nodes(nodes["class_id"], nodes["layer"], nodes["channel"], nodes["selection"])
    selections = number_selections(batch.columns["selection"])
    for end in ("source", "target"):
        layers, channels = batch.columns[f"{end}_layer"], batch.columns[f"{end}_channel"]
        ends = _number_nodes(batch.columns["class_id"], layers, channels, selections)
        yield Fault(f"The {end} of an edge is a node of its class.", ~np.isin(ends, keys))


def _check_graphs(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "selection", SELECTIONS)
    unknown = ~_find_present(batch, "pagerank_mass") & (number_selections(batch.columns["selection"]) == 0)
    yield Fault(
        "pagerank_mass is never null of a graph by pagerank.", unknown & (not facts.is_imported), "pagerank_mass"
    )


def _check_nodes(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "selection", SELECTIONS)


def number_selections(values: pa.Array) -> Integers:
    """Returns the number of each selection in `SELECTIONS`, `(n_rows,)`; -1 for one that is none of them."""
    found = pc.index_in(values, value_set=pa.array(SELECTIONS, pa.string())).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def _number_nodes(class_ids: Integers, layers: Integers, channels: Integers, selections: Integers) -> Integers:
    """Returns one number per node. A layer has fewer than 2**24 channels, a model fewer than 2**12 layers."""
    keys: Integers = (((class_ids << 1) + (selections == 1)) << 36) + (layers << 24) + channels
    return keys


def _check_examples(batch: Batch, facts: Facts) -> Iterator[Fault]:
    for low, high in (("x0", "x1"), ("y0", "y1")):
        empty = (batch.columns[low] >= batch.columns[high]) & _find_present(batch, low) & _find_present(batch, high)
        yield Fault(f"{low} is less than {high}: the crop is not empty.", empty, low)


def _check_cuts(batch: Batch, facts: Facts) -> Iterator[Fault]:
    """Checks examples without a picture of their own, which are parts of images that the run holds."""
    is_cut = ~_find_present(batch, "image")
    width, height = facts.find_image_sizes(batch.columns["image_id"])
    is_held = (width > 0) & _find_present(batch, "image_id")
    rule = "image is null only where the table example_images holds the image."
    yield Fault(rule, is_cut & ~is_held, "image_id")
    for edge, limit in (("x1", width), ("y1", height)):
        beyond = (batch.columns[edge] > limit) | ~_find_present(batch, edge)
        yield Fault(f"{edge} lies within the image of which the crop is a part.", is_cut & is_held & beyond, edge)


def _check_webp(batch: Batch, facts: Facts) -> Iterator[Fault]:
    image = batch.columns["image"]
    is_webp = pc.and_(pc.equal(pc.binary_slice(image, 0, 4), b"RIFF"), pc.equal(pc.binary_slice(image, 8, 12), b"WEBP"))
    yield Fault("image is a WebP picture.", ~is_webp.fill_null(True).to_numpy(zero_copy_only=False))


def _check_jpeg(batch: Batch, facts: Facts) -> Iterator[Fault]:
    is_jpeg = pc.equal(pc.binary_slice(batch.columns["image"], 0, 3), b"\xff\xd8\xff")
    yield Fault("image is a JPEG picture.", ~is_jpeg.to_numpy(zero_copy_only=False))
    for name in ("width", "height"):
        other = batch.columns[name] != batch.columns[name][0]
        yield Fault(f"{name} is at least 1.", batch.columns[name] == 0, name)
        yield Fault(f"All images have one {name}, that of the model's input.", other, name)


def _check_kinds(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "kind", VISUALIZATION_KINDS)


def _check_prototypes(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "method", PROTOTYPE_METHODS)
    for name in ("log_probability", "initial_log_probability"):
        rule = f"{name} is the logarithm of a probability: at most 0."
        yield Fault(rule, batch.columns[name] > _ROUNDING, name)


def _check_choice(batch: Batch, name: str, known: Sequence[str]) -> Fault:
    """Checks a column of text that has a choice of values."""
    is_known = pc.is_in(batch.columns[name], value_set=pa.array(known))
    return Fault(f"{name} is one of {', '.join(known)}.", ~is_known.to_numpy(zero_copy_only=False), name)


def _check_proofs(batch: Batch, facts: Facts) -> Iterator[Fault]:
    accuracy, low, high = (batch.columns[name] for name in ("accuracy", "ci_low", "ci_high"))
    for name, values in (("ci_low", low), ("ci_high", high)):
        yield Fault(f"{name} is a fraction in [0, 1].", (values < -_ROUNDING) | (values > 1 + _ROUNDING), name)
    outside = (accuracy < low - _ROUNDING) | (accuracy > high + _ROUNDING)
    yield Fault("accuracy lies between ci_low and ci_high.", outside, "accuracy")
    yield _check_choice(batch, "selection", SELECTIONS)
    yield _check_choice(batch, "intervention", INTERVENTIONS)


def _check_quality(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _check_choice(batch, "metric", tuple(QUALITY_METRICS))
    value, low, high = (batch.columns[name] for name in ("value", "ci_low", "ci_high"))
    n_images, known = batch.columns["n_images"], _find_present(batch, "ci_low") & _find_present(batch, "ci_high")
    slack = _ROUNDING * (1 + np.abs(value))
    yield Fault(
        "value lies between ci_low and ci_high.", known & ((value < low - slack) | (value > high + slack)), "value"
    )
    yield Fault("n_images is at least 1.", n_images < 1, "n_images")
    yield Fault("Two images or more have an interval, one has none.", known != (n_images > 1), "n_images")


_RULES: Mapping[str, tuple[Rule, ...]] = {
    "classes": (_check_classes,),
    "layers": (_check_layers,),
    "influences": (_check_influences,),
    "attribution_graph_nodes": (_check_nodes,),
    "attribution_graph_edges": (_check_influences, _check_edges),
    "attribution_graphs": (_check_graphs,),
    "example_images": (_check_jpeg,),
    "dataset_examples": (_check_examples, _check_cuts, _check_webp),
    "feature_visualizations": (_check_webp, _check_kinds),
    "prototypes": (_check_webp, _check_prototypes),
    "explanation_quality": (_check_quality,),
    "faithfulness": (_check_proofs,),
}
