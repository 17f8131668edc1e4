"""What must hold for the rows of a run's tables, as functions from a piece of a table to the rows that break it.

`precompute.contract.validate` reads the tables and applies these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from precompute.contract.schema import ALL_CLASSES, HISTOGRAM_BINS, PROTOTYPE_METHODS, VISUALIZATION_KINDS

__all__ = ["KEPT", "LAYER_COLUMNS", "Batch", "Facts", "Fault", "Integers", "KeyOrder", "Mask", "faults", "total_faults"]

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]

LAYER_COLUMNS = ("layer", "target_layer", "source_layer")
KEPT: Mapping[str, tuple[str, ...]] = {
    "classes": ("class_id", "n_images"),
    "layers": ("layer", "n_channels"),
    "images": ("image_id", "class_id"),
    "example_images": ("image_id", "width", "height"),
    "attribution_graph_nodes": ("class_id", "layer", "channel"),
    "attribution_graph_edges": ("class_id",),
    "attribution_graphs": ("class_id", "n_nodes", "n_edges"),
}
"""The columns of each table that other tables, or totals, are held against."""

_FRACTIONS = (
    *("top1_accuracy", "top5_accuracy", "predicted_probability", "true_probability", "activation_fraction"),
    *("pagerank_score", "pagerank_mass", "accuracy", "ci_low", "ci_high"),
)
_ROUNDING = 1e-5
"""How far a fraction in 32 bits may stray from [0, 1]."""
_UNLIMITED = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Batch:
    """Some rows of a table, in order.

    Args:
        columns: integers as int64 (layers by their place, -1 for an unknown one), floats, or Arrow arrays.
        present: per nullable column, the rows that are not null (nulls are 0 in `columns`).
    """

    columns: Mapping[str, Any]
    present: Mapping[str, Mask]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Fault(NamedTuple):
    """Rows that break a rule, and the column to quote of the first."""

    rule: str
    rows: Mask
    column: str | None = None


@dataclass
class Facts:
    """What the tables read so far establish for the references of later ones.

    Args:
        layer_names: in order from the input, from the manifest.
        kept: the columns of `KEPT`, of each table that was read without structural fault.
        rows: number of rows of each of these tables.
        is_imported: the run was imported, so that some values are unknown and some tables have fewer rows.
        imported_settings: names of the settings of pictures that were imported into the run.
    """

    layer_names: tuple[str, ...]
    kept: dict[str, dict[str, Integers]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    is_imported: bool = False
    imported_settings: tuple[str, ...] = ()

    def n_channels(self) -> Integers | None:
        """Channels by the place of their layer; layers that the table lacks have no limit."""
        layers = self.kept.get("layers")
        if layers is None:
            return None
        limits = np.full(len(self.layer_names) + 1, _UNLIMITED)  # one more, for the unknown layer -1
        known = layers["layer"] >= 0
        limits[layers["layer"][known]] = layers["n_channels"][known]
        return limits

    def n_images(self, class_ids: Integers) -> Integers:
        """Images of each class; unknown classes have no limit."""
        known = self.kept["classes"]
        order = np.argsort(known["class_id"])
        ids, sizes = known["class_id"][order], known["n_images"][order]
        if not len(ids):
            return np.full(len(class_ids), _UNLIMITED)
        place = np.searchsorted(ids, class_ids).clip(max=len(ids) - 1)
        return np.where(ids[place] == class_ids, sizes[place], _UNLIMITED)

    def image_sizes(self, image_ids: Integers) -> tuple[Integers, Integers]:
        """Width and height of the images that examples are cut out of; 0 where the run does not hold them."""
        known = self.kept.get("example_images")
        if known is None or not len(known["image_id"]):
            return np.zeros(len(image_ids), dtype=np.int64), np.zeros(len(image_ids), dtype=np.int64)
        place = np.searchsorted(known["image_id"], image_ids).clip(max=len(known["image_id"]) - 1)
        is_held = known["image_id"][place] == image_ids
        return known["width"][place] * is_held, known["height"][place] * is_held


Rule = Callable[[Batch, Facts], Iterator[Fault]]


def faults(table: str, batch: Batch, facts: Facts) -> Iterator[Fault]:
    """Every rule on single rows of a table; the masks may be all False."""
    for rule in (_ranges, _layer_references, _class_references, _image_references, *_RULES.get(table, ())):
        yield from rule(batch, facts)


class KeyOrder:
    """The key is unique and sorted: numbers by size, layers from the input on, other names by alphabet.

    Batches are handed over in order; each is also held against the last row of the one before.
    """

    def __init__(self, key: Sequence[str]) -> None:
        self._key = tuple(key)
        self._last: dict[str, Any] = {}

    def faults(self, batch: Batch) -> Iterator[Fault]:
        if not len(batch):
            return
        below, equal = np.zeros(len(batch), dtype=bool), np.ones(len(batch), dtype=bool)
        known = np.ones(len(batch), dtype=bool)
        for name in self._key:
            values = _comparable(batch.columns[name])
            previous = np.concatenate([values[:1], values[:-1]])
            if self._last:
                previous[0] = self._last[name]
            below |= equal & (values < previous).astype(bool)
            equal &= (values == previous).astype(bool)
            if name in LAYER_COLUMNS:
                known &= (values >= 0) & (previous >= 0)
        equal[0] &= bool(self._last)
        self._last = {name: _comparable(batch.columns[name])[-1] for name in self._key}
        names = ", ".join(self._key)
        yield Fault(f"Rows are sorted by {names} (layers from the input on).", below & known)
        yield Fault(f"No two rows have the same {names}.", equal & known)


def _comparable(values: Any) -> NDArray[Any]:
    return np.asarray(values.to_pylist(), dtype=object) if isinstance(values, pa.Array) else np.asarray(values)


# --- rules that follow from a column's name and type ----------------------------------------------------------------


def _ranges(batch: Batch, facts: Facts) -> Iterator[Fault]:
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


def _layer_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    n_channels = facts.n_channels()
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


def _class_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    if "class_id" not in batch.columns or "classes" not in facts.kept:
        return
    class_ids = batch.columns["class_id"]
    known = np.isin(class_ids, facts.kept["classes"]["class_id"])
    if "rank" in batch.columns:
        known |= class_ids == ALL_CLASSES
    yield Fault("class_id is one of the table classes.", ~known, "class_id")
    for name in ("activation_count", "influence_count"):
        if name in batch.columns:
            beyond = batch.columns[name] > facts.n_images(class_ids)
            yield Fault(f"{name} is at most the class's n_images.", beyond, name)


def _image_references(batch: Batch, facts: Facts) -> Iterator[Fault]:
    if (
        ("rank" in batch.columns or "height" in batch.columns)
        and "image_id" in batch.columns
        and "images" in facts.kept
    ):
        known = np.isin(batch.columns["image_id"], facts.kept["images"]["image_id"])
        yield Fault("image_id is one of the table images.", ~known & _present(batch, "image_id"), "image_id")


def _present(batch: Batch, name: str) -> Mask:
    """The rows in which a column is not null."""
    return batch.present.get(name, np.ones(len(batch), dtype=bool))


# --- rules of single tables -----------------------------------------------------------------------------------------


def _class_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield Fault("class_id is at least 0.", batch.columns["class_id"] < 0)
    histogram, present = batch.columns["probability_histogram"], batch.present["probability_histogram"]
    bins = histogram.drop_null().flatten().fill_null(-1).to_numpy(zero_copy_only=False)
    bins = bins.astype(np.int64).reshape(-1, HISTOGRAM_BINS)
    wrong = np.zeros(len(batch), dtype=bool)
    wrong[present] = (bins.sum(axis=1) != batch.columns["n_images"][present]) | (bins < 0).any(axis=1)
    rule = "probability_histogram counts each image of the class once: it sums to n_images."
    yield Fault(rule, wrong, "probability_histogram")


def _layer_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    place, index = batch.columns["layer"], batch.columns["layer_index"]
    rule = "layer_index is the layer's place in the manifest's layers, from 0."
    yield Fault(rule, (place >= 0) & (index != place), "layer_index")
    for name in ("n_channels", "height", "width", "stride", "receptive_field"):
        yield Fault(f"{name} is at least 1.", batch.columns[name] == 0, name)


def _influence_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    source, target = batch.columns["source_layer"], batch.columns["target_layer"]
    backwards = (source >= target) & (source >= 0) & (target >= 0)
    yield Fault("The source layer is nearer the input than the target layer.", backwards)


def _edge_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    nodes = facts.kept.get("attribution_graph_nodes")
    if nodes is None:
        return
    keys = _node_keys(nodes["class_id"], nodes["layer"], nodes["channel"])
    for end in ("source", "target"):
        columns = (batch.columns[name] for name in ("class_id", f"{end}_layer", f"{end}_channel"))
        yield Fault(f"The {end} of an edge is a node of its class.", ~np.isin(_node_keys(*columns), keys))


def _node_keys(class_ids: Integers, layers: Integers, channels: Integers) -> Integers:
    """One number per node; a layer has fewer than 2**24 channels, a model fewer than 2**12 layers."""
    keys: Integers = (class_ids << 36) + (layers << 24) + channels
    return keys


def _example_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    for low, high in (("x0", "x1"), ("y0", "y1")):
        empty = (batch.columns[low] >= batch.columns[high]) & _present(batch, low) & _present(batch, high)
        yield Fault(f"{low} is less than {high}: the crop is not empty.", empty, low)


def _cut_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    """Examples without a picture of their own are parts of images that the run holds."""
    is_cut = ~_present(batch, "image")
    width, height = facts.image_sizes(batch.columns["image_id"])
    is_held = (width > 0) & _present(batch, "image_id")
    rule = "image is null only where the table example_images holds the image."
    yield Fault(rule, is_cut & ~is_held, "image_id")
    for edge, limit in (("x1", width), ("y1", height)):
        beyond = (batch.columns[edge] > limit) | ~_present(batch, edge)
        yield Fault(f"{edge} lies within the image of which the crop is a part.", is_cut & is_held & beyond, edge)


def _webp_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    image = batch.columns["image"]
    is_webp = pc.and_(pc.equal(pc.binary_slice(image, 0, 4), b"RIFF"), pc.equal(pc.binary_slice(image, 8, 12), b"WEBP"))
    yield Fault("image is a WebP picture.", ~is_webp.fill_null(True).to_numpy(zero_copy_only=False))


def _jpeg_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    is_jpeg = pc.equal(pc.binary_slice(batch.columns["image"], 0, 3), b"\xff\xd8\xff")
    yield Fault("image is a JPEG picture.", ~is_jpeg.to_numpy(zero_copy_only=False))
    for name in ("width", "height"):
        other = batch.columns[name] != batch.columns[name][0]
        yield Fault(f"{name} is at least 1.", batch.columns[name] == 0, name)
        yield Fault(f"All images have one {name}, that of the model's input.", other, name)


def _kind_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _among(batch, "kind", VISUALIZATION_KINDS)


def _prototype_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    yield _among(batch, "method", PROTOTYPE_METHODS)
    for name in ("log_probability", "initial_log_probability"):
        rule = f"{name} is the logarithm of a probability: at most 0."
        yield Fault(rule, batch.columns[name] > _ROUNDING, name)


def _among(batch: Batch, name: str, known: Sequence[str]) -> Fault:
    """A column of text that has a choice of values."""
    is_known = pc.is_in(batch.columns[name], value_set=pa.array(known))
    return Fault(f"{name} is one of {', '.join(known)}.", ~is_known.to_numpy(zero_copy_only=False), name)


def _interval_rules(batch: Batch, facts: Facts) -> Iterator[Fault]:
    accuracy, low, high = (batch.columns[name] for name in ("accuracy", "ci_low", "ci_high"))
    outside = (accuracy < low - _ROUNDING) | (accuracy > high + _ROUNDING)
    yield Fault("accuracy lies between ci_low and ci_high.", outside, "accuracy")


_RULES: Mapping[str, tuple[Rule, ...]] = {
    "classes": (_class_rules,),
    "layers": (_layer_rules,),
    "influences": (_influence_rules,),
    "attribution_graph_edges": (_influence_rules, _edge_rules),
    "example_images": (_jpeg_rules,),
    "dataset_examples": (_example_rules, _cut_rules, _webp_rules),
    "feature_visualizations": (_webp_rules, _kind_rules),
    "prototypes": (_webp_rules, _prototype_rules),
    "faithfulness": (_interval_rules,),
}


# --- totals ---------------------------------------------------------------------------------------------------------


def total_faults(facts: Facts, dataset: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Whole tables against each other and the manifest's `dataset`: table, rule, found."""
    yield from _dense(facts)
    stated = dataset.get("n_classes")
    if "classes" in facts.rows and isinstance(stated, int) and stated != facts.rows["classes"]:
        rule = "It has as many rows as the manifest states n_classes."
        yield "classes", rule, _against(facts.rows["classes"], stated)
    stated = dataset.get("n_images")
    if "images" in facts.rows and isinstance(stated, int) and stated < facts.rows["images"]:
        rule = "It has at most as many rows as the manifest states n_images; unreadable images have none."
        yield "images", rule, f"It has {facts.rows['images']:,} rows, stated are {stated:,}."
    if "classes" in facts.kept and "images" in facts.kept:
        rule = "n_images is the number of the class's rows in the table images."
        classes, images = facts.kept["classes"], facts.kept["images"]
        yield from _per_class("classes", rule, classes["class_id"], classes["n_images"], images["class_id"])
    graphs = facts.kept.get("attribution_graphs")
    for table, name in (("attribution_graph_nodes", "n_nodes"), ("attribution_graph_edges", "n_edges")):
        if graphs is not None and table in facts.kept:
            rule = f"{name} is the number of the class's rows in {table}."
            yield from _per_class(
                "attribution_graphs", rule, graphs["class_id"], graphs[name], facts.kept[table]["class_id"]
            )


def _dense(facts: Facts) -> Iterator[tuple[str, str, str]]:
    layers = facts.kept.get("layers")
    if layers is None:
        return
    if facts.layer_names and facts.rows["layers"] != len(facts.layer_names):
        rule = "It has one row for each of the manifest's layers."
        yield "layers", rule, _against(facts.rows["layers"], len(facts.layer_names))
    channels = int(layers["n_channels"].sum())
    if "channels" in facts.rows and facts.rows["channels"] != channels:
        yield "channels", "It has one row for each channel of each layer.", _against(facts.rows["channels"], channels)
    if "activations" in facts.rows and "classes" in facts.rows and not facts.is_imported:
        expected = facts.rows["classes"] * channels
        if facts.rows["activations"] != expected:
            rule = "It has one row for each class and each channel of each layer, zeros included."
            yield "activations", rule, _against(facts.rows["activations"], expected)


def _per_class(
    table: str, rule: str, class_ids: Integers, stated: Integers, rows: Integers
) -> Iterator[tuple[str, str, str]]:
    ids, counts = np.unique(rows, return_counts=True)
    counted = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    pairs = zip(class_ids.tolist(), stated.tolist(), strict=True)
    wrong = [(c, n, counted.get(c, 0)) for c, n in pairs if counted.get(c, 0) != n]
    if wrong:
        class_id, n, rows_found = wrong[0]
        classes = "class" if len(wrong) == 1 else "classes"
        found = f"Not for {len(wrong):,} {classes}; first: class_id {class_id} states {n:,}, counted {rows_found:,}."
        yield table, rule, found


def _against(found: int, expected: int) -> str:
    return f"It has {found:,} rows, expected {expected:,}."
