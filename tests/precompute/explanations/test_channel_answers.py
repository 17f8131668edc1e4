"""The questions of a page about the channels of an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.explanations import answers
from precompute.explanations.channels.attribution import compute_channel_attribution
from precompute.explanations.opened import open_run
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target


def ignore(n_done: int, n_total: int, part: Any) -> None:
    """Takes reports that nobody reads."""


def test_cells_are_those_of_the_layer_and_heat_is_of_each_class(small_run: Path) -> None:
    run = str(small_run)
    found = answers.map_cells(run, 0, 0, 1, "second", "value", ignore)
    assert found["channels"].shape[:2] == found["heat"].shape == found["heat_against"].shape == (12, 12)
    assert found["strengths"].shape == found["channels"].shape
    alone = answers.map_cells(run, 0, 0, None, "second", "attribution", ignore)
    assert alone["heat_against"] is None and np.allclose(alone["heat"], found["heat"], atol=1e-6)
    assert answers.map_cells(run, 0, 0, None, None, "value", ignore)["layer"] == "third"


def test_relative_cells_divide_by_the_greatest_activation_on_the_images_of_the_run(small_run: Path) -> None:
    value = answers.map_cells(str(small_run), 0, 0, None, "third", "value", ignore)
    relative = answers.map_cells(str(small_run), 0, 0, None, "third", "relative", ignore)
    rows = read_table(small_run, "channels", ["layer", "channel", "max_activation"]).to_pylist()
    greatest = {row["channel"]: row["max_activation"] for row in rows if row["layer"] == "third"}
    of_cell = dict(zip(value["channels"][3, 4].tolist(), value["strengths"][3, 4].tolist(), strict=True))
    for channel, strength in zip(
        relative["channels"][3, 4].tolist(), relative["strengths"][3, 4].tolist(), strict=True
    ):
        assert 0 <= strength <= 1 + 1e-5
        if channel in of_cell and channel >= 0:
            assert strength == pytest.approx(of_cell[channel] / greatest[channel], rel=1e-5)


def test_channels_of_several_images_are_attributed_as_their_mean(small_run: Path) -> None:
    found = answers.attribute_channels(str(small_run), [0, 5], 1, None, "third", ignore)
    opened = open_run(small_run)
    each = [
        compute_channel_attribution(opened.explainer, "third", opened.prepare(image)[1], [Target(1)]).mean
        for image in (0, 5)
    ]
    mean = (each[0] + each[1]) / 2
    assert found["n_images"] == 2
    channel, attribution = found["for"]["channels"][0]
    assert attribution == pytest.approx(float(mean.max()), rel=1e-5) and float(mean[channel]) == float(mean.max())
    assert all(value < 0 for _, value in found["against"]["channels"])


def test_the_parts_of_all_channels_are_reported_one_by_one_and_sum_to_the_whole_map(small_run: Path) -> None:
    parts: list[dict[str, Any]] = []
    answers.trace_channels(
        str(small_run), 0, 1, 2, "third", range(16), lambda _, __, part: parts.append(part) if part else None
    )
    assert [part["channel"] for part in parts] == list(range(16))
    opened = open_run(small_run)
    lrp = find_method("lrp")
    whole = lrp.explain(opened.explainer, opened.prepare(0)[1], [Target(1, 2)])
    assert np.allclose(sum(part["map"] for part in parts), lrp.flatten(whole.map)[0].numpy(), atol=1e-5)


def test_the_graph_of_an_image_has_channels_of_every_layer_and_influences_between_them(small_run: Path) -> None:
    found = answers.build_image_graph(str(small_run), 0, 1, None, ignore)
    kept = {(layer, channel) for layer, channel, _, _ in found["channels"]}
    assert {layer for layer, _ in kept} == {"first", "second", "third"}
    assert found["influences"]
    for source_layer, source, target_layer, target, value in found["influences"]:
        assert {(source_layer, source), (target_layer, target)} <= kept and value > 0


def test_unknown_names_are_one_message(small_run: Path) -> None:
    run = str(small_run)
    for ask, words in (
        (lambda: answers.map_cells(run, 0, 9, None, None, "value", ignore), "There is no 9"),
        (lambda: answers.map_cells(run, 0, 1, 1, None, "value", ignore), "the same twice"),
        (lambda: answers.map_cells(run, 0, 1, None, "fifth", "value", ignore), "fifth"),
        (lambda: answers.map_cells(run, 0, 1, None, None, "size", ignore), "Found size"),
        (lambda: answers.trace_channels(run, 0, 1, None, "third", [99], ignore), "Found 99"),
    ):
        with pytest.raises(InputError, match=words):
            ask()
