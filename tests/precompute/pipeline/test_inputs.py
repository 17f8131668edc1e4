"""The inputs of a run: sizes found from images, names of outputs, and workers that see the same run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.aggregate.config import AggregateConfig
from precompute.contract.errors import InputError
from precompute.models.sources.loading import load_model
from precompute.pipeline.identity import build_contents, compute_fingerprint
from precompute.pipeline.inputs import load_inputs, open_source, prepare, prepare_worker
from precompute.pipeline.request import LabelOptions
from tests.support.run_contexts import build_request
from tests.support.small import CLASSES


def test_without_a_crop_the_first_readable_image_gives_the_size_of_the_input(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    (tmp_path / "input.toml").write_text((tmp_path / "input.toml").read_text().replace("24", "0"))
    (tmp_path / "images" / CLASSES[0] / "0.png").write_bytes(b"no image")
    _, inputs = load_inputs(request, open_source(request))
    assert inputs.model.input_size == (3, 30, 34)


def test_a_run_needs_a_readable_image_to_know_the_size(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    (tmp_path / "input.toml").write_text((tmp_path / "input.toml").read_text().replace("24", "0"))
    for path in (tmp_path / "images").glob("*/*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(InputError, match="None of 12 images could be read"):
        load_inputs(request, open_source(request))


def test_names_from_a_file_take_the_place_of_the_models_own(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    (tmp_path / "names.txt").write_text("moss\nbark\nsand\n")
    loaded = replace(load_model(request.model), output_names=("a", "b", "c"))
    own = prepare(loaded, open_source(request), None, AggregateConfig())
    named = prepare(
        loaded, open_source(request), None, AggregateConfig(), LabelOptions(output_names=tmp_path / "names.txt")
    )
    assert own.named_outputs.names == ["a", "b", "c"]
    assert named.named_outputs.names == ["moss", "bark", "sand"]


def test_names_of_another_number_than_the_outputs_are_left_out(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    loaded = replace(load_model(request.model), output_names=("only", "two"))
    assert prepare(loaded, open_source(request), None, AggregateConfig()).named_outputs.names is None


def test_a_worker_finds_the_fingerprint_of_the_run(tmp_path: Path) -> None:
    request = build_request(tmp_path)
    loaded, inputs = load_inputs(request, open_source(request))
    _, found = prepare_worker(request)
    assert found == compute_fingerprint(build_contents(request, loaded, inputs)["identity"])
