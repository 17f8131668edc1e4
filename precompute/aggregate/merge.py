"""The tables of the stage `aggregate`, made from finished units with one class in memory at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from precompute.aggregate.accumulate import LayerSums
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import ClassUnit, ImageRows, UnitStore, plan_units
from precompute.contract.labelled import LabelledClass, LabelledImage
from precompute.contract.progress import Progress
from precompute.contract.schema import HISTOGRAM_BINS
from precompute.contract.writing import gather_rows, write_table
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import Link

_ROWS_PER_GROUP = 2**14
"""The least number of rows of a row group, which holds whole classes."""


@dataclass(frozen=True)
class MergeReport:
    """The facts of the pass that the manifest holds.

    Attributes:
        n_images: images that were counted.
        skipped: by path, the reason for every image that was not.
        top1_accuracy: over the images of the classes that have outputs; None where no class has any.
        top5_accuracy: alike.
        n_with_accuracy: the number of these images.
    """

    n_images: int
    skipped: dict[str, str]
    top1_accuracy: float | None
    top5_accuracy: float | None
    n_with_accuracy: int


def merge_units(
    run: Path, store: UnitStore, inputs: PassInputs, config: AggregateConfig, progress: Progress
) -> MergeReport:
    """Writes the tables classes, layers, images, activations, influences and channels from a run's units.

    Raises:
        InputError: the file of a unit is damaged, or of another run.
    """
    n_chunks = Counter(key.class_id for key in plan_units(inputs.source, config.chunk_size))
    totals = _Totals(inputs.layers)
    classes: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    names = [layer.name for layer in inputs.layers]
    with (
        ExitStack() as stack,
        progress.open_stage("Tables", total=len(inputs.source.classes), unit="classes") as advance,
    ):
        activations, influences, images = (
            stack.enter_context(gather_rows(run, name, _ROWS_PER_GROUP))
            for name in ("activations", "influences", "images")
        )
        for labelled in sorted(inputs.source.classes, key=lambda c: c.class_id):
            unit = store.read_class(labelled.class_id, n_chunks[labelled.class_id], inputs.measures)
            outputs = inputs.class_outputs.get(labelled.class_id)
            skipped |= unit.skipped
            totals.add(unit)
            classes.append(_build_class_row(labelled, unit.images, outputs))
            activations(_build_activation_rows(labelled.class_id, unit, inputs.layers))
            for rows in _build_influence_rows(labelled.class_id, unit.influences, inputs.links, names):
                influences(rows)
            images(_build_image_rows(labelled.class_id, unit.images, inputs.source.images, outputs is not None))
            advance(1)
    write_table(run, "classes", _transpose(classes))
    side = max(inputs.model.input_size[1:])
    write_table(run, "layers", _transpose([_build_layer_row(i, layer, side) for i, layer in enumerate(inputs.layers)]))
    write_table(run, "channels", totals.build_channel_rows(config))
    return _build_report(classes, skipped)


def _build_report(classes: Sequence[dict[str, Any]], skipped: dict[str, str]) -> MergeReport:
    n_images = sum(row["n_images"] for row in classes)
    known = [row for row in classes if row["top1_accuracy"] is not None]
    n_known = sum(row["n_images"] for row in known)

    def average(name: str) -> float | None:
        return sum(row[name] * row["n_images"] for row in known) / n_known if n_known else None

    return MergeReport(n_images, skipped, average("top1_accuracy"), average("top5_accuracy"), n_known)


def _transpose(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _build_class_row(labelled: LabelledClass, images: ImageRows, outputs: Sequence[int] | None) -> dict[str, Any]:
    n_images = len(images.image_id)
    known = outputs is not None and n_images > 0
    hits = np.isin(images.predicted_class_id, outputs or ())
    bins = np.minimum((images.true_probability * HISTOGRAM_BINS).astype(int), HISTOGRAM_BINS - 1) if known else None
    return {
        "class_id": labelled.class_id,
        "class_name": labelled.class_name,
        "synset": labelled.synset,
        "group": labelled.group,
        "n_images": n_images,
        "top1_accuracy": float(hits.mean()) if known else None,
        "top5_accuracy": float(images.in_top5.mean()) if known else None,
        "probability_histogram": None if bins is None else np.bincount(bins, minlength=HISTOGRAM_BINS).tolist(),
    }


def _build_layer_row(index: int, layer: RecordedLayer, side: int) -> dict[str, Any]:
    field = layer.receptive_field
    return {
        "layer": layer.name,
        "layer_index": index,
        "module_type": layer.module_type,
        "n_channels": layer.n_channels,
        "height": layer.height,
        "width": layer.width,
        "stride": field.stride if field else max(1, side // layer.height),
        "receptive_field": field.size if field else side,
    }


def _build_layer_column(name: str, length: int, names: Sequence[str]) -> pa.DictionaryArray:
    index = pa.array(np.full(length, list(names).index(name), np.int16))
    return pa.DictionaryArray.from_arrays(index, pa.array(names, pa.string()))


def _build_activation_rows(class_id: int, unit: ClassUnit, layers: Sequence[RecordedLayer]) -> pa.Table:
    n_images = max(len(unit.images.image_id), 1)
    names = [layer.name for layer in layers]
    pieces = [
        pa.table(
            {
                "class_id": np.full(layer.n_channels, class_id, np.int32),
                "layer": _build_layer_column(layer.name, layer.n_channels, names),
                "channel": np.arange(layer.n_channels, dtype=np.int32),
                "activation_count": sums.activation_count,
                "mean_activation": (sums.activation_sum / n_images).astype(np.float32),
            }
        )
        for layer, sums in zip(layers, unit.layers, strict=True)
    ]
    return pa.concat_tables(pieces)


def _build_influence_rows(
    class_id: int, influences: Sequence[PairSums], links: Sequence[Link], names: Sequence[str]
) -> Iterator[pa.Table]:
    """Yields one table per link; within a target channel, sources come layer by layer as in `link.sources`."""
    for link, pairs in zip(links, influences, strict=True):
        firsts = np.cumsum([0, *(source.n_channels for source in link.sources)])
        which = np.searchsorted(firsts, pairs.source, side="right") - 1
        layer_index = np.asarray([list(names).index(source.name) for source in link.sources], np.int16)
        length = len(pairs.source)
        yield pa.table(
            {
                "class_id": np.full(length, class_id, np.int32),
                "target_layer": _build_layer_column(link.target.name, length, names),
                "target_channel": pairs.target_channel,
                "source_layer": pa.DictionaryArray.from_arrays(layer_index[which], pa.array(names, pa.string())),
                "source_channel": (pairs.source - firsts[which]).astype(np.int32),
                "influence_count": pairs.influence_count,
                "mean_influence": (pairs.influence_sum / pairs.influence_count).astype(np.float32),
            }
        )


def _build_image_rows(
    class_id: int, images: ImageRows, labelled: Sequence[LabelledImage], has_outputs: bool
) -> pa.Table:
    true = images.true_probability if has_outputs else np.ma.masked_all(len(images.image_id), np.float32)
    return pa.table(
        {
            "image_id": images.image_id,
            "class_id": np.full(len(images.image_id), class_id, np.int32),
            "path": pa.array([labelled[i].path for i in images.image_id.tolist()], pa.string()),
            "predicted_class_id": images.predicted_class_id,
            "predicted_probability": images.predicted_probability,
            "true_probability": pa.array(true, pa.float32()),
        }
    )


class _Totals:
    """The totals of every channel over all classes."""

    def __init__(self, layers: Sequence[RecordedLayer]) -> None:
        self._layers = layers
        self._n_images = 0
        self._n_classes = [np.zeros(layer.n_channels, np.int32) for layer in layers]
        self._count = [np.zeros(layer.n_channels, np.int64) for layer in layers]
        self._maximum = [np.zeros(layer.n_channels, np.float32) for layer in layers]

    def add(self, unit: ClassUnit) -> None:
        self._n_images += len(unit.images.image_id)
        for index, sums in enumerate(unit.layers):
            self._n_classes[index] += sums.activation_count > 0
            self._count[index] += sums.activation_count
            self._maximum[index] = np.maximum(self._maximum[index], _find_greatest(sums))

    def build_channel_rows(self, config: AggregateConfig) -> dict[str, Any]:
        names = [layer.name for layer in self._layers]
        fraction = np.concatenate(self._count) / max(self._n_images, 1)
        maximum = np.concatenate(self._maximum)
        channel = np.concatenate([np.arange(layer.n_channels) for layer in self._layers])
        layer_names = [name for name, layer in zip(names, self._layers, strict=True) for _ in range(layer.n_channels)]
        listed = set(config.outlier_channels)
        outlier = np.array([f"{n}-{c}" in listed for n, c in zip(layer_names, channel, strict=True)])
        if config.outlier_fraction is not None:
            outlier |= fraction > config.outlier_fraction
        return {
            "layer": layer_names,
            "channel": channel.astype(np.int32),
            "n_classes": np.concatenate(self._n_classes),
            "activation_fraction": fraction.astype(np.float32),
            "max_activation": maximum,
            "is_dead": maximum <= 0,
            "is_outlier": outlier,
        }


def _find_greatest(sums: LayerSums) -> NDArray[np.float32]:
    strongest = sums.examples.activation
    return strongest[:, 0] if strongest.shape[1] else np.zeros(len(strongest), np.float32)
