"""The validator: silent about a sound run, and one readable finding for each way to break one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import SCHEMA_VERSION, TABLES, table_path, write_manifest
from precompute.contract.validate import TABLES_OF_STAGES, Finding, validate
from precompute.contract.writing import write_table

WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
JPEG = b"\xff\xd8\xff\xe0" + bytes(8)
LAYERS = ("stem", "head")  # from the input on, which is not their alphabetical order
MANIFEST: dict[str, Any] = {
    "created": "2024-01-01T00:00:00Z",
    "model": {"name": "toy"},
    "dataset": {"name": "toy", "n_images": 4, "n_classes": 2},
    "layers": list(LAYERS),
    "stages": {stage: {"state": "done", "seconds": 1.0} for stage in TABLES_OF_STAGES},
    "prototypes": {"n_prototypes": 3, "settings": {"a": {}, "b": {}}},
}
HISTOGRAM = [0] * 18 + [1, 1]


def _rows() -> dict[str, dict[str, list[Any]]]:
    """A sound run: classes 3 and 7 with two images each; layers stem (2 channels) and head (1 channel)."""
    matrix: dict[str, list[Any]] = {
        "class_id": [3, 3, 3, 7, 7, 7],
        "layer": ["stem", "stem", "head"] * 2,
        "channel": [0, 1, 0] * 2,
    }
    edges: dict[str, list[Any]] = {
        "class_id": [3, 3, 7],
        "target_layer": ["head"] * 3,
        "target_channel": [0] * 3,
        "source_layer": ["stem"] * 3,
        "source_channel": [0, 1, 1],
        "influence_count": [2, 1, 2],
        "mean_influence": [0.5, 0.25, 1.5],
    }
    return {
        "classes": {
            "class_id": [3, 7],
            "class_name": ["crane", "crane"],
            "synset": ["n02012849", None],
            "group": [None, None],
            "n_images": [2, 2],
            "top1_accuracy": [1.0, None],
            "top5_accuracy": [1.0, None],
            "probability_histogram": [HISTOGRAM, None],
        },
        "layers": {
            "layer": list(LAYERS),
            "layer_index": [0, 1],
            "module_type": ["Conv2d", "Conv2d"],
            "n_channels": [2, 1],
            "height": [8, 4],
            "width": [8, 4],
            "stride": [1, 2],
            "receptive_field": [3, 7],
        },
        "images": {
            "image_id": [0, 1, 2, 4],
            "class_id": [3, 3, 7, 7],
            "path": ["a", "b", "c", "d"],
            "predicted_class_id": [3, 3, 0, 999],
            "predicted_probability": [0.5, 1.0, 0.25, 0.125],
            "true_probability": [0.5, 1.0, None, None],
        },
        "activations": {**matrix, "activation_count": [2, 0, 1, 1, 1, 2], "mean_activation": [0.5] * 6},
        "influences": dict(edges),
        "channels": {
            "layer": ["stem", "stem", "head"],
            "channel": [0, 1, 0],
            "n_classes": [2, 1, 2],
            "activation_fraction": [0.75, 0.25, 0.75],
            "max_activation": [3.0, 2.0, 1.0],
            "is_dead": [False] * 3,
            "is_outlier": [False] * 3,
        },
        "example_images": {"image_id": [0, 4], "width": [8, 8], "height": [6, 6], "image": [JPEG, JPEG]},
        "dataset_examples": {
            "layer": ["stem", "stem", "stem", "head"],
            "channel": [0, 0, 1, 0],
            "class_id": [-1, 3, -1, 7],
            "rank": [0, 0, 0, 0],
            "image_id": [4, 0, 1, 2],
            "activation": [3.0, 2.0, 1.0, 1.0],
            **{"x0": [0] * 4, "y0": [0] * 4, "x1": [3] * 4, "y1": [3] * 4},
            "image": [None, WEBP, WEBP, WEBP],
        },
        "attribution_graph_nodes": {
            **matrix,
            "activation_count": [2, 0, 1, 1, 1, 2],
            "pagerank_score": [0.25, 0.25, 0.5] * 2,
        },
        "attribution_graph_edges": dict(edges),
        "attribution_graphs": {"class_id": [3, 7], "pagerank_mass": [0.1, 0.2], "n_nodes": [3, 3], "n_edges": [2, 1]},
        "embeddings": {
            "layer": ["stem", "stem", "head", "head"],
            "class_id": [3, 7, 3, 7],
            "x": [0.0, 1.0, -1.0, 2.0],
            "y": [0.0, 1.0, -1.0, 2.0],
        },
        "feature_visualizations": {
            "layer": ["stem", "stem"],
            "channel": [0, 0],
            "kind": ["channel", "negative"],
            "image": [WEBP, WEBP],
            "objective_value": [3.0, -1.0],
            "n_steps": [256, 256],
            "initial_objective_value": [0.5, 0.5],
        },
        "prototypes": {
            "class_id": [3, 3, 7],
            "method": ["code-space", "picture-space", "picture-space"],
            "image": [WEBP] * 3,
            "log_probability": [-0.1, 0.0, -2.5],
            "initial_log_probability": [-3.0] * 3,
            "n_steps": [40] * 3,
            "settings": ["a", "b", "b"],
        },
        "faithfulness": {
            "class_id": [3, 3],
            "intervention": ["keep", "remove"],
            "n_channels": [1, 1],
            "accuracy": [0.9, 0.5],
            "ci_low": [0.8, 0.4],
            "ci_high": [1.0, 0.6],
            "n_images": [2, 2],
            "n_repeats": [1, 1],
        },
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_manifest(tmp_path, MANIFEST)
    for name, rows in _rows().items():
        write_table(tmp_path, name, rows)
    return tmp_path


def _with(column: str, values: list[Any]) -> Callable[[dict[str, list[Any]]], dict[str, list[Any]]]:
    return lambda rows: {**rows, column: values}


def _picked(*rows: int) -> Callable[[dict[str, list[Any]]], dict[str, list[Any]]]:
    return lambda columns: {name: [values[row] for row in rows] for name, values in columns.items()}


def _nullable(name: str, rows: dict[str, list[Any]]) -> pa.Table:
    """A table whose columns may hold nulls, whatever the contract says."""
    fields = [pa.field(f.name, f.type, nullable=True) for f in TABLES[name].schema]
    return pa.table([pa.array(rows[f.name], f.type) for f in fields], schema=pa.schema(fields))


def _shown(findings: list[Finding]) -> str:
    return "\n".join(f"{f.table} | {f.rule} | {f.found}" for f in findings)


def test_a_sound_run_has_no_findings(run: Path) -> None:
    assert validate(run) == []


def test_further_columns_and_plain_strings_are_fine(run: Path) -> None:
    path = table_path(run, "channels")
    table = pq.read_table(path)
    table = table.set_column(0, "layer", table["layer"].cast(pa.string()))
    pq.write_table(table.append_column("note", pa.array(["x"] * 3)), path)

    assert validate(run) == []


def test_tables_of_stages_that_are_not_done_may_be_missing(run: Path) -> None:
    write_manifest(run, {**MANIFEST, "stages": {"aggregate": {"state": "running", "seconds": 0.0}}, "prototypes": None})
    for name in TABLES:
        if name != "classes":
            table_path(run, name).unlink()

    assert validate(run) == []


def test_layers_of_the_manifest_may_be_objects(run: Path) -> None:
    write_manifest(run, {**MANIFEST, "layers": [{"layer": name, "n_channels": 1} for name in LAYERS]})

    assert validate(run) == []


# --- one broken thing at a time -------------------------------------------------------------------------------------

EDGES = "attribution_graph_edges"
BROKEN: list[tuple[str, Callable[[dict[str, list[Any]]], dict[str, list[Any]]], str]] = [
    ("classes", _with("class_id", [-3, 7]), "class_id is at least 0"),
    ("classes", _with("top1_accuracy", [1.5, None]), "top1_accuracy is a fraction.*1 row.*class_id 3.*accuracy 1.5"),
    ("classes", _with("n_images", [3, 2]), "sums to n_images.*class_id 3"),
    ("classes", _with("n_images", [2, 3]), "rows in the table images.*class_id 7 states 3, counted 2"),
    ("classes", _with("probability_histogram", [[*[0] * 17, -1, 2, 1], None]), "histogram counts each image"),
    ("classes", _picked(0), "as many rows as the manifest states n_classes.*has 1 rows, expected 2"),
    ("classes", _picked(1, 0), "Rows are sorted by class_id.*first: row 1"),
    ("layers", _with("layer_index", [1, 0]), "layer_index is the layer's place.*Not in 2 rows"),
    ("layers", _picked(1, 0), "Rows are sorted by layer"),
    ("layers", _picked(0), "one row for each of the manifest's layers"),
    ("layers", _with("n_channels", [2, 0]), "n_channels is at least 1"),
    ("images", _picked(0, 1, 2), "n_images is the number of.*class_id 7 states 2, counted 1"),
    ("images", _with("image_id", [0, 1, 1, 4]), "No two rows have the same image_id.*first: row 2"),
    ("images", _with("class_id", [3, 3, 7, 8]), "class_id is one of the table classes.*class_id 8"),
    ("images", _with("true_probability", [0.5, float("nan"), None, None]), "true_probability is a finite number"),
    ("activations", _picked(0, 1, 2, 3, 4), "one row for each class and each channel.*has 5 rows, expected 6"),
    ("activations", _with("activation_count", [2, 0, 1, 1, 1, 3]), "at most the class's n_images.*activation_count 3"),
    ("activations", _with("activation_count", [2, 0, 1, 1, 1, -1]), "activation_count is at least 0"),
    ("activations", _with("mean_activation", [float("inf")] * 6), "finite number.*Not in 6 rows"),
    ("activations", _picked(2, 0, 1, 3, 4, 5), "sorted by class_id, layer, channel.*row 1 .*layer stem"),
    ("influences", _with("source_layer", ["top", "stem", "stem"]), "source_layer is one of the manifest's layers.*top"),
    ("influences", _with("source_channel", [0, 2, 1]), "source_channel is less than its layer's n_channels"),
    ("influences", _with("source_layer", ["stem", "head", "stem"]), "source layer is nearer the input"),
    ("influences", _with("influence_count", [0, 1, 2]), "influence_count is at least 1"),
    ("influences", _with("influence_count", [3, 1, 2]), "influence_count is at most the class's n_images"),
    ("influences", _picked(0, 0, 1, 2), "No two rows have the same class_id, target_layer"),
    ("channels", _picked(0, 1), "one row for each channel of each layer"),
    ("channels", _with("activation_fraction", [0.5, -0.1, 1.0]), "activation_fraction is a fraction"),
    ("dataset_examples", _with("image_id", [4, 0, 1, 3]), "image_id is one of the table images.*image_id 3"),
    ("dataset_examples", _with("class_id", [-1, 3, -2, 7]), "class_id is one of the table classes.*class_id -2"),
    ("dataset_examples", _with("x1", [3, 3, 3, 0]), "x0 is less than x1"),
    ("dataset_examples", _with("image", [WEBP, WEBP, b"\x89PNG", WEBP]), "is a WebP picture.*layer stem, channel 1"),
    ("dataset_examples", _with("image", [None, None, None, WEBP]), "null only where.*Not in 1 row.*image_id 1"),
    ("dataset_examples", _with("x1", [9, 9, 9, 9]), "x1 lies within the image.*Not in 1 row.*x1 9"),
    ("dataset_examples", _with("y1", [7, 7, 7, 7]), "y1 lies within the image.*Not in 1 row.*y1 7"),
    ("example_images", _picked(0), "dataset_examples .*image is null only where.*image_id 4"),
    ("example_images", _picked(), "dataset_examples .*image is null only where.*image_id 4"),
    ("example_images", _picked(1, 0), "Rows are sorted by image_id"),
    ("example_images", _with("image_id", [3, 4]), "image_id is one of the table images.*image_id 3"),
    ("example_images", _with("image", [JPEG, WEBP]), "image is a JPEG picture.*image_id 4"),
    ("example_images", _with("height", [6, 7]), "one height, that of the model's input.*image_id 4, height 7"),
    ("example_images", _with("width", [0, 0]), "width is at least 1"),
    ("attribution_graph_nodes", _with("pagerank_score", [2.0] * 6), "pagerank_score is a fraction"),
    ("attribution_graph_nodes", _picked(0, 1, 3, 4, 5), f"{EDGES} .* The target of an edge is a node.*Not in 2 rows"),
    (EDGES, _with("mean_influence", [float("nan")] * 3), "mean_influence is a finite number"),
    ("attribution_graphs", _with("n_edges", [2, 2]), f"n_edges .* rows in {EDGES}.*class_id 7 states 2, counted 1"),
    ("embeddings", _with("x", [float("inf"), 0, 0, 0]), "x is a finite number.*layer stem, class_id 3"),
    ("embeddings", _picked(2, 3, 0, 1), "Rows are sorted by layer, class_id"),
    ("feature_visualizations", _with("kind", ["channel", "neutron"]), "kind is one of channel.*kind neutron"),
    ("feature_visualizations", _with("image", [b"", WEBP]), "image is a WebP picture"),
    ("prototypes", _with("method", ["code-space", "pixels", "picture-space"]), "method is one of code-space.*pixels"),
    (
        "prototypes",
        _with("log_probability", [-0.1, 0.5, -2.5]),
        "log_probability is the logarithm.*log_probability 0.5",
    ),
    ("prototypes", _with("class_id", [3, 3, 9]), "class_id is one of the table classes"),
    ("prototypes", _picked(1, 0, 2), "Rows are sorted by class_id, method"),
    ("prototypes", _with("image", [b"", WEBP, WEBP]), "image is a WebP picture"),
    ("faithfulness", _with("ci_low", [0.95, 0.4]), "accuracy lies between"),
]


@pytest.mark.parametrize(("name", "change", "message"), BROKEN)
def test_what_is_broken_is_found(
    run: Path, name: str, change: Callable[[dict[str, list[Any]]], dict[str, list[Any]]], message: str
) -> None:
    write_table(run, name, change(_rows()[name]))

    assert re.search(message, _shown(validate(run)))


@pytest.mark.parametrize(
    ("name", "column", "values", "meaning"),
    [
        ("activations", "activation_count", [2, None, 1, 1, 1, 2], "Images of the class whose smallest set"),
        ("images", "image_id", [0, None, 2, 4], "Place of the image"),
        ("attribution_graph_nodes", "class_id", [None, 3, 3, 7, 7, 7], "The class of the dataset"),
    ],
)
def test_a_null_is_found_with_the_columns_meaning(
    run: Path, name: str, column: str, values: list[Any], meaning: str
) -> None:
    pq.write_table(_nullable(name, {**_rows()[name], column: values}), table_path(run, name))

    finding = next(f for f in validate(run) if f.table == name)

    assert finding.rule.startswith(f"{column} is never null: {meaning}")
    assert f"{column} null" in finding.found


def test_columns_that_were_added_later_may_be_missing(run: Path) -> None:
    path = table_path(run, "feature_visualizations")
    added = [column.name for column in TABLES["feature_visualizations"].columns if column.may_be_absent]
    assert added == ["excitation", "settings"]
    assert pq.read_table(path)["settings"].null_count == 2, "whatever writes none leaves them null"
    pq.write_table(pq.read_table(path).drop_columns(added), path)
    assert validate(run) == []


@pytest.mark.parametrize("name", list(TABLES))
def test_a_missing_column_is_named_with_its_meaning(run: Path, name: str) -> None:
    column = [column for column in TABLES[name].columns if not column.may_be_absent][-1]
    pq.write_table(pq.read_table(table_path(run, name)).drop_columns([column.name]), table_path(run, name))

    finding = next(f for f in validate(run) if f.table == name)

    assert f"It has the column {column.name}" in finding.rule
    assert finding.rule.endswith(column.meaning)
    assert f"{column.name} is missing; there are" in finding.found


def test_a_column_of_another_type_is_named(run: Path) -> None:
    table = pq.read_table(table_path(run, "embeddings"))
    pq.write_table(table.set_column(1, "class_id", table["class_id"].cast(pa.string())), table_path(run, "embeddings"))

    (finding,) = validate(run)

    assert finding.rule.startswith("It has the column class_id (int32)")
    assert finding.found == "class_id is string."


def test_images_are_missed_only_where_an_example_is_a_part_of_one(run: Path) -> None:
    table_path(run, "example_images").unlink()
    assert "Not in 1 row; first: row 0" in _shown(validate(run))
    rows = _rows()["dataset_examples"]
    write_table(run, "dataset_examples", {**rows, "image": [WEBP] * 4})
    assert validate(run) == [], "a run of an earlier version"


@pytest.mark.parametrize("name", [name for name in TABLES if name != "example_images"])
def test_a_missing_table_of_a_finished_stage(run: Path, name: str) -> None:
    table_path(run, name).unlink()

    assert f"{name} | The stage" in _shown(validate(run))


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_damaged_table(run: Path, kept: float) -> None:
    path = table_path(run, "influences")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])

    (finding,) = validate(run)

    assert finding.rule == "It is a complete Parquet file."
    assert "influences.parquet: " in finding.found


def test_an_empty_table_is_no_crash(run: Path) -> None:
    for name in TABLES:
        write_table(run, name, {column: [] for column in _rows()[name]})

    assert {f.table for f in validate(run)} == {"classes", "layers"}


def test_order_is_held_across_row_groups(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precompute.contract.validation.tables._ROWS_PER_BATCH", 1)
    assert validate(run) == []

    write_table(run, "activations", _picked(0, 1, 2, 2, 4, 3)(_rows()["activations"]))

    shown = _shown(validate(run))
    assert "No two rows have the same class_id, layer, channel. | Not in 1 row; first: row 3" in shown
    assert (
        "Rows are sorted by class_id, layer, channel (layers from the input on). | Not in 1 row; first: row 5" in shown
    )


# --- manifest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("layers", [], r"layers lists the names"),
        ("layers", ["stem", "stem"], r"each once.*\['stem', 'stem'\]"),
        ("layers", 3, r"layers lists the names.*Found 3"),
        ("stages", [], r"stages is an object"),
        ("stages", {"aggregate": "done"}, r"Every stage has a state.*aggregate: done"),
        ("dataset", {"n_images": 3}, r"at most as many rows.*has 4 rows, stated are 3"),
        ("dataset", None, r"dataset is an object.*null"),
        ("model", {"output_activation": "argmax"}, r"output_activation is null or one of softmax, .*Found argmax"),
    ],
)
def test_a_manifest_with_impossible_content(run: Path, key: str, value: object, message: str) -> None:

    write_manifest(run, {**MANIFEST, key: value})

    assert re.search(message, _shown(validate(run)))


@pytest.mark.parametrize("key", ["created", "model", "dataset", "layers", "stages"])
def test_a_manifest_without_a_key(run: Path, key: str) -> None:
    write_manifest(run, {k: v for k, v in MANIFEST.items() if k != key})

    assert f"{key} is missing." in _shown(validate(run))


def test_a_run_of_a_newer_schema_cannot_be_judged(run: Path) -> None:
    (run / "manifest.json").write_text(json.dumps({**MANIFEST, "schema_version": SCHEMA_VERSION + 1}))

    with pytest.raises(InputError, match=r"has version 2.*[Uu]pgrade"):
        validate(run)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_that_is_no_run(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(InputError, match=r"manifest\.json"):
        validate(tmp_path)


def test_validation_needs_no_torch() -> None:
    code = "import sys, precompute.contract.validate; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
