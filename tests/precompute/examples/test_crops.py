"""Crops: which ones are distinct, and the box of every position."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from torch import fx

from precompute.examples.crop_pictures import EncodedCrops
from precompute.examples.crops import compute_crop_boxes, find_distinct_crops
from precompute.models.graph.receptive_field import Axis, ReceptiveField
from precompute.models.layers.selection import RecordedLayer


def test_each_crop_is_listed_once_sorted_by_image_and_box() -> None:
    image_id = np.array([2, 0, 2, 2, 0], np.int32)
    box = np.array([(0, 0, 4, 4), (1, 0, 3, 2), (0, 0, 4, 4), (0, 0, 3, 4), (0, 5, 3, 9)], np.int32)
    crops, which = find_distinct_crops(image_id, box)
    assert list(zip(crops.image_id.tolist(), crops.box.tolist(), strict=True)) == [
        (0, [0, 5, 3, 9]),
        (0, [1, 0, 3, 2]),
        (2, [0, 0, 3, 4]),
        (2, [0, 0, 4, 4]),
    ]
    assert which.tolist() == [3, 1, 3, 2, 0]


def test_no_row_has_no_crop() -> None:
    crops, which = find_distinct_crops(np.zeros(0, np.int32), np.zeros((0, 4), np.int32))
    assert len(crops.image_id) == len(crops.box) == len(which) == 0


def test_a_box_is_the_receptive_field_of_its_position_clipped_to_the_image() -> None:
    field = ReceptiveField(Axis(4, -2, 5), Axis(4, -2, 5))
    layer = RecordedLayer("conv", cast(fx.Node, None), "Conv2d", 3, 2, 3, field)
    # A layer of 2 rows and 3 columns over an image of 8 x 12 pixels.
    boxes = compute_crop_boxes(layer, np.array([5, 0, 1, 5], np.int32), (8, 12))
    assert boxes.tolist() == [[6, 2, 12, 8], [0, 0, 6, 6], [2, 0, 10, 6], [6, 2, 12, 8]]
    assert compute_crop_boxes(layer, np.zeros(0, np.int32), (8, 12)).shape == (0, 4)
    blind = RecordedLayer("conv", cast(fx.Node, None), "Conv2d", 3, 2, 3, None)
    assert compute_crop_boxes(blind, np.array([4], np.int32), (8, 12)).tolist() == [[0, 0, 12, 8]]


def test_pictures_are_read_back_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"oneoneoneforty")
    with (tmp_path / "pictures").open("rb") as file:
        pictures = EncodedCrops(file, [3, 0, 6, 5])
        assert [pictures.read(number) for number in (3, 0, 1, 2, 0)] == [b"forty", b"one", None, b"oneone", b"one"]
