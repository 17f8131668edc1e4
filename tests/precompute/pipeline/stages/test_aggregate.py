"""The stage `aggregate`: facts on the images, and the choice of the engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table
from precompute.engines.local import LocalEngine
from precompute.engines.ray import RayEngine
from precompute.pipeline.stages import aggregate
from tests.support.run_contexts import build_context
from tests.support.small import CLASSES


def test_the_pass_writes_its_tables_and_notes_what_it_read(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    (tmp_path / "images" / CLASSES[1] / "2.png").write_bytes(b"no image")
    facts = aggregate.STAGE.run(context)
    images = context.manifest["images"]
    assert (images["n_read"], images["n_skipped"]) == (11, 1)
    assert list(images["skipped"]) == [f"{CLASSES[1]}/2.png"]
    assert all(locate_table(context.folder, table).is_file() for table in aggregate.STAGE.tables)
    assert facts is not None and set(facts) <= {"waiting_fraction"}


def test_images_of_which_none_can_be_read_are_one_message(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    for path in (tmp_path / "images").glob("*/*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"None of 12 images does; the first: bark/0\.png") as caught:
        aggregate.STAGE.run(context)
    assert "at least one image that can be read" in caught.value.rule


def test_the_config_names_the_engine(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    assert isinstance(aggregate._choose_engine(context), LocalEngine)
    ray = replace(context, request=replace(context.request, config=replace(context.config, engine="ray")))
    assert isinstance(aggregate._choose_engine(ray), RayEngine)
