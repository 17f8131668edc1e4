"""Colour matrices and magnitudes against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.feature_visualization.ascent.image_statistics import (
    measure_colour_matrix,
    measure_statistics,
)
from tests.support.photographs import draw_photographs


def test_statistics_are_those_of_the_images_one_by_one() -> None:
    images = draw_photographs(8, n=3)
    found = measure_statistics(images)
    matrix = np.array(found.colour)
    magnitudes = []
    window = np.array(
        [[np.sin(np.pi * (y + 0.5) / 8) * np.sin(np.pi * (x + 0.5) / 8) for x in range(8)] for y in range(8)]
    )
    window = window**2 / np.sqrt(np.mean(window**4))
    for image in images:
        flat = np.linalg.solve(matrix, (image.reshape(-1, 3) / 255 - np.array(found.mean)).T).reshape(3, 8, 8)
        magnitudes.append([np.abs(np.fft.rfft2(component * window)) / 8 for component in flat])
    assert found.magnitude is not None
    np.testing.assert_allclose(found.magnitude, np.mean(magnitudes, axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.mean, images.mean(axis=(0, 1, 2)) / 255)
    assert found.n_images == 3
    assert found.fingerprint == measure_statistics(images).fingerprint != measure_statistics(images[:2]).fingerprint


def test_the_measured_matrix_times_its_transpose_is_the_covariance() -> None:
    rng = np.random.default_rng(0)
    brightness = rng.integers(0, 200, (4, 9, 7, 1))
    images = (brightness + rng.integers(0, 55, (4, 9, 7, 3))).astype(np.uint8)
    matrix = np.array(measure_colour_matrix(images))
    np.testing.assert_allclose(matrix @ matrix.T, np.cov(images.reshape(-1, 3).T / 255), atol=1e-12)
    assert (matrix[:, 0] > 0).all(), "the first component of correlated colours is brightness"
    components = np.linalg.solve(matrix, (images.reshape(-1, 3) / 255).T)
    np.testing.assert_allclose(np.cov(components), np.eye(3), atol=1e-9)


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 4, 4), np.uint8), np.zeros((1, 3, 4, 4), np.uint8), np.zeros((1, 4, 4, 3), np.float32)],
)
def test_other_arrays_are_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        measure_colour_matrix(images)
