"""Layouts of one layer: deterministic, steady from layer to layer, and robust to odd classes."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import embed_layer, has_umap, needs_umap, project_layer

pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

Array = npt.NDArray[np.float64]
FAST = EmbeddingConfig(n_epochs=50)


def draw_drifting_counts(n_classes: int, n_layers: int, n_groups: int = 4, seed: int = 0) -> list[Array]:
    """Draws counts of classes in groups of like channel use. Every layer is a small change of the one before."""
    rng = np.random.default_rng(seed)
    groups = rng.gamma(0.4, 20, (n_groups, 40))
    rates = groups[np.arange(n_classes) % n_groups] + rng.gamma(0.5, 4, (n_classes, 40))
    layers = []
    for _ in range(n_layers):
        layers.append(rng.poisson(rates).astype(np.float64))
        rates = rates * rng.lognormal(0, 0.1, rates.shape)
    return layers


def compute_displacement(layouts: list[Array]) -> float:
    """Computes the mean distance by which a class moves from layer to layer, without aligning the layouts."""
    return float(np.mean([np.linalg.norm(b - a, axis=1).mean() for a, b in pairwise(layouts)]))


def lay_out_in_turn(layers: list[Array], config: EmbeddingConfig) -> list[Array]:
    """Lays out each layer from the layout of the layer before."""
    layouts: list[Array] = []
    for counts in layers:
        layouts.append(embed_layer(counts, layouts[-1] if layouts else None, config))
    return layouts


def test_like_classes_lie_together() -> None:
    (counts,) = draw_drifting_counts(n_classes=60, n_layers=1)

    points = embed_layer(counts, None, FAST)

    groups = np.arange(60) % 4
    centres = np.array([points[groups == group].mean(axis=0) for group in range(4)])
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, groups)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-5)


def test_points_move_less_than_with_independent_starts() -> None:
    chained = independent = 0.0
    for seed in range(3):
        layers = draw_drifting_counts(n_classes=100, n_layers=5, n_groups=20, seed=seed)
        chained += compute_displacement(lay_out_in_turn(layers, FAST))
        independent += compute_displacement([embed_layer(counts, None, FAST) for counts in layers])

    assert chained < 0.75 * independent


def test_a_seed_fixes_the_layout() -> None:
    layers = draw_drifting_counts(n_classes=30, n_layers=2)

    first, again = lay_out_in_turn(layers, FAST), lay_out_in_turn(layers, FAST)
    other = lay_out_in_turn(layers, EmbeddingConfig(n_epochs=50, seed=1))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("n_classes", [5, 6, 15, 16])
def test_few_classes_take_fewer_neighbours(n_classes: int) -> None:
    layers = draw_drifting_counts(n_classes, n_layers=2)

    layouts = np.array(lay_out_in_turn(layers, FAST))

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
    (counts,) = draw_drifting_counts(n_classes, n_layers=1)

    points = embed_layer(np.insert(counts, 2, 0, axis=0), None, FAST)

    np.testing.assert_array_equal(points[2], [0, 0])
    np.testing.assert_array_equal(np.delete(points, 2, axis=0), embed_layer(counts, None, FAST))


@pytest.mark.parametrize(
    "counts",
    [np.ones((12, 6)), np.ones((12, 1)), np.eye(12), np.eye(2)[np.arange(12) % 2], np.zeros((12, 3))],
    ids=["all alike", "one channel", "nothing in common", "two kinds", "no counts"],
)
def test_degenerate_layers_have_finite_layouts(counts: Array) -> None:
    assert np.isfinite(lay_out_in_turn([counts, counts, np.eye(12), counts], FAST)).all()


def test_umap_is_needed_from_five_classes_on() -> None:
    assert [needs_umap(n_classes) for n_classes in (0, 4, 5, 1000)] == [False, False, True, True]
    assert has_umap(), "the tests need the extra `precompute`"


def test_under_five_classes_both_layouts_are_principal_components() -> None:
    (counts,) = draw_drifting_counts(n_classes=4, n_layers=1)

    np.testing.assert_array_equal(project_layer(counts, None, FAST), embed_layer(counts, None, FAST))


def test_a_projection_follows_the_layer_before() -> None:
    """Mirrored and turned by the layer before, and otherwise the same points."""
    (counts,) = draw_drifting_counts(n_classes=30, n_layers=1)
    alone = project_layer(counts, None, FAST)
    mirrored = 3 * alone[:, ::-1] + 5

    followed = project_layer(counts, mirrored, FAST)

    np.testing.assert_allclose(followed, alone[:, ::-1], atol=1e-12)


def test_components_point_towards_their_greatest_loading() -> None:
    """The directions are (1, 0) and (0.6, 0.8), so the only component lies along (-0.4, 0.8).

    Its greatest loading, that of the second channel, is taken as positive: the class that uses it lies to the right.
    The classes are sqrt(0.4^2 + 0.8^2) = sqrt(0.8) apart.
    """
    points = project_layer([[7, 0], [3, 4]], None, FAST)

    np.testing.assert_allclose(points, [[-np.sqrt(0.2), 0], [np.sqrt(0.2), 0]], atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_projection_is_centred_and_ignores_the_size_of_a_class(n_classes: int, n_channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 50, (n_classes, n_channels))
    sizes = rng.integers(1, 9, (n_classes, 1))

    points = project_layer(counts, None, FAST)

    assert points.shape == (n_classes, 2)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    between = np.linalg.norm(points[:, None] - points, axis=2)
    scaled = project_layer(counts * sizes, None, FAST)
    np.testing.assert_allclose(np.linalg.norm(scaled[:, None] - scaled, axis=2), between, atol=1e-6)


def test_importing_the_layouts_compiles_nothing() -> None:
    code = "import sys, precompute.embedding.layout; sys.exit('umap' in sys.modules or 'torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
