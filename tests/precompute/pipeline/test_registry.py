"""The registry of stages: order, needs, and what a new stage costs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.progress import SilentProgress
from precompute.contract.schema import TABLES, locate_table
from precompute.pipeline import registry
from precompute.pipeline import stages as package
from precompute.pipeline.registry import find_stages, list_tables, order_stages
from precompute.pipeline.run import precompute
from precompute.pipeline.stage import RunContext, Stage
from tests.support.run_contexts import build_request
from tests.support.validation import validate

NEW_STAGE = '''"""A stage of a test."""
from precompute.pipeline.stage import Stage

STAGE = Stage(name="{name}", rank={rank}, after=("graphs",), tables=(), run=lambda context: {{"n_classes": 3}})
'''


def build_stage(name: str, rank: int, *after: str) -> Stage:
    return Stage(name, rank, after, (), run=_do_nothing)


def _do_nothing(context: RunContext) -> None:
    return None


def test_the_stages_are_those_of_the_command_line_in_their_order() -> None:
    published = ["aggregate", "graphs", "examples", "embedding", "visualize"]
    assert [name for name in find_stages() if name in published] == published


def test_every_table_that_a_stage_writes_is_in_the_schema() -> None:
    assert {name for tables in list_tables().values() for name in tables} <= set(TABLES)


def test_a_table_of_a_finished_stage_that_is_missing_is_found(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    precompute(replace(request, stages=("aggregate",)), SilentProgress())
    assert validate(request.out) == []
    for table in find_stages()["aggregate"].tables:
        locate_table(request.out, table).unlink()
    assert {finding.table for finding in validate(request.out)} == set(find_stages()["aggregate"].tables)


def test_stages_run_by_rank_whatever_the_order_of_their_files() -> None:
    found = order_stages(
        [
            build_stage("late", 3, "early"),
            build_stage("early", 1),
            build_stage("b", 2, "early"),
            build_stage("a", 2, "early"),
        ]
    )
    assert list(found) == ["early", "a", "b", "late"]


def test_a_stage_before_one_that_it_reads_is_a_mistake_of_the_developer() -> None:
    with pytest.raises(ValueError, match="The stage first reads second, which has no smaller rank"):
        order_stages([build_stage("first", 1, "second"), build_stage("second", 2)])


def test_two_stages_of_one_name_are_a_mistake_of_the_developer() -> None:
    with pytest.raises(ValueError, match="The stage twin is there twice"):
        order_stages([build_stage("twin", 1), build_stage("twin", 2)])


def test_a_new_stage_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "count_classes.py").write_text(NEW_STAGE.format(name="count", rank=60))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    registry.find_stages.cache_clear()
    try:
        found = find_stages()
        assert list(found)[-1] == "count"
        assert found["count"].after == ("graphs",)
    finally:
        registry.find_stages.cache_clear()
        sys.modules.pop(f"{package.__name__}.count_classes", None)


def test_listing_stages_imports_no_torch() -> None:
    code = (
        "import sys; from precompute.pipeline.registry import find_stages; find_stages(); print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
