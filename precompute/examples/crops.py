"""Crops of images: their boxes, and the distinct ones among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from precompute.contract.example_images import Box
from precompute.models.layers.selection import RecordedLayer


class Crops(NamedTuple):
    """Distinct crops, sorted by image and then box: `image_id` `(crop,)`, `box` `(crop, 4)`."""

    image_id: NDArray[np.int32]
    box: NDArray[np.int32]


def compute_crop_box(layer: RecordedLayer, position: int, size: tuple[int, ...]) -> Box:
    """Computes the receptive field around one position, clipped to the image.

    Args:
        layer: of the position; without a receptive field the box is the whole image.
        position: index in the flattened rows of the layer.
        size: `(height, width)` of the model's input.
    """
    if layer.receptive_field is None:
        return Box(0, 0, size[1], size[0])
    row, column = divmod(position, layer.width)
    y0, y1 = layer.receptive_field.rows.compute_window(row, size[0])
    x0, x1 = layer.receptive_field.columns.compute_window(column, size[1])
    return Box(x0, y0, x1, y1)


def compute_crop_boxes(layer: RecordedLayer, positions: NDArray[np.int32], size: tuple[int, ...]) -> NDArray[np.int32]:
    """Computes the box of every position, `(position, 4)`."""
    distinct, which = np.unique(positions, return_inverse=True)
    boxes = np.asarray([compute_crop_box(layer, position, size) for position in distinct.tolist()], np.int32)
    return boxes.reshape(-1, 4)[which]


def find_distinct_crops(image_id: NDArray[np.int32], box: NDArray[np.int32]) -> tuple[Crops, NDArray[np.int64]]:
    """Finds the distinct crops among some rows, and the index of each row's crop, `(row,)`."""
    found, which = np.unique(np.column_stack([image_id, box]), axis=0, return_inverse=True)
    return Crops(found[:, 0], found[:, 1:]), which.reshape(-1).astype(np.int64)
