"""Pictures within a time: which are drawn, and that no clock decides what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_manifest, read_table
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels import run_stage
from precompute.feature_visualization.channels.choice import Channel
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.feature_visualization.channels.draw_pictures import VisualizationReport, build_visualizations
from precompute.feature_visualization.channels.run_stage import is_asked_for
from precompute.feature_visualization.channels.time_limit import TimeLimit, count_operations, order_batches_by_rank
from precompute.models.graph.exported import ExportedModel
from summit_dash.cli import main
from tests.precompute.feature_visualization.channels.test_run_stage import CONFIG, N_CHANNELS, drawing, make_run
from tests.support.small import write_small

LAYERS = ("early", "late")


class Clock:
    """Goes on by what each look at it costs, or by hand."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def drawn_within(seconds: float, costs: Sequence[float]) -> list[int]:
    """Which of some batches are drawn, one after another, when each takes as many seconds as its work is."""
    clock = Clock()

    def draw(item: int) -> list[int]:
        clock.now += costs[item]
        return [item]

    limited = TimeLimit(seconds, {}, clock).apply(draw, lambda item: costs[item])
    return [row for item in range(len(costs)) for row in limited(item)]


@pytest.mark.parametrize(
    ("seconds", "costs", "drawn"),
    [
        (30, [10, 10, 10, 10], [0, 1, 2]),
        (29, [10, 10, 10, 10], [0, 1]),
        (1000, [10, 10, 10, 10], [0, 1, 2, 3]),
        (5, [10, 10], [0]),  # the first one tells how long one takes, and is finished
        (30, [10, 15, 10, 1, 10], [0, 1, 3]),  # one that would end too late leaves its time to cheaper ones
    ],
)
def test_a_batch_begins_where_it_will_end_in_time(seconds: float, costs: list[float], drawn: list[int]) -> None:
    assert drawn_within(seconds, costs) == drawn


def ranked(n: int) -> list[Channel]:
    return [Channel(LAYERS[i % 2], (7 * i) % 100) for i in range(n)]


def test_little_work_makes_the_batches_of_a_drawing_without_limit() -> None:
    config = VisualizationConfig(batch_size=4, n_steps=10)
    batches = list(order_batches_by_rank(ranked(20), LAYERS, config, TimeLimit(1, {"early": 10.0, "late": 20.0})))

    by_layer = {layer: sorted(c.channel for c in ranked(20) if c.layer == layer) for layer in LAYERS}
    expected = {
        (layer, tuple(members[i : i + 4])) for layer, members in by_layer.items() for i in range(0, len(members), 4)
    }
    assert set(batches) == expected
    best = [min(ranked(20).index(Channel(layer, c)) for c in members) for layer, members in batches]
    assert best == sorted(best), "batches with the best channels come first"


def test_much_work_is_drawn_channel_by_channel_in_the_order_of_the_ranking() -> None:
    config = VisualizationConfig(batch_size=4, n_steps=100)
    batches = list(order_batches_by_rank(ranked(20), LAYERS, config, TimeLimit(1, {"early": 3e10, "late": 6e10})))

    assert batches == [(channel.layer, (channel.channel,)) for channel in ranked(20)]


def test_in_between_the_layer_decides_how_many_are_drawn_together() -> None:
    config = VisualizationConfig(batch_size=16, n_steps=100)
    batches = list(order_batches_by_rank(ranked(40), LAYERS, config, TimeLimit(1, {"early": 2e8, "late": 1e9})))

    assert max(len(members) for layer, members in batches if layer == "early") == 10
    assert max(len(members) for layer, members in batches if layer == "late") == 2
    assert sorted(Channel(layer, c) for layer, members in batches for c in members) == sorted(ranked(40))


def build(run: Path, limit: TimeLimit) -> tuple[VisualizationReport, list[dict[str, Any]]]:
    """One picture a batch, in the order of the ranking."""
    config = replace(CONFIG, batch_size=1)
    report = build_visualizations(run, replace(drawing(run, config), limit=limit), N_CHANNELS, SilentProgress())
    return report, read_table(run, "feature_visualizations").to_pylist()


@pytest.mark.parametrize(("seconds", "n_begun"), [(4.5, 2), (100.0, 6)])
def test_the_time_decides_which_pictures_there_are_and_not_what_they_show(
    tmp_path: Path, seconds: float, n_begun: int
) -> None:
    """Each look at the clock is a second: one before a batch, and two around it."""
    order = [("z/early", 0), ("a.late", 2), ("z/early", 4), ("z/early", 1), ("z/early", 3), ("a.late", 1)]
    _, whole = build(make_run(tmp_path / "whole"), TimeLimit(1e9, clock=Clock()))
    report, rows = build(make_run(tmp_path / "some"), TimeLimit(seconds, clock=Clock(1.0)))

    begun = set(order[:n_begun])
    assert rows == [row for row in whole if (row["layer"], row["channel"]) in begun]
    assert report.n_drawn + len(report.dead) == n_begun
    assert report.n_left == 6 - n_begun


def test_a_second_call_goes_on_with_the_next_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build(run, TimeLimit(4.5, clock=Clock(1.0)))
    report, rows = build(run, TimeLimit(1e9, clock=Clock()))

    assert (report.n_there, report.n_left) == (2, 0)
    _, whole = build(make_run(tmp_path / "whole"), TimeLimit(1e9, clock=Clock()))
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


def manifest(settings: VisualizeConfig, **facts: int) -> dict[str, Any]:
    return {"config": {"visualize": asdict(settings)}, "stages": {"visualize": {"state": "done", **facts}}}


def test_more_time_is_asked_for_where_there_was_too_little() -> None:
    settings, more = asdict(VisualizeConfig(seconds=60)), asdict(VisualizeConfig(seconds=600))
    complete = manifest(VisualizeConfig(seconds=60))
    cut = manifest(VisualizeConfig(seconds=60), n_drawn=3, n_chosen=9)
    assert not is_asked_for(settings, complete)
    assert not is_asked_for(more, complete), "nothing is left to draw"
    assert not is_asked_for(settings, cut), "the same command changes nothing"
    assert is_asked_for(more, cut)
    assert is_asked_for({**settings, "n_steps": 7}, complete)
    del complete["config"]["visualize"]["seconds"]  # a run of an earlier version
    assert not is_asked_for(settings, complete)


@pytest.mark.parametrize(
    ("seconds_of_step", "asked", "side"),
    [(0.001, None, 128), (1.0, None, 64), (100.0, None, 64), (100.0, 96, 96)],
)
def test_pictures_are_smaller_where_there_is_time_for_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds_of_step: float, asked: int | None, side: int
) -> None:
    module, inputs = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)), Inputs()
    inputs.model = ExportedModel(module.eval().requires_grad_(False), (3, 224, 224))
    monkeypatch.setattr(run_stage, "_time_step", lambda *_: seconds_of_step)
    settings = VisualizeConfig(size=asked, seconds=10, n_channels=40, n_steps=10)
    cpu = torch.device("cpu")

    assert run_stage._choose_drawing(settings, inputs, cpu, {}).config.shape == (side, side)  # type: ignore[arg-type]
    if asked is None:  # as it was when the first pictures were drawn, whatever the machine does now
        kept = run_stage._choose_drawing(settings, inputs, cpu, {run_stage.SIDE: 64})  # type: ignore[arg-type]
        assert kept.config.shape == (64, 64)


class Inputs:
    """The little of a pass's inputs that pictures take."""

    model: ExportedModel

    @property
    def layers(self) -> tuple[Any, ...]:
        from precompute.models.layers.selection import select_layers

        return select_layers(self.model, ("0", "3"))

    @property
    def preprocess(self) -> Any:
        from precompute.models.sources.preprocess import Preprocess

        return Preprocess()


def test_a_run_says_how_many_pictures_there_was_time_for_and_what_draws_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*write_small(tmp_path), "--out", str(tmp_path / "run"), "--visualization-seconds", "1"]
    limits = lambda seconds, operations: TimeLimit(seconds, dict.fromkeys(operations, 1e12), Clock(1.0))  # noqa: E731
    monkeypatch.setattr(run_stage, "TimeLimit", limits)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)

    def run(*arguments: str) -> tuple[str, dict[str, Any], int]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert ended.value.code == 0
        found = read_manifest(tmp_path / "run")
        return capsys.readouterr().err, found, found["visualizations"]["n_pictures"]

    said, found, n_pictures = run(*command)
    stage = found["stages"]["visualize"]
    assert (stage["state"], stage["n_drawn"], stage["n_chosen"]) == ("done", 1, 4)
    assert "Drawing channels, for 1 s at most: 4 pictures" in said
    assert "Drew 1 of 4 pictures in the 1 s that --visualization-seconds gives them" in said
    rest = said[said.index("summit-dash visualize") :].splitlines()[0].split()[1:]
    assert n_pictures == 1

    assert run(*command)[2] == 1, "the same command is done"
    assert run(*rest)[2] == 4, "the command that it names draws the others"
