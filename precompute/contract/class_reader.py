"""Reading a table class by class, without ever holding all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from precompute.contract.errors import InputError
from precompute.contract.schema import TABLES, read_table, table_path

__all__ = ["ClassReader", "Nodes"]

IntArray = npt.NDArray[np.int64]


class ClassReader:
    """The rows of one class after another, from a table sorted by `class_id`.

    Holds one row group at a time. A row group may hold several classes, and a class may go on in the next one.

    Example:
        with ClassReader(run, "influences", columns) as reader:
            for class_id in sorted(class_ids):
                rows = reader.read(class_id)

    Raises:
        InputError: the run has no such table, or it is damaged or not sorted.
    """

    def __init__(self, run: Path, name: str, columns: Sequence[str]) -> None:
        self._path = table_path(run, name)
        if not self._path.is_file():
            read_table(run, name)  # Raises the message that names the missing stage.
        self._columns = list(columns)
        try:
            self._file = pq.ParquetFile(self._path)
        except (pa.ArrowInvalid, OSError) as problem:
            raise self._damaged(str(problem)) from problem
        self._classes = self._iterate()
        self._next: tuple[int, pa.Table] | None = next(self._classes, None)
        self._empty = pa.schema([TABLES[name].schema.field(column) for column in columns]).empty_table()

    def __enter__(self) -> ClassReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def read(self, class_id: int) -> pa.Table:
        """The rows of a class, none if it has none; calls ask for ascending classes and may skip some."""
        while self._next is not None and self._next[0] < class_id:
            self._next = next(self._classes, None)
        if self._next is None or self._next[0] > class_id:
            return self._empty
        return self._next[1]

    def _iterate(self) -> Iterator[tuple[int, pa.Table]]:
        class_id, pieces = -1, list[pa.Table]()
        for found, piece in self._pieces():
            if found < class_id:
                raise self._damaged(f"class {found} follows class {class_id}")
            if found != class_id and pieces:
                yield class_id, pa.concat_tables(pieces)
                pieces = []
            class_id = found
            pieces.append(piece)
        if pieces:
            yield class_id, pa.concat_tables(pieces)

    def _pieces(self) -> Iterator[tuple[int, pa.Table]]:
        """Row ranges of one class each, in the order of the file."""
        for group in range(self._file.num_row_groups):
            try:
                rows = self._file.read_row_group(group, columns=["class_id", *self._columns])
            except (pa.ArrowInvalid, OSError) as problem:
                raise self._damaged(str(problem)) from problem
            class_ids = rows["class_id"].to_numpy()
            starts = np.flatnonzero(np.diff(class_ids, prepend=class_ids[:1] - 1))
            for start, stop in zip(starts, [*starts[1:], len(class_ids)], strict=True):
                yield int(class_ids[start]), rows.slice(start, stop - start).select(self._columns)

    def _damaged(self, found: str) -> InputError:
        return InputError(
            "A table of a run is a complete Parquet file, sorted by class_id.",
            f"{self._path}: {found}.",
            "Make the run again with --overwrite.",
        )


class Nodes:
    """Numbers the channels of all layers from 0, by layer from the input and then channel.

    Args:
        layers: name and number of channels of each recorded layer, in order from the input.
    """

    def __init__(self, layers: Sequence[tuple[str, int]]) -> None:
        self.layers = tuple(layers)
        self._index: Mapping[str, int] = {name: index for index, (name, _) in enumerate(self.layers)}
        self._sizes: IntArray = np.array([n_channels for _, n_channels in self.layers], np.int64)
        self.starts: IntArray = np.concatenate([[0], np.cumsum(self._sizes)]).astype(np.int64)
        self.layer_indices: IntArray = np.repeat(np.arange(len(self.layers)), self._sizes)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def numbers(self, rows: pa.Table, layer_column: str, channel_column: str) -> IntArray:
        """The node of each row, `(n_rows,)`.

        Raises:
            InputError: the rows name a layer or channel that the run does not list.
        """
        layers, channels = self._layers_of(rows[layer_column]), rows[channel_column].to_numpy()
        wrong = (channels < 0) | (channels >= self._sizes[layers])
        if wrong.any():
            first = int(np.argmax(wrong))
            name, size = self.layers[layers[first]]
            raise _unlisted(f"A row names channel {channels[first]} of {name}, which has {size} channels.")
        nodes = self.starts[layers]
        nodes += channels
        return nodes

    def of(self, channels: Iterable[tuple[str, int]]) -> IntArray:
        """The nodes of named channels.

        Raises:
            InputError: a name or number is not one of the run's.
        """
        named = sorted(channels)
        for layer, channel in named:
            if not 0 <= channel < dict(self.layers).get(layer, 0):
                raise _unlisted(f"There is no channel {layer}-{channel}.")
        return np.array([self.starts[self._index[layer]] + channel for layer, channel in named], np.int64)

    def channels_of(self, nodes: IntArray) -> tuple[pa.DictionaryArray, npt.NDArray[np.int32]]:
        """Layer and channel of each node, as the columns of a table."""
        layers = self.layer_indices[nodes]
        names = pa.array([name for name, _ in self.layers], pa.string())
        encoded = pa.DictionaryArray.from_arrays(pa.array(layers.astype(np.int16)), names)
        return encoded, (nodes - self.starts[layers]).astype(np.int32)

    def _layers_of(self, column: pa.ChunkedArray) -> IntArray:
        """Index of each row's layer; row groups number their layers each in its own way, so by name."""
        pieces = [np.zeros(0, np.int64)]
        for chunk in column.chunks:
            encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            names = encoded.dictionary.to_pylist()
            index = np.array([self._index.get(name, -1) for name in names], np.int64)
            pieces.append(index[encoded.indices.to_numpy()])
            if (pieces[-1] < 0).any():
                strangers = sorted({names[i] for i in encoded.indices.to_pylist() if index[i] < 0})
                raise _unlisted(f"A row names the layer {', '.join(strangers)}.")
        return np.concatenate(pieces)


def _unlisted(found: str) -> InputError:
    return InputError(
        "Rows name recorded layers and their channels.",
        found,
        "Take layers and channels from `summit-dash inspect`, or make the run again with --overwrite.",
    )
