"""The stage `embedding`: a process of its own only where it is worth one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.schema import read_table, write_manifest
from precompute.pipeline.stages import aggregate, embedding
from tests.support.run_contexts import build_context


@pytest.fixture
def many_classes(monkeypatch: pytest.MonkeyPatch) -> int:
    """A number of classes for which a second core and UMAP are taken to be there."""
    monkeypatch.setattr("precompute.embedding.process.is_worth_a_process", lambda n_classes, _: n_classes > 100)
    return 1000


def test_no_process_is_started_for_few_classes(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    assert embedding.STAGE.open is not None
    with embedding.STAGE.open(context.request, 3) as process:
        assert process is None


@pytest.mark.parametrize("overwrite", [False, True], ids=["resumed", "overwritten"])
def test_a_run_whose_embedding_is_done_starts_no_process(tmp_path: Path, many_classes: int, overwrite: bool) -> None:
    context = build_context(tmp_path)
    context.manifest["stages"]["embedding"] = {"state": "done", "seconds": 1.0}
    write_manifest(context.folder, context.manifest)
    request = replace(context.request, overwrite=overwrite)
    assert embedding.STAGE.open is not None
    with embedding.STAGE.open(request, many_classes) as process:
        assert (process is not None) is overwrite


def test_without_a_process_the_layouts_are_made_here(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    aggregate.STAGE.run(context)
    assert embedding.STAGE.begin is not None
    embedding.STAGE.begin(context)
    assert embedding.STAGE.run(context) == {}
    rows = read_table(context.folder, "embeddings", ["layer", "class_id"]).to_pylist()
    assert len(rows) == 3 * len(context.layers)
