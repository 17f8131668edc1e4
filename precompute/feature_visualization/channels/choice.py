"""The choice and order of channels to draw: those that appear in most attribution graphs come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from precompute.contract.schema import locate_table, read_table

__all__ = ["Channel", "choose_channels", "rank_channels", "split_into_batches"]

_BLOCK = 256


class Channel(NamedTuple):
    """A channel of a layer."""

    layer: str
    channel: int


def choose_channels(run: Path, n_channels: int, layers: Sequence[str]) -> list[Channel]:
    """Chooses the channels that appear in most attribution graphs, in descending order of the number of graphs.

    Ties go to the greater sum of activation_count over those graphs, then to the earlier layer, then to the lower
    channel.

    Args:
        run: the run's directory.
        n_channels: greatest number of channels.
        layers: all layers, in order from the input.

    Raises:
        InputError: the run has no attribution graphs.
        ValueError: a graph has a layer that is not in `layers`.
    """
    return _rank_in_graphs(run, layers)[:n_channels]


def rank_channels(run: Path, n_channels: Mapping[str, int]) -> list[Channel]:
    """Ranks all channels: first those in attribution graphs, as `choose_channels` does, then the others in order.

    Args:
        run: the run's directory.
        n_channels: number of channels of every layer, in order from the input.
    """
    has_graphs = locate_table(run, "attribution_graph_nodes").is_file()
    ranked = _rank_in_graphs(run, tuple(n_channels)) if has_graphs else []
    rest = (Channel(layer, c) for layer, n in n_channels.items() for c in range(n))
    return list(dict.fromkeys([*ranked, *rest]))


def _rank_in_graphs(run: Path, layers: Sequence[str]) -> list[Channel]:
    nodes = read_table(run, "attribution_graph_nodes", ["layer", "channel", "activation_count"])
    nodes = nodes.set_column(0, "layer", nodes["layer"].cast(pa.string()))
    totals = nodes.group_by(["layer", "channel"]).aggregate([([], "count_all"), ("activation_count", "sum")])
    layer_index = {layer: i for i, layer in enumerate(layers)}
    unknown = set(totals["layer"].to_pylist()) - set(layer_index)
    if unknown:
        raise ValueError(f"no forward for the layers {', '.join(sorted(unknown))}")
    ranked = sorted(
        (-row["count_all"], -row["activation_count_sum"], layer_index[row["layer"]], row["channel"])
        for row in totals.to_pylist()
    )
    return [Channel(layers[i], channel) for _, _, i, channel in ranked]


def split_into_batches(channels: Sequence[Channel], batch_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Splits ranked channels into batches of one layer and at most `batch_size` channels.

    Blocks of 256 channels follow one another in the order of the ranking; within a block, layers do.

    Yields:
        A layer and the channels of a batch.
    """
    for start in range(0, len(channels), _BLOCK):
        by_layer: dict[str, list[int]] = {}
        for layer, channel in channels[start : start + _BLOCK]:
            by_layer.setdefault(layer, []).append(channel)
        for layer, members in by_layer.items():
            for first in range(0, len(members), batch_size):
                yield layer, tuple(members[first : first + batch_size])
