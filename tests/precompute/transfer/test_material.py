"""The input of a training: as small as the head allows, in batches, and the same as image by image."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.contract.progress import Advance, SilentProgress
from precompute.transfer.config import HeadConfig
from precompute.transfer.material import Pass, open_material
from tests.support.cut_models import Cuts, write_cuts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Cuts:
    return write_cuts(tmp_path_factory.mktemp("material"))


class Noting:
    """A progress that notes its stages and what they were advanced by."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, str]] = []
        self.steps: list[int] = []

    @contextmanager
    def open_stage(self, description: str, total: int, unit: str = "images") -> Iterator[Advance]:
        self.stages.append((description, total, unit))
        yield lambda n=1, /: self.steps.append(n)


class Narrow(nn.Module):
    """A module that has no memory for more than some images, and notes how many it was asked for."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner, self.most = inner, most
        self.asked: list[int] = []

    def forward(self, images: torch.Tensor) -> Any:
        self.asked.append(len(images))
        if len(images) > self.most:
            raise torch.OutOfMemoryError("out of memory")
        return self.inner(images)


@pytest.mark.parametrize(
    ("head", "shape", "file"),
    [
        (HeadConfig("mlp"), (12, 2), None),
        (HeadConfig("conv3x3"), (12, 2, 8, 8), "maps.npy"),
        (HeadConfig("conv1x1", 1), (12, 8, 8, 3), "pixels.npy"),
    ],
)
def test_the_input_is_as_small_as_the_head_allows(
    made: Cuts, tmp_path: Path, head: HeadConfig, shape: tuple[int, ...], file: str | None
) -> None:
    cut = made.cut(head.kind)
    material = open_material(cut, made.build_lesson(head), Pass(made.source, tmp_path, SilentProgress()))
    assert material.values.shape == shape
    assert [path.name for path in tmp_path.iterdir()] == ([file] if file else [])
    part = cut.module if material.first == 0 else cut.module.transfer_head[material.first :]
    given = material.build(material.values[:3])
    assert part(given).shape == (3, 2)
    if file == "maps.npy":  # maps are those that the whole model has
        pixels = [made.source.load(image) for image in made.source.images[:3]]
        images = cut.preprocess.build_tensor(np.stack([cut.preprocess.prepare_image(each) for each in pixels]))
        torch.testing.assert_close(part(given), cut.module(images))


def test_maps_in_batches_are_those_of_single_images_and_batches_halve(made: Cuts, tmp_path: Path) -> None:
    def read(size: int, most: int) -> tuple[np.ndarray[Any, Any], list[int], list[int]]:
        cut, heard, n_steps = made.cut("conv3x3"), Noting(), []
        narrow = Narrow(cut.module.bits, most)
        cut.module.bits = narrow
        images = Pass(made.source, tmp_path / f"{size}-{most}", heard, lambda: n_steps.append(1))
        values = np.array(open_material(cut, made.build_lesson(HeadConfig("conv3x3", batch_size=size)), images).values)
        assert heard.stages == [("Maps for late@second", 12, "images")] and len(n_steps) == len(heard.steps)
        return values, narrow.asked, heard.steps

    one, asked, steps = read(1, 12)
    assert asked == steps == [1] * 12
    together, asked, steps = read(5, 12)
    assert asked == steps == [5, 5, 2]
    halved, asked, steps = read(8, 3)
    assert (asked, steps) == ([8, 4, 2, 2, 2, 2, 2, 2], [2] * 6)
    np.testing.assert_allclose(together, one, rtol=1e-6)
    np.testing.assert_allclose(halved, one, rtol=1e-6)


def test_pixels_are_those_of_the_preprocessing(made: Cuts, tmp_path: Path) -> None:
    cut, heard = made.cut("linear"), Noting()
    material = open_material(
        cut, made.build_lesson(HeadConfig(n_unfrozen=1, batch_size=5)), Pass(made.source, tmp_path, heard)
    )
    pixels = [cut.preprocess.prepare_image(made.source.load(image)) for image in made.source.images]
    np.testing.assert_array_equal(material.values, np.stack(pixels))
    assert (heard.stages, heard.steps) == ([("Pixels for late@second", 12, "images")], [5, 5, 2])


def test_a_stop_between_batches_ends_the_pass_and_leaves_the_model_whole(made: Cuts, tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    cut = made.cut("conv1x1")
    whole = cut.module.transfer_head
    with pytest.raises(KeyboardInterrupt):
        open_material(
            cut, made.build_lesson(HeadConfig("conv1x1")), Pass(made.source, tmp_path, SilentProgress(), stop)
        )
    assert cut.module.transfer_head is whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error_and_does_not_end_the_process(made: Cuts, tmp_path: Path) -> None:
    (tmp_path / "maps.npy").symlink_to("/dev/full")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        open_material(
            made.cut("conv1x1"), made.build_lesson(HeadConfig("conv1x1")), Pass(made.source, tmp_path, SilentProgress())
        )


def test_an_image_that_is_gone_is_named(made: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise UnreadableImage("it is gone")

    monkeypatch.setattr(type(made.source), "load", fail)
    lesson, images = made.build_lesson(HeadConfig("conv1x1")), Pass(made.source, tmp_path, SilentProgress())
    with pytest.raises(InputError, match="One cannot be read any more"):
        open_material(made.cut("conv1x1"), lesson, images)
