"""The stage `examples`: crops of the images that excite each channel most, over all classes and per class graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from precompute.aggregate.accumulate import Examples
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import UnitStore, plan_units
from precompute.config import AggregateConfig, ExampleConfig, RunConfig
from precompute.models.layers import RecordedLayer
from precompute.pictures import encode_webp
from precompute.progress import Progress
from precompute.schema import ALL_CLASSES, TableWriter, read_table


class Box(NamedTuple):
    """A crop in pixels of the model's input; `x1` and `y1` are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class _Wanted:
    """Some rows of the table for one layer, sorted by channel, class and rank; all `(row,)`."""

    channel: NDArray[np.int32]
    class_id: NDArray[np.int32]
    rank: NDArray[np.int32]
    image_id: NDArray[np.int32]
    activation: NDArray[np.float32]
    box: NDArray[np.int32]
    """`(row, 4)`."""


def build_examples(run: Path, store: UnitStore, inputs: PassInputs, config: RunConfig, progress: Progress) -> None:
    """Writes the table dataset_examples; every image is decoded once, every distinct crop is encoded once."""
    wanted = _wanted_rows(run, store, inputs, config.aggregate)
    crops: dict[int, set[Box]] = defaultdict(set)
    for rows in wanted:
        for image_id, box in zip(rows.image_id.tolist(), rows.box.tolist(), strict=True):
            crops[image_id].add(Box(*box))
    encoded = _encode(inputs, crops, config.examples, config.workers, progress)
    names = [layer.name for layer in inputs.layers]
    with TableWriter(run, "dataset_examples") as writer:
        for index, rows in enumerate(wanted):
            for start, stop in _groups_of_channels(rows.channel):
                writer.write(_table(rows, slice(start, stop), index, names, encoded))


def _groups_of_channels(channel: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Row ranges that hold whole channels and about a thousand pictures: what a reader opens for one of them."""
    bounds = [0, *(np.flatnonzero(np.diff(channel)) + 1).tolist(), len(channel)]
    start = 0
    for stop in bounds[1:]:
        if stop - start >= 1000 or stop == len(channel):
            if stop > start:
                yield start, stop
            start = stop


def _wanted_rows(run: Path, store: UnitStore, inputs: PassInputs, config: AggregateConfig) -> list[_Wanted]:
    """Over all classes for every channel, and per class for the channels of its graph."""
    overall = [Examples.empty(layer.n_channels, config.n_examples) for layer in inputs.layers]
    pieces: list[list[tuple[int, NDArray[np.int32], Examples]]] = [[] for _ in inputs.layers]
    kept = _graph_channels(run)
    n_chunks = Counter(key.class_id for key in plan_units(inputs.source, config.chunk_size))
    for labelled in sorted(inputs.source.classes, key=lambda c: c.class_id):
        unit = store.read_class(labelled.class_id, n_chunks[labelled.class_id], inputs.measures)
        for index, sums in enumerate(unit.layers):
            overall[index] = overall[index].merge(sums.examples)
            channels = kept.get((labelled.class_id, inputs.layers[index].name))
            if channels is not None:
                chosen = Examples(*(value[channels] for value in vars(sums.examples).values()))
                pieces[index].append((labelled.class_id, channels, chosen))
    everything = [np.arange(layer.n_channels, dtype=np.int32) for layer in inputs.layers]
    return [
        _rows(layer, [(ALL_CLASSES, everything[i], overall[i]), *pieces[i]], inputs.model.input_size[1:])
        for i, layer in enumerate(inputs.layers)
    ]


def _graph_channels(run: Path) -> dict[tuple[int, str], NDArray[np.int32]]:
    table = read_table(run, "attribution_graph_nodes", ["class_id", "layer", "channel"])
    channels: dict[tuple[int, str], list[int]] = defaultdict(list)
    columns = (table[name].to_pylist() for name in ("class_id", "layer", "channel"))
    for class_id, layer, channel in zip(*columns, strict=True):
        channels[class_id, layer].append(channel)
    return {key: np.asarray(value, np.int32) for key, value in channels.items()}


def _rows(
    layer: RecordedLayer, pieces: Sequence[tuple[int, NDArray[np.int32], Examples]], size: tuple[int, ...]
) -> _Wanted:
    columns: dict[str, list[NDArray[np.int32]]] = defaultdict(list)
    activations = []
    for class_id, channels, examples in pieces:
        taken = examples.activation > 0
        which, rank = np.nonzero(taken)
        columns["channel"].append(channels[which])
        columns["class_id"].append(np.full(len(which), class_id, np.int32))
        columns["rank"].append(rank.astype(np.int32))
        columns["image_id"].append(examples.image_id[taken])
        columns["position"].append(examples.position[taken])
        activations.append(examples.activation[taken])
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    order = np.lexsort((joined["rank"], joined["class_id"], joined["channel"]))
    box = np.asarray([crop_box(layer, int(p), size) for p in joined.pop("position")[order]], np.int32).reshape(-1, 4)
    sorted_columns = {name: value[order] for name, value in joined.items()}
    return _Wanted(activation=np.concatenate(activations)[order], box=box, **sorted_columns)


def crop_box(layer: RecordedLayer, position: int, size: tuple[int, ...]) -> Box:
    """The receptive field around one position, clipped to the image.

    Args:
        layer: whose field it is; without a field the whole image.
        position: index in the flattened rows of the layer.
        size: `(height, width)` of the model's input.
    """
    if layer.receptive_field is None:
        return Box(0, 0, size[1], size[0])
    row, column = divmod(position, layer.width)
    (y0, y1) = layer.receptive_field.rows.window(row, size[0])
    (x0, x1) = layer.receptive_field.columns.window(column, size[1])
    return Box(x0, y0, x1, y1)


def _encode(
    inputs: PassInputs, crops: Mapping[int, set[Box]], config: ExampleConfig, workers: int, progress: Progress
) -> dict[tuple[int, Box], bytes]:
    """WebP bytes of every crop."""

    def encode(image_id: int) -> list[tuple[tuple[int, Box], bytes]]:
        image = inputs.source.images[image_id]
        decoded = inputs.source.load(image, inputs.preprocess.background)
        pixels = Image.fromarray(inputs.preprocess.image(decoded))
        return [((image_id, box), encode_webp(pixels.crop(box), config)) for box in sorted(crops[image_id])]

    encoded: dict[tuple[int, Box], bytes] = {}
    with (
        ThreadPoolExecutor(max(workers, 1), thread_name_prefix="crop") as pool,
        progress.stage("Dataset examples", total=len(crops), unit="images") as advance,
    ):
        for found in pool.map(encode, sorted(crops)):
            encoded.update(found)
            advance(1)
    return encoded


def _table(
    rows: _Wanted, part: slice, index: int, names: Sequence[str], encoded: Mapping[tuple[int, Box], bytes]
) -> pa.Table:
    keys = zip(rows.image_id[part].tolist(), rows.box[part].tolist(), strict=True)
    pictures = [encoded[image_id, Box(*box)] for image_id, box in keys]
    layer = pa.DictionaryArray.from_arrays(
        pa.array(np.full(len(pictures), index, np.int16)), pa.array(names, pa.string())
    )
    columns = {name: getattr(rows, name)[part] for name in ("channel", "class_id", "rank", "image_id", "activation")}
    edges = {name: rows.box[part, i] for i, name in enumerate(("x0", "y0", "x1", "y1"))}
    return pa.table({"layer": layer, **columns, **edges, "image": pa.array(pictures, pa.binary())})
