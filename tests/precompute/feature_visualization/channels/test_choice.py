"""The choice and order of channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.feature_visualization.channels.choice import choose_channels, rank_channels
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
