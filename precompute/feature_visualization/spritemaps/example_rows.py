"""Dataset examples from strips: into runs that were imported, for channels that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.schema import ALL_CLASSES, TABLES, read_table, table_path
from precompute.contract.writing import TableWriter

__all__ = ["Examples", "add_examples", "channels_with_examples"]

Examples = Mapping[tuple[str, int], Sequence[bytes]]
"""WebP by layer and channel, best first."""

_TABLE = "dataset_examples"
_ROWS_PER_GROUP = 1000


def channels_with_examples(run: Path) -> set[tuple[str, int]]:
    """Layer and channel of every example over all classes."""
    if not table_path(run, _TABLE).is_file():
        return set()
    table = read_table(run, _TABLE, ["layer", "channel"], pc.field("class_id") == ALL_CLASSES)
    return set(zip(table["layer"].cast(pa.string()).to_pylist(), table["channel"].to_pylist(), strict=True))


def add_examples(run: Path, examples: Examples, layers: Sequence[str]) -> None:
    """Adds the examples of channels that have none, in one step; image, activation and place stay unknown.

    Args:
        run: the run's directory, which the caller holds alone.
        examples: of such channels alone.
        layers: in order from the input.
    """
    spec = TABLES[_TABLE]
    rows = [
        {"layer": layer, "channel": channel, "class_id": ALL_CLASSES, "rank": rank, "image": image}
        for (layer, channel), images in examples.items()
        for rank, image in enumerate(images)
    ]
    if not rows:
        return
    schema = pa.schema([pa.field(f.name, _plain(f.type)) for f in spec.schema])
    added = pa.Table.from_pylist(rows, schema=schema)
    if table_path(run, _TABLE).is_file():
        added = pa.concat_tables([read_table(run, _TABLE, schema.names).cast(schema), added])
    place = pc.index_in(added["layer"], pa.array(layers))
    keys = added.select(["channel", "class_id", "rank"]).append_column("place", place)
    order = pc.sort_indices(keys, [(name, "ascending") for name in ("place", "channel", "class_id", "rank")])
    with TableWriter(run, _TABLE) as writer:
        for piece in _groups(added.take(order)):
            writer.write({name: piece[name].combine_chunks() for name in schema.names} | _layer_column(piece))


def _plain(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _layer_column(piece: pa.Table) -> dict[str, list[str]]:
    return {"layer": piece["layer"].to_pylist()}


def _groups(table: pa.Table) -> Iterator[pa.Table]:
    """Whole channels of one layer, about a thousand rows: what a reader opens for one of them."""
    channels = list(zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True))
    start = 0
    for stop in _ends(channels):
        is_full = stop - start >= _ROWS_PER_GROUP
        if is_full or stop == len(channels) or channels[stop][0] != channels[start][0]:
            yield table.slice(start, stop - start)
            start = stop


def _ends(channels: Sequence[tuple[str, int]]) -> Iterable[int]:
    """Where a channel's rows end."""
    return (i for i in range(1, len(channels) + 1) if i == len(channels) or channels[i] != channels[i - 1])
