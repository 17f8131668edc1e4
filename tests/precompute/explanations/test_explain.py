"""Explaining one image by a run's model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from precompute.explanations.explain import ExplainConfig, choose_methods, explain_image
from precompute.explanations.opened import OpenedRun, open_run
from precompute.explanations.quality import QualityConfig
from tests.support.live_run import write_image

CHEAP = ("gradient", "grad_cam", "deep_taylor")


@pytest.fixture(scope="module")
def opened(small_run: Path) -> OpenedRun:
    return open_run(small_run)


def test_maps_channels_and_cells_of_an_image_are_of_the_chosen_target(opened: OpenedRun) -> None:
    config = ExplainConfig(CHEAP[:2], wanted="bark", against="moss", layer="first", channels=("first-1", "first-0"))
    calls: list[None] = []
    image = write_image()
    found = explain_image(opened, image, config, lambda: calls.append(None))
    bark, moss = opened.names.index("bark"), opened.names.index("moss")
    assert (found.target.class_id, found.target.against, found.layer) == (bark, moss, "first")
    assert [one.name for one in found.maps] == [*CHEAP[:2], "channel_relevance_first-1", "channel_relevance_first-0"]
    assert len(calls) == 4
    gradient, cam = found.maps[0], found.maps[1]
    assert gradient.raw is not None and gradient.raw.shape == (3, 24, 24)
    assert gradient.flat is not None and np.array_equal(gradient.flat, np.abs(gradient.raw).max(0))
    assert cam.raw is not None and cam.raw.ndim == 2 and cam.raw.shape == found.cells.channels.shape[:2]
    logits = opened.explainer.compute_logits(opened.prepare(image)[1])[0]
    assert found.score == pytest.approx(float(logits[bark] - logits[moss]), abs=1e-4)
    assert [one["output"] for one in found.predictions[:1]] == [int(logits.argmax())]


def test_a_refusal_is_kept_where_all_methods_are_asked_and_raised_where_it_is_named(opened: OpenedRun) -> None:
    with pytest.raises(InputError, match="against"):
        explain_image(opened, write_image(), ExplainConfig(("deep_taylor",), against="auto"))
    found = explain_image(opened, write_image(), ExplainConfig(against="auto"))
    refused = {one.name: one for one in found.maps if one.raw is None}
    assert "Leave the contrast out" in refused["deep_taylor"].facts["problem"]
    assert "lrp" not in refused and len(found.maps) == len(choose_methods(ExplainConfig()))


def test_the_quality_of_maps_is_measured_beside_the_baselines(opened: OpenedRun) -> None:
    quality = QualityConfig(metrics=("error", "randomisation"))
    found = explain_image(opened, write_image(), ExplainConfig(("simple_taylor",), is_measured=True, quality=quality))
    assert {(each.method, each.metric) for each in found.quality} == {
        ("simple_taylor", "error"),
        ("simple_taylor", "randomisation"),
    }


def test_unknown_names_are_refused_with_the_nearest(opened: OpenedRun) -> None:
    for config, words in (
        (ExplainConfig(("grad_cma",)), "Did you mean grad_cam"),
        (ExplainConfig(()), "Found none"),
        (ExplainConfig(wanted="barkk"), "Near it: bark"),
        (ExplainConfig(layer="firstt"), "first"),
        (ExplainConfig(channels=("first-x",)), "Found first-x"),
        (ExplainConfig(("gradient",), channels=("first-9999",)), "Found 9999"),
    ):
        with pytest.raises(InputError, match=words):
            explain_image(opened, write_image(), config)


def test_an_image_of_the_run_is_explained_where_it_is_what_the_run_saw(small_copy: Path) -> None:
    opened, config = open_run(small_copy), ExplainConfig(("gradient",))
    (row,) = read_table(small_copy, "images", None, pc.field("image_id") == 2).to_pylist()
    best = explain_image(opened, 2, config).predictions[0]
    assert best["probability"] == pytest.approx(row["predicted_probability"], abs=1e-4)
    rows = read_table(small_copy, "images").to_pydict()
    write_table(small_copy, "images", rows | {"true_probability": [1 - p for p in rows["true_probability"]]})
    with pytest.raises(InputError, match="another content by now"):
        explain_image(opened, 2, config)
