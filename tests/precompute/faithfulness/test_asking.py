"""`precompute.ablate`: chosen channels removed, in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import precompute
from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.contract.writing import write_table

ALL_OF_THIRD = [f"third-{channel}" for channel in range(16)]


def test_without_any_channel_of_the_last_layer_all_images_look_alike(small_run: Path) -> None:
    found = precompute.ablate(small_run, "moss", ALL_OF_THIRD, images_per_class=3)
    assert len(found.image_ids) == 3 and len(set(found.after.tolist())) == 1
    rows = read_table(small_run, "images", ["image_id", "class_id", "predicted_class_id"]).to_pylist()
    known = {row["image_id"]: row["predicted_class_id"] for row in rows}
    assert [known[image_id] for image_id in found.image_ids] == found.before.tolist()
    low, high = found.interval
    assert 0 <= low <= found.accuracy[1] <= high <= 1


def test_keeping_all_channels_changes_nothing_and_layers_that_are_not_named_stay(small_run: Path) -> None:
    kept = precompute.ablate(small_run, 1, ALL_OF_THIRD, "keep", images_per_class=2)
    assert np.array_equal(kept.before, kept.after)
    nothing = precompute.ablate(small_run, 1, ["first-0"], "remove", images_per_class=2, replacement="zero")
    assert len(nothing.after) == 2


def test_images_may_be_named(small_run: Path) -> None:
    rows = read_table(small_run, "images", ["image_id", "class_id"]).to_pylist()
    mine = [row["image_id"] for row in rows if row["class_id"] == 2][1:3]
    assert precompute.ablate(small_run, "sand", ["third-0"], image_ids=mine, images_per_class=2).image_ids == tuple(
        mine
    )


def test_what_is_not_of_the_run_is_named(small_run: Path) -> None:
    for given, words in (
        ({"class_": "fern"}, "Found fern"),
        ({"channels": ["fourth-0"]}, "Found fourth-0"),
        ({"channels": ["third-99"]}, "Found third-99"),
        ({"channels": []}, "Found none"),
        ({"image_ids": [10**6]}, "1000000 is none"),
        ({"mode": "halve"}, "Found halve"),
    ):
        arguments = {"class_": "moss", "channels": ["third-0"], **given}
        with pytest.raises(InputError, match=words):
            precompute.ablate(small_run, **arguments)  # type: ignore[arg-type]


def test_images_with_another_content_than_the_run_saw_are_refused(small_copy: Path) -> None:
    rows = read_table(small_copy, "images").to_pydict()
    write_table(small_copy, "images", rows | {"true_probability": [1 - p for p in rows["true_probability"]]})
    with pytest.raises(InputError, match="another content by now"):
        precompute.ablate(small_copy, "moss", ["third-0"], images_per_class=2)
