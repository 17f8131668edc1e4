"""Dataset examples from strips, for channels of imported runs that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.schema import ALL_CLASSES, TABLES, locate_table, read_table
from precompute.contract.writing import TableWriter

__all__ = ["Examples", "add_examples", "find_channels_with_examples"]

Examples = Mapping[tuple[str, int], Sequence[bytes]]
"""Lists of WebP pictures by layer and channel, best first."""

_TABLE = "dataset_examples"
_ROWS_PER_GROUP = 1000


def find_channels_with_examples(run: Path) -> set[tuple[str, int]]:
    """Finds layer and channel of every example over all classes."""
    if not locate_table(run, _TABLE).is_file():
        return set()
    table = read_table(run, _TABLE, ["layer", "channel"], pc.field("class_id") == ALL_CLASSES)
    return set(zip(table["layer"].cast(pa.string()).to_pylist(), table["channel"].to_pylist(), strict=True))


def add_examples(run: Path, examples: Examples, layers: Sequence[str]) -> None:
    """Adds examples to the table in one write; their image, activation and box are null.

    Args:
        run: the run's directory; the caller holds its lock.
        examples: examples of channels that have none.
        layers: layers in order from the input.
    """
    spec = TABLES[_TABLE]
    rows = [
        {"layer": layer, "channel": channel, "class_id": ALL_CLASSES, "rank": rank, "image": image}
        for (layer, channel), images in examples.items()
        for rank, image in enumerate(images)
    ]
    if not rows:
        return
    schema = pa.schema([pa.field(f.name, _unpack_dictionary(f.type)) for f in spec.schema])
    added = pa.Table.from_pylist(rows, schema=schema)
    if locate_table(run, _TABLE).is_file():
        added = pa.concat_tables([read_table(run, _TABLE, schema.names).cast(schema), added])
    layer_index = pc.index_in(added["layer"], pa.array(layers))
    keys = added.select(["channel", "class_id", "rank"]).append_column("layer_index", layer_index)
    order = pc.sort_indices(keys, [(name, "ascending") for name in ("layer_index", "channel", "class_id", "rank")])
    with TableWriter(run, _TABLE) as writer:
        for piece in _split_into_groups(added.take(order)):
            writer.write({name: piece[name].combine_chunks() for name in schema.names} | _build_layer_column(piece))


def _unpack_dictionary(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _build_layer_column(piece: pa.Table) -> dict[str, list[str]]:
    return {"layer": piece["layer"].to_pylist()}


def _split_into_groups(table: pa.Table) -> Iterator[pa.Table]:
    """Splits a sorted table into row groups of about a thousand rows: whole channels of one layer.

    A reader of one channel then opens one group.
    """
    channels = list(zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True))
    start = 0
    for stop in _find_ends(channels):
        is_full = stop - start >= _ROWS_PER_GROUP
        if is_full or stop == len(channels) or channels[stop][0] != channels[start][0]:
            yield table.slice(start, stop - start)
            start = stop


def _find_ends(channels: Sequence[tuple[str, int]]) -> Iterable[int]:
    """Finds the index after each channel's last row."""
    return (i for i in range(1, len(channels) + 1) if i == len(channels) or channels[i] != channels[i - 1])
