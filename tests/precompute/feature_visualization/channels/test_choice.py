"""The choice and order of channels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.writing import write_table
from precompute.feature_visualization.channels.choice import Channel, choose_channels, rank_channels, split_into_batches
from tests.support.drawn_run import DEAD, make_run


def test_channels_of_most_graphs_come_first(tmp_path: Path) -> None:
    run, layers = make_run(tmp_path / "run"), ("z/early", "a.late")
    order = [("z/early", 0), ("a.late", 2), ("z/early", DEAD), ("z/early", 1), ("z/early", 3), ("a.late", 1)]
    for n in range(len(order) + 1):
        assert choose_channels(run, n, layers) == order[:n]
    assert choose_channels(run, 100, layers) == [*order, ("a.late", 0)]


def test_a_layer_without_forward_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.late"):
        choose_channels(make_run(tmp_path / "run"), 3, ("z/early",))


def test_all_channels_are_ranked_those_of_graphs_first(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    ranked = rank_channels(run, {"z/early": 6, "a.late": 3})
    assert ranked[:3] == [("z/early", 0), ("a.late", 2), ("z/early", DEAD)]
    assert ranked[-2:] == [("z/early", 2), ("z/early", 5)]
    assert len(set(ranked)) == len(ranked) == 9
    assert rank_channels(tmp_path, {"a": 2}) == [("a", 0), ("a", 1)], "a run without graphs"


def write_nodes(run: Path, nodes: list[tuple[int, str, int, int]]) -> None:
    """Writes nodes of class_id, layer, channel and activation_count."""
    run.mkdir(exist_ok=True)
    names = ("class_id", "layer", "channel", "activation_count")
    columns = {name: [node[i] for node in nodes] for i, name in enumerate(names)}
    write_table(run, "attribution_graph_nodes", {**columns, "pagerank_score": [0.1] * len(nodes)})


def test_ties_go_to_the_greater_count_then_the_earlier_layer_then_the_lower_channel(tmp_path: Path) -> None:
    """All but one channel are in one graph; the one in two graphs has the least counts."""
    nodes = [(0, "z", 3, 5), (0, "z", 4, 5), (0, "a", 0, 5), (0, "a", 9, 8), (0, "z", 8, 1), (1, "z", 8, 1)]
    write_nodes(tmp_path, nodes)
    assert choose_channels(tmp_path, 10, ("z", "a")) == [("z", 8), ("a", 9), ("z", 3), ("z", 4), ("a", 0)]
    assert choose_channels(tmp_path, 10, ("a", "z")) == [("z", 8), ("a", 9), ("a", 0), ("z", 3), ("z", 4)]


def test_a_layer_of_the_graphs_that_nobody_names_is_named(tmp_path: Path) -> None:
    write_nodes(tmp_path, [(0, "b", 0, 1), (0, "a", 0, 1), (0, "c", 0, 1)])
    with pytest.raises(ValueError, match="no forward for the layers a, c"):
        choose_channels(tmp_path, 3, ("b",))


CHANNELS = st.lists(
    st.builds(Channel, st.sampled_from(["first", "second", "third"]), st.integers(0, 999)), max_size=700, unique=True
)


@settings(max_examples=25)
@given(channels=CHANNELS, batch_size=st.integers(1, 20))
def test_batches_are_of_one_layer_and_in_blocks_of_the_ranking(channels: list[Channel], batch_size: int) -> None:
    batches = list(split_into_batches(channels, batch_size))
    assert all(1 <= len(members) <= batch_size for _, members in batches)
    drawn = [Channel(layer, channel) for layer, members in batches for channel in members]
    for start in range(0, len(channels), 256):
        assert set(drawn[start : start + 256]) == set(channels[start : start + 256])
    for layer in ("first", "second", "third"):
        assert [c for c in drawn if c.layer == layer] == [c for c in channels if c.layer == layer], "ranked in a layer"


def test_the_layer_of_the_best_channel_comes_first_in_a_block() -> None:
    ranked = [Channel("late", 3), Channel("early", 0), Channel("late", 1), Channel("late", 2)]
    assert list(split_into_batches(ranked, 2)) == [("late", (3, 1)), ("late", (2,)), ("early", (0,))]
