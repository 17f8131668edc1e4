"""The stage `examples` reads the units of the pass, so they stay until it is done."""

from __future__ import annotations

from pathlib import Path

from precompute.contract.schema import read_table
from precompute.pipeline.registry import find_stages
from precompute.pipeline.stages import aggregate, examples, graphs
from tests.support.run_contexts import build_context


def test_only_the_examples_read_units() -> None:
    assert [name for name, stage in find_stages().items() if stage.reads_units] == ["examples"]


def test_examples_are_of_the_images_that_were_read(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    for stage in (aggregate, graphs, examples):
        stage.STAGE.run(context)
    rows = read_table(context.folder, "dataset_examples", ["image_id", "rank", "activation"]).to_pylist()
    assert {row["image_id"] for row in rows} <= set(range(12))
    assert all(row["activation"] > 0 for row in rows)


def test_where_crops_are_stored_is_no_part_of_the_identity(tmp_path: Path) -> None:
    assert examples.STAGE.identity is not None
    identity = examples.STAGE.identity(build_context(tmp_path).config)
    assert set(identity) == {"size", "quality"}
