"""Preprocessing: equal to torchvision pixel by pixel, and strict about its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms
from torchvision.models import ResNet18_Weights
from torchvision.models.segmentation import FCN_ResNet50_Weights
from torchvision.models.video import R3D_18_Weights

from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.models.sources.preprocess import EXAMPLE_TOML, Preprocess, Side


def make_noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    resize=st.integers(0, 40) | st.tuples(st.integers(1, 40), st.integers(1, 40)),
    crop=st.integers(0, 50) | st.tuples(st.integers(1, 50), st.integers(1, 50)),
    interpolation=st.sampled_from(["bilinear", "bicubic", "nearest"]),
)
def test_image_equals_torchvision_pixel_by_pixel(
    width: int,
    height: int,
    resize: Side,
    crop: Side,
    interpolation: str,
) -> None:
    image = make_noise(width, height)
    steps: list[Any] = []
    if resize:
        mode = transforms.InterpolationMode(interpolation)
        steps.append(transforms.Resize(resize, interpolation=mode, antialias=True))
    if crop:
        steps.append(transforms.CenterCrop(crop))

    preprocess = Preprocess(resize, crop, interpolation)
    found = preprocess.prepare_image(image)

    np.testing.assert_array_equal(found, np.asarray(transforms.Compose(steps)(image)))
    assert found.dtype == np.uint8
    assert preprocess.compute_input_size(image) == found.shape[:2]
    assert preprocess.fixed_size in (None, found.shape[:2])
    assert Preprocess.from_dict(json.loads(json.dumps(preprocess.to_dict()))) == preprocess


@pytest.mark.parametrize("size", [(8000, 1), (1, 8000), (2, 90000), (30000, 3)])
@pytest.mark.parametrize("crop", [224, 0])
def test_a_thin_image_that_would_grow_beyond_the_limit_takes_no_memory(size: tuple[int, int], crop: int) -> None:
    image = Image.new("RGB", size)
    preprocess = Preprocess(256, crop)
    for prepare in (preprocess.prepare_image, preprocess.compute_input_size):
        if crop and prepare == preprocess.compute_input_size:
            continue  # the crop decides
        with pytest.raises(UnreadableImage, match=r"becomes \d+ x \d+ pixels by resize = 256, more than"):
            prepare(image)
    assert Preprocess((256, 192), 0).prepare_image(image).shape == (256, 192, 3)
    assert Preprocess(0, 0).prepare_image(image).shape == (size[1], size[0], 3)


def test_a_long_image_within_the_limit_is_resized() -> None:
    assert Preprocess(16, 16).prepare_image(Image.new("RGB", (1000, 1))).shape == (16, 16, 3)


def test_tensor_equals_the_transforms_of_torchvision_weights() -> None:
    transform = ResNet18_Weights.DEFAULT.transforms()
    preprocess = Preprocess.from_torchvision(transform)
    image = make_noise(300, 270)

    found = preprocess.build_tensor(preprocess.prepare_image(image)[None])

    assert torch.equal(found[0], transform(image))
    assert found.is_contiguous()


def test_bgr_at_scale_255_is_the_bytes_minus_the_mean() -> None:
    preprocess = Preprocess(0, 0, channels="BGR", scale=255, mean=(104, 117, 123), std=(1, 1, 1))
    pixel = np.array([[[[10, 20, 30]]]], dtype=np.uint8)

    assert preprocess.build_tensor(pixel).flatten().tolist() == [30 - 104, 20 - 117, 10 - 123]


def test_tensor_leaves_its_argument_alone() -> None:
    batch = np.full((2, 4, 4, 3), 7, dtype=np.uint8)
    batch.setflags(write=False)

    Preprocess().build_tensor(batch)

    assert (batch == 7).all()


@pytest.mark.parametrize(
    ("resize", "crop", "size"),
    [
        (256, 224, (224, 224)),
        (10, 0, (10, 20)),
        (0, 0, (30, 60)),
        ((7, 9), 0, (7, 9)),
        ((7, 9), (5, 6), (5, 6)),
        ((7, 9), 5, (5, 5)),
    ],
)
def test_input_size(resize: Side, crop: Side, size: tuple[int, int]) -> None:
    preprocess = Preprocess(resize, crop)

    assert preprocess.compute_input_size(make_noise(60, 30)) == size
    assert preprocess.prepare_image(make_noise(60, 30)).shape[:2] == size


def test_images_of_two_sizes_are_named() -> None:
    Preprocess(0, 0).require_one_size((4, 5), (4, 5))

    with pytest.raises(InputError, match=r"The first is 4 x 5 \(height x width\), another 6 x 7"):
        Preprocess(0, 0).require_one_size((4, 5), (6, 7))


def test_toml_and_dict_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "preprocess.toml"
    path.write_text(EXAMPLE_TOML)

    preprocess = Preprocess.from_toml(path)

    assert preprocess == Preprocess()
    assert Preprocess.from_dict(preprocess.to_dict()) == preprocess
    assert preprocess.to_dict()["mean"] == [0.485, 0.456, 0.406]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("resize = -1", "resize is a whole number"),
        ("resize = 2.5", "resize is a whole number"),
        ("resize = [0, 4]", "resize is a whole number"),
        ("resize = [4]", "resize is a whole number"),
        ("crop = [4, 4, 3]", "crop is a whole number"),
        ("crop = [4, true]", "crop is a whole number"),
        ("crop = true", "crop is a whole number"),
        ('interpolation = "cubic"', "interpolation is one of nearest"),
        ('channels = "RGBA"', "channels is one of RGB, BGR"),
        ("scale = 0", "scale is a positive number"),
        ('scale = "1"', "scale is a positive number"),
        ("mean = [1.0, 2.0]", "mean holds three numbers"),
        ("mean = 0.5", "mean holds three numbers"),
        ("mean = [nan, 0.0, 0.0]", "mean holds three numbers"),
        ("std = [1.0, 0.0, 1.0]", "std holds three positive numbers"),
    ],
)
def test_an_impossible_value_is_refused_with_its_rule(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "preprocess.toml"
    key = line.split(" =")[0]
    path.write_text("\n".join(line if row.startswith(key + " ") else row for row in EXAMPLE_TOML.splitlines()))

    with pytest.raises(InputError, match=message):
        Preprocess.from_toml(path)


def test_an_unknown_key_gets_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"Found means\. Did you mean mean\?"):
        Preprocess.from_dict({"means": [0, 0, 0]})


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "No such file"), ("resize = ", "Invalid value"), ("resize = 1", "has no crop, interpolation")],
)
def test_a_file_that_is_no_preprocessing(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "preprocess.toml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(InputError, match=message):
        Preprocess.from_toml(path)


@pytest.mark.parametrize("weights", [FCN_ResNet50_Weights.DEFAULT, R3D_18_Weights.DEFAULT])
def test_transforms_of_another_kind_are_refused(weights: Any) -> None:
    with pytest.raises(InputError, match=r"Found (SemanticSegmentation|VideoClassification)"):
        Preprocess.from_torchvision(weights.transforms())


@pytest.mark.parametrize(
    ("values", "background"),
    [
        ({}, (124, 116, 104)),
        ({"channels": "BGR", "scale": 255.0, "mean": (104.0, 117.0, 123.0)}, (123, 117, 104)),
        ({"mean": (0.0, 0.5, 1.5)}, (0, 128, 255)),
    ],
)
def test_the_background_is_the_mean_as_a_colour(values: dict[str, Any], background: tuple[int, int, int]) -> None:
    assert Preprocess(**values).background == background


def test_the_background_is_nearly_zero_to_the_model() -> None:
    preprocess = Preprocess(channels="BGR", scale=255.0, mean=(104.0, 117.0, 123.0), std=(1.0, 1.0, 1.0))
    pixels = np.full((1, 2, 2, 3), preprocess.background, dtype=np.uint8)

    assert torch.equal(preprocess.build_tensor(pixels), torch.zeros(1, 3, 2, 2))
