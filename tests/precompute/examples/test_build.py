"""The rows of the tables of examples, from the units and graphs of a network small enough to compute by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from precompute.aggregate.config import AggregateConfig
from precompute.contract.example_images import Box
from precompute.contract.labelled import UnreadableImage
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import ALL_CLASSES, locate_table, read_table
from precompute.contract.writing import write_table
from precompute.examples import build
from precompute.examples.build import ExamplesRequest, build_examples
from precompute.examples.config import ExampleConfig
from tests.support.toy_network import ExportedToy, export_toy
from tests.support.toy_pass import FIRST, SECOND, ArraySource, make_inputs, write_units

AGGREGATE = AggregateConfig(activation_mass=0.6, chunk_size=1, n_examples=2)
GRAPH = [(0, "first", 1), (0, "second", 0), (3, "first", 0)]
"""The channels of the graphs, by class and layer."""


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def build_tables(run: Path, toy: ExportedToy, source: ArraySource, crops_per_image: int = 100) -> list[dict[str, Any]]:
    """Builds the examples of a run; returns the rows."""
    inputs = make_inputs(toy, source, AGGREGATE, {})
    store = write_units(run, inputs, AGGREGATE)
    columns = dict(zip(("class_id", "layer", "channel"), map(list, zip(*GRAPH, strict=True)), strict=True))
    rest = {"activation_count": np.ones(len(GRAPH), np.int32), "pagerank_score": np.zeros(len(GRAPH))}
    write_table(run, "attribution_graph_nodes", columns | rest)
    source.loaded.clear()
    request = ExamplesRequest(AGGREGATE, ExampleConfig(crops_per_image=crops_per_image), 0)
    build_examples(run, store, inputs, request, SilentProgress())
    rows: list[dict[str, Any]] = read_table(run, "dataset_examples").to_pylist()
    return rows


def make_source() -> ArraySource:
    """Makes two images of class 0 and one of class 3; `first` is (1, 4, 2), (5, 0, 1) and (5, 0, 1) again."""
    return ArraySource({0: [FIRST, SECOND], 3: [SECOND]})


def test_every_channel_has_its_strongest_images_over_all_classes(toy: ExportedToy, tmp_path: Path) -> None:
    rows = build_tables(tmp_path, toy, make_source())
    overall = [row for row in rows if row["class_id"] == ALL_CLASSES and row["layer"] == "first"]
    assert [(row["channel"], row["rank"], row["image_id"], row["activation"]) for row in overall] == [
        *((0, 0, 1, 5.0), (0, 1, 2, 5.0)),  # two equal ones: the lower image_id
        (1, 0, 0, 4.0),  # no other image excites channel 1
        *((2, 0, 0, 2.0), (2, 1, 1, 1.0)),
    ]


def test_the_channels_of_a_graph_have_the_strongest_images_of_their_class(toy: ExportedToy, tmp_path: Path) -> None:
    rows = build_tables(tmp_path, toy, make_source())
    of_class = [row for row in rows if row["class_id"] != ALL_CLASSES]
    columns = ("layer", "channel", "class_id", "rank", "image_id", "activation")
    assert [tuple(row[name] for name in columns) for row in of_class] == [
        *(("first", 0, 3, 0, 2, 5.0), ("first", 1, 0, 0, 0, 4.0)),
        *(("second", 0, 0, 0, 1, 10.0), ("second", 0, 0, 1, 0, 4.0)),
    ]


def test_a_crop_is_the_receptive_field_of_the_maximum_or_the_whole_image(toy: ExportedToy, tmp_path: Path) -> None:
    rows = build_tables(tmp_path, toy, make_source())
    keys = [(row["layer"], row["channel"], row["image_id"]) for row in rows]
    boxes = {key: [row[edge] for edge in Box._fields] for key, row in zip(keys, rows, strict=True)}
    assert boxes["first", 0, 1] == [0, 0, 1, 1] and boxes["first", 1, 0] == [1, 0, 2, 1]
    assert boxes["second", 0, 0] == [0, 0, 2, 1]
    pictures = {key: row["image"] for key, row in zip(keys, rows, strict=True)}
    width, height = Image.open(io.BytesIO(pictures["first", 1, 0])).size
    assert width == height
    width, height = Image.open(io.BytesIO(pictures["second", 0, 0])).size
    assert width == 2 * height
    assert len(read_table(tmp_path, "example_images")) == 0


def test_an_image_of_many_crops_is_stored_once_and_decoded_once(toy: ExportedToy, tmp_path: Path) -> None:
    source = make_source()
    rows = build_tables(tmp_path, toy, source, crops_per_image=3)
    stored = read_table(tmp_path, "example_images").to_pylist()
    n_crops = {
        image_id: len({(row["x0"], row["x1"]) for row in rows if row["image_id"] == image_id}) for image_id in range(3)
    }
    assert [row["image_id"] for row in stored] == [image_id for image_id, n in n_crops.items() if n >= 3]
    assert all((row["image"] is None) == (n_crops[row["image_id"]] >= 3) for row in rows)
    assert sorted(source.loaded) == sorted({row["image_id"] for row in rows})


def test_row_groups_hold_whole_channels(toy: ExportedToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = build_tables(tmp_path, toy, make_source())
    monkeypatch.setattr(build, "_ROWS_PER_GROUP", 2)
    assert build_tables(tmp_path, toy, make_source()) == usual
    file = pq.ParquetFile(locate_table(tmp_path, "dataset_examples"))
    groups = [file.read_row_group(index, ["layer", "channel"]).to_pylist() for index in range(file.num_row_groups)]
    channels = [{(row["layer"], row["channel"]) for row in group} for group in groups]
    assert len(groups) > 4
    assert sum(map(len, channels)) == len(set().union(*channels)), "no channel is in two groups"


def test_an_image_that_has_vanished_since_the_pass_is_an_error(toy: ExportedToy, tmp_path: Path) -> None:
    source = make_source()
    build_tables(tmp_path, toy, source)
    locate_table(tmp_path, "dataset_examples").unlink()
    inputs = make_inputs(toy, ArraySource({0: [FIRST, None], 3: [SECOND]}), AGGREGATE, {})
    store = write_units(tmp_path, make_inputs(toy, source, AGGREGATE, {}), AGGREGATE)
    with pytest.raises(UnreadableImage, match="it is torn"):
        build_examples(tmp_path, store, inputs, ExamplesRequest(AGGREGATE, ExampleConfig(), 0), SilentProgress())
    assert not locate_table(tmp_path, "dataset_examples").exists(), "no half of a table"
