"""Opening a run's model and images for explanations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.explanations.opened import OpenedRun, open_run_once
from tests.support.live_run import write_image


@pytest.fixture(scope="module")
def opened(live_run: Path) -> OpenedRun:
    return open_run_once(live_run)


def test_a_run_is_opened_once_and_again_when_it_changes(opened: OpenedRun, live_run: Path) -> None:
    assert open_run_once(str(live_run)) is opened
    assert opened.names[0] == "carp" and next(iter(opened.explainer.layers)) == "stem"


def test_another_model_than_that_of_the_manifest_is_refused(live_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    manifest = json.loads((live_run / "manifest.json").read_text())
    manifest["model"]["parameters_sha256"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="parameters are others"):
        open_run_once(copy)


def test_bad_files_and_wrong_sizes_each_give_one_clear_message(opened: OpenedRun) -> None:
    for content, words in (
        (b"", "is empty"),
        (b"plain text", "no image that Pillow knows"),
        (write_image()[:200], "This file"),
    ):
        with pytest.raises(InputError, match=words):
            opened.prepare(content)
    with pytest.raises(InputError, match="There is no image"):
        opened.load_image(10**9)


def test_an_image_of_any_size_is_brought_to_that_of_the_model(opened: OpenedRun) -> None:
    seen, tensor = opened.prepare(write_image((50, 40)))
    assert (seen.shape, tensor.shape) == ((96, 96, 3), (1, 3, 96, 96))


def test_preprocessing_that_changes_no_size_refuses_others(opened: OpenedRun) -> None:
    strict = replace(opened, preprocess=replace(opened.preprocess, resize=0, crop=0))
    with pytest.raises(InputError, match="50 x 41 pixels"):
        strict.prepare(write_image((50, 41)))
