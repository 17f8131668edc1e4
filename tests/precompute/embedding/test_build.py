"""The stage `embedding`: it reads activations and writes a point for every layer and class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from precompute.contract.tables import TABLES
from precompute.contract.writing import write_table
from precompute.embedding.build import build_embeddings, lay_out_layers
from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import FloatArray, embed_layer, project_layer

FAST = EmbeddingConfig(n_epochs=50)
LAYERS = [("stem", 3), ("head", 2)]


def write_activations(run: Path, counts: dict[int, list[int]]) -> None:
    """Writes `activations` with the counts of each class, along the channels of all layers."""
    channels = [(name, channel) for name, size in LAYERS for channel in range(size)]
    columns = {
        "class_id": [class_id for class_id in counts for _ in channels],
        "layer": [name for name, _ in channels] * len(counts),
        "channel": [channel for _, channel in channels] * len(counts),
        "activation_count": [count for row in counts.values() for count in row],
        "mean_activation": [0.0] * len(counts) * len(channels),
    }
    write_table(run, "activations", columns)


def test_the_stage_reads_activations_and_writes_embeddings(tmp_path: Path) -> None:
    """Class 7 is not asked for, class 9 has no rows."""
    write_activations(tmp_path, {2: [3, 0, 1, 1, 0], 4: [0, 5, 1, 0, 2], 7: [9, 9, 9, 9, 9]})

    build_embeddings(tmp_path, LAYERS, [9, 4, 2], FAST)

    assert pq.read_schema(locate_table(tmp_path, "embeddings")).equals(TABLES["embeddings"].schema)
    table = read_table(tmp_path, "embeddings")
    rows = [(row["layer"], row["class_id"]) for row in table.to_pylist()]
    assert rows == [(layer, class_id) for layer in ("stem", "head") for class_id in (2, 4, 9)]
    first = embed_layer([[3, 0, 1], [0, 5, 1], [0, 0, 0]], None, FAST)
    second = embed_layer([[1, 0], [0, 2], [0, 0]], first, FAST)
    points = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
    np.testing.assert_array_equal(points, np.concatenate([first, second]).astype(np.float32))


def test_a_layout_gets_the_counts_and_the_layout_of_the_layer_before(tmp_path: Path) -> None:
    write_activations(tmp_path, {2: [3, 0, 1, 1, 0], 4: [0, 5, 1, 0, 2]})
    asked = []

    def lay_out(counts: np.ndarray, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
        asked.append((counts.tolist(), None if previous is None else previous.tolist()))
        return np.full((2, 2), float(len(asked)))

    points = [layer.tolist() for layer in lay_out_layers(tmp_path, LAYERS, [2, 4], FAST, lay_out)]

    assert asked == [([[3, 0, 1], [0, 5, 1]], None), ([[1, 0], [0, 2]], points[0])]
    assert points == [[[1.0, 1.0]] * 2, [[2.0, 2.0]] * 2]


@pytest.mark.parametrize("layers", [[], LAYERS], ids=["no layers", "no classes"])
def test_a_run_without_layers_or_classes_has_an_empty_table(tmp_path: Path, layers: list[tuple[str, int]]) -> None:
    write_activations(tmp_path, {})

    build_embeddings(tmp_path, layers, [], FAST, layout=project_layer)

    assert read_table(tmp_path, "embeddings").num_rows == 0


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="activations"):
        build_embeddings(tmp_path, LAYERS, [0], FAST)


def test_a_layer_that_the_run_does_not_list_is_named(tmp_path: Path) -> None:
    write_activations(tmp_path, {2: [3, 0, 1, 1, 0]})

    with pytest.raises(InputError, match="A row names the layer head"):
        build_embeddings(tmp_path, LAYERS[:1], [2], FAST)
