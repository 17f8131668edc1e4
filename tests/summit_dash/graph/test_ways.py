from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest

from summit_dash.graph.ways import Influences, find_ways
from summit_dash.run.graphs import Channel
from tests.reference.ways import find_strongest_counts

LAYERS = ("a", "b", "c", "d")
Counts = Mapping[tuple[Channel, Channel], int]


def list_influences(counts: Counts) -> Influences:
    rows = [(LAYERS.index(s.layer), s.channel, LAYERS.index(t.layer), t.channel, n) for (s, t), n in counts.items()]
    return Influences(*np.array(rows, np.int64).reshape(-1, 5).T)


def read(name: str) -> Channel:
    return Channel(name[0], int(name[1:]))


def write(text: str) -> Counts:
    """Reads `a1>b2=30`: an influence with its count."""
    pairs = [part.partition("=") for part in text.split()]
    return {(read(ends.split(">")[0]), read(ends.split(">")[1])): int(count) for ends, _, count in pairs}


def find(drawn: str, start: str, text: str) -> tuple[str, list[str], int] | None:
    channels = [read(name) for name in drawn.split()]
    ways = find_ways(LAYERS, channels, [read(start)], list_influences(write(text)))
    names = [(way.target.channel_id, [each.channel_id for each in way.through], way.n_images) for way in ways]
    return names[0] if names else None


def test_a_way_leads_through_channels_outside_the_graph() -> None:
    assert find("a1 c1", "a1", "a1>b2=30 b2>c1=20") == ("c-1", ["b-2"], 20)


def test_the_way_with_the_greatest_least_count_is_taken() -> None:
    text = "a1>b2=30 b2>c1=2 a1>b3=9 b3>c3=8 c3>d1=7"
    assert find("a1 c1 d1", "a1", text) == ("d-1", ["b-3", "c-3"], 7)


def test_a_way_ends_at_the_first_channel_of_the_graph() -> None:
    assert find("a1 c1 d1", "a1", "a1>b2=5 b2>c1=4 c1>d1=9") == ("c-1", ["b-2"], 4)


def test_where_nothing_leads_up_there_is_no_way() -> None:
    assert find("a1 c1", "a1", "a1>b2=30 b3>c1=20") is None
    assert find("a1 c1", "a1", "") is None


@pytest.mark.parametrize("seed", range(20))
def test_ways_are_as_strong_as_the_strongest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    channels = [Channel(layer, n) for layer in LAYERS for n in range(5)]
    counts = {
        (s, t): int(rng.integers(1, 12))
        for s in channels
        for t in channels
        if LAYERS.index(s.layer) < LAYERS.index(t.layer) and rng.random() < 0.3
    }
    drawn = [channel for channel in channels if rng.random() < 0.4]
    found = {way.source: way for way in find_ways(LAYERS, drawn, drawn, list_influences(counts))}
    for start in drawn:
        assert (found[start].n_images if start in found else 0) == find_strongest_counts(drawn, start, counts)
    for way in found.values():
        steps = [way.source, *way.through, way.target]
        assert min(counts[pair] for pair in pairwise(steps)) == way.n_images
        assert way.target in drawn and not set(way.through) & set(drawn)
