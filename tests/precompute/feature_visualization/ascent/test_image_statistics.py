"""Colour matrices and magnitudes against their definitions."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.schema import ALL_CLASSES
from precompute.contract.writing import write_table
from precompute.feature_visualization.ascent.image_statistics import (
    ImageStatistics,
    measure_colour_matrix,
    measure_statistics,
    read_example_images,
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


def encode_colour(value: int) -> bytes:
    """Encodes a picture of 4 x 6 pixels of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (6, 4), (value, value, value)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def write_examples(run: Path, rows: list[tuple[str, int, int, int | None, int]]) -> None:
    """Writes examples of layer, class_id, rank, image_id and colour, one per channel."""
    names = ("layer", "class_id", "rank", "image_id")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    colours = {value: encode_colour(value) for value in {row[4] for row in rows}}
    boxes = {name: [0] * len(rows) for name in ("x0", "y0", "x1", "y1")}
    more = {"channel": list(range(len(rows))), "activation": [1.0] * len(rows)}
    write_table(run, "dataset_examples", {**columns, **boxes, **more, "image": [colours[row[4]] for row in rows]})


def test_images_are_the_best_examples_of_the_last_layer_each_once(tmp_path: Path) -> None:
    """Left out: another layer, one class, the second rank, an unknown image, and image 5 once more."""
    rows: list[tuple[str, int, int, int | None, int]] = [
        ("early", ALL_CLASSES, 0, 1, 10),
        ("late", ALL_CLASSES, 0, 9, 90),
        ("late", ALL_CLASSES, 0, 5, 50),
        ("late", ALL_CLASSES, 0, 5, 50),
        ("late", 3, 0, 6, 60),
        ("late", ALL_CLASSES, 1, 7, 70),
        ("late", ALL_CLASSES, 0, None, 80),
    ]
    write_examples(tmp_path, rows)
    images = read_example_images(tmp_path, ("early", "late"), (8, 5))
    assert images.shape == (2, 8, 5, 3) and images.dtype == np.uint8
    assert [image.reshape(-1).tolist() for image in images] == [[50] * 120, [90] * 120], "in the order of images"


def test_many_images_are_thinned_out_evenly(tmp_path: Path) -> None:
    """Every second one of 1000 images is taken, because 512 are enough."""
    write_examples(tmp_path, [("late", ALL_CLASSES, 0, image_id, image_id % 2) for image_id in range(1000)])
    images = read_example_images(tmp_path, ("late",), (4, 4))
    assert images.shape == (500, 4, 4, 3) and not images.any()


def test_a_run_without_layers_or_examples_has_no_images(tmp_path: Path) -> None:
    assert read_example_images(tmp_path, ("late",), (4, 6)).shape == (0, 4, 6, 3)
    write_examples(tmp_path, [("late", ALL_CLASSES, 0, 1, 10)])
    assert read_example_images(tmp_path, (), (4, 6)).shape == (0, 4, 6, 3)
    assert read_example_images(tmp_path, ("other",), (4, 6)).shape == (0, 4, 6, 3)


def test_one_pixel_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="at least two pixels"):
        measure_colour_matrix(np.zeros((1, 1, 1, 3), np.uint8))


def test_grey_images_in_rgb_have_one_component() -> None:
    """A pseudo-inverse without a cut-off would turn rounding errors into huge magnitudes."""
    grey = draw_photographs(8)[..., :1].repeat(3, axis=3)
    found = measure_statistics(grey)
    assert found.magnitude is not None and np.isfinite(found.magnitude).all()
    assert found.magnitude[0].mean() > 0.1 and found.magnitude[1:].max() < 1e-3


def test_the_fingerprint_ignores_rounding_and_nothing_else() -> None:
    plain = ImageStatistics()
    assert replace(plain, mean=(0.5, 0.5, 0.5 + 1e-9)).fingerprint == plain.fingerprint
    assert replace(plain, mean=(0.5, 0.5, 0.51)).fingerprint != plain.fingerprint
    spectrum = np.ones((3, 4, 3), np.float32)
    assert len({replace(plain, magnitude=m).fingerprint for m in (None, spectrum, 2 * spectrum)}) == 3
    assert replace(plain, n_images=9).fingerprint == plain.fingerprint, "pictures do not depend on the number"
