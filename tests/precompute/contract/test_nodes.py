"""The numbering of channels: layers of 2, 0 and 3 channels have the nodes 0 and 1, none, and 2 to 4."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from precompute.contract.nodes import Nodes

NODES = Nodes([("stem", 2), ("empty", 0), ("head", 3)])


def build_rows(*channels: tuple[str, int]) -> pa.Table:
    """Builds a table of layers and channels, in two chunks which number their layers in their own order."""
    half = len(channels) // 2
    pieces = []
    for part in (channels[:half], channels[half:]):
        layers = pa.array([layer for layer, _ in part], pa.string()).dictionary_encode()
        pieces.append(pa.table({"layer": layers, "channel": pa.array([channel for _, channel in part], pa.int32())}))
    return pa.concat_tables(pieces)


def test_nodes_are_numbered_by_layer_and_channel() -> None:
    assert len(NODES) == 5
    assert NODES.starts.tolist() == [0, 2, 2, 5]
    assert NODES.layer_indices.tolist() == [0, 0, 2, 2, 2]


def test_rows_are_numbered_by_name_however_chunks_encode_the_layers() -> None:
    rows = build_rows(("head", 2), ("stem", 1), ("stem", 0), ("head", 0))

    assert NODES.number_rows(rows, "layer", "channel").tolist() == [4, 1, 0, 2]


def test_plain_names_of_layers_are_numbered_too() -> None:
    rows = build_rows(("head", 2), ("stem", 1))
    plain = rows.set_column(0, "layer", rows["layer"].cast(pa.string()))

    assert NODES.number_rows(plain, "layer", "channel").tolist() == [4, 1]


def test_no_rows_have_no_nodes() -> None:
    assert NODES.number_rows(build_rows(), "layer", "channel").shape == (0,)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4)))
def test_names_and_numbers_are_inverse(nodes: list[int]) -> None:
    layers, channels = NODES.name_nodes(np.array(nodes, np.int64))

    rows = pa.table({"layer": pa.chunked_array([layers]), "channel": channels})
    assert NODES.number_rows(rows, "layer", "channel").tolist() == nodes
    assert channels.dtype == np.int32


def test_channels_are_numbered_in_order_of_their_names() -> None:
    assert NODES.number_channels({("stem", 1), ("head", 2), ("head", 0)}).tolist() == [2, 4, 1]


@pytest.mark.parametrize(
    ("layer", "channel", "message"),
    [
        ("tail", 0, "A row names the layer tail"),
        ("head", 3, "A row names channel 3 of head, which has 3 channels"),
        ("stem", -1, "A row names channel -1 of stem, which has 2 channels"),
        ("empty", 0, "A row names channel 0 of empty, which has 0 channels"),
    ],
)
def test_a_row_of_an_unlisted_channel_is_named(layer: str, channel: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        NODES.number_rows(build_rows(("stem", 0), (layer, channel)), "layer", "channel")


@pytest.mark.parametrize("channel", [("tail", 0), ("head", 3), ("head", -1)])
def test_an_unlisted_channel_is_named(channel: tuple[str, int]) -> None:
    with pytest.raises(InputError, match=f"There is no channel {channel[0]}-{channel[1]}"):
        NODES.number_channels([("stem", 0), channel])
