"""Which channels are drawn, and in which order: those of most attribution graphs first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from precompute.contract.schema import read_table, table_path

__all__ = ["Channel", "batches_of", "choose_channels", "rank_channels"]

_BLOCK = 256


class Channel(NamedTuple):
    """A channel of a layer."""

    layer: str
    channel: int


def choose_channels(run: Path, n_channels: int, layers: Sequence[str]) -> list[Channel]:
    """The channels that appear in most attribution graphs, those of most graphs first.

    Ties go to the greater activation_count over those graphs, then the earlier layer, then the lower channel.

    Args:
        run: the run's directory.
        n_channels: how many at most.
        layers: all layers, in order from the input.

    Raises:
        InputError: the run has no attribution graphs.
        ValueError: a graph has a layer that is not in `layers`.
    """
    return _in_graphs(run, layers)[:n_channels]


def rank_channels(run: Path, n_channels: Mapping[str, int]) -> list[Channel]:
    """All channels: those of most attribution graphs first, then the others by layer and channel.

    Args:
        run: the run's directory.
        n_channels: of every layer, in order from the input.
    """
    has_graphs = table_path(run, "attribution_graph_nodes").is_file()
    ranked = _in_graphs(run, tuple(n_channels)) if has_graphs else []
    rest = (Channel(layer, c) for layer, n in n_channels.items() for c in range(n))
    return list(dict.fromkeys([*ranked, *rest]))


def _in_graphs(run: Path, layers: Sequence[str]) -> list[Channel]:
    nodes = read_table(run, "attribution_graph_nodes", ["layer", "channel", "activation_count"])
    nodes = nodes.set_column(0, "layer", nodes["layer"].cast(pa.string()))
    totals = nodes.group_by(["layer", "channel"]).aggregate([([], "count_all"), ("activation_count", "sum")])
    place = {layer: i for i, layer in enumerate(layers)}
    unknown = set(totals["layer"].to_pylist()) - set(place)
    if unknown:
        raise ValueError(f"no forward for the layers {', '.join(sorted(unknown))}")
    ranked = sorted(
        (-row["count_all"], -row["activation_count_sum"], place[row["layer"]], row["channel"])
        for row in totals.to_pylist()
    )
    return [Channel(layers[i], channel) for _, _, i, channel in ranked]


def batches_of(channels: Sequence[Channel], batch_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """At most `batch_size` channels of one layer at a time, block by block of the ranking, in each layer by layer."""
    for start in range(0, len(channels), _BLOCK):
        by_layer: dict[str, list[int]] = {}
        for layer, channel in channels[start : start + _BLOCK]:
            by_layer.setdefault(layer, []).append(channel)
        for layer, members in by_layer.items():
            for first in range(0, len(members), batch_size):
                yield layer, tuple(members[first : first + batch_size])
