"""The numbering of the channels of all layers as nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from precompute.contract.errors import InputError

__all__ = ["Nodes"]

IntArray = npt.NDArray[np.int64]


class Nodes:
    """The channels of all layers, numbered from 0, by layer from the input and then by channel.

    Args:
        layers: name and number of channels of each recorded layer, in order from the input.

    Attributes:
        starts: the first node of each layer and, last, the number of nodes, `(n_layers + 1,)`.
        layer_indices: the layer of each node, `(n_nodes,)`.
    """

    def __init__(self, layers: Sequence[tuple[str, int]]) -> None:
        self._layers = tuple(layers)
        self._index: Mapping[str, int] = {name: index for index, (name, _) in enumerate(self._layers)}
        self._sizes: IntArray = np.array([n_channels for _, n_channels in self._layers], np.int64)
        self.starts: IntArray = np.concatenate([[0], np.cumsum(self._sizes)]).astype(np.int64)
        self.layer_indices: IntArray = np.repeat(np.arange(len(self._layers)), self._sizes)

    @property
    def layer_names(self) -> list[str]:
        """The names of the layers, in order from the input."""
        return [name for name, _ in self._layers]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def number_rows(self, rows: pa.Table, layer_column: str, channel_column: str) -> IntArray:
        """Returns the node of each row, `(n_rows,)`.

        Raises:
            InputError: the rows name a layer or channel that the run does not list.
        """
        layers, channels = self._index_layers(rows[layer_column]), rows[channel_column].to_numpy()
        wrong = (channels < 0) | (channels >= self._sizes[layers])
        if wrong.any():
            first = int(np.argmax(wrong))
            name, size = self._layers[layers[first]]
            raise _build_error(f"A row names channel {channels[first]} of {name}, which has {size} channels.")
        nodes = self.starts[layers]
        nodes += channels
        return nodes

    def number_channels(self, channels: Iterable[tuple[str, int]]) -> IntArray:
        """Returns the nodes of channels given by layer and number, sorted by name of the layer and then number.

        Raises:
            InputError: a name or number is not one of the run's.
        """
        named = sorted(channels)
        for layer, channel in named:
            if not 0 <= channel < dict(self._layers).get(layer, 0):
                raise _build_error(f"There is no channel {layer}-{channel}.")
        return np.array([self.starts[self._index[layer]] + channel for layer, channel in named], np.int64)

    def name_nodes(self, nodes: IntArray) -> tuple[pa.DictionaryArray, npt.NDArray[np.int32]]:
        """Returns layer and channel of each node, `(n,)` each, as the columns of a table."""
        layers = self.layer_indices[nodes]
        names = pa.array([name for name, _ in self._layers], pa.string())
        encoded = pa.DictionaryArray.from_arrays(pa.array(layers.astype(np.int16)), names)
        return encoded, (nodes - self.starts[layers]).astype(np.int32)

    def _index_layers(self, column: pa.ChunkedArray) -> IntArray:
        """Returns the index of each row's layer, by name: row groups may number their layers differently."""
        pieces = [np.zeros(0, np.int64)]
        for chunk in column.chunks:
            encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            names = encoded.dictionary.to_pylist()
            index = np.array([self._index.get(name, -1) for name in names], np.int64)
            pieces.append(index[encoded.indices.to_numpy()])
            if (pieces[-1] < 0).any():
                strangers = sorted({names[i] for i in encoded.indices.to_pylist() if index[i] < 0})
                raise _build_error(f"A row names the layer {', '.join(strangers)}.")
        return np.concatenate(pieces)


def _build_error(found: str) -> InputError:
    return InputError(
        "Rows name recorded layers and their channels.",
        found,
        "Take layers and channels from `summit-dash inspect`, or make the run again with --overwrite.",
    )
