"""The memory of the stages does not grow with the images: counted in live objects, not in bytes of a process."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.reading import ReadImage, map_ahead, read_images
from precompute.aggregate.recording import Recorder, Recording
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.unit_maker import UnitMakerByImage
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table
from precompute.datasets.sources.open import open_images
from precompute.devices.cores import Parallel
from precompute.examples import crop_pictures
from precompute.examples.config import ExampleConfig
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.config import RunConfig
from precompute.pipeline.inputs import prepare
from precompute.pipeline.request import RunRequest
from precompute.pipeline.run import precompute
from tests.support.small import write_small


def prepare_inputs(folder: Path) -> PassInputs:
    model = ModelConfig(f"{folder}/model.py:build", f"{folder}/weights.safetensors", f"{folder}/input.toml")
    return prepare(load_model(model), open_images(f"{folder}/images"), None, AggregateConfig())


@pytest.mark.parametrize(("workers", "most"), [(0, 1), (1, 18), (2, 34)])
def test_few_items_are_made_ahead(workers: int, most: int) -> None:
    made = list[int]()
    for taken, item in enumerate(map_ahead(lambda i: made.append(i) or i, range(200), workers)):
        assert item == taken
        assert len(made) - taken <= most
    assert sorted(made) == list(range(200))


def test_a_unit_holds_two_batches_of_images_at_most(tmp_path: Path) -> None:
    write_small(tmp_path, n_images=30)
    inputs = prepare_inputs(tmp_path)
    images = [image for image in inputs.source.images if image.class_id == 0]
    live = most = 0

    def watch_one() -> Iterator[ReadImage]:
        nonlocal live, most
        reading = read_images(inputs.source, images, inputs.preprocess, workers=0)
        while True:
            try:
                image = next(reading)
            except StopIteration:
                return
            live += 1
            most = max(most, live)
            weakref.finalize(image, end_one)
            yield image
            del image

    def end_one() -> None:
        nonlocal live
        live -= 1

    with Parallel(torch.device("cpu")) as parallel:
        unit = UnitMakerByImage(inputs, AggregateConfig(), 4, parallel).make(0, watch_one(), lambda n=1: None)
    assert len(unit.images.image_id) == 30
    assert 4 <= most <= 2 * 4 + 1


@pytest.mark.parametrize("n_cores", [1, 2])
def test_a_core_holds_one_recording_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_cores: int) -> None:
    write_small(tmp_path, n_images=12)
    inputs = prepare_inputs(tmp_path)
    images = [image for image in inputs.source.images if image.class_id == 0]
    recordings = list[weakref.ref[Recording]]()
    record = Recorder.record_image

    def watch_one(recorder: Recorder, image: torch.Tensor) -> Recording:
        assert sum(recording() is not None for recording in recordings) < n_cores
        recording = record(recorder, image)
        recordings.append(weakref.ref(recording))
        return recording

    monkeypatch.setattr(Recorder, "record_image", watch_one)
    reading = read_images(inputs.source, images, inputs.preprocess, workers=0)
    with Parallel(torch.device("cpu"), n_cores) as parallel:
        UnitMakerByImage(inputs, AggregateConfig(), 4, parallel).make(0, reading, lambda n=1: None)
    assert len(recordings) == 12


class Picture(bytes):
    """A picture that is counted while it lives."""

    live = most = made = 0

    def __init__(self, content: bytes) -> None:
        Picture.live += 1
        Picture.made += 1
        Picture.most = max(Picture.most, Picture.live)

    def __del__(self) -> None:
        Picture.live -= 1


def run_small(folder: Path, config: ExampleConfig) -> Path:
    """Runs the first stages on ten images a class, in one thread."""
    write_small(folder, n_images=10)
    model = ModelConfig(f"{folder}/model.py:build", f"{folder}/weights.safetensors", f"{folder}/input.toml")
    stages = ("aggregate", "graphs", "examples")
    request = RunRequest(model, f"{folder}/images", folder / "run", RunConfig(workers=0, examples=config), stages)
    precompute(request, SilentProgress())
    return folder / "run"


def count_pictures(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Counts what an encoder makes from now on."""
    encode = getattr(crop_pictures, name)
    monkeypatch.setattr(crop_pictures, name, lambda *given: Picture(encode(*given)))
    Picture.most = Picture.made = 0


def test_the_pictures_of_one_image_are_held_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count_pictures(monkeypatch, "encode_crop")
    run = run_small(tmp_path, ExampleConfig(size=16, crops_per_image=10**6))
    rows = read_table(run, "dataset_examples", ["image_id", "x0", "y0", "x1", "y1"])
    distinct = rows.group_by(rows.column_names).aggregate([])
    per_image = distinct.group_by("image_id").aggregate([([], "count_all")])["count_all"].to_pylist()
    assert Picture.live == 0
    assert Picture.made == distinct.num_rows > 2 * max(per_image)
    # The pictures of an image may live until those of the next are there.
    assert Picture.most <= 2 * max(per_image)


def test_the_images_of_a_row_group_are_held_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count_pictures(monkeypatch, "encode_jpeg")
    monkeypatch.setattr(crop_pictures, "_IMAGES_PER_GROUP", 4)
    run = run_small(tmp_path, ExampleConfig(crops_per_image=1))
    images = read_table(run, "dataset_examples", ["image_id"]).group_by("image_id").aggregate([])
    assert Picture.live == 0
    assert Picture.made == images.num_rows > 12, "each image is encoded once"
    assert Picture.most <= 4 + 1
