"""The time limit decides the number of pictures, and never their content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels.choice import Channel
from precompute.feature_visualization.channels.draw_pictures import VisualizationReport, build_visualizations
from precompute.feature_visualization.channels.time_limit import TimeLimit, count_operations, order_batches_by_rank
from precompute.models.graph.exported import ExportedModel
from tests.support.clocks import Clock
from tests.support.drawn_run import CONFIG, N_CHANNELS, build_drawing, make_run

LAYERS = ("early", "late")


def find_drawn(seconds: float, costs: Sequence[float]) -> list[int]:
    """Finds the batches that are drawn, one after another, if each takes as many seconds as its work."""
    clock = Clock()

    def draw(item: int) -> list[list[int]]:
        clock.now += costs[item]
        return [[item]]

    limited = TimeLimit(seconds, {}, clock).apply(draw, lambda item: costs[item])
    return [row for item in range(len(costs)) for rows in limited(item) for row in rows]


@pytest.mark.parametrize(
    ("seconds", "costs", "drawn"),
    [
        (30, [10, 10, 10, 10], [0, 1, 2]),
        (29, [10, 10, 10, 10], [0, 1]),
        (1000, [10, 10, 10, 10], [0, 1, 2, 3]),
        (5, [10, 10], [0]),  # the first one shows the speed, and is finished
        (30, [10, 15, 10, 1, 10], [0, 1, 3]),  # one that would end too late leaves its time to cheaper ones
    ],
)
def test_a_batch_begins_where_it_will_end_in_time(seconds: float, costs: list[float], drawn: list[int]) -> None:
    assert find_drawn(seconds, costs) == drawn


def rank_channels(n: int) -> list[Channel]:
    return [Channel(LAYERS[i % 2], (7 * i) % 100) for i in range(n)]


def test_little_work_makes_the_batches_of_a_drawing_without_limit() -> None:
    config = VisualizationConfig(batch_size=4, n_steps=10)
    batches = list(
        order_batches_by_rank(rank_channels(20), LAYERS, config, TimeLimit(1, {"early": 10.0, "late": 20.0}))
    )

    by_layer = {layer: sorted(c.channel for c in rank_channels(20) if c.layer == layer) for layer in LAYERS}
    expected = {
        (layer, tuple(members[i : i + 4])) for layer, members in by_layer.items() for i in range(0, len(members), 4)
    }
    assert set(batches) == expected
    best = [min(rank_channels(20).index(Channel(layer, c)) for c in members) for layer, members in batches]
    assert best == sorted(best), "batches with the best channels come first"


def test_much_work_is_drawn_channel_by_channel_in_the_order_of_the_ranking() -> None:
    config = VisualizationConfig(batch_size=4, n_steps=100)
    batches = list(
        order_batches_by_rank(rank_channels(20), LAYERS, config, TimeLimit(1, {"early": 3e10, "late": 6e10}))
    )

    assert batches == [(channel.layer, (channel.channel,)) for channel in rank_channels(20)]


def test_in_between_the_layer_decides_how_many_are_drawn_together() -> None:
    config = VisualizationConfig(batch_size=16, n_steps=100)
    limit = TimeLimit(1, {"early": 2e8, "late": 1e9})
    batches = list(order_batches_by_rank(rank_channels(40), LAYERS, config, limit))

    assert max(len(members) for layer, members in batches if layer == "early") == 10
    assert max(len(members) for layer, members in batches if layer == "late") == 2
    assert sorted(Channel(layer, c) for layer, members in batches for c in members) == sorted(rank_channels(40))


def build_by_rank(run: Path, limit: TimeLimit) -> tuple[VisualizationReport, list[dict[str, Any]]]:
    """Builds one picture per batch, in the order of the ranking; returns the report and the rows of the table."""
    config = replace(CONFIG, batch_size=1)
    report = build_visualizations(run, replace(build_drawing(run, config), limit=limit), N_CHANNELS, SilentProgress())
    return report, read_table(run, "feature_visualizations").to_pylist()


@pytest.mark.parametrize(("seconds", "n_begun"), [(4.5, 2), (100.0, 6)])
def test_the_time_decides_which_pictures_there_are_and_not_what_they_show(
    tmp_path: Path, seconds: float, n_begun: int
) -> None:
    """Each look at the clock is a second: one before a batch, and two around it."""
    order = [("z/early", 0), ("a.late", 2), ("z/early", 4), ("z/early", 1), ("z/early", 3), ("a.late", 1)]
    _, whole = build_by_rank(make_run(tmp_path / "whole"), TimeLimit(1e9, clock=Clock()))
    report, rows = build_by_rank(make_run(tmp_path / "some"), TimeLimit(seconds, clock=Clock(1.0)))

    begun = set(order[:n_begun])
    assert rows == [row for row in whole if (row["layer"], row["channel"]) in begun]
    assert report.n_drawn + len(report.dead) == n_begun
    assert report.n_left == 6 - n_begun


def test_a_second_call_goes_on_with_the_next_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build_by_rank(run, TimeLimit(4.5, clock=Clock(1.0)))
    report, rows = build_by_rank(run, TimeLimit(1e9, clock=Clock()))

    assert (report.n_there, report.n_left) == (2, 0)
    _, whole = build_by_rank(make_run(tmp_path / "whole"), TimeLimit(1e9, clock=Clock()))
    assert rows == whole


class Branching(nn.Module):
    """A convolution, a branch beside it that only the last layer reads, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 1, stride=2)
        self.beside = nn.Conv2d(3, 6, 2, stride=2, bias=False)
        self.head = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        second = self.second(torch.relu(self.first(x)))
        joined: Tensor = self.head((second + self.beside(x)).mean((2, 3)))
        return joined


def test_operations_are_those_of_all_that_a_layer_is_computed_from() -> None:
    """Two for each product: positions x kernel x channels in x channels out."""
    model = ExportedModel(Branching().eval().requires_grad_(False), (3, 8, 10))
    first, second, beside, head = 80 * 9 * 3 * 4, 20 * 4 * 6, 20 * 4 * 3 * 6, 6 * 5

    assert count_operations(model, ("first", "second", "head")) == {
        "first": 2.0 * first,
        "second": 2.0 * (first + second),
        "head": 2.0 * (first + second + beside + head),
    }
