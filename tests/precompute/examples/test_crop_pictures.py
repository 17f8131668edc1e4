"""The pictures of the stage `examples`: the choice of what is stored, and the content of the pictures."""

from __future__ import annotations

import io
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from precompute.contract.example_images import Box, ExampleImages
from precompute.contract.pictures import fit
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import locate_table, read_manifest, read_table
from precompute.examples.config import ExampleConfig
from precompute.feature_visualization.ascent.image_statistics import measure_statistics, read_example_images
from precompute.models.sources.loading import ModelConfig
from precompute.models.sources.preprocess import Preprocess
from precompute.pipeline.config import RunConfig
from precompute.pipeline.request import RunRequest
from precompute.pipeline.run import precompute
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.small import write_small
from tests.support.validation import validate

Pixels = np.ndarray[Any, np.dtype[np.float64]]
THRESHOLDS = {"each image": 1, "some images": 18, "no image": 10**6}


def build_request(folder: Path, crops_per_image: int, out: str) -> RunRequest:
    model = ModelConfig(f"{folder}/model.py:build", f"{folder}/weights.safetensors", f"{folder}/input.toml")
    config = RunConfig(workers=0, examples=ExampleConfig(crops_per_image=crops_per_image))
    return RunRequest(model, f"{folder}/images", folder / out, config, ("aggregate", "graphs", "examples"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is at the stage examples; its images of three classes are smooth, in place of noise."""
    folder = tmp_path_factory.mktemp("small")
    write_small(folder, n_images=5)
    for number, path in enumerate(sorted((folder / "images").rglob("*.png"))):
        few = np.random.default_rng(number).integers(0, 256, (6, 7, 3), dtype=np.uint8)
        Image.fromarray(few).resize((34, 30), Image.Resampling.BICUBIC).save(path)
    precompute(replace(build_request(folder, 1, "begun"), stages=("aggregate", "graphs")), SilentProgress())
    return folder


def go_on(folder: Path, crops_per_image: int, out: str) -> Path:
    """Copies the run, and makes the examples of the copy."""
    shutil.copytree(folder / "begun", folder / out, dirs_exist_ok=True)
    precompute(build_request(folder, crops_per_image, out), SilentProgress())
    return folder / out


@pytest.fixture(scope="module")
def runs(folder: Path) -> Mapping[str, Path]:
    return {name: go_on(folder, threshold, name) for name, threshold in THRESHOLDS.items()}


def read_originals(run: Path) -> dict[int, Image.Image]:
    """Reads the images as the model sees them, from their files."""
    preprocess = Preprocess.from_dict(read_manifest(run)["model"]["preprocess"])
    rows = read_table(run, "images", ["image_id", "path"]).to_pylist()
    opened = {row["image_id"]: Image.open(run.parent / "images" / row["path"]).convert("RGB") for row in rows}
    return {image_id: Image.fromarray(preprocess.prepare_image(image)) for image_id, image in opened.items()}


def read_pixels(picture: Image.Image | bytes) -> Pixels:
    opened = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    return np.asarray(opened.convert("RGB"), np.float64)


def compute_decibels(shown: Pixels, true: Pixels) -> float:
    """Computes the peak signal-to-noise ratio."""
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((shown - true) ** 2))))


def read_rows(run: Path) -> list[dict[str, Any]]:
    return read_table(run, "dataset_examples").to_pylist()


def test_an_image_is_stored_once_where_many_of_its_crops_are_wanted(runs: Mapping[str, Path]) -> None:
    for name, threshold in THRESHOLDS.items():
        crops = defaultdict(set)
        for row in read_rows(runs[name]):
            crops[row["image_id"]].add(tuple(row[edge] for edge in Box._fields))
        wanted = [image_id for image_id in sorted(crops) if len(crops[image_id]) >= threshold]
        assert read_table(runs[name], "example_images")["image_id"].to_pylist() == wanted
        assert all((row["image"] is None) == (row["image_id"] in wanted) for row in read_rows(runs[name]))
    stored = {name: len(read_table(run, "example_images")) for name, run in runs.items()}
    assert stored["each image"] > stored["some images"] > stored["no image"] == 0


def test_where_pictures_are_stored_changes_no_other_column(runs: Mapping[str, Path]) -> None:
    first, *others = ([{**row, "image": None} for row in read_rows(run)] for run in runs.values())
    assert all(rows == first for rows in others)
    assert all(validate(run) == [] for run in runs.values())


def test_crops_are_those_of_the_stored_image_and_near_the_original(runs: Mapping[str, Path]) -> None:
    run = runs["each image"]
    true, images = read_originals(run), ExampleImages(run)
    stored = {row["image_id"]: row for row in read_table(run, "example_images").to_pylist()}
    assert images.size == (24, 24)
    for row in read_rows(run):
        box = [row[edge] for edge in Box._fields]
        entry = stored[row["image_id"]]
        decoded = Image.open(io.BytesIO(entry["image"])).convert("RGB")
        assert decoded.size == (entry["width"], entry["height"]) == (24, 24)
        expected = read_pixels(decoded)[box[1] : box[3], box[0] : box[2]]
        assert np.array_equal(read_pixels(images.read_image(row["image_id"]).crop(box)), expected)
        assert compute_decibels(expected, read_pixels(true[row["image_id"]].crop(box))) > 30


@pytest.mark.parametrize("name", THRESHOLDS)
def test_the_dashboard_shows_the_same_whatever_is_stored(runs: Mapping[str, Path], name: str) -> None:
    true, store = read_originals(runs[name]), RunStore(runs[name])
    for row in read_rows(runs[name]):
        shown = store.pictures.read_example(Channel(row["layer"], row["channel"]), row["class_id"], row["rank"])
        expected = fit(true[row["image_id"]].crop([row[edge] for edge in Box._fields]), 128)
        assert shown is not None and shown[:4] == b"RIFF" and read_pixels(shown).shape == read_pixels(expected).shape
        assert compute_decibels(read_pixels(shown), read_pixels(expected)) > 26


def test_statistics_of_the_images_hardly_move(runs: Mapping[str, Path]) -> None:
    cut, own = (
        measure_statistics(read_example_images(runs[name], ("first", "second", "third"), (24, 24)))
        for name in ("each image", "no image")
    )
    assert cut.n_images == own.n_images > 4
    assert np.allclose(cut.colour, own.colour, atol=0.01) and np.allclose(cut.mean, own.mean, atol=0.01)
    assert cut.magnitude is not None and own.magnitude is not None
    assert np.abs(cut.magnitude - own.magnitude).sum() < 0.1 * own.magnitude.sum()


def test_images_are_found_in_any_row_group(runs: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precompute.examples.crop_pictures._IMAGES_PER_GROUP", 4)
    run = go_on(runs["each image"].parent, 1, "groups")
    images, stored = ExampleImages(run), read_table(run, "example_images").to_pylist()
    assert len(stored) > 8
    assert {row["image_id"]: images.read_jpeg(row["image_id"]) for row in stored} == {
        row["image_id"]: row["image"] for row in stored
    }
    assert images.read_jpeg(-1) is images.read_jpeg(10**6) is images.read_image(10**6) is None


def test_a_run_without_images_has_none(tmp_path: Path) -> None:
    images = ExampleImages(tmp_path)
    assert images.size is images.read_jpeg(0) is images.read_image(0) is None


def test_where_pictures_are_stored_is_no_part_of_what_a_run_is(folder: Path, runs: Mapping[str, Path]) -> None:
    """A run that an earlier version began does not record the threshold, and can still be resumed."""
    assert read_manifest(folder / "begun")["config"]["examples"]["crops_per_image"] == 1
    assert read_manifest(folder / "begun")["identity"]["config"]["examples"] == {"size": 128, "quality": 80}
    assert not any(row["image"] is None for row in read_rows(runs["no image"]))


def test_an_interruption_leaves_no_half_of_a_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*given: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("precompute.examples.crop_pictures.encode_jpeg", interrupt)
        go_on(folder, 1, "stopped")
    for name in ("example_images", "dataset_examples"):
        assert not locate_table(folder / "stopped", name).is_file()
    precompute(build_request(folder, 1, "stopped"), SilentProgress())
    assert validate(folder / "stopped") == []
