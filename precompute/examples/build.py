"""The stage `examples`: crops of the images that excite each channel most, over all classes and per class graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from precompute.aggregate.accumulate import Examples
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import UnitStore, plan_units
from precompute.contract.progress import Progress
from precompute.contract.schema import ALL_CLASSES, read_table
from precompute.contract.writing import TableWriter
from precompute.examples.config import ExampleConfig
from precompute.examples.crop_pictures import EncodedCrops, Encoding, encode_crops
from precompute.examples.crops import compute_crop_boxes, find_distinct_crops
from precompute.models.layers.selection import RecordedLayer

_ROWS_PER_GROUP = 1000


@dataclass(frozen=True)
class _Wanted:
    """Some rows of the table for one layer, sorted by channel, class and rank; all `(row,)`, but `box` `(row, 4)`."""

    channel: NDArray[np.int32]
    class_id: NDArray[np.int32]
    rank: NDArray[np.int32]
    image_id: NDArray[np.int32]
    activation: NDArray[np.float32]
    box: NDArray[np.int32]


@dataclass(frozen=True)
class ExamplesRequest:
    """The settings of the stage.

    Attributes:
        aggregate: of the pass, which kept the candidates.
        examples: size and quality of the pictures.
        workers: threads that decode images.
    """

    aggregate: AggregateConfig
    examples: ExampleConfig
    workers: int


def build_examples(
    run: Path, store: UnitStore, inputs: PassInputs, request: ExamplesRequest, progress: Progress
) -> None:
    """Writes the tables example_images and dataset_examples; every image is decoded once.

    Args:
        run: the run's folder, whose stage `graphs` is done.
        store: the finished units of the pass.
        inputs: of the pass.
        request: the settings of the stage.
        progress: shows the images that are done.

    Raises:
        InputError: the file of a unit is damaged, or of another run.
        UnreadableImage: an image that the pass has read cannot be read any more.
    """
    wanted = _list_wanted(run, store, inputs, request.aggregate)
    image_id, box = (np.concatenate([getattr(rows, name) for rows in wanted]) for name in ("image_id", "box"))
    crops, which = find_distinct_crops(image_id, box)
    starts = np.cumsum([len(rows.channel) for rows in wanted])[:-1]
    names = [layer.name for layer in inputs.layers]
    encoding = Encoding(request.examples, request.workers)
    with (
        encode_crops(run, inputs, crops, encoding, progress) as encoded,
        TableWriter(run, "dataset_examples") as writer,
    ):
        for index, (rows, numbers) in enumerate(zip(wanted, np.split(which, starts), strict=True)):
            for part in _split_channels(rows.channel):
                writer.write(_build_table(rows, part, (index, names), _read_pictures(encoded, numbers[part])))


def _read_pictures(encoded: EncodedCrops, numbers: NDArray[np.int64]) -> list[bytes | None]:
    """Reads the crops of some rows, each once."""
    pictures = {number: encoded.read(number) for number in np.unique(numbers).tolist()}
    return [pictures[number] for number in numbers.tolist()]


def _split_channels(channel: NDArray[np.int32]) -> Iterator[slice]:
    """Yields ranges of whole channels and about a thousand rows: a reader opens one range for one channel."""
    bounds = [0, *(np.flatnonzero(np.diff(channel)) + 1).tolist(), len(channel)]
    start = 0
    for stop in bounds[1:]:
        if stop - start >= _ROWS_PER_GROUP or stop == len(channel):
            if stop > start:
                yield slice(start, stop)
            start = stop


def _list_wanted(run: Path, store: UnitStore, inputs: PassInputs, config: AggregateConfig) -> list[_Wanted]:
    """Lists the rows of every layer: over all classes for every channel, per class for the channels of its graph."""
    overall = [Examples.make_empty(layer.n_channels, config.n_examples) for layer in inputs.layers]
    pieces: list[list[tuple[int, NDArray[np.int32], Examples]]] = [[] for _ in inputs.layers]
    kept = _read_graph_channels(run)
    n_chunks = Counter(key.class_id for key in plan_units(inputs.source, config.chunk_size))
    for labelled in sorted(inputs.source.classes, key=lambda c: c.class_id):
        found = store.read_examples(labelled.class_id, n_chunks[labelled.class_id])
        for index, examples in enumerate(found):
            overall[index] = overall[index].merge(examples)
            channels = kept.get((labelled.class_id, inputs.layers[index].name))
            if channels is not None:
                chosen = Examples(*(value[channels] for value in vars(examples).values()))
                pieces[index].append((labelled.class_id, channels, chosen))
    everything = [np.arange(layer.n_channels, dtype=np.int32) for layer in inputs.layers]
    return [
        _sort_rows(layer, [(ALL_CLASSES, everything[i], overall[i]), *pieces[i]], inputs.model.input_size[1:])
        for i, layer in enumerate(inputs.layers)
    ]


def _read_graph_channels(run: Path) -> dict[tuple[int, str], NDArray[np.int32]]:
    table = read_table(run, "attribution_graph_nodes", ["class_id", "layer", "channel"])
    channels: dict[tuple[int, str], list[int]] = defaultdict(list)
    columns = (table[name].to_pylist() for name in ("class_id", "layer", "channel"))
    for class_id, layer, channel in zip(*columns, strict=True):
        channels[class_id, layer].append(channel)
    return {key: np.asarray(value, np.int32) for key, value in channels.items()}


def _sort_rows(
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
    box = compute_crop_boxes(layer, joined.pop("position")[order], size)
    sorted_columns = {name: value[order] for name, value in joined.items()}
    return _Wanted(activation=np.concatenate(activations)[order], box=box, **sorted_columns)


def _build_table(
    rows: _Wanted, part: slice, layer: tuple[int, Sequence[str]], pictures: Sequence[bytes | None]
) -> pa.Table:
    index, names = layer
    layers = pa.DictionaryArray.from_arrays(
        pa.array(np.full(len(pictures), index, np.int16)), pa.array(names, pa.string())
    )
    columns = {name: getattr(rows, name)[part] for name in ("channel", "class_id", "rank", "image_id", "activation")}
    edges = {name: rows.box[part, i] for i, name in enumerate(("x0", "y0", "x1", "y1"))}
    return pa.table({"layer": layers, **columns, **edges, "image": pa.array(pictures, pa.binary())})
