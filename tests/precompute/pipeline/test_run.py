"""The order of stages, their states in the manifest, and what is refused before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_manifest
from precompute.pipeline import registry
from precompute.pipeline import stages as package
from precompute.pipeline.config import RunConfig
from precompute.pipeline.registry import find_stages
from precompute.pipeline.run import precompute
from tests.precompute.pipeline.test_registry import NEW_STAGE
from tests.support.run_contexts import build_request


def test_a_stage_needs_the_ones_that_it_reads(tmp_path: Path) -> None:
    request = replace(build_request(tmp_path), stages=("graphs",))
    with pytest.raises(InputError) as caught:
        precompute(request, SilentProgress())
    assert caught.value.found == "graphs needs aggregate, which has not run."
    assert caught.value.fix == "Add it: --stages aggregate,graphs."


@pytest.mark.parametrize(
    ("stages", "config", "rule"),
    [
        (("aggregate", "paint"), RunConfig(), f"The stages are {', '.join(find_stages())}."),
        (None, RunConfig(engine="cloud"), "The engines are local, ray."),
    ],
    ids=["stage", "engine"],
)
def test_unknown_words_are_refused_before_the_folder_is_made(
    tmp_path: Path, stages: tuple[str, ...] | None, config: RunConfig, rule: str
) -> None:
    request = replace(build_request(tmp_path, config), stages=stages)
    with pytest.raises(InputError) as caught:
        precompute(request, SilentProgress())
    assert caught.value.rule == rule
    assert not request.out.exists()


def test_a_finished_stage_is_not_run_again_and_the_units_stay_for_the_examples(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    precompute(replace(request, stages=("aggregate", "graphs")), SilentProgress())
    before = read_manifest(request.out)["stages"]
    assert before["aggregate"]["state"] == "done"
    assert before["examples"] == {"state": "pending", "seconds": None}
    assert list((request.out / "parts" / "aggregate").glob("*.npz"))
    precompute(replace(request, stages=("aggregate", "examples")), SilentProgress())
    after = read_manifest(request.out)["stages"]
    assert after["aggregate"] == before["aggregate"]
    assert after["examples"]["state"] == "done"
    assert not (request.out / "parts").exists()


def test_a_stage_that_is_new_runs_on_a_run_that_was_finished_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(build_request(tmp_path), stages=("aggregate", "graphs"))
    precompute(request, SilentProgress())
    folder = tmp_path / "stages"
    folder.mkdir()
    (folder / "count_more.py").write_text(NEW_STAGE.format(name="count-more", rank=60))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    registry.find_stages.cache_clear()
    try:
        report = precompute(replace(request, stages=("count-more",)), SilentProgress())
    finally:
        registry.find_stages.cache_clear()
    assert report.manifest["stages"]["count-more"]["n_classes"] == 3
    assert report.n_images == 12
