"""The classes whose images excite each channel most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from precompute.contract.schema import ALL_CLASSES, read_table

__all__ = ["read_best_classes"]

_COLUMNS = ("layer", "channel", "rank", "image_id")


def read_best_classes(
    run: Path, n_channels: Mapping[str, int], rows: Mapping[int, int]
) -> dict[str, NDArray[np.int64]]:
    """Reads the class of each channel's best examples over all classes, (channel, rank) by layer.

    Args:
        run: the run's directory.
        n_channels: the number of channels by layer.
        rows: the row of each class_id in the result.

    Returns:
        Rows of classes; -1 where there is no example, or one of a class without a row.

    Raises:
        InputError: the run has no table of examples, or none of images.
    """
    best = read_table(run, "dataset_examples", _COLUMNS, pc.field("class_id") == ALL_CLASSES)
    images = read_table(run, "images", ["image_id", "class_id"])
    places = pc.index_in(best["image_id"], images["image_id"].combine_chunks())
    owners = pc.fill_null(images["class_id"].take(places), ALL_CLASSES).to_pylist()
    found = np.array([rows.get(class_id, -1) for class_id in owners], np.int64)
    layers = np.array(best["layer"].to_pylist(), dtype=object)
    channels, ranks = best["channel"].to_numpy(), best["rank"].to_numpy()
    n_ranks = int(ranks.max(initial=-1)) + 1
    result = {layer: np.full((n, n_ranks), -1, np.int64) for layer, n in n_channels.items()}
    for layer, into in result.items():
        here = layers == layer
        into[channels[here], ranks[here]] = found[here]
    return result
