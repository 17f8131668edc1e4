"""The embedding: deterministic, steady from layer to layer, and robust to odd classes."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import TABLES, read_table, table_path
from precompute.contract.writing import write_table
from precompute.embedding.build import build_embeddings, embed_layer
from precompute.embedding.config import EmbeddingConfig

pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

Array = npt.NDArray[np.float64]
FAST = EmbeddingConfig(n_epochs=50)


def _drifting_counts(n_classes: int, n_layers: int, n_groups: int = 4, seed: int = 0) -> list[Array]:
    """Classes in groups of like channel use, every layer a small change of the one before."""
    rng = np.random.default_rng(seed)
    groups = rng.gamma(0.4, 20, (n_groups, 40))
    rates = groups[np.arange(n_classes) % n_groups] + rng.gamma(0.5, 4, (n_classes, 40))
    layers = []
    for _ in range(n_layers):
        layers.append(rng.poisson(rates).astype(np.float64))
        rates = rates * rng.lognormal(0, 0.1, rates.shape)
    return layers


def _displacement(layouts: list[Array]) -> float:
    """Mean distance by which a class moves from layer to layer, as drawn: nothing is aligned here."""
    return float(np.mean([np.linalg.norm(b - a, axis=1).mean() for a, b in pairwise(layouts)]))


def _chained(layers: list[Array], config: EmbeddingConfig) -> list[Array]:
    layouts: list[Array] = []
    for counts in layers:
        layouts.append(embed_layer(counts, layouts[-1] if layouts else None, config))
    return layouts


def test_like_classes_lie_together() -> None:
    (counts,) = _drifting_counts(n_classes=60, n_layers=1)

    points = embed_layer(counts, None, FAST)

    groups = np.arange(60) % 4
    centres = np.array([points[groups == group].mean(axis=0) for group in range(4)])
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, groups)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-5)


def test_points_move_less_than_with_independent_starts() -> None:
    chained = independent = 0.0
    for seed in range(3):
        layers = _drifting_counts(n_classes=100, n_layers=5, n_groups=20, seed=seed)
        chained += _displacement(_chained(layers, FAST))
        independent += _displacement([embed_layer(counts, None, FAST) for counts in layers])

    assert chained < 0.75 * independent


def test_a_seed_fixes_the_layout() -> None:
    layers = _drifting_counts(n_classes=30, n_layers=2)

    first, again = _chained(layers, FAST), _chained(layers, FAST)
    other = _chained(layers, EmbeddingConfig(n_epochs=50, seed=1))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("n_classes", [5, 6, 15, 16])
def test_few_classes_take_fewer_neighbours(n_classes: int) -> None:
    layers = _drifting_counts(n_classes, n_layers=2)

    layouts = np.array(_chained(layers, FAST))

    assert layouts.shape == (2, n_classes, 2)
    assert np.isfinite(layouts).all()


def test_under_five_classes_principal_components_keep_the_cosines() -> None:
    """Three classes at right angles, whatever their totals: an equilateral triangle of side sqrt(2)."""
    points = embed_layer(np.diag([1, 10, 100]), None, FAST)

    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(distances, np.sqrt(2) * (1 - np.eye(3)), atol=1e-12)


def test_under_five_classes_orientation_follows_the_layer_before() -> None:
    before = embed_layer(np.diag([1, 1, 1]), None, FAST)
    turned = before @ np.array([[0.0, -1.0], [1.0, 0.0]])

    np.testing.assert_allclose(embed_layer(np.diag([2, 5, 3]), turned, FAST), turned, atol=1e-12)


@pytest.mark.parametrize("n_classes", [0, 1])
def test_one_class_lies_at_the_origin(n_classes: int) -> None:
    for previous in (None, np.zeros((n_classes, 2))):
        np.testing.assert_array_equal(embed_layer(np.ones((n_classes, 3)), previous, FAST), np.zeros((n_classes, 2)))


@pytest.mark.parametrize("n_classes", [4, 12])
def test_a_class_without_counts_lies_at_the_centre_and_moves_no_other(n_classes: int) -> None:
    (counts,) = _drifting_counts(n_classes, n_layers=1)

    points = embed_layer(np.insert(counts, 2, 0, axis=0), None, FAST)

    np.testing.assert_array_equal(points[2], [0, 0])
    np.testing.assert_array_equal(np.delete(points, 2, axis=0), embed_layer(counts, None, FAST))


@pytest.mark.parametrize(
    "counts",
    [np.ones((12, 6)), np.ones((12, 1)), np.eye(12), np.eye(2)[np.arange(12) % 2], np.zeros((12, 3))],
    ids=["all alike", "one channel", "nothing in common", "two kinds", "no counts"],
)
def test_degenerate_layers_have_finite_layouts(counts: Array) -> None:
    assert np.isfinite(_chained([counts, counts, np.eye(12), counts], FAST)).all()


@pytest.mark.parametrize("wrong", [{"n_neighbors": 1}, {"min_dist": -0.1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        EmbeddingConfig(**wrong)  # type: ignore[arg-type]


def test_the_stage_reads_activations_and_writes_embeddings(tmp_path: Path) -> None:
    """Class 7 is not asked for, class 9 has no rows."""
    layers = [("stem", 3), ("head", 2)]
    counts = {2: [3, 0, 1, 1, 0], 4: [0, 5, 1, 0, 2], 7: [9, 9, 9, 9, 9]}
    channels = [(name, channel) for name, size in layers for channel in range(size)]
    columns = {
        "class_id": [class_id for class_id in counts for _ in channels],
        "layer": [name for name, _ in channels] * 3,
        "channel": [channel for _, channel in channels] * 3,
        "activation_count": [count for row in counts.values() for count in row],
        "mean_activation": [0.0] * 15,
    }
    write_table(tmp_path, "activations", columns)

    build_embeddings(tmp_path, layers, [9, 4, 2], FAST)

    assert pq.read_schema(table_path(tmp_path, "embeddings")).equals(TABLES["embeddings"].schema)
    table = read_table(tmp_path, "embeddings")
    rows = [(row["layer"], row["class_id"]) for row in table.to_pylist()]
    assert rows == [(layer, class_id) for layer in ("stem", "head") for class_id in (2, 4, 9)]
    first = embed_layer([[3, 0, 1], [0, 5, 1], [0, 0, 0]], None, FAST)
    second = embed_layer([[1, 0], [0, 2], [0, 0]], first, FAST)
    points = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
    np.testing.assert_array_equal(points, np.concatenate([first, second]).astype(np.float32))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="activations"):
        build_embeddings(tmp_path, [("stem", 3)], [0], FAST)


def test_importing_the_stage_compiles_nothing() -> None:
    code = "import sys, precompute.embedding.build; sys.exit('umap' in sys.modules or 'torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
