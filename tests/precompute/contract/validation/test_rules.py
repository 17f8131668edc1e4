"""Rules on single rows: one readable finding for each way to break one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from precompute.contract.schema import locate_table
from precompute.contract.validation.facts import Batch, Facts
from precompute.contract.validation.rules import find_faults
from precompute.contract.writing import write_table
from tests.support.sound_run import JPEG, ROWS, WEBP, Change, describe_findings, pick_rows, set_column, write_sound_run
from tests.support.validation import validate

EDGES = "attribution_graph_edges"
QUALITY = "explanation_quality"
BROKEN: list[tuple[str, Change, str]] = [
    ("classes", set_column("class_id", [-3, 7]), "class_id is at least 0"),
    (
        "classes",
        set_column("top1_accuracy", [1.5, None]),
        "top1_accuracy is a fraction.*1 row.*class_id 3.*accuracy 1.5",
    ),
    ("classes", set_column("n_images", [3, 2]), "sums to n_images.*class_id 3"),
    ("classes", set_column("probability_histogram", [[*[0] * 17, -1, 2, 1], None]), "histogram counts each image"),
    ("layers", set_column("layer_index", [1, 0]), "layer_index is the layer's place.*Not in 2 rows"),
    ("layers", set_column("n_channels", [2, 0]), "n_channels is at least 1"),
    ("images", set_column("class_id", [3, 3, 7, 8]), "class_id is one of the table classes.*class_id 8"),
    ("images", set_column("true_probability", [0.5, float("nan"), None, None]), "true_probability is a finite number"),
    (
        "activations",
        set_column("activation_count", [2, 0, 1, 1, 1, 3]),
        "at most the class's n_images.*activation_count 3",
    ),
    ("activations", set_column("activation_count", [2, 0, 1, 1, 1, -1]), "activation_count is at least 0"),
    ("activations", set_column("mean_activation", [float("inf")] * 6), "finite number.*Not in 6 rows"),
    (
        "influences",
        set_column("source_layer", ["top", "stem", "stem"]),
        "source_layer is one of the manifest's layers.*top",
    ),
    ("influences", set_column("source_channel", [0, 2, 1]), "source_channel is less than its layer's n_channels"),
    ("influences", set_column("source_layer", ["stem", "head", "stem"]), "source layer is nearer the input"),
    ("influences", set_column("influence_count", [0, 1, 2]), "influence_count is at least 1"),
    ("influences", set_column("influence_count", [3, 1, 2]), "influence_count is at most the class's n_images"),
    ("channels", set_column("activation_fraction", [0.5, -0.1, 1.0]), "activation_fraction is a fraction"),
    ("dataset_examples", set_column("image_id", [4, 0, 1, 3]), "image_id is one of the table images.*image_id 3"),
    ("dataset_examples", set_column("class_id", [-1, 3, -2, 7]), "class_id is one of the table classes.*class_id -2"),
    ("dataset_examples", set_column("x1", [3, 3, 3, 0]), "x0 is less than x1"),
    (
        "dataset_examples",
        set_column("image", [WEBP, WEBP, b"\x89PNG", WEBP]),
        "is a WebP picture.*layer stem, channel 1",
    ),
    ("dataset_examples", set_column("image", [None, None, None, WEBP]), "null only where.*Not in 1 row.*image_id 1"),
    ("dataset_examples", set_column("x1", [9, 9, 9, 9]), "x1 lies within the image.*Not in 1 row.*x1 9"),
    ("dataset_examples", set_column("y1", [7, 7, 7, 7]), "y1 lies within the image.*Not in 1 row.*y1 7"),
    ("example_images", pick_rows(0), "dataset_examples .*image is null only where.*image_id 4"),
    ("example_images", pick_rows(), "dataset_examples .*image is null only where.*image_id 4"),
    ("example_images", set_column("image_id", [3, 4]), "image_id is one of the table images.*image_id 3"),
    ("example_images", set_column("image", [JPEG, WEBP]), "image is a JPEG picture.*image_id 4"),
    ("example_images", set_column("height", [6, 7]), "one height, that of the model's input.*image_id 4, height 7"),
    ("example_images", set_column("width", [0, 0]), "width is at least 1"),
    (EDGES, set_column("mean_influence", [float("nan")] * 3), "mean_influence is a finite number"),
    ("attribution_graph_nodes", set_column("pagerank_score", [2.0] * 6), "pagerank_score is a fraction"),
    ("attribution_graph_nodes", pick_rows(0, 1, 3, 4, 5), f"{EDGES} .* The target of an edge is a node.*Not in 2 rows"),
    ("embeddings", set_column("x", [float("inf"), 0, 0, 0]), "x is a finite number.*layer stem, class_id 3"),
    ("feature_visualizations", set_column("kind", ["channel", "neutron"]), "kind is one of channel.*kind neutron"),
    ("feature_visualizations", set_column("image", [b"", WEBP]), "image is a WebP picture"),
    (
        "prototypes",
        set_column("method", ["code-space", "pixels", "picture-space"]),
        "method is one of code-space.*pixels",
    ),
    (
        "prototypes",
        set_column("log_probability", [-0.1, 0.5, -2.5]),
        "log_probability is the logarithm.*log_probability 0.5",
    ),
    ("prototypes", set_column("class_id", [3, 3, 9]), "class_id is one of the table classes"),
    ("prototypes", set_column("image", [b"", WEBP, WEBP]), "image is a WebP picture"),
    ("faithfulness", set_column("ci_low", [0.95, 0.4]), "accuracy lies between"),
    ("faithfulness", set_column("ci_high", [1.5, 0.6]), "ci_high is a fraction"),
    (QUALITY, set_column("metric", ["selectivity", "beauty", "selectivity"]), "metric is one of error.*beauty"),
    (QUALITY, set_column("ci_low", [1.25, -0.3, None]), "value lies between ci_low and ci_high.*Not in 1 row"),
    (QUALITY, set_column("n_images", [2, 1, 1]), "one has none.*Not in 1 row"),
    (QUALITY, set_column("n_images", [2, 2, 0]), "n_images is at least 1"),
    ("faithfulness", set_column("selection", ["effect", "size"]), "selection is one of pagerank, effect"),
    ("faithfulness", set_column("intervention", ["keep", "cut"]), "intervention is one of remove, keep, random"),
    ("faithfulness", set_column("layer", ["stem", "every"]), "layer is one of the manifest's layers"),
    ("faithfulness", set_column("layer", ["all", "stem"]), "Rows are sorted by class_id, layer"),
]


@pytest.mark.parametrize(
    ("name", "change", "message"), BROKEN, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_found(tmp_path: Path, name: str, change: Change, message: str) -> None:
    run = write_sound_run(tmp_path)

    write_table(run, name, change(ROWS[name]))

    assert re.search(message, describe_findings(validate(run)))


def test_images_are_missed_only_where_an_example_is_a_part_of_one(tmp_path: Path) -> None:
    run = write_sound_run(tmp_path)
    locate_table(run, "example_images").unlink()
    assert "Not in 1 row; first: row 0" in describe_findings(validate(run))
    rows = ROWS["dataset_examples"]
    write_table(run, "dataset_examples", {**rows, "image": [WEBP] * 4})
    assert validate(run) == [], "a run of an earlier version"


def test_a_fraction_may_stray_by_a_rounding(tmp_path: Path) -> None:
    run = write_sound_run(tmp_path)

    write_table(run, "channels", set_column("activation_fraction", [1 + 1e-6, -1e-6, 1.0])(ROWS["channels"]))

    assert validate(run) == []


def test_a_log_probability_of_zero_is_certain_and_above_it_is_none() -> None:
    columns = {
        "class_id": np.array([0, 0]),
        "method": pa.array(["code-space", "picture-space"]),
        "image": pa.array([WEBP, WEBP]),
        "log_probability": np.array([0.0, 1e-3], np.float32),
        "initial_log_probability": np.array([-1.0, 0.0], np.float32),
    }

    broken = [fault for fault in find_faults("prototypes", Batch(columns, {}), Facts(())) if fault.rows.any()]

    assert [(fault.column, fault.rows.tolist()) for fault in broken] == [("log_probability", [False, True])]


def test_an_unknown_layer_breaks_no_rule_about_its_channels() -> None:
    """The name is the only finding: nothing is known about the channels of a layer that the run does not list."""
    columns = {"layer": np.array([-1, 0]), "channel": np.array([10**6, 2])}
    kept = {"layers": {"layer": np.array([0]), "n_channels": np.array([2])}}

    faults = find_faults("channels", Batch(columns, {}), Facts(("stem",), kept=kept))

    broken = {fault.rule: fault.rows.tolist() for fault in faults if fault.rows.any()}
    assert broken == {
        "layer is one of the manifest's layers.": [True, False],
        "channel is less than its layer's n_channels.": [False, True],
    }
