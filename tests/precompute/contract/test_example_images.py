"""Images of a run that examples are cut out of: found in any row group, and the form of the crops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.example_images import Box, ExampleImages, Form, read_box, read_form
from precompute.contract.pictures import encode_jpeg
from precompute.contract.schema import write_manifest
from precompute.contract.writing import TableWriter


def encode_grey(shade: int) -> bytes:
    """Encodes a grey image of 6 x 4 pixels."""
    return encode_jpeg(Image.new("RGB", (6, 4), (shade, shade, shade)), 95)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with the images 2 and 3 in one row group and the image 7 in another; each is as grey as its number."""
    with TableWriter(tmp_path, "example_images") as writer:
        for image_ids in ([2, 3], [7]):
            sizes = {"width": [6] * len(image_ids), "height": [4] * len(image_ids)}
            writer.write({"image_id": image_ids, **sizes, "image": [encode_grey(10 * n) for n in image_ids]})
    return tmp_path


def test_an_image_is_found_in_its_row_group(run: Path) -> None:
    images = ExampleImages(run)

    assert [images.read_jpeg(n) for n in (7, 2, 3)] == [encode_grey(70), encode_grey(20), encode_grey(30)]


def test_the_run_holds_its_images_and_no_others(run: Path, tmp_path: Path) -> None:
    assert [n for n in range(-1, 9) if ExampleImages(run).holds(n)] == [2, 3, 7]
    assert not ExampleImages(run).holds(None) and not ExampleImages(tmp_path / "none").holds(2)


@pytest.mark.parametrize("image_id", [-1, 0, 4, 6, 8, 10**6])
def test_an_image_between_or_beyond_those_of_the_run_is_none(run: Path, image_id: int) -> None:
    images = ExampleImages(run)

    assert images.read_jpeg(image_id) is images.read_image(image_id) is None


def test_a_decoded_image_is_rgb_and_as_large_as_the_models_input(run: Path) -> None:
    images = ExampleImages(run)

    decoded = images.read_image(7)

    assert decoded is not None and decoded.mode == "RGB"
    assert decoded.size == images.size == (6, 4)
    assert np.abs(np.asarray(decoded).astype(int) - 70).max() <= 2


def test_a_run_without_images_holds_none(tmp_path: Path) -> None:
    images = ExampleImages(tmp_path)

    assert images.size is images.read_jpeg(0) is images.read_image(0) is None


def test_threads_read_at_the_same_time(run: Path) -> None:
    images = ExampleImages(run)
    numbers = [2, 3, 7, 5] * 20

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(images.read_jpeg, numbers))

    expected = {n: encode_grey(10 * n) for n in (2, 3, 7)}
    assert found == [expected.get(n) for n in numbers]


def test_the_crop_of_a_row_is_its_box() -> None:
    row = {"layer": "stem", "y1": 40, "x1": 30, "y0": 20, "x0": 10}

    assert read_box(row) == Box(10, 20, 30, 40)


@pytest.mark.parametrize(
    ("config", "form"),
    [
        ({"examples": {"size": 64, "quality": 90, "crops_per_image": 2}}, Form(64, 90)),
        ({"examples": {"size": 64}}, Form(64, 80)),
        ({"examples": None}, Form()),
        ({}, Form()),
        (None, Form()),
    ],
    ids=["stated", "in part", "null", "no examples", "no config"],
)
def test_the_form_of_crops_is_the_manifests_or_the_default(tmp_path: Path, config: object, form: Form) -> None:
    write_manifest(tmp_path, {"config": config})

    assert read_form(tmp_path) == form


def test_a_folder_without_a_manifest_has_the_default_form(tmp_path: Path) -> None:
    assert read_form(tmp_path) == Form(size=128, quality=80)
