"""The tables of the stage `aggregate`, made from the units of a network small enough to compute by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.merge import MergeReport, merge_units
from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table
from tests.support.toy_network import ExportedToy, export_toy
from tests.support.toy_pass import FIRST, SECOND, ArraySource, make_inputs, write_units

CONFIG = AggregateConfig(
    activation_mass=0.6, top_k=1, chunk_size=1, outlier_fraction=0.7, outlier_channels=("first-1",)
)
SOURCE = {0: [FIRST, SECOND], 3: [SECOND, None], 5: []}
"""The logits of `FIRST` are (6, 10), those of `SECOND` (10, 9). Class 5 has no images; one image cannot be read."""


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


@pytest.fixture(scope="module")
def merged(toy: ExportedToy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MergeReport]:
    run = tmp_path_factory.mktemp("run")
    inputs = make_inputs(toy, ArraySource(SOURCE), CONFIG, {0: (1,), 5: (0,)})
    store = write_units(run, inputs, CONFIG)
    return run, merge_units(run, store, inputs, CONFIG, SilentProgress())


def read_rows(run: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Reads some columns of a table, row by row."""
    return [tuple(row.values()) for row in read_table(run, table, columns).to_pylist()]


def test_the_report_counts_images_and_accuracy_of_the_classes_with_outputs(merged: tuple[Path, MergeReport]) -> None:
    # Class 0 means output 1: right for the first image, wrong for the second. Class 3 has no output, class 5 no image.
    assert merged[1] == MergeReport(3, {"3.png": "it is torn"}, 0.5, 1.0, 2)


def test_a_class_without_outputs_or_images_has_no_accuracy(merged: tuple[Path, MergeReport]) -> None:
    rows = read_rows(merged[0], "classes", "class_id", "n_images", "top1_accuracy", "top5_accuracy")
    assert rows == [(0, 2, 0.5, 1.0), (3, 1, None, None), (5, 0, None, None)]
    histogram, *others = read_table(merged[0], "classes")["probability_histogram"].to_pylist()
    # The probabilities of output 1 are 1 / (1 + e^-4) = 0.98 and 1 / (1 + e) = 0.27.
    assert [index for index, n in enumerate(histogram) if n] == [
        int(len(histogram) / (1 + math.e)),
        int(len(histogram) / (1 + math.exp(-4))),
    ]
    assert others == [None, None]


def test_activations_are_counts_and_means_over_all_images(merged: tuple[Path, MergeReport]) -> None:
    rows = read_rows(merged[0], "activations", "class_id", "layer", "channel", "activation_count", "mean_activation")
    assert rows[:3] == [(0, "first", 0, 1, 3.0), (0, "first", 1, 1, 2.0), (0, "first", 2, 1, 1.5)]
    assert [row[3:] for row in rows if row[0] == 3] == [
        *((1, 5.0), (0, 0.0), (0, 1.0)),
        *((1, 10.0), (0, 0.0), (1, 8.0), (0, 1.0)),
    ]
    assert all(row[3:] == (0, 0.0) for row in rows if row[0] == 5), "a class without images has rows of 0"


def test_influences_are_counts_and_means_over_the_counted_images(merged: tuple[Path, MergeReport]) -> None:
    columns = ("class_id", "target_layer", "target_channel", "source_layer", "source_channel", "influence_count")
    rows = read_rows(merged[0], "influences", *columns)
    assert [row[:1] + row[2:3] + row[4:] for row in rows if row[0] == 3] == [(3, 0, 0, 1), (3, 2, 0, 1), (3, 3, 2, 1)]
    assert {(row[1], row[3]) for row in rows} == {("second", "first")}
    means = dict(zip(rows, read_table(merged[0], "influences")["mean_influence"].to_pylist(), strict=True))
    assert means[0, "second", 0, "first", 0, 1] == 10.0 and means[0, "second", 0, "first", 1, 1] == 4.0


def test_images_are_listed_with_their_predictions(merged: tuple[Path, MergeReport]) -> None:
    rows = read_rows(merged[0], "images", "image_id", "class_id", "path", "predicted_class_id")
    assert rows == [(0, 0, "0.png", 1), (1, 0, "1.png", 0), (2, 3, "2.png", 0)]
    probability = read_table(merged[0], "images")["true_probability"].to_pylist()
    assert probability[0] == pytest.approx(1 / (1 + math.exp(-4))) and probability[2] is None


def test_layers_keep_their_order_and_a_layer_without_a_field_sees_the_whole_image(
    merged: tuple[Path, MergeReport],
) -> None:
    rows = read_rows(merged[0], "layers", "layer", "layer_index", "n_channels", "stride", "receptive_field")
    assert rows == [("first", 0, 3, 1, 1), ("second", 1, 4, 2, 2)]


def test_channels_are_flagged_by_name_by_fraction_and_as_dead(merged: tuple[Path, MergeReport]) -> None:
    columns = ("layer", "channel", "n_classes", "activation_fraction", "max_activation", "is_dead", "is_outlier")
    rows = read_rows(merged[0], "channels", *columns)
    fractions = [pytest.approx(n / 3) for n in (2, 1, 1)]
    assert [row[3] for row in rows[:3]] == fractions
    assert [(row[0], row[1]) for row in rows if row[-1]] == [("first", 1), ("second", 0), ("second", 2)]
    assert rows[3][2:5] == (2, 1.0, 10.0) and not any(row[5] for row in rows)


def test_a_unit_of_another_run_is_refused(toy: ExportedToy, tmp_path: Path) -> None:
    inputs = make_inputs(toy, ArraySource({0: [FIRST]}), CONFIG, {})
    store = write_units(tmp_path, inputs, CONFIG)
    (path,) = store.folder.glob("*.npz")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match="A finished unit of the pass is a complete file"):
        merge_units(tmp_path, store, inputs, CONFIG, SilentProgress())
    assert not list(tmp_path.glob("*.parquet")), "no table is left half written"
