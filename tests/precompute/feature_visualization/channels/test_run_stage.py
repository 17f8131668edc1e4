"""The stage `visualize` of a run: size of the pictures, and the time limit as a person meets it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from precompute.contract.schema import read_manifest
from precompute.feature_visualization.channels import run_stage
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.feature_visualization.channels.run_stage import is_asked_for
from precompute.feature_visualization.channels.time_limit import TimeLimit
from precompute.models.graph.exported import ExportedModel
from summit_dash.cli import main
from tests.support.clocks import Clock
from tests.support.small import write_small


def build_manifest(settings: VisualizeConfig, **facts: int) -> dict[str, Any]:
    return {"config": {"visualize": asdict(settings)}, "stages": {"visualize": {"state": "done", **facts}}}


def test_more_time_is_asked_for_where_there_was_too_little() -> None:
    settings, more = asdict(VisualizeConfig(seconds=60)), asdict(VisualizeConfig(seconds=600))
    complete = build_manifest(VisualizeConfig(seconds=60))
    cut = build_manifest(VisualizeConfig(seconds=60), n_drawn=3, n_chosen=9)
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
    """The parts of a pass's inputs that pictures read."""

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
