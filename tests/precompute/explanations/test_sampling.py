"""Measuring methods over images of a run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table
from precompute.contract.validate import validate
from precompute.explanations import sampling
from precompute.explanations.explain import ExplainConfig
from precompute.explanations.quality import QualityConfig
from precompute.explanations.sampling import SampleRequest, measure_sample
from precompute.pipeline.registry import list_tables

CONFIG = ExplainConfig(("simple_taylor", "lrp"), quality=QualityConfig(metrics=("error", "continuity"), n_shifts=1))


def test_the_table_has_every_method_beside_the_baselines_over_the_first_images(small_copy: Path) -> None:
    report = measure_sample(SampleRequest(small_copy, 2, CONFIG))
    rows = {(row["method"], row["metric"]): row for row in read_table(small_copy, "explanation_quality").to_pylist()}
    assert set(rows) == {
        *((name, "continuity") for name in ("random", "edges", "simple_taylor", "lrp")),
        *((name, "error") for name in ("simple_taylor", "lrp")),
    }
    assert report.n_images == 6 and all(row["n_images"] == 6 for row in rows.values())
    lrp = rows["lrp", "error"]
    assert lrp["ci_low"] <= lrp["value"] <= lrp["ci_high"]
    manifest = read_manifest(small_copy)
    assert manifest["explanation_quality"]["n_images"] == 6
    assert (
        manifest["stages"]["explanation_quality"]["state"] == "done"
        and not (small_copy / "parts" / "explanation_quality").exists()
    )
    assert not validate(small_copy, list_tables())


def test_an_interrupted_call_goes_on_and_ends_as_if_it_had_not_been(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = (Path(shutil.copytree(small_run, tmp_path / name)) for name in ("whole", "broken"))
    measure_sample(SampleRequest(whole, 1, CONFIG))
    real, calls = sampling._measure_image, [0]

    def stop_at_third(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(sampling, "_measure_image", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        measure_sample(SampleRequest(broken, 1, CONFIG))
    assert not (broken / "explanation_quality.parquet").exists()
    measure_sample(SampleRequest(broken, 1, CONFIG))
    assert calls[0] == 4  # two before, and the third again
    assert read_table(broken, "explanation_quality").equals(read_table(whole, "explanation_quality"))


def test_methods_that_apply_to_no_image_are_listed_with_the_reason(small_copy: Path) -> None:
    config = replace(CONFIG, methods=("all",), against="auto", quality=QualityConfig(metrics=("error",)))
    report = measure_sample(SampleRequest(small_copy, 1, config))
    assert set(report.refused) == {"deep_taylor"} and "contrast" in report.refused["deep_taylor"]
    assert read_manifest(small_copy)["explanation_quality"]["refused"] == dict(report.refused)


def test_what_cannot_be_measured_is_one_message_and_leaves_the_run_alone(small_copy: Path, tmp_path: Path) -> None:
    before = {path.name for path in small_copy.iterdir()}
    for request, words in (
        (SampleRequest(small_copy, 0, CONFIG), "--sample is at least 1"),
        (SampleRequest(small_copy, 1, replace(CONFIG, methods=("lpr",))), "Did you mean lrp"),
        (SampleRequest(small_copy, 1, replace(CONFIG, methods=("deep_taylor",), against="auto")), "contrast"),
        (SampleRequest(small_copy, 1, CONFIG, images=str(tmp_path / "gone")), "gone"),
    ):
        with pytest.raises(InputError, match=words):
            measure_sample(request)
    assert {path.name for path in small_copy.iterdir()} == before
