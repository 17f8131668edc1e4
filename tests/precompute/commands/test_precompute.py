"""`summit-dash precompute`: options become a request, and a run its report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from precompute.commands.precompute import PrecomputeOptions, _build_request, _print_report
from precompute.contract.errors import InputError
from precompute.pipeline.config import RunConfig
from precompute.pipeline.report import RunReport

OPTIONS = PrecomputeOptions("demo", "photos", Path("out"))


def print_report(report: RunReport) -> str:
    """Returns the lines that the command prints, without colours."""
    console = Console(width=200)
    with console.capture() as captured:
        _print_report(report, Path("out"), console)
    return captured.get()


def build_report(manifest: dict[str, Any] | None = None, **facts: Any) -> RunReport:
    stages = {"aggregate": {"state": "done", "seconds": 2.5}, "visualize": {"state": "pending", "seconds": None}}
    numbers = {"n_images": 12, "skipped": {}, "top1_accuracy": None, "top5_accuracy": None, **facts}
    return RunReport({"stages": stages, "config": {}, **(manifest or {})}, **numbers)


def test_without_options_the_request_is_the_default_config() -> None:
    request = _build_request(OPTIONS)
    assert request.config == RunConfig()
    assert request.stages is None
    assert request.labels.class_outputs == "auto"


def test_options_reach_the_config_that_uses_them() -> None:
    given = replace(OPTIONS, layers="a, b", stages="graphs,embedding", chunk_size=7, visualizations=3, actors=2)
    request = _build_request(replace(given, visualization_seconds=0.0, model_path=["one", "two"]))
    assert request.config.layers == ("a", "b")
    assert request.stages == ("graphs", "embedding")
    assert request.config.aggregate.chunk_size == 7
    assert (request.config.visualize.n_channels, request.config.actors) == (3, 2)
    assert request.config.visualize.seconds is None, "0 seconds mean as long as it takes"
    assert request.model.model_path == ("one", "two")


@pytest.mark.parametrize(
    ("change", "found"),
    [({"influence": "guess"}, "Found guess."), ({"batch_size": 0}, "Found 0."), ({"chunk_size": -1}, "Found -1.")],
    ids=["measure", "batch size", "chunk size"],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_loaded(change: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError) as caught:
        _build_request(replace(OPTIONS, **change))
    assert caught.value.found == found


def test_skipped_images_are_named_but_no_more_than_ten() -> None:
    text = print_report(build_report(skipped={f"{n}.png": "truncated" for n in range(12)}))
    assert "12 images were skipped" in text
    assert text.count(": truncated") == 10
    assert "... and 2 more, all in out/manifest.json" in text


def test_accuracy_has_its_n_or_the_reason_why_there_is_none() -> None:
    known = build_report(top1_accuracy=0.75, top5_accuracy=1.0, n_with_accuracy=8, without_outputs=("moss",))
    assert "Accuracy: top-1 0.750, top-5 1.000, n = 8" in print_report(known)
    assert "No accuracy for 1 class that --class-outputs does not name: moss." in print_report(known)
    assert "Accuracy: none, because the labels are not the model's outputs" in print_report(build_report())
    assert "Accuracy" not in print_report(build_report(n_images=None))


def test_layers_with_gradients_are_counted_with_the_first_reason() -> None:
    links = [
        {"target": "conv2", "sources": ["conv1"], "influence": "traced", "reason": None},
        {"target": "attn", "sources": ["conv2"], "influence": "gradient", "reason": "attn calls softmax."},
    ]
    assert "Influence on 1 of 2 layers is by gradient" in print_report(build_report({"links": links}))
    assert "attn: attn calls softmax." in print_report(build_report({"links": links}))


def test_pictures_that_there_was_no_time_for_are_named_with_the_command_that_draws_them() -> None:
    manifest = {
        "stages": {"visualize": {"state": "done", "seconds": 120.0, "n_drawn": 5, "n_chosen": 110}},
        "config": {"visualize": {"size": None, "n_steps": 64, "seconds": 120.0}},
        "visualizations": {"side": 96},
    }
    text = print_report(build_report(manifest))
    assert "Drew 5 of 110 pictures in the 120 s" in text
    assert "summit-dash visualize out --limit 110 --steps 64 --size 96" in text


def test_seconds_name_what_workers_can_change_and_what_ran_beside() -> None:
    stages = {
        "aggregate": {"state": "done", "seconds": 10.0, "waiting_fraction": 0.25},
        "embedding": {"state": "done", "seconds": 0.1, "seconds_beside": 3.0},
        "visualize": {"state": "pending", "seconds": None},
    }
    text = print_report(build_report({"stages": stages}))
    assert "aggregate 10.0 (25% of it waiting for images), embedding 0.1 (and 3.0 beside other stages)" in text
