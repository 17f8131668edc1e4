"""The images of a class that the model took for something else, and the pictures that the run has of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from precompute.contract.example_images import Box
from precompute.contract.schema import ALL_CLASSES, read_table
from summit_dash.run.confusions import require_outputs
from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel
from summit_dash.run.predictions import COLUMNS, Prediction, build_prediction
from summit_dash.run.store import RunStore

__all__ = ["Part", "find_parts", "list_misclassified"]


class Part(NamedTuple):
    """A dataset example that shows a part of an image."""

    channel: Channel
    example: Example


def list_misclassified(store: RunStore, class_id: int) -> list[Prediction]:
    """Lists the wrong images of a class, the most probable prediction first; none for a class that no output means.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    outputs = require_outputs(store)
    if class_id not in outputs:
        return []
    mine = (pc.field("class_id") == class_id) & ~pc.field("predicted_class_id").isin(list(outputs[class_id]))
    images = [build_prediction(row, outputs) for row in read_table(store.path, "images", COLUMNS, mine).to_pylist()]
    return sorted(images, key=lambda image: (-image.predicted_probability, image.image_id))


def find_parts(store: RunStore, class_id: int, image_ids: Collection[int]) -> Mapping[int, Part]:
    """Finds the dataset example that shows most of each image of a class, by image_id.

    Images of which the run holds no example are absent. Only examples that a static site has are found: of the class
    for channels of its graph, over all classes for channels of any graph.

    Args:
        store: the run.
        class_id: class of the images.
        image_ids: the images.
    """
    if not (image_ids and store.has("dataset_examples") and store.has("attribution_graph_nodes")):
        return {}
    columns = ["layer", "channel", "class_id", "rank", "image_id", "activation", *Box._fields]
    mine = pc.field("image_id").isin(sorted(image_ids)) & pc.field("class_id").isin([class_id, ALL_CLASSES])
    own = {node.channel for node in store.graph(class_id).nodes}
    best: dict[int, tuple[tuple[int, ...], Part]] = {}
    for row in read_table(store.path, "dataset_examples", columns, mine).to_pylist():
        channel = Channel(row["layer"], row["channel"])
        is_for_all = row["class_id"] == ALL_CLASSES and store.read_graph_uses(channel.layer)[channel.channel]
        if not is_for_all and not (row["class_id"] == class_id and channel in own):
            continue
        area = (row["x1"] - row["x0"]) * (row["y1"] - row["y0"])
        order = (-area, -store.layers[channel.layer].layer_index, row["rank"], channel.channel, row["class_id"])
        example = Example(row["class_id"], row["rank"], row["image_id"], row["activation"], None)
        if row["image_id"] not in best or order < best[row["image_id"]][0]:
            best[row["image_id"]] = (order, Part(channel, example))
    return {image_id: part for image_id, (_, part) in best.items()}
